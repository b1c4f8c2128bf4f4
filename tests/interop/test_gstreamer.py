"""GStreamer's MIKEYMessage at the other side: what it builds we explain, what we build without protection it reads.

It knows HDR, T, RAND, SP and KEMAC without encryption and MAC; at other payloads its parser loops for ever, so it gets
none of them. It runs as a process of its own, with a time limit.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    Header,
    IntervalValidity,
    KeyData,
    KeyDataTransport,
    PolicyParam,
    Rand,
    SecurityPolicy,
    SpiValidity,
    SrtpIdEntry,
    Timestamp,
    encode_key_data,
)
from mikey_sdp.mikey.registry import DataType, EncrAlg, KeyDataType, MacAlg, SrtpParam, TsType
from mikey_sdp.secret import Secret
from tests.interop.conftest import LIMIT_S, Need
from tests.samples import T_UNIX_US, line, sdp

PEER = Path(__file__).with_name("gstreamer_peer.py")
RAND = "4a28da979ee21a7651a0d7f19136d98c"
KEY = bytes(range(16)).hex()
SALT = bytes(range(0x20, 0x2E)).hex()
T = [0, "c8e350ea00000000"]

Ask = Callable[..., Any]


@pytest.fixture
def gstreamer(need: Need) -> Ask:
    """`gstreamer(build={...})` or `gstreamer(parse="...")`: one question, one answer."""
    python = need("gstreamer")

    def ask(**question: Any) -> Any:
        ran = subprocess.run(
            [python, "-W", "ignore", str(PEER)],
            input=json.dumps(question),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return ask


def build(gstreamer: Ask, **changed: Any) -> bytes:
    """A message that GStreamer built."""
    spec = {"v": False, "csb_id": 0xDEADBEEF, "cs": [[0, 0x11223344, 5]], "t": T, "rand": RAND, "policies": [[0, []]]}
    spec |= {"keys": [{"type": 2, "key": KEY}], **changed}
    if spec["t"] is None:
        del spec["t"]
    return base64.b64decode(gstreamer(build=spec))


def explained(octets: bytes, **how: Any) -> Explained:
    (one,) = explain(find(sdp(media=(octets,))).found, **how)
    assert one.message is not None, one.error
    return one


def texts(one: Explained) -> str:
    return "\n".join(remark.text for remark in one.remarks)


def test_what_gstreamer_builds_is_explained_field_by_field(gstreamer: Ask) -> None:
    octets = build(
        gstreamer,
        v=True,
        cs=[[0, 0x11223344, 5], [1, 0, 0]],
        policies=[[0, [[0, "01"], [1, "10"], [11, "04"]]], [1, []]],
        keys=[{"type": 0, "key": KEY, "spi": "0a0b"}, {"type": 2, "key": KEY, "salt": SALT}],
    )
    fields = explained(octets, now_unix_us=T_UNIX_US).fields(reveal=True)
    assert fields["where"] == {"level": "media", "media": 0, "frame": None}
    assert fields["octets"] == len(octets)
    assert fields["header"] == {
        "data_type": {"value": 0, "name": "Pre-shared"},
        "v": 1,
        "prf_func": {"value": 0, "name": "MIKEY-1 (HMAC-SHA-1)"},
        "csb_id": 0xDEADBEEF,
        "cs_id_map_type": {"value": 0, "name": "SRTP-ID"},
        "cs": [
            {"cs_id": 1, "policy_no": 0, "ssrc": 0x11223344, "roc": 5},
            {"cs_id": 2, "policy_no": 1, "ssrc": 0, "roc": 0},
        ],
    }
    t, rand, policy, plain, kemac = fields["payloads"]
    assert (t["ts_type"]["name"], t["ts_value"]) == ("NTP-UTC", 0xC8E350EA << 32)
    assert rand["rand"] == RAND
    assert [(param["type"]["value"], param["value"]) for param in policy["policy_param"]] == [
        (0, "01"),
        (1, "10"),
        (11, "04"),
    ]
    assert (plain["policy_no"], plain["policy_param"]) == (1, [])
    assert (kemac["encr_alg"]["name"], kemac["mac_alg"]["name"], kemac["mac"]) == ("NULL", "NULL", "")
    tgk, tek = kemac["key_data"]
    assert (tgk["key_type"]["name"], tgk["key_data"], tgk["spi"]) == ("TGK", KEY, "0a0b")
    assert (tek["key_type"]["name"], tek["key_data"], tek["salt_data"]) == ("TEK+SALT", KEY, SALT)


def test_we_write_what_gstreamer_builds_in_the_same_octets(gstreamer: Ask) -> None:
    octets = build(gstreamer)
    message = Message.decode(octets)
    assert Message.build(message.header, message.payloads).octets == octets


def test_a_key_as_cameras_send_it_is_pointed_out(gstreamer: Ask) -> None:
    """RTSP servers built on GStreamer put key and salt into one TEK, the tag length into the authentication key's."""
    octets = build(gstreamer, keys=[{"type": 2, "key": KEY + SALT}], policies=[[0, [[3, "0a"]]]])
    said = texts(explained(octets))
    for remark in (
        "a TEK of 30 octets",
        "NULL encryption",
        "NULL MAC",
        "probably the tag length is meant",
        "no SDP IDs extension",
        "no identities",
    ):
        assert remark in said
    assert KEY not in json.dumps(explained(octets).fields())


