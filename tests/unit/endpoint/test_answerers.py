"""Who answers an offer, and what an answerer may decide: answers by somebody else, and answers that reach too far."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Endpoint, Offer
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import mikey_1
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.verification import close_with_v
from mikey_sdp.mikey.payloads import Rand, Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from mikey_sdp.sdp.lines import Level
from tests.exchange.pair import Pair
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Ends, body, mikey_of

CAROL = "sip:carol@example.com"


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def alice(ends: Ends) -> Endpoint:
    """Alice with a key that a whole group shares: whoever holds it may answer, in any name."""
    return ends.end(ALICE, PskCredential("*", KEY))


def secure_body(line: str) -> str:
    """A body under the secure profile with that line at session level."""
    return body(host=3).replace("RTP/AVP", "RTP/SAVP").replace("m=audio", line + "m=audio")


def answered_by(identity: str, offer: Offer, level: Level = None) -> str:
    """The line of somebody who has the key and gives another name."""
    sent = mikey_of(offer.sdp, level)
    header = replace(sent.header, data_type=DataType.PSK_VER_MSG, v=False, sessions=())
    timestamp, own = sent.find(Timestamp), identity_of(identity)
    keys = KeyContext(csb_id=header.csb_id, rand=sent.find(Rand).octets, prf=mikey_1).message_keys(KEY)
    reply = close_with_v(
        header, (timestamp, own), keys=keys, idi=ALICE.encode(), idr=identity.encode(), timestamp=timestamp
    )
    return f"a={KeyMgmt(kmpid='mikey', data=reply.octets).attribute}\r\n"


@pytest.mark.requirement("4567-8-2")
def test_the_answerer_is_who_was_called(alice: Endpoint) -> None:
    offer = alice.offer(body(), to=BOB)
    by_carol = secure_body(answered_by(CAROL, offer))
    with pytest.raises(PeerError, match=f"the call is with {BOB}, the keys are {CAROL}'s") as caught:
        offer.accept(by_carol)
    assert (caught.value.mikey_error, alice.open_bundles) == (ErrorNo.INVALID_ID, 0)
    assert offer.accept(by_carol, retarget=True).peer == CAROL
    assert offer.accept(secure_body(answered_by(BOB, offer))).peer == BOB


def test_one_answerer_answers_all_lines(alice: Endpoint) -> None:
    offer = alice.offer(body("audio", "video"), to=BOB, level="media")
    secure = body("audio", "video", host=3).replace("RTP/AVP", "RTP/SAVP")
    for others, accepted in ((BOB, False), (CAROL, True)):
        lines = [answered_by(CAROL, offer, 0), answered_by(others, offer, 1)]
        answer = secure.replace("m=video", lines[0] + "m=video") + lines[1]
        if accepted:
            assert offer.accept(answer, retarget=True).peer == CAROL
            continue
        with pytest.raises(PeerError, match="the call is with"):
            offer.accept(answer, retarget=True)


def test_a_new_peer_does_not_answer_under_the_key_of_another(ends: Ends) -> None:
    alice = ends.end(ALICE, PskCredential(BOB, KEY), NullCredential())
    offer = alice.offer(body(), to=BOB, secure_carrier=True)
    with pytest.raises(PeerError, match="under the key of") as caught:
        offer.accept(secure_body(answered_by(CAROL, offer)), retarget=True)
    assert (caught.value.mikey_error, alice.open_bundles) == (ErrorNo.INVALID_ID, 0)


def test_an_answerer_does_not_choose_our_ssrc(ends: Ends) -> None:
    alice, pair = ends.alice(), Pair(now_us=ends.clock.unix_us, bobs_credentials=(PskCredential(ALICE, KEY),))
    offer = alice.offer(body(), to=BOB)
    for ssrcs, accepted in (({1: 9, 2: 8}, False), ({2: 8}, True)):
        reply = Pair(now_us=pair.now_us, bobs_credentials=pair.bobs_credentials).respond(
            mikey_of(offer.sdp).octets, ssrcs=ssrcs
        )
        answer = secure_body(f"a={KeyMgmt(kmpid='mikey', data=reply.reply or b'').attribute}\r\n")
        if accepted:
            assert offer.accept(answer).media[0].receive[0].ssrc == 8
            continue
        with pytest.raises(PeerError, match="SSRCs for our streams"):
            offer.accept(answer)
        assert alice.open_bundles == 0
