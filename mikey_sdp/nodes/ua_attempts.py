"""The INVITEs of a calling user agent that are not over, and where a redirection of one of them leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mikey_sdp import sip
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.config import Contact, UserAgentConfig
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import AnyOffer
from mikey_sdp.nodes.session_body import SessionBody

MAX_REDIRECTS: Final = 8
"""How many targets one call tries, the first one included."""
_DEFAULT_PORT: Final = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a call goes: whom it is for, as key management is to authenticate him, and the Request-URI if another."""

    contact: Contact
    uri: sip.Uri | None = None

    @property
    def name(self) -> str:
        """What tells it from other targets of the same call."""
        return str(self.uri) if self.uri is not None else self.contact.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a call is placed for, whatever targets are tried.

    Keeps: `called`, the name under which commands know it; `headers`, what its INVITEs say beside; `referral`, of whom
    asked for it with REFER; `offerless`, whether the called party makes the offer; `session_s`, how long a session
    has to be at least, as somebody on the way has said.
    """

    called: str
    headers: tuple[tuple[str, str], ...] = ()
    referral: sip.Referral | None = None
    offerless: bool = False
    session_s: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class Attempt:
    """One INVITE of ours until its call is over: several dialogs can come of it.

    Keeps: `offer`, None if the called party makes it; `taken`, whether one of them became the call; `tried`, the
    targets of this call before and now; `others`, those that a redirection named beside.
    """

    order: Order
    target: Target
    invite: sip.OutgoingInvite
    body: SessionBody
    offer: AnyOffer | None
    tried: tuple[str, ...]
    others: list[Target] = field(default_factory=list)
    taken: bool = False

    @property
    def called(self) -> str:
        """The name of whom was called."""
        return self.order.called

    @property
    def next_target(self) -> Target | None:
        """Where to call next when this comes to nothing; None when every place was tried, or too many."""
        left = (one for one in self.others if one.name not in self.tried)
        return next(left, None) if len(self.tried) < MAX_REDIRECTS else None


def report(desk: Desk, order: Order, status: int) -> None:
    """Tell who asked for a call how far it has come."""
    referral = order.referral
    if referral is not None and referral in referral.dialog.referrals:
        desk.do(desk.core.report_referral(referral, status))


def redirection(attempt: Attempt, response: sip.Response, config: UserAgentConfig) -> list[Target]:
    """Where a 3xx points, the most preferred first: each another user, or another device of the user called.

    A device is told by its host, an address; key management goes on to ask for the user. Of another user the contact
    of that identity says how to reach him, else he is looked for where the call went before.
    Source: RFC 3261 section 8.1.3.4, RFC 5197 section 5.3.
    """
    try:
        return [target_at(attempt.target.contact, one.uri, config) for one in sip.by_preference(response.contacts)]
    except (DecodeError, UsageError):
        return []


def target_at(before: Contact, uri: sip.Uri, config: UserAgentConfig) -> Target:
    """Whom a URI means that somebody else gave us; `before` is the contact from whom calls are led there.

    Raises: DecodeError, UsageError.
    """
    if uri.scheme not in ("sip", "sips"):
        raise DecodeError("only SIP URIs can be called", offset=0, field="Contact", section="RFC 3261 section 19.1")
    uri = uri.with_parameters(uri.parameters)  # without fields for our request, which are not others' to write
    identity = uri.identity
    for contact in config.contacts.values():
        if sip.identity(contact.uri) == identity:
            return Target(contact=contact)
    address, called = before.address, before.uri
    if _is_address(uri.host):
        address = Address(uri.host, uri.port or _DEFAULT_PORT)
        if uri.user != sip.Uri.parse(before.uri).user:
            called = identity
        return Target(contact=Contact(uri=called, address=address, transport=before.transport), uri=uri)
    return Target(contact=Contact(uri=identity, address=address, transport=before.transport), uri=uri)


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()
