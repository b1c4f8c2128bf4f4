"""Credentials, chosen by peer, and the CSBs that are shared with peers."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore, NullCredential, PskCredential, canonical_identity
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.pair import ALICE, BOB, Pair

KEY = Secret(bytes(16))
OTHER = Secret(b"x" * 16)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sip:bob@example.com", "SIP:bob@Example.COM", True),
        ("sip:bob@example.com", "sip:Bob@example.com", False),
        ("sip:bob@example.com", "sips:bob@example.com", False),
        ("donald@duck.com", "donald@Duck.com", True),
        ("sip:example.com", "sip:EXAMPLE.com", True),
        ("", "", True),
    ],
)
def test_identities_are_compared_as_uris(one: str, other: str, same: bool) -> None:
    assert (canonical_identity(one) == canonical_identity(other)) is same


def test_an_exact_match_comes_before_any_peer() -> None:
    store = CredentialStore([PskCredential("*", KEY), PskCredential("sip:bob@example.com", OTHER)])
    assert store.find(PskCredential, "sip:bob@EXAMPLE.com").key == OTHER
    assert store.find(PskCredential, "sip:carol@example.com").key == KEY
    assert store.find(PskCredential, None).key == KEY
    assert store.find(NullCredential, "sip:bob@example.com") is None


def test_nobody_matches_a_credential_for_somebody() -> None:
    store = CredentialStore([PskCredential("sip:bob@example.com", KEY)])
    assert store.find(PskCredential, "sip:carol@example.com") is None
    assert store.find(PskCredential, None) is None


@pytest.mark.requirement("3830-9.1-1")
@pytest.mark.parametrize("octets", [0, 1, 15])
def test_a_weak_key_is_refused(octets: int) -> None:
    with pytest.raises(UsageError, match="too short"):
        PskCredential("*", Secret(bytes(octets)))


def test_a_credential_does_not_show_its_key() -> None:
    assert "78" * 4 not in repr(PskCredential("*", OTHER))
    assert "xxxx" not in repr(PskCredential("*", OTHER))


@pytest.mark.requirement("3830-6.1-12", "3830-1.3-3")
def test_one_csb_id_may_be_shared_with_two_peers() -> None:
    store = BundleStore()
    one, two = Pair().bundle(csb_id=5), Pair().bundle(csb_id=5)
    store.put(ALICE, one)
    store.put(BOB, two)
    assert (store.get(ALICE, 5), store.get(BOB, 5)) == (one, two)
    store.close(ALICE, 5)
    store.close(ALICE, 5)
    assert (store.get(ALICE, 5), list(store)) == (None, [two])


def test_the_branches_of_a_fork_hold_one_csb_each_for_itself() -> None:
    store, desk, mobile = BundleStore(), object(), object()
    one, two = Pair().bundle(csb_id=5), Pair().bundle(csb_id=5)
    store.put(ALICE, one, holder=desk)
    store.put(ALICE, two, holder=mobile)
    assert (store.get(ALICE, 5), len(store), list(store)) == (two, 1, [one, two])
    store.close(ALICE, 5)
    store.close(ALICE, 5, holder=mobile)
    assert (store.get(ALICE, 5), len(store)) == (one, 1)
    store.put(ALICE, two, holder=desk)
    assert list(store) == [two]
    store.close(ALICE, 5, holder=desk)
    assert (store.get(ALICE, 5), len(store)) == (None, 0)


@pytest.mark.requirement("3830-6.1-13")
def test_a_csb_id_in_use_is_drawn_again() -> None:
    store = BundleStore()
    store.put(ALICE, Pair().bundle(csb_id=0x01010101))
    drawn = iter([b"\x01" * 4, b"\x01" * 4, b"\x02" * 4])
    assert store.draw_csb_id(lambda _octets: next(drawn), ALICE) == 0x02020202
    assert store.draw_csb_id(lambda _octets: b"\x01" * 4, BOB) == 0x01010101
    with pytest.raises(UsageError, match="keeps drawing"):
        store.draw_csb_id(lambda _octets: b"\x01" * 4, BOB, ALICE)


@pytest.mark.requirement("3830-6.1-11")
def test_csb_ids_follow_the_entropy_and_no_pattern() -> None:
    entropy = SeededEntropy(b"csb ids")
    drawn = [BundleStore().draw_csb_id(entropy, ALICE) for _ in range(1000)]
    again = SeededEntropy(b"csb ids")
    assert drawn == [int.from_bytes(again(4), "big") for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert len({(b - a) % (1 << 32) for a, b in pairwise(drawn)}) == 999
