"""tshark as an independent decoder: it must read the same fields at the same places from our messages as we do."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.explain import explain
from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import (
    DhValue,
    EnvelopeKey,
    ErrorPayload,
    Header,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    NullValidity,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    Signature,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    encode_key_data,
)
from mikey_sdp.mikey.registry import (
    CacheIndicator,
    DataType,
    DhGroup,
    EncrAlg,
    ErrorNo,
    KeyDataType,
    MacAlg,
    SignType,
)
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret, SeededEntropy
from tests import captures
from tests.interop.conftest import LIMIT_S, Need
from tests.interop.dissector import Dissector, over_udp
from tests.interop.pdml import POLICY_FIELDS, Ours
from tests.samples import DHHMAC_I, DHHMAC_R, I_MESSAGE, R_MESSAGE, ok, sdp, sip


def compare(tshark: Dissector, capture: bytes, *, messages: int = 1) -> None:
    """Every message of a capture, field by field, in the order of the octets."""
    ours = [sorted(Ours(one.fields(reveal=True))) for one in explain(find(capture).found)]
    theirs = [sorted(leaves) for leaves in tshark.messages(capture)]
    assert len(ours) == len(theirs) == messages
    for mine, its in zip(ours, theirs, strict=True):
        assert [leaf for leaf in its if leaf not in mine] == []
        assert [leaf for leaf in mine if leaf not in its] == []
        assert its == mine


ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"
PSK = PskCredential("*", Secret(b"a key of sixteen"))
NULL = NullCredential("*")
PLAIN = sdp().replace(b"SAVP", b"AVP").decode()


def end(identity: str, **options: Any) -> Endpoint:
    return Endpoint(
        identity,
        credentials=[PSK, NULL],
        clock=lambda: NtpTime.from_unix_us(1_700_000_000_000_000),
        entropy=SeededEntropy(identity.encode()),
        options=Options(**options),
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"salt": True, "mki_octets": 4},
        {"verification": False, "mki_octets": 0},
        {"srtp": SrtpParameters(tag_octets=4)},
    ],
)
def test_our_offers_in_sip(options: dict[str, Any], tshark: Dissector) -> None:
    offer = end(ALICE, **options).offer(PLAIN, to=BOB)
    compare(tshark, over_udp(sip(offer.sdp.encode())))


def test_our_offer_and_its_answer_in_sip_over_tcp(tshark: Dissector) -> None:
    offer = end(ALICE).offer(PLAIN, to=BOB)
    answer = end(BOB).answer(offer.sdp, PLAIN, caller=ALICE)
    assert answer.sdp is not None
    streams = (
        (sip(offer.sdp.encode()), captures.ALICE, captures.BOB),
        (ok(answer.sdp.encode()), captures.BOB, captures.ALICE),
    )
    segments = [
        captures.tcp(stream[start : start + 300], 1 + start, source, destination)
        for stream, source, destination in streams
        for start in range(0, len(stream), 300)
    ]
    compare(tshark, captures.pcapng([captures.ethernet(segment) for segment in segments]), messages=2)


def test_our_unprotected_offer_with_its_keys(tshark: Dissector) -> None:
    alice = Endpoint(
        ALICE,
        credentials=[NULL],
        modes=[Mode.NULL],
        clock=lambda: NtpTime.from_unix_us(1_700_000_000_000_000),
        entropy=SeededEntropy(b"null"),
    )
    compare(tshark, over_udp(sip(alice.offer(PLAIN, to=BOB, secure_carrier=True).sdp.encode())))


@pytest.mark.parametrize("messages", [(I_MESSAGE, R_MESSAGE), (DHHMAC_I, DHHMAC_R)], ids=["psk", "dhhmac"])
def test_the_vectors(messages: tuple[bytes, bytes], tshark: Dissector) -> None:
    offer, answer = messages
    compare(tshark, over_udp(sip(sdp(offer)), ok(sdp(answer))), messages=2)


def test_mikey_at_its_own_port(tshark: Dissector) -> None:
    packets = [captures.udp(I_MESSAGE, ("192.0.2.1", 40_000), ("192.0.2.2", 2269))]
    compare(tshark, captures.pcap([captures.ethernet(packet) for packet in packets]))


SESSIONS = (SrtpIdEntry(policy_no=7, ssrc=0xDEADBEEF, roc=3), SrtpIdEntry(ssrc=1))
T = Timestamp(value=0xE8FEA500_12345678)
EVERY_PARAM = SecurityPolicy(
    policy_no=7, params=tuple(PolicyParam(type=kind, value=bytes((kind % 2,))) for kind in POLICY_FIELDS)
)
KEYS = (
    KeyData(key_type=KeyDataType.TGK, key=Secret(bytes(range(16))), validity=SpiValidity(spi=b"\x01\x02")),
    KeyData(key_type=KeyDataType.TEK_SALT, key=Secret(bytes(range(16, 32))), salt=Secret(bytes(range(14)))),
    KeyData(
        key_type=KeyDataType.TEK,
        key=Secret(bytes(range(32, 48))),
        validity=IntervalValidity(valid_from=b"\x00" * 5 + b"\x01", valid_to=b"\xff" * 6),
    ),
    KeyData(key_type=KeyDataType.TGK_SALT, key=Secret(bytes(20)), salt=Secret(b"\x01"), validity=NullValidity()),
)


def kemac(encr_alg: EncrAlg, data: bytes, mac_alg: MacAlg) -> KeyDataTransport:
    return KeyDataTransport(encr_alg=encr_alg, encr_data=data, mac_alg=mac_alg, mac=bytes(range(20 * mac_alg)))


def in_clear(key: KeyData) -> KeyDataTransport:
    return kemac(EncrAlg.NULL, encode_key_data([key]), MacAlg.NULL)


@pytest.mark.parametrize(
    ("data_type", "payloads"),
    [
        *((DataType.PRE_SHARED, (T, EVERY_PARAM, in_clear(key))) for key in KEYS),
        (DataType.PRE_SHARED, (T, Rand(octets=bytes(range(255))), kemac(EncrAlg.AES_KW_128, b"k" * 24, MacAlg.NULL))),
        (
            DataType.PUBLIC_KEY,
            (
                T,
                Rand(octets=bytes(16)),
                kemac(EncrAlg.AES_CM_128, b"x" * 40, MacAlg.HMAC_SHA_1_160),
                EnvelopeKey(cache=CacheIndicator.CACHE, data=b"p" * 256),
                Signature(sign_type=SignType.RSA_PKCS1_V1_5, signature=b"s" * 256),
            ),
        ),
        (
            DataType.DH_INIT,
            (
                T,
                DhValue(group=DhGroup.OAKLEY_2, value=b"\x05" * 128),
                Signature(sign_type=SignType.RSA_PSS, signature=b"s"),
            ),
        ),
        (DataType.ERROR, (T, ErrorPayload(error_no=ErrorNo.INVALID_SPPAR), ErrorPayload(error_no=ErrorNo.UNSPECIFIED))),
    ],
    ids=["tgk mki", "tek salt", "tek interval", "tgk salt", "key wrap", "public key", "signed dh", "error"],
)
def test_every_payload_that_tshark_knows(data_type: DataType, payloads: tuple[Payload, ...], tshark: Dissector) -> None:
    header = Header(data_type=data_type, v=True, csb_id=0xFFFF0001, sessions=SESSIONS)
    compare(tshark, over_udp(sip(sdp(Message.build(header, payloads).octets))))


def test_captures_that_wiresharks_tools_wrote(need: Need, tshark: Dissector, tmp_path: Path) -> None:
    """Each format and link type as editcap and text2pcap write it, read by us."""
    source = tmp_path / "source.pcap"
    source.write_bytes(over_udp(sip(sdp(I_MESSAGE)), ok(sdp(R_MESSAGE))))
    written = tmp_path / "written"
    for kind in ("pcap", "nsecpcap", "pcapng"):
        subprocess.run([need("editcap"), "-F", kind, str(source), str(written)], timeout=LIMIT_S, check=True)
        found = find(written.read_bytes()).found
        assert [one.octets for one in found] == [I_MESSAGE, R_MESSAGE], kind
        assert [one.captured_us for one in found] == [captures.START_S * 1_000_000, (captures.START_S + 1) * 1_000_000]
    compare(tshark, written.read_bytes(), messages=2)
    text = tmp_path / "dump"
    text.write_text("".join(f"{n:06x} {octet:02x}\n" for n, octet in enumerate(sip(sdp(I_MESSAGE)))))
    for addresses in (["-4", "10.0.0.1,10.0.0.2"], ["-6", "2001:db8::1,2001:db8::2"]):
        command = [need("text2pcap"), "-q", "-u", "5060,5060", *addresses, str(text), str(written)]
        subprocess.run(command, timeout=LIMIT_S, check=True, capture_output=True)
        assert [one.octets for one in find(written.read_bytes()).found] == [I_MESSAGE]