def test_the_time_that_gstreamer_takes_from_the_clock_is_now(gstreamer: Ask) -> None:
    now = time.time_ns() // 1000
    said = texts(explained(build(gstreamer, t=None), now_unix_us=now))
    assert " now" in said
    assert "discards it" not in said


SESSIONS = (SrtpIdEntry(ssrc=0x11223344, roc=5), SrtpIdEntry(policy_no=1))
ALL_PARAMS = tuple(PolicyParam(type=kind, value=b"\x01") for kind in list(SrtpParam)[:13])


def ours(*keys: KeyData, t: Timestamp | None = None, params: tuple[PolicyParam, ...] = ()) -> bytes:
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=encode_key_data(keys), mac_alg=MacAlg.NULL, mac=b"")
    header = Header(data_type=DataType.PRE_SHARED, csb_id=7, sessions=SESSIONS)
    policies = (SecurityPolicy(policy_no=0, params=params), SecurityPolicy(policy_no=1))
    payloads = (t or Timestamp(value=0xC8E350EA << 32), Rand(octets=bytes.fromhex(RAND)), *policies, kemac)
    return Message.build(header, payloads).octets


TEK = KeyData(key_type=KeyDataType.TEK, key=Secret(bytes.fromhex(KEY)))
TGK = KeyData(key_type=KeyDataType.TGK, key=Secret(bytes.fromhex(KEY)), validity=SpiValidity(spi=b"\x01\x02\x03"))
SALTED = KeyData(key_type=KeyDataType.TEK_SALT, key=Secret(bytes.fromhex(KEY)), salt=Secret(bytes.fromhex(SALT)))
INTERVAL = KeyData(
    key_type=KeyDataType.TEK,
    key=Secret(bytes(16)),
    validity=IntervalValidity(valid_from=bytes(6), valid_to=b"\xff" * 6),
)


@pytest.mark.parametrize(
    "octets",
    [
        ours(TEK),
        ours(TGK),
        ours(INTERVAL),
        ours(SALTED),
        ours(TGK, INTERVAL, SALTED),
        ours(TEK, params=ALL_PARAMS),
        ours(TEK, t=Timestamp(ts_type=TsType.COUNTER, value=9)),
        ours(TEK, t=Timestamp(ts_type=TsType.NTP, value=9)),
    ],
    ids=["tek", "tgk spi", "tek interval", "tek salt", "three keys", "all parameters", "counter", "ntp"],
)
def test_gstreamer_reads_ours_and_writes_the_same_octets(octets: bytes, gstreamer: Ask) -> None:
    understood = gstreamer(parse=base64.b64encode(octets).decode())
    assert base64.b64decode(understood["again"]) == octets
    assert (understood["crypto_sessions"], understood["payloads"]) == (2, 5)


def test_gstreamer_takes_the_same_key_and_transforms_from_ours(gstreamer: Ask) -> None:
    params = (
        PolicyParam(type=SrtpParam.ENCRYPTION_ALGORITHM, value=b"\x01"),
        PolicyParam(type=SrtpParam.SESSION_ENCR_KEY_LENGTH, value=b"\x10"),
        PolicyParam(type=SrtpParam.AUTHENTICATION_ALGORITHM, value=b"\x01"),
    )
    understood = gstreamer(parse=base64.b64encode(ours(TEK, params=params)).decode())
    assert f"srtp-key=(buffer){KEY}" in understood["caps"]
    assert "srtp-cipher=(string)aes-128-icm" in understood["caps"]
    assert "srtp-auth=(string)hmac-sha1-80" in understood["caps"]


def test_decode_explains_the_line_of_a_gstreamer_message(gstreamer: Ask) -> None:
    octets = build(gstreamer)
    (one,) = explain(find(line(octets).encode()).found)
    assert one.message is not None
    assert one.opened is not None
    assert one.opened.all_held
    (data_sa,) = one.opened.data_sas
    assert data_sa.master_key == Secret(bytes.fromhex(KEY))
    assert (data_sa.ssrc, data_sa.roc) == (0x11223344, 5)
