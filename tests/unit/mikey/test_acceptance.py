"""The two profiles, the names of what compat lets pass, and the page that lists them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Profile, Tolerance
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.readings import Coverage, verify_one

PAGE = (Path(__file__).parents[3] / "docs" / "acceptance.md").read_text(encoding="utf-8")
LENIENT = Tolerance.V_WITHOUT_IDENTITIES
ALWAYS = Tolerance.SIGNR_WITHOUT_SIGN_PAYLOAD


def row_of(tolerance: Tolerance) -> str:
    """The line of the page for one tolerance."""
    taken = "both" if tolerance.in_strict else "compat"
    cells = (tolerance.value, tolerance.what, tolerance.section, tolerance.sent_by, ", ".join(tolerance.modes), taken)
    return "| " + " | ".join(cells) + " |"


def test_the_page_lists_every_tolerance_and_no_other() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert rows == [row_of(tolerance) for tolerance in Tolerance]


@pytest.mark.parametrize("tolerance", Tolerance)
def test_every_tolerance_says_what_it_is(tolerance: Tolerance) -> None:
    assert tolerance.section.startswith(("RFC 3830 section ", "RFC 4650 section ", "RFC 4738 section "))
    assert tolerance.what
    assert tolerance.sent_by
    assert set(tolerance.modes) <= {mode.value for mode in Mode}
    assert len(set(tolerance.modes)) == len(tolerance.modes) > 0
    assert str(tolerance) == tolerance.value


def test_strict_takes_only_the_reading_that_is_open() -> None:
    assert [tolerance for tolerance in Tolerance if Acceptance(Profile.STRICT).allows(tolerance)] == [ALWAYS]
    assert all(Acceptance(Profile.COMPAT).allows(tolerance) for tolerance in Tolerance)


def test_what_is_used_is_noted_once_and_in_order() -> None:
    acceptance = Acceptance(Profile.COMPAT)
    assert acceptance.allows(LENIENT)
    assert acceptance.tolerated == ()
    assert acceptance.lets(Tolerance.FRESH_T)
    acceptance.take(LENIENT, Tolerance.FRESH_T)
    assert acceptance.tolerated == (Tolerance.FRESH_T, LENIENT)


def test_what_is_not_allowed_is_not_noted() -> None:
    acceptance = Acceptance(Profile.STRICT)
    assert not acceptance.lets(LENIENT)
    assert acceptance.tolerated == ()


def over(right: bytes) -> Callable[[bytes], None]:
    """A MAC that is over those octets."""

    def verify(octets: bytes) -> None:
        if octets != right:
            raise PeerError(f"not over {octets!r}", mikey_error=0, section="a test")

    return verify


OTHERS = (
    Coverage(octets=b"lenient", needs=(LENIENT,)),
    Coverage(octets=b"open", needs=(ALWAYS,)),
    Coverage(octets=b"both", needs=(ALWAYS, LENIENT)),
)


@pytest.mark.parametrize(
    ("profile", "right", "needed"),
    [
        (Profile.STRICT, b"standard", ()),
        (Profile.STRICT, b"open", (ALWAYS,)),
        (Profile.COMPAT, b"standard", ()),
        (Profile.COMPAT, b"lenient", (LENIENT,)),
        (Profile.COMPAT, b"both", (ALWAYS, LENIENT)),
    ],
)
def test_the_reading_that_holds_is_the_one_noted(profile: Profile, right: bytes, needed: tuple[Tolerance, ...]) -> None:
    acceptance = Acceptance(profile)
    verify_one(b"standard", OTHERS, acceptance, over(right))
    assert acceptance.tolerated == needed


@pytest.mark.parametrize(
    ("profile", "right"),
    [(Profile.STRICT, b"lenient"), (Profile.STRICT, b"both"), (Profile.COMPAT, b"none"), (Profile.STRICT, b"none")],
)
def test_what_holds_by_no_reading_is_refused_by_the_standards_own(profile: Profile, right: bytes) -> None:
    acceptance = Acceptance(profile)
    with pytest.raises(PeerError, match="standard"):
        verify_one(b"standard", OTHERS, acceptance, over(right))
    assert acceptance.tolerated == ()


def test_no_other_readings_are_no_way_round_the_standards() -> None:
    with pytest.raises(PeerError):
        verify_one(b"standard", (), Acceptance(Profile.COMPAT), over(b"none"))
