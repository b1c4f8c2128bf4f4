"""Keys that one exchange leaves for later ones: envelope keys, by the cache indicator C, and the TGK by choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import CredentialStore, PskCredential
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Established, Mode, Response
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.registry import CacheIndicator, DhGroup, ErrorNo
from mikey_sdp.secret import Secret, SeededEntropy
from tests.exchange.ends import NOW_US, Case, Ends, certificate_credential
from tests.exchange.pair import ALICE, BOB, PSK, teks

CAROL, DAVE = "sip:carol@example.com", "sip:dave@example.com"
OTHER = Secret(b"another key for tests")
PAIR = Choices(cache=CacheIndicator.CACHE)
BY_ENVELOPE = (Mode.RSA, Mode.RSA_R, Mode.ECIES)
AGREED = Choices(tgk_as_psk=True, dh_group=DhGroup.ECP_P_256)
DIFFIE_HELLMAN = (Mode.DHSIGN, Mode.DHHMAC, Mode.ECMQV)


def case(mode: Mode, choices: Choices) -> Case:
    return Case(mode, "ec" if mode in (Mode.ECIES, Mode.ECMQV) else "rsa", choices)


def called(mode: Mode, choices: Choices) -> tuple[Ends, Established]:
    """After one exchange of the mode, whose CSB is closed at Bob."""
    made = Ends.of(case(mode, choices))
    _initiator, response, established = made.run()
    made.pair.bundles.close(ALICE, response.established.bundle.csb_id)
    assert established.bundle.envelope_key == response.established.bundle.envelope_key
    return made, established


def psk_call(made: Ends, key: Secret | None, **changed: object) -> Response:
    """Alice opens another CSB by PSK under that key."""
    assert key is not None
    made.pair.now_us += 1
    return made.respond(PskInitiator(made.pair.setup(**changed), PskCredential(BOB, key)).message.octets)


@pytest.mark.requirement("3830-6.3-3")
@pytest.mark.parametrize("mode", BY_ENVELOPE)
def test_a_cached_envelope_key_opens_other_csbs_of_the_pair(mode: Mode) -> None:
    made, before = called(mode, PAIR)
    bundle = made.pair.bundle()
    response = psk_call(made, before.bundle.envelope_key, bundle=bundle)
    assert response.established.mode is Mode.PSK
    assert teks(response.established.bundle) == teks(bundle)


@pytest.mark.requirement("3830-6.3-4")
@pytest.mark.parametrize("mode", BY_ENVELOPE)
def test_a_key_that_is_cached_for_its_csb_opens_no_other(mode: Mode) -> None:
    made, before = called(mode, Choices(cache=CacheIndicator.CACHE_FOR_CSB))
    with pytest.raises(PeerError) as refused:
        psk_call(made, before.bundle.envelope_key)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.parametrize("number", [0, 3])
@pytest.mark.parametrize("mode", BY_ENVELOPE)
def test_no_cache_and_a_value_that_nobody_assigned_keep_nothing(mode: Mode, number: int) -> None:
    made = Ends.of(case(mode, Choices(cache=CacheIndicator.of(number))))
    _initiator, response, established = made.run()
    assert response.established.bundle.envelope_key is established.bundle.envelope_key is None
    assert made.pair.bundles.pair_key(ALICE) is None


def test_the_newest_key_of_the_pair_is_the_one() -> None:
    made, first = called(Mode.RSA, PAIR)
    made.pair.now_us += 1
    _initiator, _response, second = made.run()
    assert psk_call(made, second.bundle.envelope_key).established.mode is Mode.PSK
    with pytest.raises(PeerError) as refused:
        psk_call(made, first.bundle.envelope_key)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def test_a_message_may_use_the_key_of_its_csb_the_configured_one_or_that_of_the_pair() -> None:
    made, for_pair = called(Mode.RSA, PAIR)
    made.pair.now_us += 1
    made.pair.bobs_choices = Choices()
    made.case = case(Mode.RSA, Choices())
    _initiator, _response, for_csb = made.run()
    made.pair.bobs_credentials = (*made.pair.bobs_credentials, PskCredential(ALICE, PSK))
    bundle = for_csb.bundle
    for key in (bundle.envelope_key, PSK, for_pair.bundle.envelope_key):
        response = psk_call(made, key, bundle=bundle.updated(), previous=bundle, new_keys=False)
        assert response.established.bundle.csb_id == bundle.csb_id
    with pytest.raises(PeerError) as refused:
        psk_call(made, OTHER, bundle=bundle.updated(), previous=bundle, new_keys=False)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


def test_a_key_configured_for_anybody_updates_no_csb_that_left_a_key_to_two() -> None:
    """Whoever else has it would take over what Alice's certificate opened."""
    made = Ends.of(case(Mode.RSA, Choices()))
    bundle = made.run()[2].bundle
    made.pair.bobs_credentials = (*made.pair.bobs_credentials, PskCredential("*", OTHER))
    with pytest.raises(PeerError) as refused:
        psk_call(made, OTHER, bundle=bundle.updated(), previous=bundle, new_keys=False)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE
    psk_call(made, bundle.envelope_key, bundle=bundle.updated(), previous=bundle, new_keys=False)
    assert psk_call(made, OTHER).established.peer == ALICE


