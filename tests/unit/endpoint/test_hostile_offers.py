"""Offers by a peer who has the key and means no good, or by somebody on the way: refused, with nothing left behind."""

from __future__ import annotations

import weakref
from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Answer, Endpoint
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.keys import fresh_tgk, given_tek
from mikey_sdp.mikey.modes.contract import InitiatorSetup
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import GeneralExtension, IntervalValidity, KeyData, SrtpIdEntry
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.pair import Pair
from tests.unit.endpoint.ends import ALICE, BOB, KEY, SECOND_US, Call, Ends, body, call, hears, rtp

ENTROPY = SeededEntropy(b"hostile")
ONE_LINE = (GeneralExtension.of_sdp_ids(["mikey"]),)
TWO_LINES = (GeneralExtension.of_sdp_ids(["mikey", "mikey"]),)


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def made(ends: Ends) -> Call:
    return call(ends.alice(), ends.bob())


def carrying(octets: bytes, *media: str) -> str:
    """A secure body with that message at session level."""
    attribute = KeyMgmt(kmpid="mikey", data=octets).attribute
    return body(*media).replace("RTP/AVP", "RTP/SAVP").replace("t=0 0\r\n", f"t=0 0\r\na={attribute}\r\n")


def smuggled(bundle: Bundle, **fields: object) -> Bundle:
    """A bundle with values that it would refuse itself."""
    for name, value in fields.items():
        object.__setattr__(bundle, name, value)
    return bundle


def message_of(ends: Ends, bundle: Bundle | None = None, **fields: object) -> bytes:
    pair = Pair(now_us=ends.clock.unix_us)
    made = smuggled(bundle or pair.bundle(), **fields)
    return pair.psk_initiator(made, key=KEY, extensions=ONE_LINE).message.octets


def update_by(ends: Ends, own: str, peer: str, bundle: Bundle) -> bytes:
    """An authentic update of a bundle that changes nothing."""
    ends.clock.unix_us += SECOND_US
    setup = InitiatorSetup(
        own=identity_of(own),
        peer=identity_of(peer),
        bundle=bundle,
        previous=bundle,
        timestamp=Pair(now_us=ends.clock.unix_us).stamps.stamp(ends.clock()),
        now=ends.clock(),
        entropy=SeededEntropy(b"not drawn from"),
        new_keys=False,
        extensions=ONE_LINE,
    )
    return PskInitiator(setup, PskCredential(peer, KEY)).message.octets


def refused(answer: Answer, bob: Endpoint, *, still_open: int = 0) -> str:
    assert (answer.sdp, answer.keys, bob.open_bundles) == (None, None, still_open)
    assert answer.rejection is not None
    return answer.rejection.warning[1]


def interval(first: int, last: int) -> IntervalValidity:
    return IntervalValidity(valid_from=first.to_bytes(6, "big"), valid_to=last.to_bytes(6, "big"))


@pytest.mark.parametrize(
    ("keys", "error_no", "reason"),
    [
        ((fresh_tgk(ENTROPY, salt_octets=12),), ErrorNo.INVALID_SPPAR, "carried salt has 12"),
        ((given_tek(Secret(b"t" * 20)),), ErrorNo.INVALID_SPPAR, "TEK has 20"),
        (tuple(fresh_tgk(ENTROPY, mki=bytes([n])) for n in range(17)), ErrorNo.UNSPECIFIED, "16 are the most"),
        ((fresh_tgk(ENTROPY, mki=b"1"), fresh_tgk(ENTROPY, mki=b"22")), ErrorNo.UNSPECIFIED, "MKIs of one length"),
        ((fresh_tgk(ENTROPY, mki=bytes(200)),), ErrorNo.UNSPECIFIED, "longer than 128"),
        (
            tuple(replace(fresh_tgk(ENTROPY), validity=interval(first, 50)) for first in (0, 1)),
            ErrorNo.UNSPECIFIED,
            "overlap",
        ),
        ((fresh_tgk(ENTROPY, octets=513),), ErrorNo.UNSPECIFIED, "too long"),
    ],
)
def test_keys_that_no_stream_can_use(ends: Ends, keys: tuple[KeyData, ...], error_no: ErrorNo, reason: str) -> None:
    bob = ends.bob()
    answer = bob.answer(carrying(message_of(ends, keys=keys)), body(host=2), caller=ALICE)
    assert reason in refused(answer, bob)
    assert answer.rejection.mikey_error == error_no
    assert answer.rejection.mikey_message is not None


