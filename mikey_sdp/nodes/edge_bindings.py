"""Where the phones are: what they register, which the network sees as addresses of the edge.

Source: RFC 3261 section 10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_ways import Line
from mikey_sdp.secret import Entropy
from mikey_sdp.sip import Hop, NameAddr, Parameters, Request, Response, Uri, locate_literal

DEFAULT_EXPIRES_S: Final = 3600
_PARAMETER: Final = "edge"
_TOKEN_OCTETS: Final = 6
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePlace:
    """Where one phone of an account is.

    Keeps: `uri`, its Contact; `hop`, where to send what is for it.
    Units: `until_us` on the edge's time line, None for a place that the configuration names.
    """

    account: EdgeAccount
    uri: Uri
    hop: Hop
    until_us: int | None = None


class Bindings:
    """The phones of all accounts.

    Raises: UsageError for an account whose identity or contact is none.
    """

    def __init__(self, config: EdgeConfig, entropy: Entropy) -> None:
        self._accounts: Final = {_identity(account.identity): account for account in config.accounts}
        self._entropy: Final = entropy
        self._most: Final = config.limits.bindings
        self._fixed: Final[dict[str, PhonePlace]] = {}
        self._places: Final[dict[str, PhonePlace]] = {}
        self._tokens: Final[dict[tuple[str, str], str]] = {}
        for identity, account in self._accounts.items():
            if account.contact:
                uri = _uri(account.contact)
                hop = locate_literal(uri)
                if hop is None:
                    raise UsageError(f"{account.contact!r} names no IP address, by which the phone could be reached")
                self._fixed[identity] = PhonePlace(account=account, uri=uri, hop=hop)

    def account(self, identity: str) -> EdgeAccount | None:
        """The account of a user."""
        return self._accounts.get(identity)

    def registered(self, now_us: int) -> tuple[tuple[str, str], ...]:
        """Identity and Contact of each phone whose registration stands."""
        self._sweep(now_us)
        return tuple((place.account.identity, place.uri.text) for place in self._places.values())

    # -- registering ---------------------------------------------------------------------------------------------

    def register(self, request: Request, line: Line, transport: str, now_us: int) -> Request:
        """A phone's REGISTER as the registrar is to see it: with an address of the edge for each of the phone.

        Raises: Refused for a user whom we don't know, or where there are too many phones.
        """
        identity = request.to.identity
        if identity not in self._accounts:
            raise Refused("no account of this edge", status=403)
        contacts = request.contacts
        if not contacts:
            return request
        self._sweep(now_us)
        written = [str(self._rewritten(identity, contact, line, transport)) for contact in contacts]
        return request.with_field("Contact", *written)

    def _rewritten(self, identity: str, contact: NameAddr, line: Line, transport: str) -> NameAddr:
        known = identity, contact.uri.text
        token = self._tokens.get(known)
        if token is None:
            if len(self._tokens) >= self._most:
                self._tidy()
            if len(self._tokens) >= self._most:
                raise Refused("too many phones", status=503)
            token = self._tokens[known] = self._entropy(_TOKEN_OCTETS).hex()
        uri = Uri.parse(line.uri(transport, user=contact.uri.user or "", more=f";{_PARAMETER}={token}"))
        return NameAddr(uri=uri, display=contact.display, parameters=_without_instance(contact.parameters))

    def answered(self, request: Request, response: Response, source: Hop, now_us: int) -> Response:
        """A registrar's answer as the phone is to see it; what it grants holds here too.

        `request` is the phone's own, which came from `source`.
        """
        identity = request.to.identity
        account = self._accounts.get(identity)
        if account is None or not 200 <= response.status < 300:
            return response
        if request.get("Contact") == "*":
            self._forget(identity)
            return response
        by_token = {self._tokens[key]: key for key in self._tokens if key[0] == identity}
        granted = {token: contact for contact in response.contacts if (token := _token(contact.uri)) in by_token}
        asked = {self._tokens.get((identity, contact.uri.text), "") for contact in request.contacts}
        for token in asked - granted.keys():
            self._drop(token)
        written = []
        for contact in response.contacts:
            token = _token(contact.uri)
            if token in by_token:
                uri = Uri.parse(by_token[token][1])
                before = self._places.get(token)
                hop = source if token in asked else before.hop if before is not None else None
                if hop is not None:
                    self._keep(token, contact, response, PhonePlace(account=account, uri=uri, hop=hop), now_us)
                contact = NameAddr(uri=uri, display=contact.display, parameters=contact.parameters)
            written.append(str(contact))
        return response.with_field("Contact", *written) if written else response

    def _keep(self, token: str, contact: NameAddr, response: Response, place: PhonePlace, now_us: int) -> None:
        said = contact.parameters.get("expires") or ""
        seconds = int(said) if said.isdecimal() and len(said) < 10 else response.expires
        seconds = DEFAULT_EXPIRES_S if seconds is None else seconds
        if seconds:
            until = now_us + seconds * _SECOND_US
            self._places[token] = replace(place, until_us=until)
        else:
            self._drop(token)

    def _drop(self, token: str) -> None:
        self._places.pop(token, None)
        for key in [key for key, known in self._tokens.items() if known == token]:
            del self._tokens[key]

    def _forget(self, identity: str) -> None:
        for key, token in [*self._tokens.items()]:
            if key[0] == identity:
                self._drop(token)

    def _tidy(self) -> None:
        """Forget the addresses of registrations that were never granted."""
        for key, token in [*self._tokens.items()]:
            if token not in self._places:
                del self._tokens[key]

    def _sweep(self, now_us: int) -> None:
        for token, place in [*self._places.items()]:
            if place.until_us is not None and place.until_us <= now_us:
                self._drop(token)

    # -- finding -------------------------------------------------------------------------------------------------

    def find(self, request: Request, now_us: int) -> PhonePlace:
        """Where a request of the network goes.

        Raises: Refused: 404 for nobody of ours, 480 for somebody who has no phone now.
        """
        self._sweep(now_us)
        place = self._places.get(_token(request.uri))
        if place is not None:
            return place
        identity = self._called(request)
        if identity is None:
            raise Refused("nobody here has that address", status=404)
        places = [one for one in self._places.values() if _identity(one.account.identity) == identity]
        found = places[-1] if places else self._fixed.get(identity)
        if found is None:
            raise Refused("the phone is not registered", status=480)
        return found

    def at(self, uri: Uri, now_us: int) -> Hop | None:
        """Where the phone is that has that host and port in its Contact."""
        self._sweep(now_us)
        wanted = uri.host.lower(), uri.port
        places = (*self._places.values(), *self._fixed.values())
        return next((one.hop for one in places if (one.uri.host.lower(), one.uri.port) == wanted), None)

    def may_call(self, account: EdgeAccount, source: Hop, now_us: int) -> bool:
        """Whether a phone at that place may call for an account: where it is known where its phones are, only these."""
        self._sweep(now_us)
        identity = _identity(account.identity)
        hosts = {place.hop.host for place in self._places.values() if _identity(place.account.identity) == identity}
        if identity in self._fixed:
            hosts.add(self._fixed[identity].hop.host)
        return not hosts or source.host in hosts

    def _called(self, request: Request) -> str | None:
        """Whose call it is: by the address, by whom was called, or the only one that there is."""
        for identity in (request.uri.identity, request.to.identity):
            if identity in self._accounts:
                return identity
        user = request.uri.user
        same = [known for known in self._accounts if user and Uri.parse(known).user == user]
        if len(same) == 1:
            return same[0]
        return next(iter(self._accounts)) if len(self._accounts) == 1 else None


def _token(uri: Uri) -> str:
    return uri.parameters.get(_PARAMETER) or ""


def _without_instance(parameters: Parameters) -> Parameters:
    """Without what makes a registrar keep the flow (RFC 5626), which ends at the edge."""
    return parameters.without("+sip.instance", "reg-id")


def _identity(text: str) -> str:
    return _uri(text).identity


def _uri(text: str) -> Uri:
    try:
        return Uri.parse(text)
    except DecodeError as error:
        raise UsageError(f"{text!r} is no URI: {error.reason}") from error
