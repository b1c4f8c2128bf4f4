"""The end on the system's own clock and randomness."""

from __future__ import annotations

import os

import pytest

from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.payloads import Rand
from mikey_sdp.mikey.registry import PrfConstant
from mikey_sdp.secret import Secret
from mikey_sdp.system import Endpoint
from tests.unit.endpoint.ends import ALICE, BOB, KEY, body, mikey_of


@pytest.mark.requirement("3830-4.2.2-1")
def test_keys_and_nonces_are_what_the_system_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []

    def urandom(octets: int) -> bytes:
        drawn.append(bytes((0xC0 + len(drawn),)) * octets)
        return drawn[-1]

    monkeypatch.setattr(os, "urandom", urandom)
    offer = Endpoint(ALICE, credentials=[PskCredential(BOB, KEY)]).offer(body(), to=BOB)
    message = mikey_of(offer.sdp)
    csb_id, rand = message.header.csb_id, message.find(Rand).octets
    assert rand in drawn
    assert csb_id.to_bytes(4, "big") in drawn
    context = KeyContext(csb_id=csb_id, rand=rand, prf=mikey_1)
    tgks = [Secret(octets) for octets in drawn if octets != rand]
    possible = [context.traffic_key(tgk, PrfConstant.TEK_FROM_TGK, 1, 128) for tgk in tgks]
    assert offer.keys.media[0].send[0].master_key in possible
