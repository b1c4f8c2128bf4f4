"""How many signed messages an end looks at: its own choice, one count for all of its calls."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, certificate_credential
from tests.unit.endpoint.ends import ALICE, BOB, SECOND_US, Clock, body


def end(identity: str, peer: str, clock: Clock, limits: Limits) -> Endpoint:
    return Endpoint(
        identity,
        credentials=[certificate_credential(identity, peer, "ec")],
        clock=clock,
        entropy=SeededEntropy(identity.encode()),
        modes=[Mode.DHSIGN],
        options=Options(limits=limits),
    )


def test_a_peer_has_his_share_in_all_calls_together_and_is_told_nothing_beyond_it() -> None:
    clock = Clock(NOW_US)
    alice, bob = end(ALICE, BOB, clock, Limits()), end(BOB, ALICE, clock, Limits(per_peer=2))
    answers = [bob.answer(alice.offer(body(), to=BOB).sdp, body(host=2), caller=ALICE) for _ in range(3)]
    assert [answer.keys is not None for answer in answers] == [True, True, False]
    rejection = answers[2].rejection
    assert rejection is not None
    assert "too many signed messages" in rejection.warning[1]
    assert (rejection.mikey_error, rejection.mikey_message) == (None, None)
    clock.unix_us += 60 * SECOND_US
    assert bob.answer(alice.offer(body(), to=BOB).sdp, body(host=2), caller=ALICE).keys is not None


def test_forks_beyond_the_limit_are_not_verified() -> None:
    clock = Clock(NOW_US)
    alice, bob = end(ALICE, BOB, clock, Limits(answers=2)), end(BOB, ALICE, clock, Limits())
    offer = alice.offer(body(), to=BOB)
    forks = [end(BOB, ALICE, clock, Limits()).answer(offer.sdp, body(host=2), caller=ALICE).sdp for _ in range(2)]
    last = bob.answer(offer.sdp, body(host=2), caller=ALICE).sdp
    for fork in forks:
        assert offer.accept(fork or "").peer == BOB
    with pytest.raises(PeerError, match="too many answers"):
        offer.accept(last or "")


def test_a_malformed_offer_is_rejected_with_a_mikey_error() -> None:
    clock = Clock(NOW_US)
    alice, bob = end(ALICE, BOB, clock, Limits()), end(BOB, ALICE, clock, Limits())
    sdp = alice.offer(body(), to=BOB).sdp
    start = sdp.index("mikey ") + 6
    line = sdp[start:].splitlines()[0]
    cut = line[: len(line) // 8 * 4]
    rejection = bob.answer(sdp.replace(line, cut), body(host=2), caller=ALICE).rejection
    assert rejection is not None
    assert rejection.mikey_error == 12
    assert rejection.mikey_message is not None
