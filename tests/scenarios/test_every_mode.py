"""Every mode is called in, re-keyed and attacked by some scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from mikey_sdp.nodes.tampering import HEADER
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load
from mikey_sdp.scenario.modes import CREDENTIALS, MODES
from mikey_sdp.scenario.network import Attacker
from mikey_sdp.scenario.reading import calls_of, credentials_of, offered_modes
from mikey_sdp.scenario.schema import Asserted, Certified
from mikey_sdp.trace import AttackMade, RunResult
from tests.scenarios.twins import FILES, ROOT

SCENARIOS: Final = [load(file).scenario for file in FILES]
PROTECTED: Final = set(MODES) - {"unprotected"}
CERTIFIED: Final = {mode for mode in MODES if CREDENTIALS[mode] in ("certificate", "saml")}


def answered(scenario: Scenario, caller: str, callee: str) -> bool:
    """Whether the scenario expects that call to be answered."""
    asked = [expectation.call for expectation in scenario.expect if expectation.call]
    return any((one.from_, one.answered_by) == (caller, callee) for one in asked)


def certified(scenario: Scenario, party: str) -> Certified | Asserted:
    held = credentials_of(scenario.parties[party])
    return held.certificate or held.saml or Certified()


def modes_where(holds: Callable[[Scenario, str, str], bool]) -> set[str]:
    """The modes in which some scenario has a call from one to another of which that is true."""
    return {
        mode
        for scenario in SCENARIOS
        for caller, callee in calls_of(scenario)
        if callee in scenario.parties
        if holds(scenario, caller, callee)
        for mode in _offered(scenario, caller)
    }


def _offered(scenario: Scenario, caller: str) -> tuple[str, ...]:
    """The modes that a caller is bound to; what the policy chooses stands in the expectations."""
    bound = offered_modes(scenario.parties[caller])
    if bound is not None:
        return bound
    asked = [expectation.mikey for expectation in scenario.expect if expectation.mikey]
    return tuple({one.mode for one in asked if one.from_ == caller and one.mode and one.in_ in ("INVITE", "re-INVITE")})


def attacked(scenario: Scenario, caller: str, callee: str, fits: Callable[[Attacker], bool]) -> bool:
    return any({caller, callee} == set(one.between) and fits(one) for one in scenario.network.attackers.values())


def re_keyed(scenario: Scenario, caller: str, callee: str) -> bool:
    told = any(step.commands[caller].re_key == callee for step in scenario.steps if caller in step.commands)
    return told and any(expectation.re_keyed for expectation in scenario.expect)


def another_key(scenario: Scenario, caller: str, callee: str) -> bool:
    psk, other = (credentials_of(scenario.parties[party]).psk for party in (caller, callee))
    return bool(psk and other and psk.label != other.label) or certified(scenario, caller).stolen


@pytest.mark.parametrize(
    ("modes", "holds"),
    [
        pytest.param(set(MODES), answered, id="a call"),
        pytest.param(PROTECTED, re_keyed, id="a call that is re-keyed"),
        pytest.param(
            set(MODES),
            lambda scenario, caller, _: scenario.parties[caller].media == ("audio", "video"),
            id="two streams",
        ),
        pytest.param(PROTECTED, another_key, id="a caller with another key"),
        pytest.param(CERTIFIED, lambda scenario, caller, _: certified(scenario, caller).expired, id="an expired one"),
        pytest.param(
            CERTIFIED, lambda scenario, caller, _: bool(certified(scenario, caller).names), id="another's certificate"
        ),
        pytest.param(
            CERTIFIED,
            lambda scenario, caller, _: certified(scenario, caller).issuer == "another",
            id="an unknown issuer",
        ),
        pytest.param(
            CERTIFIED, lambda scenario, _, callee: certified(scenario, callee).stolen, id="a callee with another key"
        ),
        pytest.param(PROTECTED, lambda *call: attacked(*call, lambda attacker: bool(attacker.replay)), id="a replay"),
        *(
            pytest.param(
                PROTECTED,
                lambda *call, where=where: attacked(
                    *call, lambda one: bool(one.tamper) and (one.tamper.in_, one.tamper.payload) == (where, "each")
                ),
                id=f"each payload of {where} tampered with",
            )
            for where in ("offers", "answers")
        ),
    ],
)
def test_no_mode_is_forgotten(modes: set[str], holds: Callable[[Scenario, str, str], bool]) -> None:
    assert modes - modes_where(holds) == set()


# Which payloads the messages have, by the standards; that each of them was altered once is what the file is for.
_OFFER: Final = (HEADER, "T", "RAND", "ID")
_TO_AND_POLICY: Final = ("ID", "SP", "General Ext.")
_CERTIFIED: Final = (*_OFFER, "CERT", *_TO_AND_POLICY)
OFFERS: Final[Mapping[str, tuple[str, ...]]] = {
    "psk": (*_OFFER, *_TO_AND_POLICY, "KEMAC"),
    "dhhmac": (*_OFFER, *_TO_AND_POLICY, "DH", "KEMAC"),
    "rsa": (*_CERTIFIED, "KEMAC", "PKE", "SIGN"),
    "rsa-r": (*_CERTIFIED, "SIGN"),
    "dhsign": (*_CERTIFIED, "DH", "SIGN"),
    "ecdh": (*_CERTIFIED, "DH", "SIGN"),
    "ecies": (*_CERTIFIED, "KEMAC", "PKE", "SIGN"),
    "ecmqv": (*_CERTIFIED, "ECCPT", "SIGN"),
    "dhsaml": (HEADER, "T", "RAND", "CERT", "DH", "ID", "SP", "SP", "General Ext."),
}
_PUSHED: Final = (HEADER, "T", "ID", "V")
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "psk": _PUSHED,
    "dhhmac": (HEADER, "T", "ID", "ID", "DH", "DH", "KEMAC"),
    "rsa": _PUSHED,
    "rsa-r": (HEADER, "T", "ID", "CERT", "SP", "KEMAC", "PKE", "SIGN"),
    "dhsign": (HEADER, "T", "ID", "CERT", "ID", "DH", "DH", "SIGN"),
    "ecdh": (HEADER, "T", "ID", "CERT", "ID", "DH", "DH", "SIGN"),
    "ecies": _PUSHED,
    "ecmqv": (HEADER, "T", "ID", "CERT", "ID", "ECCPT", "ECCPT", "V"),
    "dhsaml": (HEADER, "T", "CERT", "ID", "DH", "RAND", "V"),
}


@pytest.mark.parametrize(("name", "payloads"), [("tampered-offers", OFFERS), ("tampered-answers", ANSWERS)])
def test_each_payload_has_its_turn(name: str, payloads: Mapping[str, tuple[str, ...]]) -> None:
    result: RunResult = run(load(ROOT / "scenarios" / f"{name}.call.yaml"))
    altered = {
        caller: tuple(
            record.text.rpartition(", in ")[2]
            for record in result.records
            if isinstance(record, AttackMade) and record.party == f"by-{caller}"
        )
        for caller in payloads
    }
    assert altered == payloads
