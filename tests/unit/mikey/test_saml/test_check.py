from __future__ import annotations

import re
import sys
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mikey_sdp.errors import BackendUnavailable, PeerError, UsageError
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import backend, endorse
from mikey_sdp.mikey.saml.key_value import CURVE_URNS, FINITE_FIELDS
from tests.pki import MOMENT, at, ec_key
from tests.unit.mikey.test_saml.samples import (
    ALICE,
    CA,
    FORGED,
    GOOD,
    ISSUER,
    LATER,
    MALFORMED,
    NOW,
    OTHER,
    RSA_ISSUER,
    THIRD,
    WRAPPED,
    checked,
    issued,
    public_of,
)


def refusal(xml: bytes, **changed: object) -> str:
    with pytest.raises(PeerError) as caught:
        checked(xml, **changed)
    assert caught.value.mikey_error == 8
    return caught.value.reason


@pytest.mark.parametrize("issuer", [ISSUER, RSA_ISSUER, CA.issue("sip:example.com")])
def test_what_was_issued_is_believed(issuer: object) -> None:
    found = checked(issued(issuer), issuers=[issuer.certificate])
    assert (found.issuer, found.subject, found.assertion_id) == ("sip:example.com", ALICE, "_a1")
    assert (found.not_before, found.not_on_or_after, found.third_party) == (NOW, LATER, None)
    assert found.public == public_of(DhGroup.ECP_P_256)


@pytest.mark.parametrize("group", [*FINITE_FIELDS, *CURVE_URNS])
def test_every_group_survives(group: DhGroup) -> None:
    found = checked(issued(group=group))
    assert (found.group, found.public) == (group, public_of(group))


def test_the_same_arguments_give_the_same_octets() -> None:
    assert issued() == GOOD


@pytest.mark.parametrize("name", MALFORMED)
def test_what_the_issuer_may_not_say(name: str) -> None:
    assert re.match("malformed|bad key|wrong|forged", refusal(MALFORMED[name]))


@pytest.mark.parametrize("name", FORGED)
def test_forgeries(name: str) -> None:
    assert re.match("malformed|forged", refusal(FORGED[name]))


@pytest.mark.parametrize("name", WRAPPED)
def test_a_signature_elsewhere_vouches_for_nothing(name: str) -> None:
    assert "canonical" not in refusal(WRAPPED[name])
    refusal(WRAPPED[name], subject=None)


def test_every_piece_of_text_and_every_attribute_is_protected() -> None:
    pieces = [m.span(1) for m in re.finditer(rb'(?:>|=")([^<>"]+)(?=["<])', GOOD)]
    assert len(pieces) == 24
    for start, end in pieces:
        for spot in {start, (start + end) // 2, end - 1}:
            other = b"B" if GOOD[spot : spot + 1] != b"B" else b"C"
            if GOOD[spot : spot + 1] != b"\n":
                refusal(GOOD[:spot] + other + GOOD[spot + 1 :])


def test_every_cut_is_refused() -> None:
    for length in {*range(0, len(GOOD), 37), len(GOOD) - 1}:
        refusal(GOOD[:length])
    refusal(GOOD + b"\n")


def test_the_time_is_kept_with_the_skew() -> None:
    before, after = at(MOMENT - timedelta(seconds=60)), at(MOMENT + timedelta(hours=1, seconds=59))
    assert checked(GOOD, now=before) == checked(GOOD, now=after)
    assert "not come" in refusal(GOOD, now=at(MOMENT - timedelta(seconds=61)))
    assert "over" in refusal(GOOD, now=at(MOMENT + timedelta(hours=1, seconds=60)))
    assert "certificate" in refusal(GOOD, now=at(MOMENT + timedelta(days=400)))


def test_only_trusted_issuers_of_the_domain_are_believed() -> None:
    assert "nobody" in refusal(GOOD, issuers=[OTHER.certificate])
    assert "nobody" in refusal(GOOD, issuers=[])
    assert refusal(issued(OTHER)).startswith("wrong issuer domain")
    user = CA.issue("sip:alice@example.com")
    assert refusal(issued(user), issuers=[user.certificate]).startswith("wrong issuer domain")


def test_the_subject_is_the_one_expected() -> None:
    assert refusal(GOOD, subject="sip:bob@example.com").startswith("wrong subject")
    assert checked(GOOD, subject=None).subject == ALICE


def test_a_third_party_stands_up_for_the_key() -> None:
    group, public = DhGroup.ECP_P_256, public_of(DhGroup.ECP_P_256)
    pair = {"key": THIRD.key, "certificate": THIRD.certificate}
    good = endorse(**pair, subject=ALICE, group=group, public=public)
    other = endorse(**pair, subject="sip:bob@example.com", group=group, public=public)
    assert checked(issued(third_party=good), third_party=[THIRD.certificate]).third_party == good
    assert "no third party" in refusal(GOOD, third_party=[THIRD.certificate])
    assert "not trusted" in refusal(issued(third_party=good), third_party=[OTHER.certificate])
    assert "wrong" in refusal(issued(third_party=other), third_party=[THIRD.certificate])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.tuples(st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=4))))
def test_any_octets_are_refused(given_: bytes | tuple[int, bytes]) -> None:
    if isinstance(given_, bytes):
        refusal(given_)
    else:
        refusal(GOOD[: given_[0]] + given_[1] + GOOD[given_[0] :])


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "sip:alice@example.net"},
        {"issuer": "example.com"},
        {"issuer_key": ec_key("another")},
        {"assertion_id": '"'},
        {"not_on_or_after": NOW},
        {"public": bytes(65)},
    ],
)
def test_nonsense_is_not_issued(changed: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        issued(**changed)


def test_without_the_library_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    backend._libraries.cache_clear()
    monkeypatch.setitem(sys.modules, "signxml", None)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[saml\]"):
        checked(GOOD)
    backend._libraries.cache_clear()
