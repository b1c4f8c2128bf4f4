"""The entry point: help without imports, one paragraph for every failure, the exit statuses."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mikey_sdp import __version__
from mikey_sdp.cli import main as module
from mikey_sdp.cli.main import COMMANDS, commands
from mikey_sdp.errors import (
    BackendUnavailable,
    DecodeError,
    MikeySdpError,
    PeerError,
    PolicyRefused,
    ScenarioError,
    UsageError,
)
from tests.unit.cli.conftest import Program

ROOT = Path(__file__).parents[3]


def test_help_lists_every_command(program: Program) -> None:
    for ask in ("--help", "-h"):
        shown = program(ask)
        assert shown.status == 0
        assert [name for name in COMMANDS if f"  {name} " not in shown.out] == []


def test_without_a_command_there_is_help(program: Program) -> None:
    shown = program()
    assert shown.status == 2
    assert "Commands:" in shown.err


def test_version(program: Program) -> None:
    assert program("--version").out == f"mikey-sdp {__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_row_leads_to_a_command_with_help(name: str, program: Program) -> None:
    home, _, function = COMMANDS[name].home.partition(":")
    command = getattr(importlib.import_module(home), function)
    assert isinstance(command, click.Command)
    assert command.name == name
    shown = program(name, "--help")
    assert shown.status == 0
    assert f"Usage: mikey-sdp {name}" in shown.out


def test_help_imports_no_command() -> None:
    probe = (
        "import sys\n"
        "from mikey_sdp.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "loaded = [m for m in sys.modules if m.startswith(('mikey_sdp.', 'cryptography', 'rich', 'msgspec'))]\n"
        "print('LOADED', sorted(m for m in loaded if m.startswith('mikey_sdp.')))\n"
        "print('HEAVY', [m for m in loaded if not m.startswith('mikey_sdp.')])\n"
    )
    printed = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "HEAVY []" in printed
    assert not re.search(r"mikey_sdp\.(mikey|sdp|sip|scenario|dissect|report)", printed.split("LOADED")[1])


def test_a_mistyped_command_gets_the_nearest_name(program: Program) -> None:
    shown = program("decoed", "x")
    assert shown.status == 2
    assert "Did you mean 'decode'?" in shown.err
    assert "There are run, sweep, list" in program("zzz").err


def test_an_unknown_option_is_used_wrongly(program: Program) -> None:
    assert program("decode", "--nonsense").status == 2
    assert program("--nonsense").status == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("wrong"), 2),
        (ScenarioError("wrong", file="x.yaml", line=3), 2),
        (BackendUnavailable("thing", install="pip install thing"), 2),
        (DecodeError("wrong", offset=1, field="f", section="s"), 1),
        (PeerError("wrong", mikey_error=3), 1),
        (MikeySdpError("wrong"), 1),
    ],
)
def test_every_error_of_ours_is_one_line_without_a_traceback(
    error: MikeySdpError, status: int, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("decode")
    def fails() -> None:
        raise error

    monkeypatch.setattr(commands, "get_command", lambda _context, _name: fails)
    shown = program("decode")
    assert shown.status == status
    assert shown.err == f"mikey-sdp: {error}\n"
    assert shown.out == ""


@pytest.mark.parametrize(
    ("raised", "status"), [(KeyboardInterrupt(), 130), (click.Abort(), 130), (click.ClickException("no"), 1)]
)
def test_other_ways_to_stop(
    raised: BaseException, status: int, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("decode")
    def stops() -> None:
        raise raised

    monkeypatch.setattr(commands, "get_command", lambda _context, _name: stops)
    assert program("decode").status == status


def test_a_bug_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("decode")
    def breaks() -> None:
        raise IndexError("a bug")

    monkeypatch.setattr(commands, "get_command", lambda _context, _name: breaks)
    with pytest.raises(IndexError):
        module.main(["decode"])


@pytest.mark.parametrize(("returned", "status"), [(3, 3), (None, 0), ("text", 0)])
def test_a_command_may_return_its_status(
    returned: object, status: int, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = click.Command("decode", callback=lambda: returned)
    monkeypatch.setattr(commands, "get_command", lambda _context, _name: command)
    assert program("decode").status == status


def test_a_reader_that_goes_away_is_no_reason_to_complain() -> None:
    script = "from mikey_sdp.cli.main import main; main(['registry'])"
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert ran.stderr == b""
    assert ran.returncode == 1


def test_a_refusal_of_the_policy_is_told_without_its_rule_and_facts(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> None:
        raise PolicyRefused("a-rule", "it is not allowed", facts={"carrier": "UDP"})

    monkeypatch.setattr(commands, "get_command", lambda _context, _name: click.Command("decode", callback=refuses))
    ran = program("decode")
    assert (ran.status, ran.err) == (1, "mikey-sdp: it is not allowed\n")


def test_the_package_can_be_run_without_the_script() -> None:
    ran = subprocess.run([sys.executable, "-m", "mikey_sdp", "--version"], cwd=ROOT, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout.decode()) == (0, f"mikey-sdp {__version__}\n")
