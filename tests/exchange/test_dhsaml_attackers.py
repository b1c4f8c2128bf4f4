"""Who gets at a call in DHSAML mode: burglars with leaked keys, thieves of assertions, and the SIP server itself."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.dhsaml_policy import Variant
from mikey_sdp.mikey.modes.dhsaml_secrets import OwnKeys
from mikey_sdp.mikey.payloads import DhValue, Rand
from mikey_sdp.mikey.registry import DhGroup, ErrorNo
from mikey_sdp.mikey.saml import SamlCredential, endorse
from tests.exchange.asserted import asserted, assertion, private_value, with_assertion
from tests.exchange.ends import Ends, authority
from tests.exchange.pair import ALICE, BOB
from tests.exchange.test_dhsaml import ends, tgk

P_256 = DhGroup.ECP_P_256


class Recording:
    """Both messages of an exchange, as somebody who wants to read the call keeps them."""

    def __init__(self, made: Ends) -> None:
        initiator, response, established = made.run()
        self.tgk = tgk(established.bundle)
        sent, answer = initiator.message, Message.decode(response.reply or b"")
        self.rands = (sent.find(Rand).octets, answer.find(Rand).octets)
        self.alices, self.bobs = sent.find(DhValue), answer.find(DhValue)

    def guesses(self, alice: SamlCredential, bob: SamlCredential) -> list[bytes]:
        """Every TGK that follows from what was sent and the certified keys of both."""
        pieces = [alice.key.agree(bob.key.public)]
        if self.alices is not None:
            pieces += [alice.key.agree(self.bobs.value), bob.key.agree(self.alices.value)]
        joined = [one.reveal() for one in pieces]
        joined += [a.reveal() + b.reveal() + c.reveal() for a in pieces for b in pieces for c in pieces]
        return [hmac.new(x, b"".join(self.rands), hashlib.sha1).digest() for x in joined]


def test_certified_keys_that_leak_later_open_what_was_recorded_in_the_static_variant() -> None:
    recording = Recording(ends(variant=Variant.STATIC))
    assert recording.tgk in recording.guesses(asserted(ALICE), asserted(BOB))


def test_keys_that_were_thrown_away_leak_no_more() -> None:
    """One-time assertions: what a burglar finds are the keys of the next call."""
    recording = Recording(ends(variant=Variant.ONE_TIME))
    later = [replace(asserted(user), **next_call(user)) for user in (ALICE, BOB)]
    assert recording.tgk in recording.guesses(asserted(ALICE), asserted(BOB))
    assert recording.tgk not in recording.guesses(*later)


def next_call(user: str) -> dict[str, object]:
    key = private_value(f"{user}, the next call", P_256)
    return {"key": key, "assertion": assertion(user, P_256, key)}


@pytest.mark.requirement("5197-3.6-13")
def test_certified_keys_that_leak_later_open_nothing_in_the_ephemeral_variant() -> None:
    recording = Recording(ends())
    assert recording.tgk not in recording.guesses(asserted(ALICE), asserted(BOB))


def test_the_ephemeral_keys_would_open_it() -> None:
    """The control of the test before: with Alice's fresh key the recording opens."""
    made = ends()
    initiator, response, established = made.run()
    answer = Message.decode(response.reply or b"")
    fresh, shown = initiator._keys.ephemeral, answer.find(DhValue).value
    pieces = (asserted(ALICE).key.agree(shown), fresh.agree(asserted(BOB).key.public), fresh.agree(shown))
    rands = initiator.message.find(Rand).octets + answer.find(Rand).octets
    x = b"".join(piece.reveal() for piece in pieces)
    assert hmac.new(x, rands, hashlib.sha1).digest() == tgk(established.bundle)
    assert tgk(response.established.bundle) == tgk(established.bundle)


def test_a_stolen_assertion_opens_nothing() -> None:
    """Mallory shows Alice's assertion, which anybody whom she called has, without her key."""
    made = ends()
    mallory = private_value("mallory", P_256)
    initiator = made.initiator()
    reply = made.respond(initiator.message.octets).reply or b""
    initiator._keys = OwnKeys(static=mallory, ephemeral=initiator._keys.ephemeral)
    with pytest.raises(PeerError) as refused:
        initiator.complete(reply)
    assert refused.value.mikey_error == ErrorNo.AUTH_FAILURE


class CheatingServer:
    """The SIP server of the domain, which issues a second assertion about each user, with keys of its own, and sits in
    the middle of the call."""

    def __init__(self) -> None:
        self.alice, self.bob = (self._impostor(user) for user in (ALICE, BOB))
        self.has: set[bytes] = set()

    @staticmethod
    def _impostor(user: str) -> SamlCredential:
        key = private_value(f"the server's key for {user}", P_256)
        return replace(asserted(user), key=key, assertion=assertion(user, P_256, key))

    def passes_on(self, made: Ends, message: Message) -> bytes:
        """Call Bob in Alice's name, answer her in his, and keep the TGKs of both calls."""
        towards_alice = ends()
        towards_alice.pair.bobs_credentials = (self.bob,)
        response = towards_alice.respond(message.octets)
        second = Ends(made.case, made.pair, self.alice).initiator()
        established = second.complete(made.respond(second.message.octets).reply or b"")
        self.has |= {tgk(response.established.bundle), tgk(established.bundle)}
        return response.reply or b""


@pytest.mark.requirement("5197-3.6-16")
def test_a_cheating_sip_server_gets_between_its_users() -> None:
    """The risk that the RFC remarks: both ends believe each other, and the server has both keys."""
    made = ends()
    initiator = made.initiator()
    server = CheatingServer()
    established = initiator.complete(server.passes_on(made, initiator.message))
    (bobs,) = made.pair.bundles
    assert established.peer == BOB
    assert made.pair.bundles.get(ALICE, bobs.csb_id) is bobs
    assert server.has == {tgk(established.bundle), tgk(bobs)}


@pytest.mark.requirement("5197-3.6-17")
def test_a_third_party_keeps_the_cheating_sip_server_out() -> None:
    """The RFC's counter-measure: each user's key is signed by a notary, too, who signs none of the server's."""
    notary = authority().issue("sip:notary@example.org")

    def notarised(user: str) -> SamlCredential:
        key = asserted(user).key
        word = endorse(key=notary.key, certificate=notary.certificate, subject=user, group=P_256, public=key.public)
        credential = with_assertion(asserted(user), user, third_party=word)
        return replace(credential, third_parties=(notary.certificate,))

    made = ends()
    made.alices, made.pair.bobs_credentials = notarised(ALICE), (notarised(BOB),)
    initiator = made.initiator()
    assert made.run()[2].peer == BOB
    with pytest.raises(PeerError, match="no third party") as refused:
        made.respond(Ends(made.case, made.pair, CheatingServer().alice).initiator().message.octets)
    assert refused.value.mikey_error == ErrorNo.INVALID_CERT
    towards_alice = ends()
    towards_alice.pair.bobs_credentials = (CheatingServer().bob,)
    reply = towards_alice.respond(initiator.message.octets).reply or b""
    with pytest.raises(PeerError, match="no third party"):
        initiator.complete(reply)
