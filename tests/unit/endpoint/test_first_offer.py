"""The first offer of a call and its answer: what stands in the bodies, and which keys come of it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from mikey_sdp import endpoint
from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import GeneralExtension, Identity, SrtpIdEntry
from mikey_sdp.mikey.registry import DataType
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from mikey_sdp.sdp.protocols import OfferedProtocol
from mikey_sdp.secret import Secret
from tests.exchange.pair import Pair
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Ends, body, call, hears, mikey_levels, mikey_of

KEYP1 = OfferedProtocol(kmpid="keyp1", message=lambda identifiers: b"authenticated:" + identifiers.encode())
KEYP2 = OfferedProtocol(kmpid="keyp2", message=lambda identifiers: identifiers.encode())


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.fixture
def alice(ends: Ends) -> Endpoint:
    return ends.alice()


@pytest.fixture
def bob(ends: Ends) -> Endpoint:
    return ends.bob()


@pytest.mark.requirement("4567-4.1.1-1", "4567-4.1.1-2", "4567-4.1.1-3", "4567-7-1")
def test_what_an_offer_adds_to_a_body(alice: Endpoint) -> None:
    plain = body()
    offer = alice.offer(plain, to=BOB)
    added = set(offer.sdp.splitlines()) - set(plain.splitlines())
    (attribute,) = [line for line in added if line.startswith("a=")]
    assert added - {attribute} == {"m=audio 40000 RTP/SAVP 0"}
    assert set(plain.splitlines()) - set(offer.sdp.splitlines()) == {"m=audio 40000 RTP/AVP 0"}
    assert attribute.startswith("a=key-mgmt:mikey ")
    data = base64.b64decode(attribute.removeprefix("a=key-mgmt:mikey "), validate=True)
    message = mikey_of(offer.sdp)
    assert message.octets == data
    assert message.header.data_type == DataType.PRE_SHARED
    assert [identity.data.decode() for identity in message.all(Identity)] == [ALICE, BOB]


@pytest.mark.requirement("4567-4.1.1-10", "4567-4.1.1-11", "4567-4.1.1-12", "4567-4-1")
def test_what_an_answer_adds_to_a_body(alice: Endpoint, bob: Endpoint) -> None:
    made = call(alice, bob)
    plain = body(host=2)
    added = set(made.answer.sdp.splitlines()) - set(plain.splitlines())
    assert "m=audio 40000 RTP/SAVP 0" in added
    assert len(added) == 2
    assert "a=key-mgmt:mikey " in made.answer.sdp
    assert mikey_of(made.answer.sdp).header.data_type == DataType.PSK_VER_MSG
    assert hears(made.keys, made.answer.keys)


@pytest.mark.requirement("4567-4-2", "4567-7.1-5", "4567-4.1.1-4", "4567-4.1.1-13")
def test_both_ends_have_the_same_keys_the_other_way_round(alice: Endpoint, bob: Endpoint) -> None:
    made = call(alice, bob, "audio", "video")
    ours, theirs = made.keys, made.answer.keys
    assert (ours.peer, made.answer.peer, theirs.peer) == (BOB, ALICE, ALICE)
    assert (ours.mode, theirs.mode) == (Mode.PSK, Mode.PSK)
    assert ours.csb_ids == theirs.csb_ids == (mikey_of(made.offer.sdp).header.csb_id,)
    for media in (0, 1):
        assert ours.media[media].send == theirs.media[media].receive
        assert ours.media[media].receive == theirs.media[media].send
        assert hears(ours, theirs, media=media)
        assert hears(theirs, ours, media=media)
    used = [sa.master_key.reveal() for keys in ours.media.values() for sa in (*keys.send, *keys.receive)]
    assert len(set(used)) == 4


@pytest.mark.requirement("4567-7.1-4", "4567-7.1-2")
@pytest.mark.parametrize("media", [("audio",), ("audio", "video"), ("audio", "video:0", "video")])
def test_two_crypto_sessions_a_media_line(alice: Endpoint, bob: Endpoint, media: tuple[str, ...]) -> None:
    made = call(alice, bob, *media)
    assert len(mikey_of(made.offer.sdp).header.sessions) == 2 * len(media)
    last = len(media) - 1
    assert [sa.cs_id for sa in made.keys.media[last].send] == [2 * last + 1]
    assert [sa.cs_id for sa in made.keys.media[last].receive] == [2 * last + 2]
    assert sorted(made.keys.media) == [index for index, kind in enumerate(media) if ":0" not in kind]


def test_ssrcs_come_from_the_bodies(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body("audio", "video", ssrcs=(5, 6)), to=BOB)
    ssrcs = [entry.ssrc for entry in mikey_of(offer.sdp).header.sessions]
    assert ssrcs == [5, 0, 6, 0]
    answer = bob.answer(offer.sdp, body("audio", "video", ssrcs=(7,), host=2), caller=ALICE)
    keys = offer.accept(answer.sdp)
    assert [keys.media[0].send[0].ssrc, keys.media[0].receive[0].ssrc] == [5, 7]
    assert [keys.media[1].send[0].ssrc, keys.media[1].receive[0].ssrc] == [6, 0]
    assert mikey_of(answer.sdp).header.sessions[1] == SrtpIdEntry(ssrc=7)
    with pytest.raises(UsageError):
        keys.session(0).protect(bytes([0x80, 0, 0, 1]) + bytes(7) + b"\x08" + b"payload")


def test_each_message_at_media_level_has_the_ssrc_of_its_line(alice: Endpoint) -> None:
    offer = alice.offer(body("audio", "video", ssrcs=(5, 6)), to=BOB, level="media")
    assert [mikey_of(offer.sdp, level).header.sessions[0].ssrc for level in (0, 1)] == [5, 6]


@pytest.mark.requirement("4567-4.1.2-9", "4567-3.1-4")
def test_a_message_for_each_media_line(alice: Endpoint, bob: Endpoint) -> None:
    made = call(alice, bob, "audio", "video", "video", level="media")
    assert mikey_levels(made.offer.sdp) == mikey_levels(made.answer.sdp) == [0, 1, 2]
    assert len(set(made.keys.csb_ids)) == 3
    assert {len(mikey_of(made.offer.sdp, level).header.sessions) for level in (0, 1, 2)} == {2}
    assert all(hears(made.keys, made.answer.keys, media=media) for media in (0, 1, 2))


@pytest.mark.requirement("4567-4.1.2-10", "4567-4.1.1-8")
def test_one_bad_message_refuses_the_whole_offer(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body("audio", "video"), to=BOB, level="media")
    first, second = (line for line in offer.sdp.splitlines() if "key-mgmt" in line)
    broken = offer.sdp.replace(second, second[:-8] + "AAAAAAA=")
    assert first in broken
    answer = bob.answer(broken, body("audio", "video"), caller=ALICE)
    assert (answer.sdp, answer.keys, answer.rejection.status) == (None, None, 488)
    assert bob.open_bundles == 0


@pytest.mark.requirement("4567-3.1-3", "4567-5.2-1", "4567-4.1.2-9")
def test_media_level_replaces_session_level_for_its_line(ends: Ends, bob: Endpoint) -> None:
    pair = Pair(now_us=ends.clock.unix_us)
    both = {"key": KEY, "extensions": (GeneralExtension.of_sdp_ids(["mikey", "mikey"]),)}
    session = pair.psk_initiator(pair.bundle(sessions=(SrtpIdEntry(),) * 6), **both)
    audio = pair.psk_initiator(**both)
    lines = {
        level: f"a={KeyMgmt(kmpid='mikey', data=initiator.message.octets).attribute}\r\n"
        for level, initiator in (("session", session), ("audio", audio))
    }
    plain = body("audio", "video", "text")
    offer = (
        plain.replace("RTP/AVP", "RTP/SAVP", 2)
        .replace("m=audio", lines["session"] + "m=audio")
        .replace("m=video", lines["audio"] + "m=video")
    )
    answer = bob.answer(offer, plain, caller=ALICE)
    assert mikey_levels(answer.sdp) == [None, 0]
    assert sorted(answer.keys.media) == [0, 1]
    assert answer.keys.media[0].receive == audio.early_bundle.data_sas(1)
    assert answer.keys.media[1].receive == session.early_bundle.data_sas(3)
    assert "m=text 40004 RTP/AVP 0" in answer.sdp


@pytest.mark.requirement("4567-4.1.2-1", "4567-7-2", "4567-4.1.4-4", "4567-4.1.4-5")
@pytest.mark.parametrize(
    ("others", "level", "listed"),
    [
        ((), "session", b"mikey"),
        ((KEYP1, KEYP2), "session", b"mikey;keyp1;keyp2"),
        ((KEYP2,), "media", b"mikey;keyp2;mikey;keyp2"),
    ],
)
def test_every_message_authenticates_the_list(
    alice: Endpoint, others: tuple[OfferedProtocol, ...], level: str, listed: bytes
) -> None:
    offer = alice.offer(body("audio", "video"), to=BOB, level=level, other_protocols=others)
    message = mikey_of(offer.sdp, None if level == "session" else 1)
    assert message.find(GeneralExtension).data == listed


@pytest.mark.requirement("4567-4.1.4-2", "4567-6-3", "4567-4.1.2-12", "4567-4.1.4-8")
def test_other_protocols_are_given_the_list_and_stand_behind(alice: Endpoint) -> None:
    given: list[str] = []

    def message(identifiers: str) -> bytes:
        given.append(identifiers)
        return b"opaque " + identifiers.encode()

    offer = alice.offer(body(), to=BOB, other_protocols=[OfferedProtocol(kmpid="keyp1", message=message), KEYP2])
    lines = [line for line in offer.sdp.splitlines() if "key-mgmt" in line]
    assert [line.split()[0] for line in lines] == [f"a=key-mgmt:{name}" for name in ("mikey", "keyp1", "keyp2")]
    assert given == ["mikey;keyp1;keyp2"]
    assert base64.b64decode(lines[1].split()[1]) == b"opaque mikey;keyp1;keyp2"


@pytest.mark.requirement("4567-6-1", "4567-6-2", "4567-4.1.4-3", "4567-9.3-2")
def test_a_protocol_must_be_able_to_authenticate_the_list() -> None:
    with pytest.raises(UsageError, match="authenticate the list"):
        OfferedProtocol(kmpid="keyp1", message=b"fixed octets")
    for kmpid in ("key-p1", "", "a b", "mikey"):
        with pytest.raises(UsageError):
            OfferedProtocol(kmpid=kmpid, message=lambda _list: b"")


@pytest.mark.requirement("4567-4.1.4-1", "4567-4.1.4-6", "4567-7-3", "4567-7-4")
@pytest.mark.parametrize("attack", ["strip", "swap", "rename", "add"])
def test_a_changed_list_is_refused(alice: Endpoint, bob: Endpoint, attack: str) -> None:
    offer = alice.offer(body(), to=BOB, other_protocols=[KEYP1, KEYP2])
    assert bob.answer(offer.sdp, body(), caller=ALICE).rejection is None
    sdp = alice.offer(body(), to=BOB, other_protocols=[KEYP1, KEYP2]).sdp
    lines = sdp.splitlines(keepends=True)
    one = next(index for index, line in enumerate(lines) if "keyp1" in line)
    if attack == "strip":
        del lines[one]
    elif attack == "swap":
        lines[one], lines[one + 1] = lines[one + 1], lines[one]
    elif attack == "rename":
        lines[one] = lines[one].replace("keyp1", "KEYP1")
    else:
        lines.insert(one, "a=key-mgmt:weak AAAA\r\n")
    answer = bob.answer("".join(lines), body(), caller=ALICE)
    assert (answer.keys, answer.rejection.status) == (None, 488)
    assert "changed on the way" in answer.rejection.warning[1]
    assert bob.open_bundles == 1


@pytest.mark.requirement("4567-4.1.4-9", "4567-4.1.2-2")
def test_a_secure_carrier_does_not_replace_the_list(alice: Endpoint, bob: Endpoint) -> None:
    sdp = alice.offer(body(), to=BOB, other_protocols=[KEYP1], secure_carrier=True).sdp
    stripped = "".join(line for line in sdp.splitlines(keepends=True) if "keyp1" not in line)
    assert bob.answer(stripped, body(), caller=ALICE, secure_carrier=True).rejection.status == 488


@pytest.mark.requirement("4567-7-3")
def test_a_message_without_the_list_is_refused(ends: Ends, bob: Endpoint) -> None:
    announced = ends.alice(require_idr=False).announce(body(), to=BOB).sdp
    answer = ends.bob(require_idr=False).answer(announced, body(), caller=ALICE)
    assert answer.rejection is None
    pair = Pair(now_us=ends.clock.unix_us)
    bare = KeyMgmt(kmpid="mikey", data=pair.psk_initiator(key=KEY).message.octets)
    sdp = body(attributes=f"a={bare.attribute}\r\n").replace("RTP/AVP", "RTP/SAVP")
    assert "0 lists" in bob.answer(sdp, body(), caller=ALICE).rejection.warning[1]


@pytest.mark.requirement("4567-4.1.2-24")
def test_media_before_the_answer_can_be_heard(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    assert offer.keys.leg is None
    assert hears(answer.keys, offer.keys)
    assert hears(answer.keys, offer.accept(answer.sdp), sequence=2)


def test_branches_of_a_fork_have_keys_and_legs_of_their_own(ends: Ends, alice: Endpoint) -> None:
    offer = alice.offer(body(), to=BOB)
    answers = [ends.bob().answer(offer.sdp, body(host=host), caller=ALICE) for host in (2, 3)]
    keys = [offer.accept(answer.sdp) for answer in answers]
    assert keys[0].leg is not keys[1].leg
    assert keys[0].session(0) is not keys[1].session(0)
    keys[0].leg.close()
    assert keys[1].leg.open


@pytest.mark.requirement("4567-8-2")
def test_the_caller_is_who_the_keys_say(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(offer.sdp, body(), caller="sip:mallory@example.com")
    assert answer.rejection.status == 488
    assert "sip:mallory@example.com" in answer.rejection.warning[1]
    assert bob.open_bundles == 0


@pytest.mark.requirement("4567-8-3")
def test_no_mode_no_offer(ends: Ends) -> None:
    with pytest.raises(PolicyRefused):
        ends.end(ALICE).offer(body(), to=BOB)
    with pytest.raises(PolicyRefused):
        ends.end(ALICE, NullCredential()).offer(body(), to=BOB)
    narrowed = Endpoint(
        ALICE, credentials=[PskCredential(BOB, KEY)], modes=[Mode.NULL], clock=ends.clock, entropy=lambda n: bytes(n)
    )
    with pytest.raises(PolicyRefused):
        narrowed.offer(body(), to=BOB, secure_carrier=True)


def test_null_needs_both_permissions_at_both_ends(ends: Ends) -> None:
    alice, bob = ends.end(ALICE, NullCredential()), ends.end(BOB, NullCredential())
    offer = alice.offer(body(), to=BOB, secure_carrier=True)
    assert offer.mode == Mode.NULL
    assert bob.answer(offer.sdp, body(), caller=ALICE).rejection.mikey_error == 3
    answer = bob.answer(offer.sdp, body(), caller=ALICE, secure_carrier=True)
    assert hears(offer.accept(answer.sdp), answer.keys)


def test_a_protected_mode_comes_before_null(ends: Ends) -> None:
    alice = ends.end(ALICE, NullCredential(), PskCredential(BOB, KEY))
    assert alice.offer(body(), to=BOB, secure_carrier=True).mode == Mode.PSK


def test_a_body_without_rtp_can_not_be_secured(alice: Endpoint) -> None:
    sdp = body("audio:0")
    with pytest.raises(UsageError, match="no RTP stream"):
        alice.offer(sdp, to=BOB)
    with pytest.raises(DecodeError, match="own SDP"):
        alice.offer("nonsense", to=BOB)


@pytest.mark.parametrize("wrong", [("audio", "video"), ("video",)])
def test_our_answer_must_fit_the_offer(alice: Endpoint, bob: Endpoint, wrong: tuple[str, ...]) -> None:
    offer = alice.offer(body(), to=BOB)
    with pytest.raises(UsageError, match="m= lines of the offer"):
        bob.answer(offer.sdp, body(*wrong), caller=ALICE)


def test_feedback_profiles_are_kept(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body().replace("RTP/AVP", "RTP/AVPF"), to=BOB)
    assert "RTP/SAVPF" in offer.sdp
    answer = bob.answer(offer.sdp, body().replace("RTP/AVP", "RTP/AVPF"), caller=ALICE)
    assert "RTP/SAVPF" in answer.sdp
    assert offer.accept(answer.sdp).media


@pytest.mark.requirement("3830-9.5-2")
def test_messages_name_the_peer_by_default(ends: Ends, alice: Endpoint) -> None:
    carol = ends.end("sip:carol@example.com", PskCredential(ALICE, KEY))
    answer = carol.answer(alice.offer(body(), to=BOB).sdp, body(), caller=ALICE)
    assert "is for sip:bob@example.com" in answer.rejection.warning[1]


@pytest.mark.parametrize(
    "options",
    [
        {"salt": True},
        {"mki_octets": 0},
        {"mki_octets": 4},
        {"verification": False},
        {"srtp": replace(DEFAULT_SRTP, tag_octets=4)},
    ],
)
def test_options_of_an_offer(ends: Ends, options: dict[str, object]) -> None:
    made = call(ends.alice(**options), ends.bob(), "audio", "video")
    assert hears(made.keys, made.answer.keys, media=1)
    assert hears(made.answer.keys, made.keys, media=1)
    assert ("key-mgmt" in made.answer.sdp) is options.get("verification", True)
    (sa,) = made.keys.media[0].send
    assert len(sa.mki) == options.get("mki_octets", 1)
    assert bool(made.keys.advice) is (options.get("mki_octets") == 0)


def test_keys_never_show(alice: Endpoint, bob: Endpoint) -> None:
    made = call(alice, bob)
    secret = made.keys.media[0].send[0].master_key.reveal()
    shown = repr((made.keys, made.keys.media, made.answer, made.offer, made.alices_leg, alice))
    assert secret.hex() not in shown
    assert repr(secret) not in shown
    assert Secret(secret) != KEY


def test_lines_without_keys_have_no_session(alice: Endpoint, bob: Endpoint) -> None:
    made = call(alice, bob, "audio", "video:0")
    with pytest.raises(UsageError, match="m= line 2 has no keys"):
        made.keys.session(1)


def test_an_answer_that_takes_nothing(alice: Endpoint, bob: Endpoint) -> None:
    offer = alice.offer(body(), to=BOB, level="media")
    answer = bob.answer(offer.sdp, body("audio:0"), caller=ALICE)
    with pytest.raises(PeerError, match="takes none"):
        offer.accept(answer.sdp)


@pytest.mark.requirement("4567-8-4")
def test_one_offer_holds_every_protocol_that_it_is_given(alice: Endpoint) -> None:
    sdp = alice.offer(body(), to=BOB, other_protocols=[KEYP1, KEYP2]).sdp
    assert [line.split()[0] for line in sdp.splitlines() if "key-mgmt" in line] == [
        "a=key-mgmt:mikey",
        "a=key-mgmt:keyp1",
        "a=key-mgmt:keyp2",
    ]


@pytest.mark.requirement("4567-4.1.1-7", "4567-7.1-1")
def test_the_interface_is_documented() -> None:
    text = " ".join((endpoint.__doc__ or "").split())
    for what in ("identity", "credentials", "m= line", "direction", "address", "SSRC", "carrier", "CSB ID", "rollover"):
        assert what in text, what
