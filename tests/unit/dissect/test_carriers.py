"""Every kind of input that carries MIKEY, told from what it looks like, and what is said of input that does not."""

from __future__ import annotations

import base64

import msgspec
import pytest

from mikey_sdp.dissect.carriers import MAX_INPUT_OCTETS, READERS, Unrecognised, detect, find
from mikey_sdp.dissect.found import Findings, Kind, Where, printable
from mikey_sdp.errors import DecodeError
from mikey_sdp.trace import MessageSent, RunResult, Warned, trace_octets
from tests import captures
from tests.samples import I_MESSAGE, R_MESSAGE, RFC4567_OFFER, line, ok, sdp, sip

BASE64 = base64.b64encode(I_MESSAGE).decode()
FRAME = captures.ethernet(captures.udp(sip(sdp(I_MESSAGE))))
TRACE = trace_octets(
    RunResult(
        name="a run",
        shows="",
        file="a.call.yaml",
        parties=("alice", "bob"),
        records=(
            Warned(at_us=0, party="alice", text="no message"),
            MessageSent(
                at_us=1, party="alice", number=0, to="bob", transport="UDP", summary="", octets=sip(sdp(I_MESSAGE))
            ),
            MessageSent(at_us=2, party="alice", number=1, to="bob", transport="UDP", summary="", octets=b"keep-alive"),
        ),
        verdicts=(),
    )
)
BAD_SDP = sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A(")
BAD_BODY = sip(b"!!", content_type="application/mikey")
RFC4567_TEXT = """
   v=0
   o=alice 2891092738 2891092738 IN IP4 w-land.example.com
   s=Cool stuff
   e=alice@w-land.example.com
   t=0 0
   c=IN IP4 w-land.example.com
   a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6gAAAAAGEEoo2pee4hp2
   UaDX8ZE22YwKAAAPZG9uYWxkQGR1Y2suY29tAQAAAAAAAQAk0JKpgaVkDaawi9whVBtBt
   0KZ14ymNuu62+Nv3ozPLygwK/GbAV9iemnGUIZ19fWQUOSrzKTAv9zV
   m=audio 49000 RTP/SAVP 98
   a=rtpmap:98 AMR/8000
   m=video 52230 RTP/SAVP 31
   a=rtpmap:31 H261/90000
"""


@pytest.mark.parametrize(
    ("data", "kind", "where"),
    [
        (BASE64, Kind.BASE64, Where()),
        ("\n".join(BASE64[i : i + 60] for i in range(0, len(BASE64), 60)), Kind.BASE64, Where()),
        (line(I_MESSAGE), Kind.LINE, Where()),
        (line(I_MESSAGE).removeprefix("a="), Kind.LINE, Where()),
        (f"a=key-mgmt: mikey {BASE64}\r\n", Kind.LINE, Where()),
        (f'12:01 log: "{line(I_MESSAGE)}"', Kind.LINE, Where()),
        (f'KeyMgmt: prot=mikey; uri="rtsp://a/b,c;d"; data="{BASE64}"', Kind.LINE, Where()),
        (sdp(I_MESSAGE), Kind.SDP, Where(level="session")),
        (sdp(media=(None, I_MESSAGE)), Kind.SDP, Where(level="media", media=1)),
        (f"m=audio 4000 RTP/SAVP 0\n{line(I_MESSAGE)}\n", Kind.SDP, Where(level="media", media=0)),
        (sip(sdp(I_MESSAGE)), Kind.SIP, Where(level="session")),
        (ok(sdp(media=(I_MESSAGE,))).replace(b"\r\n", b"\n"), Kind.SIP, Where(level="media", media=0)),
        (sip(I_MESSAGE, content_type="application/mikey"), Kind.OCTETS, None),
        (I_MESSAGE, Kind.OCTETS, Where()),
        (I_MESSAGE.hex(), Kind.HEX, Where()),
        (I_MESSAGE.hex(":").upper(), Kind.HEX, Where()),
        (", ".join(f"0x{octet:02x}" for octet in I_MESSAGE), Kind.HEX, Where()),
        (base64.b64encode(sip(sdp(I_MESSAGE))), Kind.BASE64, Where(level="session")),
        (base64.b64encode(sdp(I_MESSAGE)), Kind.BASE64, Where(level="session")),
        (sip(sdp(I_MESSAGE)).hex(), Kind.HEX, Where(level="session")),
        (TRACE, Kind.TRACE, Where(level="session")),
        (msgspec.json.format(TRACE), Kind.TRACE, Where(level="session")),
        (
            captures.pcap([FRAME]),
            Kind.PCAP,
            Where(level="session", frame=1),
        ),
        (
            captures.pcapng([FRAME]),
            Kind.PCAP,
            Where(level="session", frame=1),
        ),
    ],
)
def test_every_kind_is_recognised_and_read(data: str | bytes, kind: Kind, where: Where | None) -> None:
    octets = data.encode() if isinstance(data, str) else data
    assert detect(octets) == kind
    if where is None:
        return
    findings = find(octets)
    assert findings.kind == kind
    assert [(one.octets, one.where) for one in findings.found] == [(I_MESSAGE, where)]
    assert find(octets, kind) == findings


def test_a_body_of_application_mikey() -> None:
    binary = find(sip(I_MESSAGE, content_type="application/mikey"), Kind.SIP)
    text = find(sip(BASE64.encode(), content_type="application/mikey;version=1"))
    assert binary.found[0].octets == text.found[0].octets == I_MESSAGE
    assert "INVITE" in text.found[0].origin


def test_the_example_of_rfc_4567_as_it_is_printed() -> None:
    (found,) = find(RFC4567_TEXT.encode()).found
    assert found.octets == RFC4567_OFFER
    assert (found.identifiers, found.streams) == ("mikey", 2)
    assert len(found.notes) == 2


def test_what_an_sdp_tells_about_its_messages() -> None:
    body = sdp(I_MESSAGE, media=(R_MESSAGE, None)).replace(b"a=key", b"a=key-mgmt:keyp1 AAAA\r\na=key", 1)
    found = find(body)
    assert [(one.identifiers, one.streams) for one in found.found] == [
        ("keyp1;mikey;mikey", 2),
        ("keyp1;mikey;mikey", 1),
    ]
    assert found.notes == ("a key-mgmt line of protocol keyp1 was passed over",)
    assert [one.octets for one in found.found] == [I_MESSAGE, R_MESSAGE]


def test_several_lines_in_one_text() -> None:
    found = find(f"{line(I_MESSAGE)}\nthen\n{line(R_MESSAGE)}\na=key-mgmt:other AAAA".encode())
    assert [one.octets for one in found.found] == [I_MESSAGE, R_MESSAGE]
    assert found.notes == ("a key-mgmt line of protocol other was passed over",)


def test_several_specifications_in_one_rtsp_header() -> None:
    header = f'KeyMgmt: prot=other;data="AAAA", prot=mikey;data="{BASE64}",prot=mikey;uri="x"'
    response = f"RTSP/1.0 200 OK\r\nCSeq: 3 SETUP\r\n{header}\r\n\r\n".encode()
    for data in (header.encode(), response):
        assert [one.octets for one in find(data).found] == [I_MESSAGE]


def test_parts_of_a_multipart_body() -> None:
    body = (
        b"--b\r\nContent-Type: application/sdp\r\n\r\n"
        + sdp(I_MESSAGE)
        + b"\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--"
    )
    assert [one.octets for one in find(sip(body, content_type="multipart/mixed;boundary=b")).found] == [I_MESSAGE]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"", "the input is empty"),
        (b" \r\n", "the input is empty"),
        (sdp(), "the SDP has 1 m= line and no a=key-mgmt"),
        (sip(sdp(media=(None, None))), "the SDP has 2 m= lines and no a=key-mgmt"),
        (sip(b"hello", content_type="text/plain"), "INVITE carries neither an SDP nor a MIKEY message"),
        (sip(b"v=0\r\nbroken", content_type="application/sdp"), "an SDP that can't be read"),
        (captures.pcap([captures.ethernet(captures.udp(sip(sdp())))]), "1 frame, 1 signalling message in them, none"),
        (captures.pcap([b"x"], link=147), "1 frame of link type 147 not looked into"),
    ],
)
def test_input_without_a_message_says_what_it_has(data: bytes, note: str) -> None:
    findings = find(data)
    assert findings.found == ()
    assert any(note in one for one in findings.notes)


