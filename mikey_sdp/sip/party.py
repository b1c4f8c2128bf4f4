"""What the two sides of a user agent share: its transactions, its dialogs, and how it names itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.secret import Entropy
from mikey_sdp.sip.actions import Hop
from mikey_sdp.sip.dialog import Dialog, DialogId, DialogState
from mikey_sdp.sip.layer import TransactionLayer
from mikey_sdp.sip.message import Request
from mikey_sdp.sip.parameters import parameter
from mikey_sdp.sip.routing import Locate, locate_literal
from mikey_sdp.sip.timers import Timers
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import NameAddr

ALLOW: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")
_GLARE_STEP_US: Final = 10_000
_OWNER_STEPS: Final = range(210, 401)
_OTHER_STEPS: Final = range(201)

Raw = list[Any]
"""Commands and events of the transaction layer and of the user agent, before the core has sorted them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a user agent presents itself and finds others.

    Units: `largest_datagram` is the octets that a request may have over UDP; a larger one takes TCP.
    """

    contact: str
    timers: Timers
    locate: Locate = locate_literal
    allow: tuple[str, ...] = ALLOW
    supported: tuple[str, ...] = ()
    agent: str = ""
    largest_datagram: int | None = None


class Party:
    """One user agent's transactions and dialogs."""

    def __init__(self, *, local: Hop, entropy: Entropy, settings: Settings) -> None:
        self.settings = settings
        self.layer = TransactionLayer(local=local, entropy=entropy, timers=settings.timers)
        self.dialogs: dict[DialogId, Dialog] = {}
        self._entropy = entropy
        self._contact = read_address(settings.contact)

    @property
    def timers(self) -> Timers:
        """How long things wait."""
        return self.settings.timers

    def draw(self, below: int) -> int:
        """A number from 0 on, below that one, all about equally likely."""
        return int.from_bytes(self._entropy(4), "big") % below

    def glare_delay_us(self, dialog: Dialog) -> int:
        """The pause after a 491, by who owns the Call-ID, so that the two sides don't collide again."""
        steps = _OWNER_STEPS if dialog.caller else _OTHER_STEPS
        return steps[self.draw(len(steps))] * _GLARE_STEP_US

    def new_call_id(self) -> str:
        """A fresh Call-ID."""
        return f"{self._entropy(8).hex()}@{self.layer.local.host.strip('[]')}"

    def contact_by(self, transport: str, *, secure: bool) -> str:
        """Our Contact value for a peer who reaches us by that transport; a sips URI where the dialog is to be secure.

        Source: RFC 3261 sections 8.1.1.8 and 12.1.1.
        """
        uri = self._contact.uri
        if secure:
            uri = uri.with_parameters(uri.parameters.without("transport"), scheme="sips")
        elif transport != "UDP" and uri.scheme == "sip" and uri.transport is None:
            uri = uri.with_parameters(uri.parameters.replaced(*parameter("transport", transport.lower())))
        return f"<{uri}>{self._contact.parameters}"

    def capabilities(self) -> list[tuple[str, str]]:
        """Allow and Supported, as INVITEs and their 2xx carry them."""
        pairs = [("Allow", ", ".join(self.settings.allow))]
        if self.settings.supported:
            pairs.append(("Supported", ", ".join(self.settings.supported)))
        return pairs

    def signature(self, name: str) -> list[tuple[str, str]]:
        """User-Agent or Server, if we say who we are."""
        return [(name, self.settings.agent)] if self.settings.agent else []

    def hop_of(self, dialog: Dialog) -> Hop:
        """Where the next request of a dialog goes; failing that, where the message came from that made it."""
        return self.settings.locate(dialog.next_hop) or dialog.hop

    def hop_to(self, routes: Sequence[str], uri: Uri) -> Hop:
        """Where a request outside of dialogs goes.

        Raises: UsageError if nothing tells.
        """
        target = read_address(routes[0]).uri if routes else uri
        found = self.settings.locate(target)
        if found is None:
            raise UsageError(f"nothing says at which address {target} is; pass hop=")
        return found

    def dialog_of(self, request: Request) -> Dialog | None:
        """The dialog that a peer's request belongs to."""
        return self.dialogs.get(DialogId(request.call_id, request.to.tag, request.from_.tag))

    def remember(self, dialog: Dialog) -> None:
        """From now on requests find this dialog."""
        self.dialogs[dialog.id] = dialog

    def forget(self, dialog: Dialog) -> None:
        """The dialog is over, and nothing finds it any more."""
        dialog.state = DialogState.TERMINATED
        self.dialogs.pop(dialog.id, None)


def read_address(text: str) -> NameAddr:
    """An address that the caller gave us.

    Raises: UsageError if it is none.
    """
    try:
        return NameAddr.parse(text)
    except DecodeError as error:
        raise UsageError(f"{text!r} is no SIP address: {error.reason}") from error
