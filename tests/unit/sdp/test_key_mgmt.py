"""The a=key-mgmt attribute: its levels, its order, and the examples of RFC 4567 section 5."""

from __future__ import annotations

import base64

import pytest

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.key_mgmt import (
    KeyMgmt,
    KeyMgmtLine,
    governing_lines,
    identifier_list,
    insert_key_mgmt,
    key_mgmt_lines,
    remove_key_mgmt,
    replace_key_mgmt,
    why_ignored,
)
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import media_lines
from tests.unit.sdp.counting import calls_of

# The messages of RFC 4567 section 5.1, their printed lines joined.
OFFER_VALUE = (
    "mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6gAAAAAGEEoo2pee4hp2"
    "UaDX8ZE22YwKAAAPZG9uYWxkQGR1Y2suY29tAQAAAAAAAQAk0JKpgaVkDaawi9whVBtBt"
    "0KZ14ymNuu62+Nv3ozPLygwK/GbAV9iemnGUIZ19fWQUOSrzKTAv9zV"
)
ANSWER_VALUE = "mikey AQEFgM0XflABAAAAAAAAAAAAAAYAyONQ6gAAAAAJAAAQbWlja2V5QG1vdXNlLmNvbQABn8HdGE5BMDXFIuGEga+62AgY5cc="
HEAD = "v=0\r\no=alice 2891092738 2891092738 IN IP4 w-land.example.com\r\ns=Cool stuff\r\n"
TAIL = "e=alice@w-land.example.com\r\nt=0 0\r\nc=IN IP4 w-land.example.com\r\n"


def example_1(value: str) -> SessionDescription:
    """RFC 4567 section 5.1: one message at session level for audio and video."""
    return SessionDescription.parse(
        f"{HEAD}{TAIL}a=key-mgmt:{value}\r\n"
        "m=audio 49000 RTP/SAVP 98\r\na=rtpmap:98 AMR/8000\r\n"
        "m=video 52230 RTP/SAVP 31\r\na=rtpmap:31 H261/90000\r\n"
    )


