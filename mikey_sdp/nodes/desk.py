"""What all parts of a user agent work on: its SIP core, its endpoint, its legs, and the actions it is about to take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros, NtpTime
from mikey_sdp.endpoint.answering import Rejection
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.errors import DecodeError, MikeySdpError, PeerError, PolicyRefused
from mikey_sdp.nodes.config import Security, UserAgentConfig
from mikey_sdp.nodes.contract import Action, Address, CancelTimer, Report, SetTimer, Transport
from mikey_sdp.nodes.leg import Leg, Stage
from mikey_sdp.nodes.leg_media import LegMedia
from mikey_sdp.nodes.lobby import Lobby
from mikey_sdp.nodes.media import StreamReceiver
from mikey_sdp.nodes.outgoing import Outgoing
from mikey_sdp.nodes.plain import PlainEndpoint, PlainRejection
from mikey_sdp.nodes.sdes import SdesEndpoint
from mikey_sdp.nodes.session_body import SessionBody
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import AgentCore, Dialog, DialogId, Hop, Request, Uri, identity
from mikey_sdp.trace import AnyRecord, CallChanged, KeyManagementFailed, Warned

ALLOW: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "REFER", "NOTIFY")
PRECONDITION: Final = "precondition"
"""The option tag of those who let a call wait for what has to be agreed on first (RFC 3312)."""
LINGER_US: Final = 500_000
"""How long a leg still counts media after its end, so that what was in flight is not missed."""

Take = Callable[[sip.Output], None]


class Desk:
    """The shared state of one user agent.

    Keeps: `actions`, filled while an event is handled; `talking`, by media timer the legs that send; `places`, which
    receiver takes the packets between two media addresses; `lobby`, where media waits for an answer; `left`, early
    dialogs of our calls that we hung up on, whose answer may cross our BYE; `strays`, media packets that belonged to no
    call; `clock_set_us`, by how much the clock was put forward since the start.
    """

    def __init__(self, config: UserAgentConfig, take: Take) -> None:
        self.config: Final = config
        self.now_us = Micros(0)
        self.actions: list[Action] = []
        self.legs: dict[int, Leg] = {}
        self.places: dict[tuple[Address, Address], StreamReceiver] = {}
        self.talking: dict[str, LegMedia] = {}
        self.lobby: Final = Lobby(config.buffer_packets)
        self.left: set[DialogId] = set()
        self.strays = 0
        self.clock_set_us = 0
        self._take = take
        self._outgoing: Final = Outgoing(config.address)
        self._names = {identity(contact.uri): name for name, contact in config.contacts.items()}
        self._legs_made = 0
        self._entropy = SeededEntropy(config.seed + b"|media")
        self.core: Final = AgentCore(
            local=Hop(config.transport, config.address.host, config.address.port),
            contact=self._contact_uri(),
            entropy=SeededEntropy(config.seed + b"|sip"),
            allow=ALLOW,
            supported=(*config.supported, *((PRECONDITION,) if config.preconditions is not None else ())),
        )
        self.endpoint: Final = self._endpoint()

    def _contact_uri(self) -> str:
        config = self.config
        transport = "" if config.transport is Transport.UDP else f";transport={config.transport.lower()}"
        return f"sip:{config.name}@{config.address.host}:{config.address.port}{transport}"

    def _endpoint(self) -> Endpoint | PlainEndpoint | SdesEndpoint:
        config = self.config
        if config.security is Security.NONE:
            return PlainEndpoint()
        entropy = config.entropy or SeededEntropy(config.seed + b"|mikey")
        if config.security is Security.SDES:
            return SdesEndpoint(entropy)
        return Endpoint(
            config.identity,
            credentials=config.credentials,
            modes=config.modes,
            clock=self._clock,
            entropy=entropy,
            options=config.options,
            group=config.group,
        )

    @property
    def unix_us(self) -> int:
        """What this party's wall clock shows, in microseconds since 1970."""
        return self.config.epoch_unix_us + self.config.clock_skew_us + self.clock_set_us + self.now_us

    def _clock(self) -> NtpTime:
        return NtpTime.from_unix_us(self.unix_us)

    # What goes out

    def do(self, outputs: Iterable[sip.Output]) -> None:
        """Carry out what the SIP core asks for, in its order; its events are handled on the spot."""
        for output in outputs:
            action = self._outgoing.action(output)
            if action is not None:
                self.actions.append(action)
            else:
                self._take(output)

    def set_timer(self, name: str, delay_us: int) -> None:
        """Start a timer of this node."""
        self.actions.append(SetTimer(name, delay_us))

    def cancel_timer(self, name: str) -> None:
        """Stop a timer of this node."""
        self.actions.append(CancelTimer(name))

    # What is recorded

    def record(self, record: AnyRecord) -> None:
        """Put a record into the trace."""
        self.actions.append(Report(record))

    def warn(self, text: str) -> None:
        """Record what a person should know."""
        self.record(Warned(at_us=self.now_us, party=self.config.name, text=text))

    def call_changed(
        self, call_id: str, peer: str, state: str, *, status: int = 0, reason: str = "", warning: str = ""
    ) -> None:
        """Record a step of a call."""
        self.record(
            CallChanged(
                at_us=self.now_us,
                party=self.config.name,
                call_id=call_id,
                peer=peer,
                state=state,
                status=status,
                reason=reason,
                warning=warning,
            )
        )

    def key_management_failed(
        self, call_id: str, peer: str, reason: str, *, mikey_error: int | None = None, status: int | None = None
    ) -> None:
        """Record that key management came to nothing."""
        self.record(
            KeyManagementFailed(
                at_us=self.now_us,
                party=self.config.name,
                call_id=call_id,
                peer=peer,
                reason=reason,
                mikey_error=None if mikey_error is None else int(mikey_error),
                status=status,
            )
        )

    def refused(self, call_id: str, peer: str, error: MikeySdpError) -> None:
        """Record which error ended a negotiation of keys."""
        if isinstance(error, PeerError):
            self.key_management_failed(call_id, peer, error.reason, mikey_error=error.mikey_error)
        else:
            reason = error.reason if isinstance(error, PolicyRefused) else str(error)
            self.key_management_failed(call_id, peer, reason)

    def refuse_change(self, leg: Leg, incoming: sip.IncomingRequest, rejection: Rejection | PlainRejection) -> None:
        """Refuse an offer within a call, and record why; the call stays as it was."""
        self.key_management_failed(
            leg.call_id, leg.peer, rejection.warning[1], mikey_error=rejection.mikey_error, status=rejection.status
        )
        self.do(self.core.respond(incoming, rejection.status, warnings=[rejection.warning]))

    # Who is who

    def name_of(self, uri: str) -> str:
        """A contact's name by its identity; the identity itself for a stranger."""
        return self._names.get(uri, uri)

    def name_at(self, dialog: Dialog, otherwise: str) -> str:
        """The name of the contact that answers at a dialog's remote target."""
        return next(self._at(dialog.remote_target), otherwise)

    def name_of_caller(self, request: Request, uri: str) -> str:
        """A caller's name by its identity; if that is one of several phones of a user, by its Contact too."""
        try:
            own = [name for contact in request.contacts for name in self._at(contact.uri)]
        except DecodeError:
            own = []
        contacts = self.config.contacts
        return next((name for name in own if identity(contacts[name].uri) == uri), self.name_of(uri))

    def _at(self, uri: Uri) -> Iterator[str]:
        """The names of the contacts whose phone is where a URI leads."""
        for name, contact in self.config.contacts.items():
            phone = contact.phone or contact.address
            if phone.host == uri.host and phone.port == (uri.port or phone.port):
                yield name

    def name_of_host(self, host: str, otherwise: str) -> str:
        """The name of the contact that is reached at a host."""
        contacts = self.config.contacts.items()
        return next((name for name, one in contacts if (one.phone or one.address).host == host), otherwise)

    def legs_with(self, peer: str) -> Iterator[Leg]:
        """The legs with a party that have not ended, oldest first."""
        return (leg for leg in self.legs.values() if peer in (leg.peer, leg.called) and leg.stage is not Stage.ENDED)

    def leg_of(self, dialog: Dialog | None) -> Leg | None:
        """The leg of a dialog."""
        return next((leg for leg in self.legs.values() if leg.dialog is dialog), None) if dialog is not None else None

    def new_leg(self, *, peer: str, called: str, call_id: str, body: SessionBody) -> Leg:
        """Start to keep a dialog."""
        self._legs_made += 1
        media = LegMedia(self.config.streams, self._entropy, timer=f"media/{self._legs_made}")
        leg = Leg(
            number=self._legs_made,
            peer=peer,
            called=called,
            call_id=call_id,
            body=body,
            media=media,
        )
        self.legs[leg.number] = leg
        return leg
