"""Where fresh keys come from."""

from __future__ import annotations

import os

import pytest

from mikey_sdp import system
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.keys import fresh_tgk
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.secret import Secret


@pytest.mark.requirement("3830-9.1-3")
def test_every_octet_of_a_tgk_is_drawn_and_drawn_anew() -> None:
    drawn: list[bytes] = []

    def entropy(octets: int) -> bytes:
        drawn.append(bytes([len(drawn) + 1]) * octets)
        return drawn[-1]

    keys = [fresh_tgk(entropy, octets=octets) for octets in (16, 32, 16)]
    assert [key.key.reveal() for key in keys] == drawn
    assert [len(octets) for octets in drawn] == [16, 32, 16]


@pytest.mark.requirement("3830-9.1-3")
def test_applications_get_the_random_generator_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def urandom(octets: int) -> bytes:
        asked.append(octets)
        return bytes([len(asked)]) * octets

    monkeypatch.setattr(os, "urandom", urandom)
    alice = system.Endpoint(
        "sip:alice@example.com", credentials=[PskCredential("sip:bob@example.com", Secret(bytes(16)))]
    )
    (key,) = alice._core.fresh_keys(DEFAULT_SRTP, None)
    assert asked == [16]
    assert key.key.reveal() == bytes([1]) * 16
