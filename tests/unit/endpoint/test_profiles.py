"""How strictly an end reads its peer, and what its application is told of it."""

from __future__ import annotations

import base64

import pytest

import mikey_sdp
from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from tests.unit.endpoint.ends import ALICE, BOB, Ends, body, hears, mikey_of

MARK = "key-mgmt:mikey "


def with_a_zero_behind(sdp: str) -> str:
    """The body with an octet 0 behind its MIKEY message."""
    before, _, rest = sdp.partition(MARK)
    data, end, after = rest.partition("\r\n")
    octets = base64.b64decode(data) + bytes(1)
    return before + MARK + base64.b64encode(octets).decode() + end + after


@pytest.fixture
def pair() -> tuple[Endpoint, Endpoint]:
    ends = Ends()
    return ends.alice(profile=Profile.COMPAT), ends.bob(profile=Profile.COMPAT)


def test_strict_is_the_default_and_says_no() -> None:
    ends = Ends()
    alice, bob = ends.alice(), ends.bob()
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(with_a_zero_behind(offer.sdp), body(host=2), caller=ALICE)
    assert answer.keys is None
    assert answer.rejection is not None
    honest = bob.answer(offer.sdp, body(host=2), caller=ALICE)
    with pytest.raises(DecodeError):
        offer.accept(with_a_zero_behind(honest.sdp or ""))
    assert offer.accept(honest.sdp or "").tolerated == ()


def test_compat_tells_the_application_of_each_end(pair: tuple[Endpoint, Endpoint]) -> None:
    alice, bob = pair
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(with_a_zero_behind(offer.sdp), body(host=2), caller=ALICE)
    keys = offer.accept(with_a_zero_behind(answer.sdp or ""))
    assert answer.keys is not None
    assert (answer.keys.tolerated, keys.tolerated) == ((Tolerance.TRAILING_ZEROS,),) * 2
    assert hears(keys, answer.keys)


def test_what_was_tolerated_stays_with_the_keys_until_others_replace_them(pair: tuple[Endpoint, Endpoint]) -> None:
    alice, bob = pair
    offer = alice.offer(body(), to=BOB)
    answer = bob.answer(with_a_zero_behind(offer.sdp), body(host=2), caller=ALICE)
    alices = offer.accept(answer.sdp or "")
    assert (alices.tolerated, alices.leg is not None) == ((), True)
    leg = answer.keys.leg
    assert leg.keys.tolerated == (Tolerance.TRAILING_ZEROS,)
    rekey = alices.leg.offer(body(), rekey=True)
    assert leg.answer(rekey.sdp, body(host=2)).keys.tolerated == ()


def test_a_listener_is_told_too(pair: tuple[Endpoint, Endpoint]) -> None:
    alice, bob = pair
    announced = alice.announce(body(), to=BOB).sdp
    assert bob.listen(announced, announcer=ALICE).tolerated == ()
    again = alice.announce(body(), to=BOB).sdp
    assert mikey_of(again).header.v is False
    assert bob.listen(with_a_zero_behind(again), announcer=ALICE).tolerated == (Tolerance.TRAILING_ZEROS,)


def test_the_profile_is_at_hand_in_the_package() -> None:
    assert mikey_sdp.Profile is Profile
