"""What errors say, and what they keep."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import (
    BackendUnavailable,
    DecodeError,
    MikeySdpError,
    PeerError,
    PolicyRefused,
    ScenarioError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            DecodeError("too short", offset=3, field="T TS value", section="RFC 3830 section 6.6", wanted=8, left=2),
            "at offset 3, T TS value: too short (wanted 8, left 2) [RFC 3830 section 6.6]",
        ),
        (DecodeError("odd", offset=0, field="x", section="s"), "at offset 0, x: odd [s]"),
        (
            PeerError("no such cipher", mikey_error=4),
            "no such cipher (MIKEY error 4) [RFC 3830 section 6.12]",
        ),
        (PeerError("replayed", mikey_error=None, section="s"), "replayed (silent) [s]"),
        (PolicyRefused("null-needs-consent", "NULL refused"), "NULL refused (rule null-needs-consent)"),
        (
            PolicyRefused("r", "refused", facts={"mode": "NULL", "carrier": "UDP"}),
            "refused (rule r; mode=NULL; carrier=UDP)",
        ),
        (UsageError("give a key"), "give a key"),
        (ScenarioError("no such word", file="a.yaml"), "a.yaml: no such word"),
        (
            ScenarioError("no such word", file="a.yaml", line=3, path="steps.0", hint="call"),
            "a.yaml:3: steps.0: no such word (did you mean 'call'?)",
        ),
        (BackendUnavailable("keyring", install="pip install keyring"), "keyring is not available; install it with: "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_says_what_and_where(error: MikeySdpError, text: str) -> None:
    assert isinstance(error, MikeySdpError)
    assert str(error).startswith(text)


def test_a_decode_error_keeps_what_had_been_read() -> None:
    error = DecodeError("odd", offset=0, field="x", section="s", partial=[1, 2])
    assert error.partial == (1, 2)
    assert DecodeError("odd", offset=0, field="x", section="s").partial == ()


def test_a_peer_error_keeps_its_reply() -> None:
    error = PeerError("x", mikey_error=0, reply=b"\x01", advisory=True)
    assert (error.mikey_error, error.reply, error.advisory) == (0, b"\x01", True)
    plain = PeerError("x", mikey_error=None)
    assert (plain.reply, plain.advisory) == (None, False)


def test_the_facts_of_a_refusal_are_a_copy() -> None:
    facts: dict[str, object] = {"mode": "NULL"}
    error = PolicyRefused("r", "refused", facts=facts)
    facts["mode"] = "PSK"
    assert error.facts == {"mode": "NULL"}