def example_2(session: str = "") -> SessionDescription:
    """RFC 4567 section 5.2: the audio stream alone is keyed, at its own level."""
    return SessionDescription.parse(
        f"{HEAD}{TAIL}{session}"
        "m=audio 49000 RTP/SAVP 98\r\na=rtpmap:98 AMR/8000\r\na=key-mgmt:mikey AQAF\r\n"
        "m=video 52230 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    )


def described(session: str, *sections: str) -> SessionDescription:
    return SessionDescription.parse("v=0\r\n" + session + "".join(sections))


@pytest.mark.requirement("4567-3-1")
@pytest.mark.parametrize(("value", "octets"), [(OFFER_VALUE, 132), (ANSWER_VALUE, 71)])
def test_the_examples_messages_are_read_and_written_again(value: str, octets: int) -> None:
    (line,) = key_mgmt_lines(example_1(value))
    assert (line.level, line.position, line.kmpid, line.value) == (None, 6, "mikey", value)
    assert line.data == base64.b64decode(value.partition(" ")[2])
    assert len(line.data) == octets
    assert KeyMgmt(kmpid=line.kmpid, data=line.data).value == value


@pytest.mark.requirement("4567-5.2-1")
def test_a_stream_without_a_secure_profile_is_keyed_at_no_level() -> None:
    sd = example_2()
    (audio,) = key_mgmt_lines(sd)
    assert (audio.level, audio.position) == (0, 2)
    assert governing_lines(sd) == ((audio,), ())
    whole = described("a=key-mgmt:mikey AQAF\r\n", "m=audio 1 RTP/SAVP 0\r\n", "m=video 3 RTP/AVP 31\r\n")
    assert governing_lines(whole) == (key_mgmt_lines(whole), ())


@pytest.mark.parametrize(
    "profile", ["RTP/AVP", "RTP/AVPF", "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP", "udptl", "rtp/savp"]
)
def test_only_the_two_secure_rtp_profiles_are_keyed(profile: str) -> None:
    streams = [f"m=audio 1 {name} 0\r\n" for name in ("RTP/SAVP", profile, "RTP/SAVPF")]
    assert [len(lines) for lines in governing_lines(described("a=key-mgmt:mikey AQAF\r\n", *streams))] == [1, 0, 1]


def test_a_malformed_line_is_refused_with_its_place_in_the_description() -> None:
    body = "v=0\r\ns=\N{SNOWMAN}\r\nm=a\r\na=key-mgmt:mikey A Q\r\n".encode()
    with pytest.raises(DecodeError, match="not base64") as caught:
        key_mgmt_lines(SessionDescription.parse(body))
    assert caught.value.offset == body.index(b" Q")
    with pytest.raises(DecodeError, match="no protocol identifier"):
        key_mgmt_lines(described("a=key-mgmt\r\n"))


def test_a_malformed_line_of_an_unknown_protocol_is_refused_too() -> None:
    with pytest.raises(DecodeError):
        key_mgmt_lines(described("a=key-mgmt:mikey AQAF\r\na=key-mgmt:keyp1 !\r\n"))


@pytest.mark.requirement("4567-3-2", "4567-6-4")
def test_other_protocols_are_read_and_kept_and_case_tells_them_apart() -> None:
    sd = described(
        "a=key-mgmt:MIKEY AQAF\r\na=key-mgmt:keyp1 AQ==\r\na=key-mgmt:mikey AQAG\r\na=Key-Mgmt:mikey AQAF\r\n"
    )
    assert [line.kmpid for line in key_mgmt_lines(sd)] == ["MIKEY", "keyp1", "mikey"]
    kept = remove_key_mgmt(sd, None, "mikey")
    assert str(kept) == str(sd).replace("a=key-mgmt:mikey AQAG\r\n", "")


@pytest.mark.requirement("4567-3.1-2", "4567-4.1.2-8", "4567-4.1.2-11")
def test_lines_of_both_levels_come_in_document_order_with_their_level() -> None:
    sd = described(
        "a=key-mgmt:mikey AQAF\r\na=x\r\na=key-mgmt:keyp1 AQAG\r\n",
        "m=audio 1 RTP/SAVP 0\r\n",
        "m=video 3 RTP/SAVP 31\r\na=key-mgmt: mikey AQAH\r\n",
    )
    assert key_mgmt_lines(sd) == (
        KeyMgmtLine(level=None, position=1, kmpid="mikey", data=b"\x01\x00\x05", value="mikey AQAF"),
        KeyMgmtLine(level=None, position=3, kmpid="keyp1", data=b"\x01\x00\x06", value="keyp1 AQAG"),
        KeyMgmtLine(level=1, position=1, kmpid="mikey", data=b"\x01\x00\x07", value=" mikey AQAH"),
    )


@pytest.mark.requirement("4567-3.1-3")
def test_a_streams_own_lines_replace_the_sessions_for_it_alone() -> None:
    sd = described(
        "a=key-mgmt:mikey AQAF\r\n",
        "m=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAG\r\n",
        "m=video 3 RTP/SAVPF 31\r\n",
        "m=video 5 RTP/SAVP 31\r\na=key-mgmt:keyp1 AQAH\r\n",
    )
    session, audio, other = key_mgmt_lines(sd)
    assert governing_lines(sd) == ((audio,), (session,), (other,))


def test_a_rejected_stream_is_not_keyed_and_a_bundled_one_is() -> None:
    sd = described(
        "a=key-mgmt:mikey AQAF\r\n",
        "m=audio 0 RTP/SAVP 0\r\na=key-mgmt:mikey AQAG\r\n",
        "m=video 0 RTP/SAVPF 31\r\na=bundle-only\r\n",
    )
    assert [[line.value for line in lines] for lines in governing_lines(sd)] == [[], ["mikey AQAF"]]


def test_every_line_is_processed_but_those_at_streams_that_take_no_keys() -> None:
    sd = described(
        "a=key-mgmt:mikey AQAF\r\n",
        "m=audio 1 RTP/AVP 0\r\na=key-mgmt:mikey AQAG\r\n",
        "m=audio 0 RTP/SAVP 0\r\na=key-mgmt:mikey AQAH\r\n",
        "m=video 3 RTP/SAVP 31\r\na=key-mgmt:mikey AQAI\r\na=key-mgmt:mikey AQAJ\r\n",
    )
    reasons = [why_ignored(line, media_lines(sd)) for line in key_mgmt_lines(sd)]
    assert reasons == [
        None,
        "the stream's profile RTP/AVP takes no keys from key management",
        "the stream is rejected",
        None,
        None,
    ]


@pytest.mark.requirement("4567-4.1.2-12")
@pytest.mark.parametrize("level", [None, 0])
def test_offers_stand_in_the_order_they_are_given(level: int | None) -> None:
    sd = described("t=0 0\r\na=x\r\n", "m=audio 1 RTP/SAVP 0\r\nc=IN IP4 192.0.2.1\r\na=x\r\n")
    offers = [KeyMgmt(kmpid=kmpid, data=b"\x01\x00\x05") for kmpid in ("zz", "mikey", "aa")]
    at_once = insert_key_mgmt(sd, level, offers)
    one_by_one = insert_key_mgmt(insert_key_mgmt(sd, level, offers[:1]), level, offers[1:])
    assert at_once == one_by_one
    assert [line.kmpid for line in key_mgmt_lines(at_once)] == ["zz", "mikey", "aa"]
    before = "t=0 0\r\n" if level is None else "c=IN IP4 192.0.2.1\r\n"
    assert f"{before}a=key-mgmt:zz AQAF\r\na=key-mgmt:mikey AQAF\r\na=key-mgmt:aa AQAF\r\na=x\r\n" in str(at_once)
    assert remove_key_mgmt(at_once, level) == sd


def test_replacing_touches_one_line() -> None:
    sd = described("a=key-mgmt: mikey AQAF\r\na=x\r\n", "m=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAG\r\n")
    session, audio = key_mgmt_lines(sd)
    changed = replace_key_mgmt(sd, audio, KeyMgmt(kmpid="mikey", data=b""))
    assert str(changed) == str(sd).replace("mikey AQAG", "mikey ")
    changed = replace_key_mgmt(sd, session, KeyMgmt(kmpid="mikey", data=b"\x01\x00\x07"))
    assert str(changed) == str(sd).replace("a=key-mgmt: mikey AQAF", "a=key-mgmt:mikey AQAH")
    for stale in (changed, described("s=-\r\n", "m=audio 1 RTP/SAVP 0\r\na=key-mgmtx:mikey AQAG\r\n")):
        with pytest.raises(UsageError):
            replace_key_mgmt(stale, session if stale is changed else audio, KeyMgmt(kmpid="mikey", data=b""))


def test_removing_one_protocol_leaves_the_others_of_its_level_and_all_of_other_levels() -> None:
    sd = described(
        "a=key-mgmt:mikey AQAF\r\na=key-mgmt:keyp1 AQAF\r\na=key-mgmt:mikey AQAG\r\n",
        "m=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAH\r\n",
    )
    assert identifier_list(remove_key_mgmt(sd, None, "mikey")) == "keyp1;mikey"
    assert identifier_list(remove_key_mgmt(sd, None)) == "mikey"
    assert identifier_list(remove_key_mgmt(sd, 0)) == "mikey;keyp1;mikey"


def test_messages_never_show() -> None:
    offer = KeyMgmt(kmpid="mikey", data=b"secret")
    sd = insert_key_mgmt(example_2(), None, [offer])
    shown = repr(offer) + repr(key_mgmt_lines(sd)) + repr(sd)
    assert "secret" not in shown
    assert offer.value.partition(" ")[2] not in shown


def test_the_work_grows_with_the_number_of_lines_and_no_faster() -> None:
    short, long = (
        described(
            "a=key-mgmt:mikey AQAF\r\n" * count, "m=audio 1 RTP/SAVP 0\r\na=key-mgmt:mikey AQAF\r\n" * (count // 8)
        )
        for count in (100, 400)
    )
    offers = [KeyMgmt(kmpid="mikey", data=b"")]
    for work in (
        key_mgmt_lines,
        governing_lines,
        identifier_list,
        lambda sd: remove_key_mgmt(sd, None),
        lambda sd: remove_key_mgmt(sd, None, "mikey"),
        lambda sd: insert_key_mgmt(sd, None, offers * len(sd.session.lines)),
    ):
        assert calls_of(lambda work=work: work(long)) < 4.2 * calls_of(lambda work=work: work(short))
