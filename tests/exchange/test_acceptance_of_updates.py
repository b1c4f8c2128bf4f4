"""Updates, certificate hashes and Error messages: what the profiles take, and what both do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.mikey.payloads import CertificateHash, KeyDataTransport, Payload, Rand
from mikey_sdp.mikey.registry import ErrorNo, SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP
from tests.exchange.acceptance_ends import profiled, refused
from tests.exchange.ends import Case, Ends
from tests.exchange.forging import also, rebuilt, signed, value_of, with_mac, with_v, without
from tests.exchange.pair import ALICE, BOB, PSK, teks

T = Tolerance


@dataclass(frozen=True)
class Updating:
    """An exchange that is done, and an update of it that the other end has not seen."""

    ends: Ends
    before: Bundle
    update: Message

    @classmethod
    def of(cls, mode: Mode, **choices: object) -> Updating:
        ends = Ends.of(Case(mode, choices=Choices(**choices)))
        _, _, before = ends.run()
        update = ends.initiator(bundle=before.bundle.updated(), previous=before.bundle, new_keys=False)
        return cls(ends, before.bundle, update.message)

    def maced(self, message: Message) -> bytes:
        return with_mac(message, self.before.context.message_keys(PSK))


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.DHHMAC])
def test_an_update_may_repeat_the_rand_in_compat_only(mode: Mode) -> None:
    it = Updating.of(mode)
    octets = it.maced(rebuilt(it.update, also(Rand(octets=it.before.rand))))
    assert refused(it.ends, octets, Profile.STRICT).mikey_error == ErrorNo.UNSPECIFIED
    established = profiled(it.ends, octets, Profile.COMPAT).established
    assert established.tolerated == (T.RAND_IN_UPDATE,)
    assert (established.bundle.rand, teks(established.bundle)) == (it.before.rand, teks(it.before))


@pytest.mark.parametrize("profile", Profile)
def test_another_rand_opens_no_known_csb_again(profile: Profile) -> None:
    it = Updating.of(Mode.PSK)
    octets = it.maced(rebuilt(it.update, also(Rand(octets=bytes(16)))))
    assert refused(it.ends, octets, profile).mikey_error == ErrorNo.UNSPECIFIED


@pytest.mark.parametrize("profile", Profile)
def test_an_update_without_map_leaves_it(profile: Profile) -> None:
    it = Updating.of(Mode.PSK)
    octets = it.maced(Message.build(replace(it.update.header, sessions=()), it.update.payloads))
    established = profiled(it.ends, octets, profile).established
    assert (established.bundle.sessions, established.tolerated) == (it.before.sessions, ())


@pytest.mark.parametrize("profile", Profile)
def test_a_public_key_update_without_keys_may_lack_the_kemac(profile: Profile) -> None:
    it = Updating.of(Mode.RSA)
    octets = signed(rebuilt(it.update, without(KeyDataTransport)), ALICE, BOB, "rsa")
    established = profiled(it.ends, octets, profile).established
    assert (teks(established.bundle), established.tolerated) == (teks(it.before), ())
    assert established.peer == ALICE


@pytest.mark.parametrize("profile", Profile)
def test_a_first_public_key_message_needs_a_kemac(profile: Profile) -> None:
    ends = Ends.of(Case(Mode.RSA))
    octets = signed(rebuilt(ends.initiator().message, without(KeyDataTransport)), ALICE, BOB, "rsa")
    assert "KEMAC" in str(refused(ends, octets, profile))


@pytest.mark.parametrize("profile", Profile)
def test_a_chash_may_stand_anywhere(profile: Profile) -> None:
    case = Case(Mode.RSA, choices=Choices(certificate_hash=True))
    ends = Ends.of(case)
    message = ends.initiator().message
    chash = message.find(CertificateHash)
    assert chash is not None

    def first(payloads: list[Payload]) -> list[Payload]:
        return [chash, *(payload for payload in payloads if payload is not chash)]

    established = profiled(ends, signed(rebuilt(message, first), ALICE, BOB, "rsa"), profile).established
    assert (established.peer, established.tolerated) == (ALICE, ())


@pytest.mark.parametrize("mode", [Mode.PSK, Mode.RSA])
@pytest.mark.parametrize(("covers_t", "tolerance"), [(False, T.ERROR_V_OVER_MESSAGE), (True, T.V_WITHOUT_IDENTITIES)])
def test_error_messages_that_prove_less(mode: Mode, covers_t: bool, tolerance: Tolerance) -> None:
    for profile in Profile:
        ends = Ends.of(Case(mode))
        f8 = replace(DEFAULT_SRTP, encr_alg=SrtpEncrAlg.AES_F8)
        initiator = ends.initiator(bundle=ends.pair.bundle(policies={0: f8}), profile=profile)
        with pytest.raises(PeerError) as caught:
            ends.respond(initiator.message.octets)
        told = Message.decode(caught.value.reply or b"")
        keys = initiator._keys
        departing = with_v(told, keys, value_of(initiator.message) if covers_t else b"")
        if profile is Profile.STRICT:
            with pytest.raises(PeerError) as judged:
                initiator.complete(departing)
            assert judged.value.mikey_error == ErrorNo.AUTH_FAILURE
            assert not isinstance(judged.value, ErrorReported)
            continue
        with pytest.raises(ErrorReported) as reported:
            initiator.complete(departing)
        assert (reported.value.advisory, reported.value.tolerated) == (False, (tolerance,))
        with pytest.raises(ErrorReported) as reported:
            initiator.complete(told.octets)
        assert (reported.value.advisory, reported.value.tolerated) == (False, ())