def test_the_store_keeps_a_key_a_pair_and_so_many_pairs() -> None:
    store = BundleStore(max_pairs=2)
    base: Bundle = replace(Ends.of(Case(Mode.PSK)).pair.bundle(), for_pair=True)
    for number, peer in enumerate([ALICE, BOB, "sip:carol@example.com"]):
        store.put(peer, replace(base, envelope_key=Secret(bytes([number] * 16))))
    assert store.pair_key(ALICE) is None
    assert store.pair_key("SIP:bob@EXAMPLE.com") == Secret(bytes([1] * 16))
    store.forget(BOB)
    assert store.pair_key(BOB) is None


def test_an_update_does_not_make_an_older_key_the_newest() -> None:
    store = BundleStore()
    old = replace(Ends.of(Case(Mode.PSK)).pair.bundle(csb_id=1), for_pair=True, envelope_key=PSK)
    store.put(ALICE, old)
    store.put(ALICE, replace(old, csb_id=2, envelope_key=OTHER))
    store.put(ALICE, old.updated())
    assert store.pair_key(ALICE) == OTHER


@pytest.mark.parametrize("mode", DIFFIE_HELLMAN)
def test_the_tgk_that_two_made_is_their_psk_where_both_say_so(mode: Mode) -> None:
    made, before = called(mode, AGREED)
    assert before.bundle.envelope_key == before.bundle.keys[0].key
    made.pair.bobs_credentials = ()
    bundle = made.pair.bundle()
    assert teks(psk_call(made, before.bundle.keys[0].key, bundle=bundle).established.bundle) == teks(bundle)


@pytest.mark.parametrize("mode", DIFFIE_HELLMAN)
def test_by_default_the_tgk_is_nobodys_psk(mode: Mode) -> None:
    made, before = called(mode, replace(AGREED, tgk_as_psk=False))
    made.pair.bobs_credentials = ()
    with pytest.raises(PeerError, match="no key is shared") as refused:
        psk_call(made, before.bundle.keys[0].key)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.NULL, Mode.RSA])
def test_a_tgk_that_was_pushed_proves_nobody(mode: Mode) -> None:
    """It may be a group's, or have been sent in the clear."""
    made = Ends.of(case(mode, Choices(tgk_as_psk=True, cache=CacheIndicator.NO_CACHE)))
    _initiator, response, established = made.run()
    made.pair.bundles.close(ALICE, response.established.bundle.csb_id)
    with pytest.raises(PeerError) as refused:
        psk_call(made, established.bundle.keys[0].key)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


@pytest.mark.requirement("5197-3.3-10")
def test_a_group_is_keyed_in_two_steps() -> None:
    """Alice makes a key with each member by signed Diffie-Hellman, and pushes that of the group under it."""
    members = {name: Ends.of(case(Mode.DHSIGN, AGREED)) for name in (BOB, CAROL, DAVE)}
    shared = []
    for name, made in members.items():
        made.pair.entropy = SeededEntropy(name.encode())
        made.pair.own, made.alices = name, certificate_credential(ALICE, name, "rsa")
        made.pair.bobs_credentials = (certificate_credential(name, ALICE, "rsa"),)
        _initiator, _response, established = made.run(peer=identity_of(name))
        assert established.bundle.envelope_key is not None
        shared.append(PskCredential(name, established.bundle.envelope_key))
        made.pair.now_us += 1
    group = members[BOB].pair.bundle()
    push = GroupPush(
        ALICE,
        group,
        mode=Mode.PSK,
        credentials=CredentialStore(shared),
        entropy=members[BOB].pair.entropy,
        verification=True,
    )
    for name, made in members.items():
        response = made.respond(push.invite(name, NtpTime.from_unix_us(NOW_US + 1)))
        assert push.verified(name, response.reply or b"").peer == name
        assert teks(response.established.bundle) == teks(group)
    assert len({credential.key.reveal() for credential in shared}) == len(members)
