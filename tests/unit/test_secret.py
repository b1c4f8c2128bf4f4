"""Secrets show their length and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import pickle

import pytest

from mikey_sdp.secret import Secret, SeededEntropy

OCTETS = b"topsecret octets"
SECRET = Secret(OCTETS)


def test_no_way_of_printing_shows_the_octets() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "key %s %r", (SECRET, SECRET), None)
    for text in (repr(SECRET), str(SECRET), f"{SECRET}", f"{SECRET:>40}", f"{[SECRET]}", record.getMessage()):
        assert "Secret(<16 octets>)" in text
        assert "topsecret" not in text
        assert OCTETS.hex() not in text


def test_only_reveal_leads_to_the_octets() -> None:
    assert SECRET.reveal() == OCTETS
    assert len(SECRET) == 16
    for leak in (bytes, iter, list, hash, json.dumps, pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(SECRET)  # type: ignore[operator]
    assert not hasattr(SECRET, "__dict__")


def test_equal_octets_are_equal_secrets() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != Secret(b"aa")
    assert Secret(b"a") != b"a"


def test_a_secret_keeps_a_copy() -> None:
    octets = bytearray(b"key")
    secret = Secret(octets)
    octets[0] = 0
    assert secret == Secret(b"key")


def test_a_fingerprint_tells_keys_apart_and_nothing_more() -> None:
    assert SECRET.fingerprint() == Secret(OCTETS).fingerprint()
    assert SECRET.fingerprint() != Secret(b"other").fingerprint()
    assert len(SECRET.fingerprint()) == 16
    int(SECRET.fingerprint(), 16)


def test_seeded_entropy_follows_from_its_seed_in_draws_of_any_size() -> None:
    first, second = SeededEntropy(b"seed"), SeededEntropy(b"seed")
    whole = first(100)
    assert whole == b"".join(second(octets) for octets in (1, 31, 0, 33, 35))
    assert SeededEntropy(b"other")(100) != whole
    assert first(100) != whole
    assert len(set(whole)) > 50


def test_seeded_entropy_is_sha_256_of_seed_and_counter() -> None:
    blocks = [hashlib.sha256(b"seed" + bytes(7) + bytes([counter])).digest() for counter in range(3)]
    draw = SeededEntropy(b"seed")
    assert draw(32) + draw(64) == b"".join(blocks)
