"""The keying of a call as a SIP stack leads it, on descriptions and messages alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.softphone.pjsua2_call import OfferRejected, SecuredCall
from mikey_sdp.softphone.pjsua2_messages import Seen

ALICE, BOB, CAROL = "sip:alice@example.com", "sip:bob@example.com", "sip:carol@example.com"
KEY = Secret(bytes(range(16)))
VIDEO = "m=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
NOW = NtpTime.from_unix_us(1_780_000_000_000_000)


def body(port: int = 4_000, ssrc: int = 1, direction: str = "sendrecv") -> str:
    return (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na={direction}\r\na=ssrc:{ssrc} cname:x\r\n"
    )


def end(own: str, *peers: str, mode: Mode = Mode.PSK, options: Options | None = None, seed: str = "") -> Endpoint:
    return Endpoint(
        own,
        credentials=[PskCredential(peer, KEY) for peer in peers],
        modes=[mode],
        options=options or Options(mki_octets=0),
        clock=lambda: NOW,
        entropy=SeededEntropy((own + seed).encode()),
    )


def invite(sdp: str, *, caller: str = ALICE) -> Seen:
    return Seen(status=None, method="INVITE", caller=caller, tag="", sdp=sdp, head_octets=500)


def response(status: int, tag: str = "b", sdp: str = "") -> Seen:
    return Seen(status=status, method="INVITE", caller=ALICE, tag=tag, sdp=sdp, head_octets=400)


def answers(call: SecuredCall, offer: str, sdp: str = "") -> str:
    call.invited(invite(offer))
    call.judge()
    return call.answer(sdp or body(5_000, 2))


def install(call: SecuredCall) -> int:
    due = call.due()
    for media, keys in due.items():
        call.installed(media, keys)
    return len(due)


def agreed(mode: Mode = Mode.PSK, video: str = "") -> tuple[SecuredCall, SecuredCall]:
    alice = SecuredCall(end(ALICE, BOB, mode=mode), peer=BOB)
    bob = SecuredCall(end(BOB, ALICE, mode=mode), peer=None)
    alice.received(response(200, sdp=answers(bob, alice.offer(body() + video), body(5_000, 2) + video)))
    assert install(alice) == install(bob) == (2 if video else 1)
    alice.confirm()
    bob.confirm()
    return alice, bob


def crossed(alice: SecuredCall, bob: SecuredCall) -> bool:
    assert alice.branch is not None
    assert bob.branch is not None
    ours, theirs = alice.branch.streams[0], bob.branch.streams[0]
    return ours.send == theirs.receive and ours.receive == theirs.send and ours.send != ours.receive


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC])
def test_both_ends_have_the_keys_of_the_other(mode: Mode) -> None:
    assert crossed(*agreed(mode))


def test_keys_are_there_with_the_early_answer_and_stay_with_the_final_one() -> None:
    alice, bob = SecuredCall(end(ALICE, BOB), peer=BOB), SecuredCall(end(BOB, ALICE), peer=None)
    answer = answers(bob, alice.offer(body()))
    alice.received(response(183, sdp=answer))
    assert install(alice) == 1
    alice.received(response(200, sdp=answer))
    assert install(alice) == 0
    assert crossed(alice, bob)


def test_each_branch_is_keyed_apart_and_the_media_follows_the_one_that_answers() -> None:
    alice = SecuredCall(end(ALICE, BOB, mode=Mode.DHHMAC), peer=BOB)
    offer = alice.offer(body())
    bobs = []
    for number, tag in enumerate("xy"):
        bobs.append(SecuredCall(end(BOB, ALICE, mode=Mode.DHHMAC, seed=tag), peer=None))
        alice.received(response(183, tag, answers(bobs[-1], offer, body(5_000 + number, 7 + number))))
        assert install(alice) == 1
        assert crossed(alice, bobs[-1])
    one, other = (bob.branch for bob in bobs)
    assert one is not None
    assert other is not None
    assert one.streams[0].send != other.streams[0].send
    alice.received(response(200, "x"))
    assert install(alice) == 1
    assert crossed(alice, bobs[0])


def test_a_provisional_answer_without_keys_is_passed_over_and_a_final_one_ends_the_call() -> None:
    alice = SecuredCall(end(ALICE, BOB), peer=BOB)
    alice.offer(body())
    plain = body(5_000, 2)
    alice.received(response(183, sdp=plain))
    assert alice.due() == {}
    with pytest.raises(PeerError):
        alice.received(response(200, sdp=plain))
    assert alice.due() == {}


def test_a_call_taken_without_any_description_ends() -> None:
    alice = SecuredCall(end(ALICE, BOB), peer=BOB)
    alice.offer(body())
    with pytest.raises(PeerError, match="without a description"):
        alice.received(response(200))


def test_keys_that_two_branches_share_are_to_be_renewed_once_the_call_stands() -> None:
    for mode, shared in ((Mode.PSK, True), (Mode.DHHMAC, False)):
        alice = SecuredCall(end(ALICE, BOB, mode=mode), peer=BOB)
        offer = alice.offer(body())
        bobs = []
        for number, tag in enumerate("xy"):
            assert not alice.restarted
            bobs.append(SecuredCall(end(BOB, ALICE, mode=mode, seed=tag), peer=None))
            alice.received(response(183, tag, answers(bobs[-1], offer, body(5_000 + number, 7 + number))))
            assert install(alice) == 1
        assert alice.restarted is shared
        alice.received(response(200, "y"))
        alice.confirm()
        bobs[1].confirm()
        alice.rekeying = True
        alice.received(response(200, "y", answers(bobs[1], alice.offer(body()), body(5_001, 8))))
        assert install(alice) == 1
        assert not alice.restarted


def test_an_answer_of_another_branch_after_the_call_stands_changes_nothing() -> None:
    alice = SecuredCall(end(ALICE, BOB), peer=BOB)
    offer = alice.offer(body())
    one, late = (SecuredCall(end(BOB, ALICE, seed=tag), peer=None) for tag in "xy")
    alice.received(response(200, "x", answers(one, offer)))
    install(alice)
    alice.confirm()
    alice.received(response(200, "y", answers(late, offer, body(5_002, 9))))
    assert alice.due() == {}
    assert crossed(alice, one)


def test_the_response_to_a_prack_is_no_answer_to_the_call() -> None:
    alice = SecuredCall(end(ALICE, BOB), peer=BOB)
    alice.offer(body())
    alice.received(replace(response(200), method="PRACK"))
    assert alice.open_offer is not None


def test_new_keys_are_due_once_and_hold_brings_none() -> None:
    alice, bob = agreed()
    before = alice.branch
    alice.received(response(200, sdp=answers(bob, alice.offer(body(direction="sendonly")))))
    assert install(alice) == install(bob) == 0
    for asking, asked in ((alice, bob), (bob, alice), (alice, bob)):  # and on from what was offered last
        asking.rekeying = True
        answer = answers(
            asked, asking.offer(body(4_002, 1 if asking is alice else 2)), body(5_002, 2 if asked is bob else 1)
        )
        asking.received(response(200, sdp=answer))
        assert install(asking) == install(asked) == 1
        assert crossed(alice, bob)
        asked.confirm()
    assert before is not None
    assert alice.branch is not None
    assert alice.branch.streams != before.streams


def test_an_offer_that_is_not_acceptable_within_the_call_leaves_it_as_it_is() -> None:
    alice, bob = agreed()
    bob.invited(invite(body()))
    with pytest.raises(OfferRejected) as raised:
        bob.judge()
    assert raised.value.rejection.status == 488
    assert crossed(alice, bob)
    assert bob.due() == {}


def test_an_offer_of_a_stranger_is_turned_down() -> None:
    offer = SecuredCall(end(CAROL, BOB), peer=BOB).offer(body())
    bob = SecuredCall(end(BOB, ALICE), peer=None)
    bob.invited(invite(offer, caller=CAROL))
    with pytest.raises(OfferRejected):
        bob.answer(body(5_000, 2))
    assert bob.due() == {}


def test_keys_that_go_by_mki_are_turned_down() -> None:
    offer = SecuredCall(end(ALICE, BOB, options=Options(mki_octets=1)), peer=BOB).offer(body())
    bob = SecuredCall(end(BOB, ALICE), peer=None)
    bob.invited(invite(offer))
    with pytest.raises(OfferRejected, match="MKI"):
        bob.answer(body(5_000, 2))
    assert bob.due() == {}


def test_a_plain_offer_is_taken_only_where_that_is_allowed() -> None:
    strict, lenient = SecuredCall(end(BOB, ALICE), peer=None), SecuredCall(end(BOB, ALICE), peer=None, allow_plain=True)
    for call in (strict, lenient):
        call.invited(invite(body()))
    with pytest.raises(OfferRejected):
        strict.answer(body(5_000, 2))
    assert lenient.answer(body(5_000, 2)) == body(5_000, 2)
    assert (strict.plain, lenient.plain) == (False, True)


def test_a_secure_offer_whose_keys_are_bad_is_no_plain_call_where_those_are_allowed() -> None:
    offer = SecuredCall(end(CAROL, BOB), peer=BOB).offer(body())
    bob = SecuredCall(end(BOB, ALICE), peer=None, allow_plain=True)
    bob.invited(invite(offer, caller=CAROL))
    with pytest.raises(OfferRejected):
        bob.answer(body(5_000, 2))
    assert not bob.plain


def test_what_leaves_otherwise_than_written_ends_the_call() -> None:
    alice = SecuredCall(end(ALICE, BOB), peer=BOB)
    offer = alice.offer(body())
    alice.sent(invite(offer))
    with pytest.raises(PolicyRefused, match="without the MIKEY messages"):
        alice.sent(invite(body()))
    with pytest.raises(PolicyRefused, match="profiles"):
        alice.sent(invite(offer.replace("RTP/SAVP", "RTP/AVP")))


def test_what_is_too_long_is_not_sent() -> None:
    codecs = "".join(f"a=rtpmap:{number} codec-{number}/8000\r\n" for number in range(200))
    with pytest.raises(PolicyRefused, match="octets long"):
        SecuredCall(end(ALICE, BOB), peer=BOB).offer(body() + codecs)
    bob = SecuredCall(end(BOB, ALICE), peer=None)
    bob.invited(invite(SecuredCall(end(ALICE, BOB), peer=BOB).offer(body())))
    with pytest.raises(PolicyRefused, match="fewer codecs"):
        bob.answer(body(5_000, 2) + codecs)


def test_a_stream_that_was_stopped_does_not_start_over_under_its_keys() -> None:
    alice, bob = agreed(video=VIDEO)
    for port in ("0", "6000"):
        video = VIDEO.replace("6000", port)
        alice.received(response(200, sdp=answers(bob, alice.offer(body() + video), body(5_000, 2) + video)))
        if port == "0":
            assert install(alice) == 0
    with pytest.raises(PolicyRefused, match="start over"):
        alice.due()


def test_the_one_who_is_called_offers_nothing_before_there_are_keys() -> None:
    with pytest.raises(UsageError, match="only the caller"):
        SecuredCall(end(BOB, ALICE), peer=None).offer(body())


def test_a_redirected_call_has_an_offer_for_its_new_target() -> None:
    endpoint = end(ALICE, BOB, CAROL)
    first = SecuredCall(endpoint, peer=BOB)
    offer = first.offer(body())
    again = SecuredCall(endpoint, peer=CAROL, after=first.open_offer)
    fresh = again.offer(body())
    assert fresh != offer
    carol = SecuredCall(end(CAROL, ALICE), peer=None)
    again.received(response(200, sdp=answers(carol, fresh)))
    assert crossed(again, carol)


def test_nothing_is_left_of_a_call_that_is_over() -> None:
    endpoint = end(ALICE, BOB)
    alice, bob = SecuredCall(endpoint, peer=BOB), SecuredCall(end(BOB, ALICE), peer=None)
    alice.received(response(200, sdp=answers(bob, alice.offer(body()))))
    assert endpoint.open_bundles == 1
    alice.close()
    assert endpoint.open_bundles == 0
    assert alice.due() == {}
    assert alice.keys is None
