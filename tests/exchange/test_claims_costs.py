"""What RFC 5197 section 3 says modes cost, counted: octets, messages, public key operations and look-ups, by end."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from cryptography import x509

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import Timestamp
from mikey_sdp.mikey.registry import DhGroup, ErrorNo
from mikey_sdp.mikey.replay import ReplayCache, capacity_of
from mikey_sdp.scenario.pickup_counts import Operation
from tests.exchange.costs import asking, between, certificate, cost, strangers, usual
from tests.exchange.ends import CASES, Case, Ends, authority, certified
from tests.exchange.pair import ALICE, BOB, SECOND_US, Pair
from tests.pki import Authority, rsa_key

CERTIFIED = (Operation.SIGNATURE, Operation.SIGNATURE_CHECK, Operation.CHAIN_CHECK)
OTHERS = [case for case in CASES if case.mode not in (Mode.PSK, Mode.NULL)]


@dataclass
class News:
    """An authority's word on every certificate that somebody asks about, and how often it was asked."""

    issuer: Authority
    asked: list[x509.Certificate] = field(default_factory=list)
    answers: bool = True

    def __call__(self, about: x509.Certificate, _issuer: x509.Certificate) -> bytes | None:
        self.asked.append(about)
        return self.issuer.ocsp(about) if self.answers else None


@pytest.mark.requirement("5197-3.1-5")
def test_psk_takes_no_public_key_operation() -> None:
    assert not cost(Ends.of(usual(Mode.PSK))).of_both


@pytest.mark.requirement("5197-3.1-6")
@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_psk_is_the_shortest_of_what_is_protected_and_takes_the_fewest_operations(case: Case) -> None:
    shared, other = (cost(Ends.of(one)) for one in (usual(Mode.PSK), case))
    assert shared.octets < other.octets
    assert shared.of_both.total() < other.of_both.total()


@pytest.mark.requirement("5197-3.5-6")
def test_dhhmac_is_shorter_than_dhsign_and_signs_nothing() -> None:
    by_key, signed = (cost(Ends.of(usual(mode))) for mode in (Mode.DHHMAC, Mode.DHSIGN))
    assert 2 * by_key.octets < signed.octets
    assert by_key.of_both[Operation.POWER] == signed.of_both[Operation.POWER] == 4
    assert [by_key.of_both[one] for one in CERTIFIED] == [0, 0, 0]
    assert signed.of_both[Operation.SIGNATURE] == 2
    assert signed.of_both[Operation.SIGNATURE_CHECK] == 2


@pytest.mark.requirement("5197-3.5-5")
def test_dhhmac_needs_no_certificate() -> None:
    assert set(cost(Ends.of(usual(Mode.DHHMAC))).of_both) == {Operation.POWER}


@pytest.mark.requirement("5197-3.7-11")
def test_what_the_responder_of_rsa_r_has_less_he_has_more_elsewhere() -> None:
    """Contested: he encrypts instead of decrypting, and signs besides, so that he has one private operation as well."""
    public_key, reverse = (cost(Ends.of(usual(mode))).responder for mode in (Mode.RSA, Mode.RSA_R))
    assert (public_key[Operation.DECRYPTION], public_key[Operation.SIGNATURE]) == (1, 0)
    assert (reverse[Operation.DECRYPTION], reverse[Operation.SIGNATURE]) == (0, 1)
    assert (public_key[Operation.ENCRYPTION], reverse[Operation.ENCRYPTION]) == (0, 1)
    assert public_key[Operation.SIGNATURE_CHECK] == reverse[Operation.SIGNATURE_CHECK] == 1


@pytest.mark.requirement("5197-3.7-12")
def test_the_public_exponent_is_what_is_shorter() -> None:
    """Contested: the modulus, which RFC 5197 would have as the length of the key, is the same in both halves."""
    sealed = cost(Ends.of(usual(Mode.RSA_R)))
    assert (sealed.responder[Operation.ENCRYPTION], sealed.initiator[Operation.DECRYPTION]) == (1, 1)
    numbers = certified(ALICE, "rsa").key.private_numbers()
    assert numbers.public_numbers.n == numbers.p * numbers.q
    assert 50 * numbers.public_numbers.e.bit_length() < numbers.d.bit_length()


@pytest.mark.requirement("5197-3.7-8")
@pytest.mark.parametrize(("mode", "beforehand"), [(Mode.RSA, True), (Mode.RSA_R, False)])
def test_keys_are_there_after_one_round_trip_and_no_look_up(mode: Mode, beforehand: bool) -> None:
    alice, bob = certified(ALICE, "rsa"), certified(BOB, "rsa")
    known = (bob.certificate,) if beforehand else ()
    found = cost(between(usual(mode), certificate(alice, known=known), certificate(bob)), verification=True)
    assert len(found.messages) == 2


