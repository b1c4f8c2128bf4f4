"""Refusals: what an answerer says of a bad offer, and what an offerer does not take for an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.credentials import NullCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.payloads import ErrorPayload, GeneralExtension, SecurityPolicy
from mikey_sdp.mikey.registry import DataType, ErrorNo, SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from mikey_sdp.sdp.key_mgmt import KeyMgmt
from mikey_sdp.sdp.protocols import OfferedProtocol
from tests.exchange.pair import Pair
from tests.unit.endpoint.ends import ALICE, BOB, KEY, Ends, body, call, hears, mikey_of

F8 = replace(DEFAULT_SRTP, encr_alg=SrtpEncrAlg.AES_F8)


@pytest.fixture
def ends() -> Ends:
    return Ends()


def rejected(bob: Endpoint, offer: str, own: str = "") -> tuple[int, int, str]:
    answer = bob.answer(offer, own or body(host=2), caller=ALICE)
    assert answer.keys is None
    assert bob.open_bundles == 0
    warning = answer.rejection.warning
    return answer.rejection.status, warning[0], warning[1]


@pytest.mark.requirement("4567-4.1.2-6", "4567-4.1.2-3")
def test_488_and_a_warning_for_what_can_not_be_mended(ends: Ends) -> None:
    offer = ends.alice(srtp=F8).offer(body(), to=BOB)
    assert rejected(ends.bob(), offer.sdp)[:2] == (488, 306)
    stranger = ends.end(BOB)
    status, code, text = rejected(stranger, ends.alice().offer(body(), to=BOB).sdp)
    assert (status, code) == (488, 399)
    assert "no key is shared with sip:alice@example.com" in text


@pytest.mark.requirement("4567-4.1.2-7", "4567-7.1-6")
def test_a_rejection_knows_the_mikey_error(ends: Ends) -> None:
    answer = ends.bob().answer(ends.alice(srtp=F8).offer(body(), to=BOB).sdp, body(), caller=ALICE)
    assert answer.rejection.mikey_error == ErrorNo.INVALID_SPPAR
    told = Message.decode(answer.rejection.mikey_message)
    assert told.find(ErrorPayload).error_no == ErrorNo.INVALID_SPPAR


@pytest.mark.requirement("4567-4.1.2-4", "4567-4.1.2-5", "4567-4.1.1-15", "4567-4.1.1-16")
def test_an_answer_can_carry_the_error_and_wait_for_another_offer(ends: Ends) -> None:
    alice, bob = ends.alice(srtp=F8), ends.bob(renegotiate=True)
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    assert answer.sdp is not None
    assert answer.keys is None
    message = mikey_of(answer.sdp)
    assert message.header.data_type == DataType.ERROR
    assert message.find(ErrorPayload).error_no == ErrorNo.INVALID_SPPAR
    assert message.find(SecurityPolicy) is not None
    with pytest.raises(ErrorReported) as caught:
        offer.accept(answer.sdp)
    again = offer.retry(caught.value, body())
    assert mikey_of(again.sdp).octets != mikey_of(offer.sdp).octets
    second = bob.answer(again.sdp, body(host=2), caller=ALICE)
    assert hears(again.accept(second.sdp), second.keys)


def test_hints_do_not_weaken_an_offer(ends: Ends) -> None:
    offer = ends.alice(srtp=F8).offer(body(), to=BOB)
    weak = replace(DEFAULT_SRTP, tag_octets=4).to_payload(0)
    with pytest.raises(PolicyRefused) as caught:
        offer.retry(ErrorReported([ErrorNo.INVALID_SPPAR], [weak], advisory=True), body())
    assert caught.value.rule == "no-retry-on-hints"
    for policies in ([], [F8.to_payload(0)]):
        with pytest.raises(PolicyRefused) as caught:
            offer.retry(ErrorReported([ErrorNo.INVALID_SPPAR], policies, advisory=False), body())
        assert caught.value.rule == "no-common-policy"


def test_only_mendable_causes_wait(ends: Ends) -> None:
    bob = ends.bob(renegotiate=True)
    answer = bob.answer(ends.alice().offer(body(), to=BOB).sdp, body(), caller="sip:eve@example.com")
    assert answer.sdp is None


@pytest.mark.requirement("4567-4.1.2-14", "4567-4.1.2-13", "4567-3-2", "4567-9.3-1")
def test_offers_of_other_protocols_only(ends: Ends) -> None:
    sdp = ends.alice().offer(body(), to=BOB).sdp
    for kmpid in ("keyp1", "MIKEY"):
        status, code, text = rejected(ends.bob(), sdp.replace("key-mgmt:mikey", f"key-mgmt:{kmpid}"))
        assert (status, code) == (488, 399)
        assert f"only {kmpid}" in text
    both = ends.alice().offer(
        body(), to=BOB, other_protocols=[OfferedProtocol(kmpid="keyp1", message=lambda _list: b"x")]
    )
    answer = ends.bob().answer(both.sdp, body(host=2), caller=ALICE)
    assert "keyp1" not in answer.sdp


@pytest.mark.requirement("4567-8-5")
def test_offers_without_keys(ends: Ends) -> None:
    assert "no key management" in rejected(ends.bob(), body())[2]
    assert "no key management" in rejected(ends.bob(), body().replace("RTP/AVP", "RTP/SAVP"))[2]


@pytest.mark.requirement("4567-4.1.2-17")
def test_a_secure_line_without_a_message(ends: Ends) -> None:
    sdp = ends.alice().offer(body("audio"), to=BOB, level="media").sdp
    text = rejected(ends.bob(), sdp + "m=video 40002 RTP/SAVP 0\r\n", body("audio", "video"))[2]
    assert "m= line 2 (video)" in text


@pytest.mark.requirement("4567-4.1.1-6", "4567-4.1.1-8")
@pytest.mark.parametrize(
    "data", ["", "AQ", "AQA=A", "!!!!", "AQAFgA==", "AQAFgM0XflABAAAAAAAAAAAAAAs=", "AAAA", "%41%41%41%41"]
)
def test_malformed_messages(ends: Ends, data: str) -> None:
    sdp = ends.alice().offer(body(), to=BOB).sdp
    (line,) = [line for line in sdp.splitlines() if "key-mgmt" in line]
    status, code, text = rejected(ends.bob(), sdp.replace(line, f"a=key-mgmt:mikey {data}"))
    assert (status, code) == (488, 399)
    assert text.startswith("Key management: ")


@pytest.mark.parametrize("sdp", ["", "nonsense", "v=0\r\nm=audio\r\n", "\x00", "v=0\r\no\r\n"])
def test_malformed_descriptions(ends: Ends, sdp: str) -> None:
    assert rejected(ends.bob(), sdp)[0] == 488


def test_too_few_crypto_sessions(ends: Ends) -> None:
    sdp = ends.alice().offer(body("audio"), to=BOB).sdp + "m=video 40002 RTP/SAVP 0\r\n"
    assert "2 crypto sessions, its m= lines need 4" in rejected(ends.bob(), sdp, body("audio", "video"))[2]


@pytest.mark.requirement("4567-4.1.1-14", "4567-4.1.1-18")
def test_an_answer_that_proves_nothing(ends: Ends) -> None:
    alice, bob = ends.alice(), ends.bob()
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    (line,) = [line for line in answer.sdp.splitlines() if "key-mgmt" in line]
    with pytest.raises(PeerError) as caught:
        offer.accept(answer.sdp.replace(line, line[:-8] + "AAAAAAA="))
    assert caught.value.mikey_error == ErrorNo.AUTH_FAILURE
    assert alice.open_bundles == 0
    assert offer.accept(answer.sdp).media


@pytest.mark.requirement("4567-8-5")
@pytest.mark.parametrize("downgrade", ["profile", "message", "both", "lines"])
def test_an_answer_without_security(ends: Ends, downgrade: str) -> None:
    offer = ends.alice().offer(body(), to=BOB)
    sdp = ends.bob().answer(offer.sdp, body(host=2), caller=ALICE).sdp
    if downgrade in ("profile", "both"):
        sdp = sdp.replace("RTP/SAVP", "RTP/AVP")
    if downgrade in ("message", "both"):
        sdp = "".join(line for line in sdp.splitlines(keepends=True) if "key-mgmt" not in line)
    if downgrade == "lines":
        sdp = sdp[: sdp.index("m=")]
    with pytest.raises(PeerError) as caught:
        offer.accept(sdp)
    assert caught.value.reason


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=audio x RTP/SAVP 0\r\n"])
def test_a_malformed_answer(ends: Ends, sdp: str) -> None:
    with pytest.raises((DecodeError, PeerError)):
        ends.alice().offer(body(), to=BOB).accept(sdp)


def test_a_mikey_answer_to_another_offer(ends: Ends) -> None:
    alice, bob = ends.alice(), ends.bob()
    one, other = (alice.offer(body(), to=BOB) for _ in range(2))
    answer = bob.answer(one.sdp, body(host=2), caller=ALICE)
    with pytest.raises(PeerError, match="speaks of CSB"):
        other.accept(answer.sdp)


def test_a_replayed_offer(ends: Ends) -> None:
    made = call(ends.alice(), ends.bob())
    answer = made.bob.answer(made.offer.sdp, body(host=3), caller=ALICE)
    assert answer.rejection.mikey_error == ErrorNo.INVALID_TS
    assert answer.rejection.mikey_message is None
    assert "replay" in answer.rejection.warning[1]


def test_a_stale_offer(ends: Ends) -> None:
    offer = ends.alice().offer(body(), to=BOB)
    ends.clock.unix_us += 3600 * 1_000_000
    assert "behind our clock" in rejected(ends.bob(), offer.sdp)[2]


@pytest.mark.requirement("4567-4.1.3-4")
@pytest.mark.parametrize("extensions", [(), (GeneralExtension.of_sdp_ids(["keyp1"]),)])
def test_a_description_needs_no_list_of_protocols(ends: Ends, extensions: tuple[GeneralExtension, ...]) -> None:
    pair = Pair(now_us=ends.clock.unix_us)
    initiator = pair.psk_initiator(key=KEY, peer=None, verification=False, extensions=extensions)
    attribute = KeyMgmt(kmpid="mikey", data=initiator.message.octets).attribute
    sdp = body(attributes=f"a={attribute}\r\n").replace("RTP/AVP", "RTP/SAVP")
    assert ends.bob().listen(sdp, announcer=ALICE).media[0].receive == initiator.early_bundle.data_sas(1)


@pytest.mark.requirement("4567-4.1.3-1")
def test_a_description_that_nobody_answers(ends: Ends) -> None:
    alice = ends.alice()
    announcement = alice.announce(body("audio", "video"), to=BOB)
    assert mikey_of(announcement.sdp).header.v is False
    keys = ends.bob().listen(announcement.sdp, announcer=ALICE)
    assert hears(announcement.keys, keys, media=1)
    assert (keys.peer, keys.leg) == (ALICE, None)
    with pytest.raises(PeerError):
        ends.bob().listen(announcement.sdp, announcer="sip:eve@example.com")
    with pytest.raises(PeerError, match="no MIKEY message"):
        ends.bob().listen(body(), announcer=ALICE)


@pytest.mark.requirement("4567-4.1.3-2")
def test_an_announcement_has_one_protocol(ends: Ends) -> None:
    with pytest.raises(UsageError, match="one key management protocol"):
        ends.alice().announce(
            body(), to=BOB, other_protocols=[OfferedProtocol(kmpid="keyp1", message=lambda _list: b"")]
        )


@pytest.mark.requirement("4567-4.1.3-3")
def test_an_announcement_asks_for_no_answer(ends: Ends) -> None:
    offer = ends.alice().offer(body(), to=BOB)
    with pytest.raises(PeerError, match="asks for an answer"):
        ends.bob().listen(offer.sdp, announcer=ALICE)


@pytest.mark.requirement("4567-8-3")
def test_null_is_not_announced_over_the_open(ends: Ends) -> None:
    with pytest.raises(PolicyRefused):
        ends.end(ALICE, NullCredential()).announce(body(), to=BOB)