def test_as_many_keys_as_a_stream_can_use(ends: Ends) -> None:
    keys = tuple(fresh_tgk(ENTROPY, mki=bytes([number])) for number in range(16))
    answer = ends.bob().answer(carrying(message_of(ends, keys=keys)), body(host=2), caller=ALICE)
    assert len(answer.keys.media[0].receive) == 16
    assert answer.keys.session(0)


def test_a_stream_that_runs_already_can_not_be_joined(ends: Ends) -> None:
    bob = ends.bob()
    sessions = (SrtpIdEntry(ssrc=5, roc=3), SrtpIdEntry())
    answer = bob.answer(carrying(message_of(ends, sessions=sessions)), body(host=2), caller=ALICE)
    assert "rollover counter 3" in refused(answer, bob)
    assert answer.rejection.mikey_error == ErrorNo.INVALID_SPPAR


def test_two_messages_can_not_share_a_csb(ends: Ends) -> None:
    pair, bob = Pair(now_us=ends.clock.unix_us), ends.bob()
    bundle = pair.bundle()
    audio, video = (
        KeyMgmt(kmpid="mikey", data=pair.psk_initiator(bundle, key=KEY, extensions=TWO_LINES).message.octets).attribute
        for _ in "av"
    )
    plain = body("audio", "video")
    secure = plain.replace("RTP/AVP", "RTP/SAVP").replace("m=video", f"a={audio}\r\nm=video") + f"a={video}\r\n"
    assert "has no place here" in refused(bob.answer(secure, plain, caller=ALICE), bob)


def test_an_update_opens_no_call(ends: Ends, made: Call) -> None:
    bundle = made.bobs_leg._state.levels[None].bundle
    answer = made.bob.answer(carrying(update_by(ends, ALICE, BOB, bundle)), body(host=2), caller=ALICE)
    assert "has no place here" in refused(answer, made.bob, still_open=1)


def test_an_update_does_not_move_to_another_call(ends: Ends, made: Call) -> None:
    other = call(made.alice, made.bob)
    bundle = made.bobs_leg._state.levels[None].bundle
    answer = other.bobs_leg.answer(carrying(update_by(ends, ALICE, BOB, bundle)), body(host=2))
    assert "has no place here" in refused(answer, made.bob, still_open=2)
    assert other.bobs_leg.keys.csb_ids == other.keys.csb_ids


def test_ends_do_not_change_roles_under_the_same_keys(ends: Ends, made: Call) -> None:
    bundle = made.alices_leg._state.levels[None].bundle
    answer = made.alices_leg.answer(carrying(update_by(ends, BOB, ALICE, bundle)), body())
    assert "has no place here" in refused(answer, made.alice, still_open=1)
    assert made.alices_leg.keys.media == made.keys.media


def test_announcements_open_bundles_of_their_own(ends: Ends, made: Call) -> None:
    bundle = made.bobs_leg._state.levels[None].bundle
    with pytest.raises(PeerError, match="has no place here"):
        made.bob.listen(carrying(update_by(ends, ALICE, BOB, bundle)), announcer=ALICE)
    announced = ends.alice().announce(body(), to=BOB).sdp
    with pytest.raises(PeerError, match="2 crypto sessions, its m= lines need 4"):
        ends.bob().listen(announced + "m=video 40002 RTP/SAVP 0\r\n", announcer=ALICE)


def test_repeated_keys_are_not_stretched_over_more_lines(made: Call) -> None:
    again = made.alices_leg.offer(body()).sdp + "m=video 40002 RTP/SAVP 0\r\n"
    answer = made.bobs_leg.answer(again, body("audio", "video", host=2))
    assert "2 crypto sessions, its m= lines need 4" in refused(answer, made.bob, still_open=1)
    assert hears(made.keys, made.answer.keys)


@pytest.mark.parametrize("octets", [b"sip:x\r\nEvil: yes", b"sip:x\x00", "sip:x\u202e".encode()])
def test_identities_end_no_header(ends: Ends, octets: bytes) -> None:
    pair, bob = Pair(now_us=ends.clock.unix_us), ends.bob()
    evil = replace(identity_of("sip:x"), data=octets)
    for parties in ({"own": evil}, {"peer": evil}):
        initiator = pair.psk_initiator(key=KEY, extensions=ONE_LINE, **parties)
        answer = bob.answer(carrying(initiator.message.octets), body(host=2), caller=None)
        assert refused(answer, bob).isprintable()
        assert answer.rejection.mikey_error == ErrorNo.INVALID_ID


