"""Answers that the compat profile forgives, and the strict one does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import Identity
from mikey_sdp.mikey.registry import ErrorNo
from tests.exchange.acceptance_ends import (
    DHHMAC,
    DHSIGN,
    ECIES,
    ECMQV,
    EVERY,
    NAMES,
    NULL,
    PSK_CASE,
    RSA,
    RSA_R,
    STRANGE_RAND,
    Answered,
    altered,
    answered,
    fresh,
    kemac_said_otherwise,
    payloads_of_v,
    v_over,
    without_idi,
)
from tests.exchange.ends import CASES, Case, named
from tests.exchange.forging import (
    also,
    swapped,
    value_of,
    with_v,
    without,
)
from tests.exchange.pair import BOB, teks

T = Tolerance
DHSAML = next(case for case in CASES if case.mode is Mode.DHSAML)
Departure = tuple[Case, Callable[[Answered], bytes], tuple[Tolerance, ...]]
IN_ANSWERS: tuple[Departure, ...] = (
    *(
        (case, v_over(lambda it: value_of(it.sent)), (T.V_WITHOUT_IDENTITIES,))
        for case in (PSK_CASE, RSA, ECIES, ECMQV)
    ),
    *((case, v_over(payloads_of_v), (T.V_OVER_ID_PAYLOADS,)) for case in (PSK_CASE, RSA, ECIES, ECMQV)),
    *((case, fresh(Answered.closed), (T.FRESH_T,)) for case in (PSK_CASE, NULL, RSA, DHSIGN, DHHMAC, ECMQV)),
    (
        PSK_CASE,
        fresh(lambda it, answer: with_v(answer, it.keys, value_of(it.sent))),
        (T.FRESH_T, T.V_WITHOUT_IDENTITIES),
    ),
    *(
        (
            case,
            fresh(lambda it, answer: with_v(answer, it.keys, NAMES + value_of(answer))),
            (T.FRESH_T, T.V_OVER_FRESH_T),
        )
        for case in (PSK_CASE, RSA, ECMQV)
    ),
    (
        PSK_CASE,
        fresh(lambda it, answer: with_v(answer, it.keys, value_of(answer))),
        (T.FRESH_T, T.V_WITHOUT_IDENTITIES, T.V_OVER_FRESH_T),
    ),
    *((case, altered(without_idi), (T.IDI_MISSING,)) for case in (DHSIGN, DHHMAC, ECMQV)),
    *((case, altered(without(Identity)), (T.IDI_MISSING,)) for case in (DHSIGN, DHHMAC)),
    *((case, altered(swapped), (T.IDENTITIES_SWAPPED,)) for case in (DHSIGN, DHHMAC, ECMQV)),
    *((case, altered(also(STRANGE_RAND)), (T.RAND_IN_ANSWER,)) for case in EVERY if case is not RSA_R),
    *((case, lambda it: it.answer.octets + bytes(1), (T.TRAILING_ZEROS,)) for case in (*EVERY, DHSAML)),
    (PSK_CASE, lambda it: it.answer.octets + bytes(3), (T.TRAILING_ZEROS,)),
    (DHHMAC, lambda it: kemac_said_otherwise(it.answer, it.keys, encr_alg=2), (T.NULL_ENCRYPTION_IS_2,)),
    (DHHMAC, lambda it: kemac_said_otherwise(it.answer, it.keys, mac_alg=0), (T.HMAC_IS_0,)),
    (
        DHHMAC,
        lambda it: kemac_said_otherwise(it.answer, it.keys, encr_alg=2, mac_alg=0),
        (T.HMAC_IS_0, T.NULL_ENCRYPTION_IS_2),
    ),
)


def label(departure: Departure) -> str:
    case, _, tolerances = departure
    return f"{named(case)}: {' + '.join(tolerance.name for tolerance in tolerances)}"


@pytest.mark.parametrize("departure", IN_ANSWERS, ids=label)
def test_answers_that_only_compat_takes(departure: Departure) -> None:
    case, depart, expected = departure
    assert all(case.mode.value in tolerance.modes for tolerance in expected)
    strict = answered(case, Profile.STRICT)
    with pytest.raises((DecodeError, PeerError)):
        strict.initiator.complete(depart(strict))
    assert strict.initiator.complete(strict.answer.octets).tolerated == ()
    lenient = answered(case, Profile.COMPAT)
    established = lenient.initiator.complete(depart(lenient))
    assert set(established.tolerated) == set(expected)
    assert len(established.tolerated) == len(expected)
    assert teks(established.bundle) == lenient.teks
    assert established.peer == BOB
    assert lenient.initiator.complete(lenient.answer.octets).tolerated == ()


STRICT_ANSWERS = (
    (PSK_CASE, v_over(lambda it: value_of(it.sent)), ErrorNo.AUTH_FAILURE),
    (PSK_CASE, v_over(payloads_of_v), ErrorNo.AUTH_FAILURE),
    (PSK_CASE, fresh(Answered.closed), None),
    (DHSIGN, altered(without_idi), ErrorNo.INVALID_ID),
    (DHHMAC, altered(swapped), ErrorNo.INVALID_ID),
    (DHHMAC, lambda it: kemac_said_otherwise(it.answer, it.keys, encr_alg=2), ErrorNo.INVALID_EA),
)


@pytest.mark.parametrize(("case", "depart", "number"), STRICT_ANSWERS)
def test_strict_says_why(case: Case, depart: Callable[[Answered], bytes], number: ErrorNo | None) -> None:
    it = answered(case, Profile.STRICT)
    with pytest.raises(PeerError) as caught:
        it.initiator.complete(depart(it))
    assert caught.value.mikey_error == number
