"""The search for leaks finds what it is meant to find; without that, finding nothing means nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import msgspec
import pytest

from mikey_sdp.secret import Secret
from tests.unit.leaks import Leaks, planted, reachable

KEY = bytes.fromhex("9e01f2c7a35b88d4117ec06b5fd2a934")


@dataclass(frozen=True, slots=True)
class Holder:
    inner: tuple[object, ...]


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY.hex()}",
        f"key {KEY.hex().upper()}",
        KEY.hex(":"),
        KEY.hex(" ").upper(),
        repr(KEY),
        repr({"key": KEY}),
        str(list(KEY)),
        json.dumps(list(KEY)),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(b"x" + KEY + b"yz").decode(),
        base64.b64encode(b"xy" + KEY).decode(),
        msgspec.json.encode({"octets": b"header" + KEY}).decode(),
        "".join(f"\\x{octet:02x}" for octet in KEY),
        f"{int.from_bytes(KEY, 'big')}",
    ],
)
def test_a_leak_is_found(text: str) -> None:
    assert Leaks([KEY]).found_in(text)


def test_other_text_holds_no_leak() -> None:
    assert Leaks([KEY]).found_in(repr(Secret(KEY)) + KEY[:8].hex() + Secret(KEY).fingerprint()) == []


def test_short_values_are_no_keys() -> None:
    assert Leaks([b"\x01"]).secrets == set()


def test_secrets_are_found_wherever_they_hang() -> None:
    other = Secret(bytes(16))
    roots = [Holder((Secret(KEY), {"deep": [Holder((other,))]}))]
    assert planted(roots) == {KEY, bytes(16)}
    assert sum(isinstance(found, Holder) for found in reachable(roots)) == 2
