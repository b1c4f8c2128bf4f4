"""The extension by which a message vouches for the key management lines before its own."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.registry import DataType, ErrorNo, ExtensionType, MapType, PrfFunc
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.line_order import judge_order, mikey_lines_at, order_extension
from mikey_sdp.sdp.lines import SessionDescription

LINES = [
    f"a=key-mgmt:{kmpid} {base64.b64encode(data).decode()}" for kmpid, data in (("mikey", b"one"), ("mikey", b"two"))
]


def described(*session: str, media: tuple[str, ...] = ()) -> SessionDescription:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", *session]
    return SessionDescription.parse("".join(f"{line}\r\n" for line in [*head, "m=audio 4000 RTP/SAVP 0", *media]))


def message(*extensions: GeneralExtension) -> Message:
    header = Header(
        data_type=DataType.PRE_SHARED,
        v=True,
        prf_func=PrfFunc.MIKEY_1,
        csb_id=1,
        map_type=MapType.SRTP_ID,
        sessions=(),
    )
    return Message.build(header, extensions)


def test_it_is_a_hash_of_the_attributes_before_the_line() -> None:
    sd = described(*LINES, media=(LINES[0],))
    first, second, third = (order_extension(sd, line) for line in key_mgmt_lines(sd))
    mark = b"mikey-sdp line order "
    one, two = (line.removeprefix("a=").encode() + b"\n" for line in LINES)
    assert first.ext_type == ExtensionType.VENDOR_ID
    assert first.data == mark + sha256(b"").digest()
    assert second.data == mark + sha256(one).digest()
    assert third.data == mark + sha256(one + two).digest()


@pytest.mark.parametrize("session", [(LINES[1],), (LINES[1], LINES[0]), (LINES[1], LINES[1]), (LINES[0], *LINES)])
def test_lines_that_differ_from_the_authors_are_refused(session: tuple[str, ...]) -> None:
    true, here = described(*LINES), described(*session)
    vouched = message(order_extension(true, key_mgmt_lines(true)[1]))
    judge_order(true, key_mgmt_lines(true)[1])(vouched)
    with pytest.raises(PeerError, match="changed on the way") as refused:
        judge_order(here, key_mgmt_lines(here)[-1])(vouched)
    assert refused.value.mikey_error == ErrorNo.UNSPECIFIED


def test_without_it_only_the_first_line_of_a_level_is_taken() -> None:
    sd = described(*LINES, media=(LINES[0],))
    first, second, at_media = key_mgmt_lines(sd)
    other = GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=b"some other vendor")
    for line in (first, at_media):
        judge_order(sd, line)(message(GeneralExtension.of_sdp_ids(["mikey"])))
        judge_order(sd, line)(message(other))
    with pytest.raises(PeerError, match="nothing vouches"):
        judge_order(sd, second)(message(other))


def test_two_of_them_are_one_too_many() -> None:
    sd = described(*LINES)
    line = key_mgmt_lines(sd)[0]
    with pytest.raises(PeerError):
        judge_order(sd, line)(message(order_extension(sd, line), order_extension(sd, line)))


def test_other_protocols_are_no_mikey_lines() -> None:
    sd = described(LINES[0], "a=key-mgmt:keyp1 AAAA", LINES[1])
    assert [line.data for line in mikey_lines_at(sd, key_mgmt_lines(sd)[1])] == [b"one", b"two"]
