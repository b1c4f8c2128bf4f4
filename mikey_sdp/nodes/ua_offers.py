"""The offers with which calls begin: to whom was called, to whom a redirection points, and in the next mode that fits.

Source: RFC 5197 sections 5, 5.2 and 5.3.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp import sip
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.endpoint.offering import Offer
from mikey_sdp.errors import DecodeError, PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.modes.error_message import ErrorReported
from mikey_sdp.nodes.bodies import BodyMaker
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.desk import PRECONDITION, Desk
from mikey_sdp.nodes.leg import AnyOffer
from mikey_sdp.nodes.session_body import SessionBody
from mikey_sdp.nodes.ua_attempts import Attempt
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.sdp.protocols import OfferedProtocol

_NOT_ACCEPTABLE: Final = 488

Made = tuple[SessionBody, AnyOffer | None]
"""What we say of our media, and the offer that was made of it."""


class Offers:
    """Makes first offers."""

    def __init__(self, desk: Desk, bodies: BodyMaker) -> None:
        self._desk: Final = desk
        self._bodies: Final = bodies

    def first(self, contact: Contact, *, offerless: bool) -> Made:
        """The offer to who is called; none if he is to make it.

        Raises: PolicyRefused, UsageError.
        """
        config, endpoint, body = self._desk.config, self._desk.endpoint, self._bodies.first_offer()
        if offerless:
            return body, None
        if not isinstance(endpoint, Endpoint):
            return body, endpoint.offer(str(body))
        offer = endpoint.offer(
            str(body),
            to=contact.uri,
            secure_carrier=_is_secure(contact),
            level=config.level,
            other_protocols=[_stand_in(*other) for other in config.other_protocols],
            expects=config.expects,
            recipients=contact.recipients,
            names_peer=config.names_peer,
        )
        return body, offer

    def required(self, offer: AnyOffer | None) -> list[tuple[str, str]]:
        """What the called party has to know of to take the call. # [5027-3-12]"""
        waits = offer is not None and self._desk.config.preconditions is Strength.MANDATORY
        return [("Require", PRECONDITION)] if waits else []

    def redirected(self, attempt: Attempt, contact: Contact) -> Made:
        """The offer to another target of a call: with credentials and in a mode that are chosen anew for him.

        Raises: PolicyRefused, UsageError.
        """
        if not isinstance(attempt.offer, Offer):
            return self.first(contact, offerless=attempt.order.offerless)
        body = self._bodies.first_offer()
        return body, attempt.offer.redirected(str(body), to=contact.uri, secure_carrier=_is_secure(contact))

    def in_next_mode(self, attempt: Attempt, status: int, response: sip.Response | None) -> Made | None:
        """The offer after a refusal for its key management, in the next mode that fits; None if there is none."""
        if not self._desk.config.tries_other_modes or status != _NOT_ACCEPTABLE or not isinstance(attempt.offer, Offer):
            return None
        body = self._bodies.first_offer()
        try:
            return body, attempt.offer.next_mode(str(body), refusal=_reported(attempt.offer, response))
        except (PolicyRefused, UsageError) as error:
            self._desk.warn(f"{attempt.called} is not offered another mode: {error}")
            return None


def _reported(offer: Offer, response: sip.Response | None) -> ErrorReported | None:
    """The MIKEY Error message in a refusal."""
    try:
        offer.accept("" if response is None else response.body.decode("utf-8", "surrogateescape"))
    except ErrorReported as reported:
        return reported
    except (PeerError, DecodeError, PolicyRefused):
        pass
    return None


def _is_secure(contact: Contact) -> bool:
    return contact.transport is Transport.TLS


def _stand_in(kmpid: str, data: bytes) -> OfferedProtocol:
    """A protocol that nobody here speaks: its message is opaque octets, and the list that it has to authenticate."""
    return OfferedProtocol(kmpid=kmpid, message=lambda identifiers: data + identifiers.encode())
