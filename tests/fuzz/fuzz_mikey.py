"""Fuzz the reading of MIKEY messages: `python -m tests.fuzz.fuzz_mikey CORPUS_DIR -max_total_time=60`.

Beyond "a value or a DecodeError" it checks what the layer promises: octets come out as they went in, spans cover them,
an error points into its input and keeps what was read, and nothing prints what KEMAC carries.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from itertools import product

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.composition import check_composition
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import (
    GeneralExtension,
    Identity,
    KeyData,
    KeyDataTransport,
    NullValidity,
    Payload,
    SecurityPolicy,
    Timestamp,
    UnknownCodePoint,
    decode_key_data,
    encode_key_data,
)
from mikey_sdp.mikey.registry import EncrAlg, ExtensionType, PayloadType
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/mikey/message.py",
    "mikey_sdp/mikey/composition.py",
    *(
        f"mikey_sdp/mikey/payloads/{name}.py"
        for name in (
            *("__init__", "payload", "hdr", "kemac", "pke", "dh", "sign", "t", "id", "cert", "chash", "v", "sp"),
            *("rand", "err", "key_data", "validity", "general_ext"),
        )
    ),
]


def one_input(data: bytes) -> None:
    """Read `data` as a message and as the plain text of a KEMAC."""
    with _refusals(len(data)):
        message = Message.decode(data)
        _survives(message)
        _read(message)
        _rearrange(message)
        check_composition(message, tolerated=(PayloadType.RAND,))
    for first, zero_fill in product((PayloadType.KEY_DATA, PayloadType.ID), (False, True)):
        with _refusals(len(data)):
            _keys(data, first, zero_fill=zero_fill)


@contextlib.contextmanager
def _refusals(length: int) -> Iterator[None]:
    try:
        yield
    except DecodeError as error:
        _points_into(error, length)


def _points_into(error: DecodeError, length: int) -> None:
    assert 0 <= error.offset <= length
    assert error.field
    assert error.section.startswith(("RFC ", "draft-"))
    assert len(str(error)) < 200
    if isinstance(error, UnknownCodePoint):
        assert isinstance(error.code_point, error.namespace)
        assert error.mikey_error.known


def _survives(message: Message) -> None:
    """The spans lie one behind the other, and what was read is written as it came."""
    end = message.header_octets
    for payload, span in zip(message.payloads, message.spans, strict=True):
        assert message.span(payload) == span
        assert span.offset == end
        end = span.end
    assert end == len(message.octets)
    policies = [policy.policy_no for policy in message.all(SecurityPolicy)]
    try:
        assert Message.build(message.header, message.payloads) == message
    except UsageError:
        assert len(set(policies)) < len(policies)


def _read(message: Message) -> None:
    """Ask each payload for all that it can tell."""
    assert len(repr(message)) < 10_000
    for payload in message.payloads:
        if isinstance(payload, Identity):
            assert payload.text
        elif isinstance(payload, Timestamp):
            assert len(payload.iv_octets) == 8
        elif isinstance(payload, GeneralExtension):
            _read_extension(payload)
        elif isinstance(payload, KeyDataTransport):
            assert len(repr(payload)) < 300
            if payload.encr_alg == EncrAlg.NULL:
                with _refusals(len(payload.encr_data)):
                    _keys(payload.encr_data, PayloadType.KEY_DATA, zero_fill=False)


def _read_extension(extension: GeneralExtension) -> None:
    if extension.ext_type == ExtensionType.CSB_ID:
        assert GeneralExtension.of_csb_id(extension.csb_id) == extension
        return
    with _refusals(len(extension.data)), contextlib.suppress(UsageError):
        assert GeneralExtension.of_sdp_ids(extension.sdp_ids) == extension


def _rearrange(message: Message) -> None:
    """Any chain is either refused or written as a message that reads back."""
    first = message.payloads[0]
    chains: list[tuple[Payload, ...]] = [message.payloads[::-1], (*message.payloads, first), message.payloads[1:]]
    for chain in chains:
        with contextlib.suppress(UsageError):
            built = Message.build(message.header, chain)
            assert Message.decode(built.octets) == built


def _keys(data: bytes, first: PayloadType, *, zero_fill: bool) -> None:
    chain = decode_key_data(data, first=first, zero_fill=zero_fill)
    assert data.startswith(encode_key_data(chain))
    assert len(encode_key_data(chain, zero_fill=True)) % 8 == 0
    for key in chain:
        if isinstance(key, KeyData):
            _hides(key)


def _hides(key: KeyData) -> None:
    """Neither key nor salt prints. The validity is left out: a peer may repeat the key's octets in its MKI."""
    shown = repr(dataclasses.replace(key, validity=NullValidity()))
    for secret in (key.key, key.salt):
        octets = secret.reveal() if secret is not None else b""
        assert len(octets) < 8 or (octets.hex() not in shown and repr(octets)[2:-1] not in shown)


if __name__ == "__main__":
    under_atheris(one_input)
