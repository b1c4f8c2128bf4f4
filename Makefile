# Everything that one does with mikey_sdp. Needs Python 3.11 or newer, make and a C compiler; the rest it installs into .venv.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --progress-bar off
SECONDS ?= 60
CODE := mikey_sdp tests $(wildcard examples)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo fmt lint type floors test live conformance sabotage mutation bench fuzz docs pictures check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev ## install everything for development into .venv

demo: $(VENV)/.run ## run every scenario, show two calls as ladders, compare all modes, and measure RFC 5197's tables
	@$(BIN)/mikey-sdp run --no-ladder scenarios
	@$(BIN)/mikey-sdp run --ladder scenarios/basic-call.call.yaml scenarios/fork-signed-dh.call.yaml
	@echo
	@$(BIN)/mikey-sdp modes
	@echo
	@$(BIN)/mikey-sdp matrix

fmt: $(VENV)/.dev ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

lint: $(VENV)/.dev ## ruff, rules and format
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

type: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

floors: $(VENV)/.dev ## import-linter: each package imports lower floors only
	@$(BIN)/lint-imports

test: $(VENV)/.dev ## all tests but the live ones
	@$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/interop --ignore=tests/benchmarks

live: $(VENV)/.dev ## tests on real sockets, with Kamailio, SIPp, baresip, Linphone, pjsua2, tshark; a skip says what is missing
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/interop || { \
		echo "What failed beside others is repeated alone: real phones keep real time, which a busy machine takes from them"; \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none tests/interop; }

conformance: $(VENV)/.dev ## claimed requirements, per RFC and level; fails when one of the gate is missing
	@$(BIN)/python -m tests.conformance.report

sabotage: $(VENV)/.dev ## break claimed requirements one by one: each break must fail a test
	@$(BIN)/python -m tests.conformance.sabotage

mutation: $(VENV)/.dev ## break one protection after the other: the scenarios named for it must fail
	@$(BIN)/python -m tests.scenarios.mutation

bench: $(VENV)/.dev ## time it against the bare primitives
	@$(BIN)/python -m pytest tests/benchmarks

fuzz: $(VENV)/.fuzz ## run every fuzz harness for SECONDS=60; with SEED and RUNS the same inputs each time
	@$(BIN)/python -m tests.fuzz.run_all --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS))

docs: $(VENV)/.dev ## write docs/conformance from the catalogue and the markers, docs/errors.md from its causes
	@$(BIN)/python -m tests.conformance.report --write
	@$(BIN)/python -m tests.exchange.errors.table

pictures: $(VENV)/.dev ## take the screenshots in docs/pictures anew; needs chromium
	@docs/pictures/take.sh $(BIN)/mikey-sdp

check: lint type floors test conformance ## what CI runs

clean: ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python can't make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo "Installing mikey_sdp and what it needs (about half a minute, once)"
	@$(PIP) --editable '.[ec,saml]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "Installing mikey_sdp with its test and development tools (about a minute, once)"
	@$(PIP) --editable '.[test,keyring,dev]'
	@touch $(VENV)/.run $@

$(VENV)/.fuzz: $(VENV)/.dev
	@echo "Installing atheris (once)"
	@$(PIP) --editable '.[fuzz]'
	@touch $@