@pytest.mark.requirement("5197-3.6-18")
def test_two_round_trips_take_more_messages_and_octets() -> None:
    (live,) = (case for case in CASES if case.name.endswith("LIVENESS"))
    made = Ends.of(live)
    initiator, response, established = made.run()
    second = made.initiator(bundle=established.bundle, previous=established.bundle)
    answer = made.respond(second.message.octets)
    second.complete(answer.reply or b"")
    messages = (initiator.message.octets, response.reply or b"", second.message.octets, answer.reply or b"")
    signed = cost(Ends.of(Case(Mode.DHSIGN, "ec", Choices(dh_group=DhGroup.ECP_P_256))))
    assert (len(signed.messages), len(messages)) == (2, 4)
    assert sum(map(len, messages)) > 2 * signed.octets


LOOK_UPS = [(Mode.RSA, 1, 1), (Mode.DHSIGN, 1, 1), (Mode.RSA_R, 1, 1)]


@pytest.mark.requirement("5197-3.2-10", "5197-3.3-11")
@pytest.mark.parametrize(("mode", "initiator", "responder"), LOOK_UPS)
def test_each_certificate_waits_for_news_about_it(mode: Mode, initiator: int, responder: int) -> None:
    """A look-up at each end; without an answer to it there are no keys, be the certificate as good as it may."""
    news = {ALICE: News(authority()), BOB: News(authority())}
    alice = asking(certificate(certified(ALICE, "rsa"), known=(certified(BOB, "rsa").certificate,)), news[ALICE])
    made = between(usual(mode), alice, asking(certificate(certified(BOB, "rsa")), news[BOB]))
    cost(made)
    assert {one.serial_number for one in news[ALICE].asked} == {certified(BOB, "rsa").certificate.serial_number}
    assert {one.serial_number for one in news[BOB].asked} == {certified(ALICE, "rsa").certificate.serial_number}
    assert (len(news[ALICE].asked), len(news[BOB].asked)) == (initiator, responder)
    news[BOB].answers = False
    with pytest.raises(PeerError, match="OCSP") as refused:
        cost(made)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT


@pytest.mark.requirement("5197-3.6-15")
def test_an_assertion_is_checked_once_and_asks_nobody() -> None:
    """One signature a peer, by his SIP server, and no news about it; a signed exchange has the peer's beside those of
    his chain, each with a look-up."""
    issuer, alice, bob = strangers("An authority for this look-up")
    news = News(issuer)
    trust = {"anchors": (issuer.certificate,)}
    signed = cost(between(usual(Mode.DHSIGN), *(asking(certificate(one, **trust), news) for one in (alice, bob))))
    assert signed.of_both[Operation.SIGNATURE_CHECK] == 2
    assert signed.of_both[Operation.CHAIN_CHECK] >= 2
    assert len(news.asked) == 2
    asserted = cost(Ends.of(usual(Mode.DHSAML)))
    assert (asserted.of_both[Operation.SIGNATURE_CHECK], asserted.of_both[Operation.CHAIN_CHECK]) == (2, 0)


@pytest.mark.requirement("5197-4.1-2")
def test_curves_take_shorter_messages_at_equal_strength() -> None:
    """About 128 bits of strength: RSA and MODP of 3072 bits, and P-256."""
    issuer = Authority.create("An authority of 3072 bits", key=rsa_key("An authority of 3072 bits", 3072))
    long_alice, long_bob = (issuer.issue(user, key=rsa_key(f"{user} 3072", 3072)) for user in (ALICE, BOB))
    trust = {"anchors": (issuer.certificate,)}
    case = Case(Mode.DHSIGN, choices=Choices(dh_group=DhGroup.MODP_3072))
    numbers = cost(between(case, certificate(long_alice, **trust), certificate(long_bob, **trust)))
    curves = cost(Ends.of(Case(Mode.DHSIGN, "ec", Choices(dh_group=DhGroup.ECP_P_256))))
    assert 3 * curves.octets < numbers.octets


@pytest.mark.requirement("5197-3-8")
def test_the_skew_that_a_cache_bears_hangs_on_its_size_and_on_how_many_messages_come() -> None:
    """The example of RFC 3830: 6 kB and ten calls a minute bear some 20 minutes, whatever skew was wished for."""
    capacity, apart = capacity_of(6144), 6
    made = ReplayCache(capacity=capacity, skew_us=3600 * SECOND_US)
    pair = Pair()
    for number in range(300):
        pair.now_us += apart * SECOND_US
        made.remember(b"%d" % number, Timestamp(value=pair.bobs_now.value), pair.bobs_now)

    def taken(minutes: float) -> bool:
        then = Pair(now_us=pair.now_us - int(minutes * 60) * SECOND_US)
        try:
            made.check_fresh(Timestamp(value=then.bobs_now.value), pair.bobs_now)
        except PeerError:
            return False
        return True

    bears = capacity * apart / 60
    assert 20 <= bears < 21
    assert (taken(bears - 0.2), taken(bears + 0.2)) == (True, False)