def test_what_is_nothing_says_what_was_tried() -> None:
    with pytest.raises(Unrecognised) as caught:
        find(b"hello, world")
    said = str(caught.value)
    for word in ("no capture", "octets", "no SIP", "no SDP", "no key-mgmt line", "'h' is no hex", "',' has no place"):
        assert word in said


@pytest.mark.parametrize(
    ("data", "kind", "field", "offset"),
    [
        (line(I_MESSAGE)[:-4] + "!AA=", None, "a=key-mgmt", len(line(I_MESSAGE)) - 4),
        ("a=key-mgmt:mikey\tAQ==", None, "a=key-mgmt", 16),
        (sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A("), None, "a=key-mgmt", sdp(I_MESSAGE).index(b"mikey AQ") + 7),
        (
            sip(sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A(")),
            None,
            "a=key-mgmt",
            sip(sdp(I_MESSAGE)).index(b"mikey AQ") + 7,
        ),
        (b"m=audio 1 RTP/SAVP 0\na=key-mgmt:mikey *", None, "a=key-mgmt", 38),
        (b"v=0\r\nnonsense\r\n", None, "line 2", 5),
        (I_MESSAGE, Kind.SIP, "start line", 0),
        (I_MESSAGE, Kind.PCAP, "magic", 0),
        (b"zz", Kind.HEX, "hex", 0),
        (b"zz", Kind.BASE64, "base64", 2),
        (b"zz", Kind.LINE, "a=key-mgmt", 0),
        (b"zz", Kind.SDP, "line 2", 0),
        (BAD_BODY, None, "base64", BAD_BODY.index(b"!!")),
        (b'KeyMgmt: prot=mikey;data="!"', None, "base64", 0),
        (b" " * MAX_INPUT_OCTETS + b"x", None, "input", MAX_INPUT_OCTETS),
    ],
)
def test_what_is_malformed_says_where(data: str | bytes, kind: Kind | None, field: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        find(data.encode() if isinstance(data, str) else data, kind)
    assert (caught.value.field, caught.value.offset) == (field, offset)


def test_every_kind_has_a_reader() -> None:
    assert set(READERS) == set(Kind)


def from_capture(*packets: bytes, start: float = captures.START_S) -> Findings:
    return find(captures.pcap([captures.ethernet(packet) for packet in packets], start=start))


def test_a_capture_gives_all_messages_with_place_and_time() -> None:
    answer = ok(sdp(R_MESSAGE))
    found = from_capture(
        captures.udp(sip(sdp(I_MESSAGE))),
        captures.udp(b"\x80\x00 not SIP"),
        captures.tcp(answer[:100], 5, captures.BOB, captures.ALICE),
        captures.tcp(answer[100:], 105, captures.BOB, captures.ALICE),
        captures.udp(I_MESSAGE, ("192.0.2.1", 40_000), ("192.0.2.2", 2269)),
        captures.tcp(b"", 1, ("192.0.2.1", 40_000), ("192.0.2.2", 2269)),
    ).found
    assert [one.octets for one in found] == [I_MESSAGE, R_MESSAGE, I_MESSAGE]
    assert [one.where for one in found] == [
        Where(level="session", frame=1),
        Where(level="session", frame=4),
        Where(frame=5),
    ]
    assert [one.captured_us for one in found] == [(captures.START_S + n) * 1_000_000 for n in (0, 3, 4)]
    assert (
        found[1].origin == "frame 4, TCP 192.0.2.2:5060 to 192.0.2.1:5060: 200 OK to INVITE, session level of the SDP"
    )


def test_a_message_cut_into_fragments_is_found() -> None:
    pieces = captures.fragments(captures.udp(sip(sdp(I_MESSAGE))), 256)
    assert [one.octets for one in from_capture(*pieces).found] == [I_MESSAGE]


def test_a_broken_message_hides_no_other() -> None:
    broken = sip(sdp(I_MESSAGE).replace(b"mikey AQ", b"mikey A("))
    found = from_capture(captures.udp(broken), captures.udp(sip(sdp(I_MESSAGE)))).found
    assert [one.error is None for one in found] == [False, True]
    assert found[0].where.frame == 1
    assert found[1].octets == I_MESSAGE


def test_nothing_from_outside_can_play_tricks_on_a_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\n") == "a\\x1b[31mb\\u202ec\\n"
    assert printable("x" * 50, most=10) == "xxxxxxxxxx..."
    evil = sip(sdp(I_MESSAGE), "SIP/2.0 200 \x1b]0;pwned\x07")
    (found,) = find(evil, Kind.SIP).found
    assert found.origin.isprintable()


def test_the_trace_of_a_run_says_who_sent_what() -> None:
    (found,) = find(TRACE).found
    assert found.origin.startswith("alice to bob: INVITE, ")
    silent = TRACE.replace(base64.b64encode(sip(sdp(I_MESSAGE))), base64.b64encode(sip(sdp())))
    assert find(silent).notes == ("3 records, 1 of messages, none with MIKEY",)
    long = TRACE.replace(b"no message", b"x" * MAX_INPUT_OCTETS)
    assert find(long).found == find(TRACE).found


@pytest.mark.parametrize(
    "data", [b'{"records": [', b'{"records": 5}', b'{"records": ' + b"[" * 100_000, b'{"records": ["\xff"]}']
)
def test_a_broken_trace(data: bytes) -> None:
    with pytest.raises(DecodeError):
        find(data, Kind.TRACE)
    with pytest.raises(DecodeError):
        find(data)
