"""A sweep and rows for tests that don't need to run anything."""

from __future__ import annotations

from mikey_sdp.scenario.measures import Measures
from mikey_sdp.scenario.sweep import Row, Sweep, parameter_of
from mikey_sdp.scenario.tree import parse
from tests.unit.scenario.runs import CALL

TEXT = f"name: A call\nshows: what a test needs\n{CALL}expect:\n  - media: {{from: alice, to: bob, decrypted: all}}\n"


def grid(*settings: str, seeds: int = 1) -> Sweep:
    return Sweep(
        file="a.call.yaml",
        root=parse(TEXT.encode(), file="a.call.yaml"),
        parameters=tuple(parameter_of(setting, file="a.call.yaml") for setting in settings),
        seeds=tuple(range(seeds)),
    )


def row(*values: str, seed: int = 0, outcome: str = "held", setup_ms: float | None = None) -> Row:
    measures = Measures(mode="PSK", setup_ms=setup_ms, packets_sent=100)
    failed = ("call: from alice, answered by bob", "keys: agreed alice and bob") if outcome == "failed" else ()
    error = 'no "credential", none' if outcome == "refused" else ""
    return Row(values=values, seed=seed, outcome=outcome, failed=failed, error=error, measures=measures)