def test_bodies_end_no_header(ends: Ends) -> None:
    bob = ends.bob()
    offer = ends.alice().offer(body(), to=BOB, level="media").sdp + "m=video\x0b\x85 40002 RTP/SAVP 0\r\n"
    own = body() + "m=video\x0b\x85 40002 RTP/AVP 0\r\n"
    assert "m= line 2 (video??)" in refused(bob.answer(offer, own, caller=ALICE), bob)


def test_a_caller_whose_name_is_no_text(ends: Ends) -> None:
    bob = ends.end(BOB, PskCredential("*", KEY))
    pair = Pair(now_us=ends.clock.unix_us)
    initiator = pair.psk_initiator(own=identity_of(BOB), peer=None, key=KEY, extensions=ONE_LINE)
    answer = bob.answer(carrying(initiator.message.octets), body(host=2), caller="sip:\udcff@example.com")
    assert refused(answer, bob).isprintable()


@pytest.mark.requirement("4567-8-5")
def test_a_stream_that_has_keys_does_not_lose_them(made: Call) -> None:
    again = made.alices_leg.offer(body()).sdp
    answer = made.bobs_leg.answer(again.replace("RTP/SAVP", "RTP/AVP"), body(host=2))
    assert "turns m= line 1 into RTP/AVP" in refused(answer, made.bob, still_open=1)


def test_what_another_offer_could_not_mend_is_the_end(ends: Ends) -> None:
    bob = ends.bob(renegotiate=True)
    keys = tuple(fresh_tgk(ENTROPY, mki=bytes([number])) for number in range(17))
    answer = bob.answer(carrying(message_of(ends, keys=keys)), body(host=2), caller=ALICE)
    assert "16 are the most" in refused(answer, bob)
    assert answer.rejection.mikey_message is not None


@pytest.mark.parametrize("media", [("audio",), ("audio", "video")])
def test_keys_for_nothing_but_plain_streams(ends: Ends, media: tuple[str, ...]) -> None:
    bob = ends.bob()
    offer = ends.alice().offer(body(*media), to=BOB).sdp.replace("RTP/SAVP", "RTP/AVP")
    assert "plain RTP streams only" in refused(bob.answer(offer, body(*media, host=2), caller=ALICE), bob)


def test_a_secure_line_is_never_answered_in_the_clear(ends: Ends) -> None:
    bob = ends.bob()
    offer = ends.alice().offer(body().replace("RTP/AVP", "RTP/AVPF"), to=BOB)
    assert "can't be answered as RTP/AVP" in refused(bob.answer(offer.sdp, body(host=2), caller=ALICE), bob)
    assert bob.answer(offer.sdp, body("audio:0", host=2), caller=ALICE).rejection is None


def test_protected_keys_are_not_replaced_by_unprotected_ones(ends: Ends) -> None:
    alice = ends.end(ALICE, NullCredential(), PskCredential(BOB, KEY))
    bob = ends.end(BOB, NullCredential(), PskCredential(ALICE, KEY))
    offer = alice.offer(body(), to=BOB, secure_carrier=True)
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE, secure_carrier=True)
    proxy = Endpoint(ALICE, credentials=[NullCredential()], clock=ends.clock, entropy=SeededEntropy(b"proxy"))
    rekey = answer.keys.leg.answer(proxy.offer(body(), to=BOB, secure_carrier=True).sdp, body(host=2))
    assert "without protection" in refused(rekey, bob, still_open=1)


@pytest.mark.parametrize("null_first", [True, False])
def test_protected_and_unprotected_keys_do_not_stand_together(ends: Ends, null_first: bool) -> None:
    bob = ends.end(BOB, NullCredential(), PskCredential(ALICE, KEY))
    pair = Pair(now_us=ends.clock.unix_us)
    messages = [
        pair.null_initiator(extensions=TWO_LINES).message,
        pair.psk_initiator(key=KEY, extensions=TWO_LINES).message,
    ]
    one, other = (
        KeyMgmt(kmpid="mikey", data=message.octets).attribute for message in messages[:: 1 if null_first else -1]
    )
    plain = body("audio", "video")
    secure = plain.replace("RTP/AVP", "RTP/SAVP").replace("m=video", f"a={one}\r\nm=video") + f"a={other}\r\n"
    assert "without protection" in refused(bob.answer(secure, plain, caller=ALICE, secure_carrier=True), bob)


