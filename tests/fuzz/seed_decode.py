"""Writes the seeds of `fuzz_decode.py` into corpus/decode: `python -m tests.fuzz.seed_decode`.

Every kind of input with messages in it, messages that are remarked upon, and one seed for each way in which looking
ends early.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    GeneralExtension,
    KeyData,
    KeyDataTransport,
    Payload,
    PolicyParam,
    Rand,
    SecurityPolicy,
    SrtpIdEntry,
    Timestamp,
    Verification,
    encode_key_data,
)
from mikey_sdp.mikey.registry import DataType, EncrAlg, ExtensionType, KeyDataType, MacAlg, ProtType, TsType
from mikey_sdp.secret import Secret
from tests.captures import ethernet, pcap, udp
from tests.fuzz import seed_mikey
from tests.samples import DHHMAC_I, DHHMAC_R, I_MESSAGE, R_MESSAGE, RFC4567_OFFER, line, ok, sdp, sip

FOLDER = Path(__file__).parent / "corpus" / "decode"

BASE64 = base64.b64encode(RFC4567_OFFER)
FOLDED = b"  v=0\n  a=key-mgmt:mikey " + BASE64[:60] + b"\n  " + BASE64[60:] + b"\n  m=audio 1 RTP/SAVP 0\n"
HEADER = f'KeyMgmt: prot=mikey;uri="x,y";data="{base64.b64encode(I_MESSAGE).decode()}",prot=z'
BAD_SDP = sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A(")
SDP_PART = b"--b\r\nContent-Type: application/sdp\r\n\r\n" + sdp(I_MESSAGE)
PARTS = SDP_PART + b"\r\n--b\r\n\r\nv=0\r\n--b\r\nx\r\n--b--\r\n"


def changed(place: int, value: int, message: bytes = I_MESSAGE) -> bytes:
    """A message with another octet somewhere."""
    return message[:place] + bytes((value,)) + message[place + 1 :]


def in_clear(*keys: KeyData, timestamp: Timestamp | None = None) -> bytes:
    """The offer of the vectors with its keys unprotected."""
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=encode_key_data(keys), mac_alg=MacAlg.NULL, mac=b"")
    first = timestamp or OFFER.payloads[0]
    return Message.build(OFFER.header, (first, *OFFER.payloads[1:-1], kemac)).octets


def tek(octets: bytes) -> KeyData:
    """A TEK without a salt."""
    return KeyData(key_type=KeyDataType.TEK, key=Secret(octets))


def with_payloads(*payloads: Payload) -> bytes:
    """The offer of the vectors with payloads instead of its RAND, IDs and policies."""
    return Message.build(OFFER.header, (OFFER.payloads[0], *payloads, OFFER.payloads[-1])).octets


OFFER, ANSWER = Message.decode(I_MESSAGE), Message.decode(R_MESSAGE)
V_NULL = Verification(auth_alg=MacAlg.NULL, mac=b"")
WRAPPED = KeyDataTransport(encr_alg=EncrAlg.AES_KW_128, encr_data=bytes(24), mac_alg=MacAlg.NULL, mac=b"")
SESSIONS = (SrtpIdEntry(), SrtpIdEntry(ssrc=7), SrtpIdEntry(policy_no=9, ssrc=7))
PRIVATE = GeneralExtension(ext_type=ExtensionType(250), data=b"")
EXPERIMENT = SecurityPolicy(policy_no=1, prot_type=ProtType.DHSAML_ROUND_2)
PARAMS = (
    ((3, b"\x0a"), (0, b"\x00"), (11, b"\x08")),
    ((3, b"\x04"),),
    ((11, b"\x04"), (11, b"\x0a"), (5, b""), (99, bytes(9))),
)
POLICIES = tuple(
    SecurityPolicy(policy_no=number, params=tuple(PolicyParam(type=kind, value=value) for kind, value in params))
    for number, params in enumerate(PARAMS)
)
TGK = KeyData(key_type=KeyDataType.TGK_SALT, key=Secret(b"the key of a seed"), salt=Secret(b"with a salt .."))


def inputs() -> dict[str, bytes]:
    """Each kind of input, whole and broken."""
    return {
        "base64": BASE64,
        "base64-bad": BASE64[:-5] + b" !AAAA",
        "base64-short": BASE64[:-1],
        "base64-padded": b"AQ===",
        "base64-early": b"AQ==AQ==",
        "hex": I_MESSAGE.hex(":").encode(),
        "hex-bad": b"01 0g",
        "hex-odd": b"0x01 0",
        "line": line(I_MESSAGE).encode(),
        "line-other": b"a=key-mgmt:other AAAA",
        "line-bad": b"a=key-mgmt:mikey A(",
        "line-rtsp": HEADER.encode(),
        "lines": f"\n\n  {line(I_MESSAGE)}\n  {line(R_MESSAGE)}\n".encode(),
        "sdp": sdp(I_MESSAGE, media=(None, R_MESSAGE)),
        "sdp-folded": b"".join(
            (b"  v=0\n  a=key-mgmt:mikey ", BASE64[:60], b"\n  ", BASE64[60:], b"\n  m=audio 1 x\n")
        ),
        "sdp-piece": b"m=audio 1 RTP/SAVP 0\n" + line(I_MESSAGE).encode(),
        "sdp-bad": b"m=audio 1 RTP/SAVP 0\nx",
        "sdp-without": sdp(),
        "sip": sip(sdp(I_MESSAGE)),
        "sip-lf": ok(sdp(R_MESSAGE)).replace(b"\r\n", b"\n"),
        "sip-mikey": sip(BASE64, content_type="application/mikey"),
        "sip-mikey-binary": sip(b"\x01mikey", content_type="application/mikey"),
        "sip-bad": sip(BAD_SDP),
        "sip-bad-sdp": sip(b"v=0\r\nx"),
        "sip-bare": b"INVITE sip:a SIP/2.0\r\nc:\r\n application/sdp\r\nno colon\r\n",
        "sip-parts": sip(PARTS, content_type='multipart/mixed; boundary="b"'),
        "rtsp": f"RTSP/1.0 200 OK\r\n{HEADER}\r\n\r\n".encode(),
        "pcap": pcap([ethernet(udp(sip(sdp(I_MESSAGE)))), ethernet(udp(ok(sdp(R_MESSAGE))))]),
        "pcap-bad": pcap([ethernet(udp(sip(BAD_SDP)))]),
        "nothing": b"hello, world",
        "empty": b" ",
    }


def messages() -> dict[str, bytes]:
    """Messages as octets and in an SDP, each with something to say about it."""
    counter = Timestamp(ts_type=TsType.COUNTER, value=3)
    found = {
        "psk": I_MESSAGE,
        "psk-answer": R_MESSAGE,
        "psk-update": Message.build(OFFER.header, (OFFER.payloads[0], *OFFER.payloads[2:])).octets,
        "dhhmac": DHHMAC_I,
        "dhhmac-answer": DHHMAC_R,
        "clear": in_clear(TGK),
        "clear-cut": in_clear(TGK)[:-9],
        "clear-camera": in_clear(tek(bytes(range(30)))),
        "clear-short": in_clear(tek(b"short")),
        "clear-zeros": in_clear(tek(bytes(16))),
        "clear-broken": changed(len(in_clear(TGK)) - 42, 0xFF, in_clear(TGK)),
        "counter": in_clear(TGK, timestamp=counter),
        "filetime": in_clear(TGK, timestamp=Timestamp(value=0x01D38E19_12345678)),
        "unix-time": in_clear(TGK, timestamp=Timestamp(value=0x5F000000 << 32)),
        "wrong-mac": changed(-1 % len(I_MESSAGE), 0),
        "rand-zeros": I_MESSAGE[:31] + bytes(16) + I_MESSAGE[47:],
        "rand-counts": I_MESSAGE[:31] + bytes(range(16)) + I_MESSAGE[47:],
        "rand-repeats": I_MESSAGE[:31] + b"abcd" * 4 + I_MESSAGE[47:],
        "rand-short": with_payloads(Rand(octets=b"7 octet")),
        "rand-shorter": with_payloads(Rand(octets=b"randomly 15 long"[:15])),
        "policies": with_payloads(*POLICIES),
        "policies-twice": with_payloads(SecurityPolicy(policy_no=0)).replace(b"\x0a\x05\x00", b"\x0a\x00\x00"),
        "ids-none": with_payloads(GeneralExtension(ext_type=ExtensionType.SDP_IDS, data=b"mikey;")),
        "streams": Message.build(replace(OFFER.header, sessions=SESSIONS, v=False), OFFER.payloads).octets,
        "numbers": with_payloads(GeneralExtension(ext_type=ExtensionType(77), data=b"x"), PRIVATE, EXPERIMENT),
        "sdp-ids-other": I_MESSAGE.replace(b"\x05mikey", b"\x05other"),
        "answer-rand": Message.build(ANSWER.header, (*ANSWER.payloads[:2], OFFER.payloads[1], V_NULL)).octets,
        "error": Message.build(replace(ANSWER.header, data_type=DataType.ERROR), (OFFER.payloads[0],)).octets,
        "key-wrap": Message.build(OFFER.header, (*OFFER.payloads[:-1], WRAPPED)).octets,
    }
    return found | {f"{name}-in-sdp": sdp(octets, media=(None, octets)) for name, octets in found.items()}


def seeds() -> dict[str, bytes]:
    """Every seed by its name."""
    return inputs() | messages() | {f"mikey-{name}": octets for name, octets in seed_mikey.seeds().items()}


def main() -> None:
    """Write them all, and nothing else."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name, octets in seeds().items():
        (FOLDER / name).write_bytes(octets)


if __name__ == "__main__":
    main()
