"""Media that several answerers send before any of their answers is here."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, Case, credential
from tests.unit.endpoint.ends import ALICE, BOB, Clock, body, rtp


def end(mode: Mode, own: str, peer: str, seed: str) -> Endpoint:
    return Endpoint(
        own,
        credentials=[credential(mode, own, peer, Case(mode).key)],
        clock=Clock(NOW_US),
        entropy=SeededEntropy(seed.encode()),
        modes=[mode],
        options=Options(),
    )


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
def test_each_sender_has_a_session_of_its_own_and_the_answer_goes_on_with_it(mode: Mode) -> None:
    offer = end(mode, ALICE, BOB, "alice").offer(body(), to=BOB)
    answers = [
        end(mode, BOB, ALICE, device).answer(offer.sdp, body(ssrcs=(ssrc,), host=2), caller=ALICE)
        for device, ssrc in (("desk", 7), ("mobile", 9))
    ]
    early = [offer.early(), offer.early()]
    heard = []
    for answer, keys, ssrc in zip(answers, early, (7, 9), strict=True):
        assert answer.keys is not None
        assert keys is not None
        packet = answer.keys.session(0).protect(rtp(1, ssrc))
        assert keys.session(0).unprotect(packet) == rtp(1, ssrc)
        heard.append(packet)
    for answer, keys, packet in zip(answers, early, heard, strict=True):
        taken = offer.accept(answer.sdp or "", early=keys)
        assert keys is not None
        assert taken.session(0) is keys.session(0)
        with pytest.raises(PeerError):  # what was heard before is a replay
            taken.session(0).unprotect(packet)


@pytest.mark.parametrize("mode", [Mode.DHSIGN, Mode.RSA_R, Mode.DHHMAC])
def test_keys_that_the_answer_makes_are_not_there_before(mode: Mode) -> None:
    assert end(mode, ALICE, BOB, "alice").offer(body(), to=BOB).early() is None
