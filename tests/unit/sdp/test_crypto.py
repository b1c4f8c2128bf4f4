"""The a=crypto line: golden octets by hand, every prefix, and what is passed over."""

from __future__ import annotations

import base64
import contextlib

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.crypto import Crypto, cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import Secret, SeededEntropy

KEY, SALT = bytes(range(16)), bytes(range(16, 30))
INLINE = base64.b64encode(KEY + SALT).decode()
LINE = f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"


def read(*lines: str) -> tuple[Crypto, ...]:
    attributes = "".join(f"a=crypto:{line}\r\n" for line in lines)
    return cryptos(SessionDescription.parse(f"v=0\r\nm=audio 4000 RTP/SAVP 0\r\n{attributes}"), 0)


def test_a_line_is_read_and_written_alike() -> None:
    (one,) = read(LINE)
    assert one == Crypto(tag=1, suite="AES_CM_128_HMAC_SHA1_80", key=Secret(KEY), salt=Secret(SALT))
    assert one.attribute == f"crypto:{LINE}"
    assert INLINE not in repr(one)


def test_no_prefix_gives_a_key() -> None:
    for length in range(len(LINE)):
        with contextlib.suppress(DecodeError):
            assert read(LINE[:length]) == ()


@pytest.mark.parametrize(
    "line",
    [
        f"{LINE}A",
        f"{LINE}=",
        f"1 AES_CM_128_HMAC_SHA1_80 inlined:{INLINE}",
        "x AES_CM_128_HMAC_SHA1_80 inline:",
    ],
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(DecodeError):
        read(line)


def test_a_tag_stands_once() -> None:
    with pytest.raises(DecodeError, match="twice"):
        read(LINE, LINE)


@pytest.mark.parametrize(
    "line",
    [
        f"{LINE}|2^20",
        f"{LINE}|2^20|1:4",
        f"{LINE};inline:{INLINE}",
        f"{LINE} KDR=1",
        LINE.replace("AES_CM", "F8"),
    ],
)
def test_what_we_could_not_do_as_it_says_is_passed_over(line: str) -> None:
    (one,) = read(line, LINE.replace("1 AES", "2 AES"))
    assert one.tag == 2


def test_fresh_keys_differ() -> None:
    entropy = SeededEntropy(b"crypto")
    assert Crypto.fresh(entropy).key != Crypto.fresh(entropy).key