def test_a_rekey_does_not_rename_our_stream(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    assert hears(made.answer.keys, made.keys)
    before = made.bobs_leg._state.levels[None].bundle
    pair = Pair(now_us=ends.clock.unix_us + SECOND_US)
    after = before.updated(sessions=(SrtpIdEntry(), SrtpIdEntry(ssrc=0x77)), keys=(fresh_tgk(ENTROPY, mki=b"\x02"),))
    octets = pair.psk_initiator(after, previous=before, key=KEY, extensions=ONE_LINE).message.octets
    assert "our stream" in refused(made.bobs_leg.answer(carrying(octets), body(host=2)), made.bob, still_open=1)
    assert made.bobs_leg.keys.media == made.answer.keys.media
    assert hears(made.answer.keys, made.keys, sequence=2)


@pytest.mark.parametrize("cs_id", [1, 2])
def test_a_rekey_does_not_jump_ahead(ends: Ends, cs_id: int) -> None:
    made = call(ends.alice(), ends.bob())
    assert hears(made.keys, made.answer.keys)
    assert hears(made.answer.keys, made.keys)
    before = made.bobs_leg._state.levels[None].bundle
    pair = Pair(now_us=ends.clock.unix_us + SECOND_US)
    sessions = tuple(SrtpIdEntry(roc=9 if number == cs_id else 0) for number in (1, 2))
    after = before.updated(sessions=sessions, keys=(fresh_tgk(ENTROPY, mki=b"\x02"),))
    octets = pair.psk_initiator(after, previous=before, key=KEY, extensions=ONE_LINE).message.octets
    assert "rollover" in refused(made.bobs_leg.answer(carrying(octets), body(host=2)), made.bob, still_open=1)
    assert made.bobs_leg.keys.media == made.answer.keys.media
    assert hears(made.keys, made.answer.keys, sequence=2)


def test_a_rekey_does_not_bring_back_a_key(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    made.answer.keys.session(0)
    pair = Pair(now_us=ends.clock.unix_us + SECOND_US)
    before = first = made.bobs_leg._state.levels[None].bundle
    for keys, accepted in (((fresh_tgk(ENTROPY, mki=b"\x02"),), True), (first.keys, False)):
        after = before.updated(keys=keys)
        octets = pair.psk_initiator(after, previous=before, key=KEY, extensions=ONE_LINE).message.octets
        answer = made.bobs_leg.answer(carrying(octets), body(host=2))
        if accepted:
            made.bobs_leg.confirm()
        else:
            assert "brings back a key" in refused(answer, made.bob, still_open=1)
        before = after


def test_a_call_that_is_over_stays_over(made: Call) -> None:
    again = made.alices_leg.offer(body(), rekey=True)
    answer = made.bobs_leg.answer(again.sdp, body(host=2))
    session = weakref.ref(made.keys.session(0))
    made.alices_leg.close()
    assert session() is None
    with pytest.raises(UsageError, match="is over, or has other keys"):
        again.accept(answer.sdp)
    with pytest.raises(UsageError, match="is over"):
        made.keys.session(0)
    assert made.alice.open_bundles == 0


def test_tags_of_the_policy_are_those_of_the_session(ends: Ends) -> None:
    """An update may change a policy and leave the keys; the session goes over to it and repeats no index."""
    made = call(ends.alice(), ends.bob())
    assert hears(made.keys, made.answer.keys)
    before = made.bobs_leg._state.levels[None].bundle
    pair = Pair(now_us=ends.clock.unix_us + SECOND_US)
    after = before.updated(policies={0: replace(DEFAULT_SRTP, tag_octets=4)})
    octets = pair.psk_initiator(after, previous=before, key=KEY, extensions=ONE_LINE).message.octets
    long = made.answer.keys.session(0).protect(rtp(2))
    assert made.bobs_leg.answer(carrying(octets), body(host=2)).rejection is None
    made.bobs_leg.confirm()
    assert len(made.answer.keys.session(0).protect(rtp(3))) == len(long) - 6
