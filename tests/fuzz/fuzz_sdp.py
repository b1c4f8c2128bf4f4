"""Fuzz the reading of session descriptions: `python -m tests.fuzz.fuzz_sdp CORPUS_DIR -max_total_time=60`.

Beyond "a value or a DecodeError" it checks what the layer promises: octets come out as they went in, an error points
into its input, and what was inserted can be taken out again without a trace.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sdp.codecs import codecs
from mikey_sdp.sdp.crypto import cryptos
from mikey_sdp.sdp.key_mgmt import (
    KeyMgmt,
    governing_lines,
    identifier_list,
    insert_key_mgmt,
    join_identifiers,
    key_mgmt_lines,
    parse_identifier_list,
    remove_key_mgmt,
    replace_key_mgmt,
    why_ignored,
)
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import media_lines, secure_profile, with_port, with_profile
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/sdp/reading.py",
    "mikey_sdp/sdp/lines.py",
    "mikey_sdp/sdp/key_mgmt.py",
    "mikey_sdp/sdp/media.py",
    "mikey_sdp/sdp/connection.py",
    "mikey_sdp/sdp/codecs.py",
]
OFFER = KeyMgmt(kmpid="fuzz", data=b"\x01\x00\x05")


def one_input(data: bytes) -> None:
    """Read `data` as an identifier list, as text and as a description."""
    with _refusals(len(data)):
        assert join_identifiers(parse_identifier_list(data)).encode() == data
    text = _text(data)
    with _refusals(len(text)):
        assert str(SessionDescription.parse(text)) == text
    with _refusals(len(data)):
        sd = SessionDescription.parse(data)
        assert sd.octets == data
        assert "=" not in repr(sd)
        _edit(sd, text)
        _read(sd)
        _secure(sd)


def _text(data: bytes) -> str:
    """The octets as text, with surrogates where there are such: text may hold what no octets stand for."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@contextlib.contextmanager
def _refusals(length: int) -> Iterator[None]:
    try:
        yield
    except DecodeError as error:
        if not (0 <= error.offset <= length and error.field and error.section):
            raise AssertionError(f"an error that does not say where: {error}") from error


def _read(sd: SessionDescription) -> None:
    for section in sd.sections():
        codecs(section)
    for level in range(len(sd.media)):
        with contextlib.suppress(DecodeError):
            cryptos(sd, level)
    media = media_lines(sd)
    for line in media:
        _ = line.has_crypto, line.direction.sends, line.direction.receives, line.direction.seen_by_peer
        _ = line.connection and (line.connection.is_unspecified, line.connection.is_multicast)
    lines = key_mgmt_lines(sd)
    for line, governing in zip(media, governing_lines(sd), strict=True):
        assert line.takes_keys or not governing
        assert all(why_ignored(found, media) is None for found in governing)
    for found in lines:
        why_ignored(found, media)
        assert found.value.removeprefix(" ") == KeyMgmt(kmpid=found.kmpid, data=found.data).value
        replace_key_mgmt(sd, found, OFFER)
    assert identifier_list(sd) == ";".join(found.kmpid for found in lines)


def _edit(sd: SessionDescription, text: str) -> None:
    """Use the input as a value, too; whatever is taken must be read back as what was meant."""
    last = len(sd.media) - 1 if sd.media else None
    for edit in (
        lambda: sd.with_value(last, len(sd.section(last).lines) - 1, text[-20:]),
        lambda: sd.with_lines(last, len(sd.section(last).lines) - len(text) % 4, [(text[-1:], text[:9])]),
        lambda: sd.with_attributes(None, [text[2:40]]),
        lambda: sd.with_media(text[text.rfind("m=") :]),
        lambda: sd.without_lines(len(text) % 5, [len(text) % 3]),
        lambda: sd.with_value(None, len(text) % 7, ""),
    ):
        with contextlib.suppress(UsageError):
            edited = edit()
            assert str(SessionDescription.parse(str(edited))) == str(edited)


def _secure(sd: SessionDescription) -> None:
    """Secure every stream and undo it."""
    media = media_lines(sd)
    levels = (None, *range(min(len(media), 3)))
    secured = sd
    for line in media[:3]:
        secured = with_profile(secured, line.level, secure_profile(line.profile))
        opened = with_port(secured, line.level, 9)
        with _refusals(len(opened.octets)):  # an a=rtcp that nobody read while the stream was rejected
            assert media_lines(opened)[line.level].port == 9
    with contextlib.suppress(UsageError):
        for level in levels:
            secured = insert_key_mgmt(insert_key_mgmt(secured, level, [OFFER]), level, [OFFER])
    for line in media[:3]:
        secured = with_profile(secured, line.level, line.profile)
    for level in levels:
        secured = remove_key_mgmt(secured, level, OFFER.kmpid if sd.section(level).attributes("key-mgmt") else None)
    if OFFER.kmpid not in identifier_list(sd).split(";"):
        assert secured.octets == sd.octets


if __name__ == "__main__":
    under_atheris(one_input)
