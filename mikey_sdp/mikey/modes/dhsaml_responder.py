"""SAML-assisted Diffie-Hellman, the end that answers, in both rounds.

Source: RFC 5197 section 3.6, whose figures decision note 11 completes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Established, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, bundle_of, context_of, previous_of
from mikey_sdp.mikey.modes.dhsaml import assertion_of, bad_key, check_key, exchange_of, finished, own_keys, tgks_of
from mikey_sdp.mikey.modes.dhsaml_policy import ClockUse, Terms, Variant, terms_of
from mikey_sdp.mikey.modes.dhsaml_round2 import FurtherOffer, further_offer
from mikey_sdp.mikey.modes.dhsaml_seal import close_with_proof
from mikey_sdp.mikey.modes.dhsaml_secrets import Direction, TheirKeys, message_keys, shared_secret
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads.dh import DhValue
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.validity import ANY_PACKET
from mikey_sdp.mikey.registry import DataType, ErrorNo, ProtType
from mikey_sdp.mikey.saml import Assertion, SamlCredential

SECTION: Final = "RFC 5197 section 3.6"


def vouches_for_time(message: Message, choices: Choices) -> bool:
    """Whether something else than the clock shows that a message is no replay: the second round, in which its own
    messages repeat an old T, or an agreed one, where both ends leave the clock out of it.

    Raises: PeerError.
    """
    if message.header.data_type == DataType.DHSAML_I_MSG_2:
        return True
    return choices.saml.ignore_clock and terms_of(message).clock is ClockUse.IGNORE


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertedOffer:
    """A first message whose assertion holds. That its sender has the key is not proved before the second round."""

    request: Request
    setup: ResponderSetup
    credential: SamlCredential
    assertion: Assertion
    terms: Terms

    @property
    def error_proof(self) -> None:
        """Nothing: the Initiator could not check it before he has our keys."""

    def accept(self) -> Response:
        """Make our key, and answer."""
        request, setup, credential = self.request, self.setup, self.credential
        message, fresh = request.message, request.message.find(DhValue)
        rand = message.find(Rand)
        if rand is None:
            raise missing("RAND1")
        rands = (rand.octets, fresh_rand(setup.entropy))
        ours = own_keys(credential, self.terms, setup.entropy)
        theirs = TheirKeys(static=self.assertion.public, ephemeral=fresh.value if fresh else None)
        shared = shared_secret(ours, theirs, initiator=False)
        validity = fresh.validity if fresh else ANY_PACKET
        keys = tgks_of(shared, rands, validity)
        bundle = bundle_of(request, None, keys, setup, read_elsewhere=(ProtType.DHSAML_ROUND_2,))
        exchange = exchange_of(shared, rands, self.terms, request.timestamp, message.octets, request.peer)
        header = answer_header(request, bundle, DataType.DHSAML_R_MSG_1)
        payloads = (
            request.timestamp,
            credential.to_payload(compressed=setup.choices.saml.deflate),
            request.initiator,
            DhValue(group=credential.group, value=ours.to_show, validity=validity),
            Rand(octets=rands[1]),
        )
        if setup.choices.saml.literal:
            reply = Message.build(header, payloads)
        else:
            appended = (message.octets, request.idi, setup.own.data)
            proof_keys = message_keys(exchange, header, Direction.R_MSG_1)
            reply = close_with_proof(header, payloads, keys=proof_keys, appended=appended)
        bundle = finished(bundle, rands, exchange, reply, setup.entropy)
        established = Established(mode=Mode.DHSAML, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)


class DhsamlResponder:
    """The end of the exchange that answers, in both rounds."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> AssertedOffer | FurtherOffer:
        """Check the assertion before the exponentiations, or the MAC of a second round.

        Raises: PeerError.
        """
        if request.message.header.data_type == DataType.DHSAML_I_MSG_2:
            return further_offer(request, setup)
        terms, shown = terms_of(request.message), request.message.find(DhValue)
        if (shown is not None) != (terms.variant is Variant.EPHEMERAL):
            raise bad_key("DHi is there without its variant, or missing in it")
        credential = setup.credentials.find(SamlCredential, request.peer or None)
        if credential is None:
            raise PeerError(
                f"no assertions are in use with {request.peer or 'a peer without an identity'}",
                mikey_error=ErrorNo.INVALID_CERT,
                section=SECTION,
            )
        setup.quota.spend(request.peer, request.now)
        assertion = assertion_of(request.message, credential, request, request.peer or None)
        check_key(assertion, shown, credential)
        peer = request.peer or assertion.subject
        request = replace(request, peer=peer, initiator=identity_of(assertion.subject))
        context_of(request, previous_of(request, setup))
        return AssertedOffer(request=request, setup=setup, credential=credential, assertion=assertion, terms=terms)
