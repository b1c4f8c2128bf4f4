"""What all parts of an edge work on: its lines, its calls, what is under way, and the actions it is about to take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from mikey_sdp.clock import Clock, Micros, NtpTime
from mikey_sdp.endpoint import Endpoint, KeySet
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes import contract
from mikey_sdp.nodes.contract import Action, Report
from mikey_sdp.nodes.edge_bindings import Bindings
from mikey_sdp.nodes.edge_call import Dialog, EdgeCall, Passage
from mikey_sdp.nodes.edge_contract import EdgeAccount, EdgeConfig, PeerRule, PortPool, Side
from mikey_sdp.nodes.edge_exchange import Refused
from mikey_sdp.nodes.edge_forks import Forks
from mikey_sdp.nodes.edge_ways import Line, Ways
from mikey_sdp.report.printable import printable
from mikey_sdp.secret import Entropy
from mikey_sdp.sip import (
    CancelTimer,
    Hop,
    Request,
    ServerTransaction,
    SetTimer,
    SipWarning,
    Uri,
    build_response,
    identity,
)
from mikey_sdp.trace import AnyRecord, CallChanged, KeyManagementFailed, KeysInstalled, Warned

PREFIX: Final = "edge/"
KEPT_WARNINGS: Final = 20
_NO_RULE: Final = PeerRule(match="*")

DialogKey = tuple[str, str, str, bool]
"""Call-ID, tags of caller and callee, and whether the phone called."""


class EdgeDesk:
    """The shared state of one edge.

    Keeps: `passages`, by number those of which anything may still come; `by_server` and `by_client`, the same by line
    and transaction; `calls`, by number; `dialogs`; `closing`, whether no more calls are taken.
    """

    def __init__(
        self, config: EdgeConfig, ports: PortPool, *, clock: Clock | None, entropy: Entropy, take: Callable[..., None]
    ) -> None:
        self.config: Final = config
        self.ports: Final = ports
        self.entropy: Final = entropy
        self.now_us = Micros(0)
        self.actions: list[Action] = []
        self.ways: Final = Ways(config, entropy)
        self.bindings: Final = Bindings(config, entropy)
        self.passages: Final[dict[int, Passage]] = {}
        self.by_server: Final[dict[tuple[int, int], Passage]] = {}
        self.by_client: Final[dict[tuple[int, int], Passage]] = {}
        self.calls: Final[dict[int, EdgeCall]] = {}
        self.dialogs: Final[dict[DialogKey, tuple[EdgeCall, Dialog]]] = {}
        self.warnings: Final[deque[str]] = deque(maxlen=KEPT_WARNINGS)
        self.closing = False
        self.taken = self.refused = self.failed = self.reaped = 0
        self.count = 0
        self._take: Final = take
        self._clock: Final = clock or self._own_clock
        self._endpoints: Final = {(account.identity, 0): self._endpoint(account) for account in config.accounts}
        self.forks: Final = Forks(last_us=config.limits.ring_us, branches=config.limits.branches)

    def _own_clock(self) -> NtpTime:
        return NtpTime.from_unix_us(self.config.epoch_unix_us + self.now_us)

    def _endpoint(self, account: EdgeAccount) -> Endpoint:
        return Endpoint(
            account.identity,
            credentials=account.credentials,
            modes=account.modes,
            options=account.options,
            clock=self._clock,
            entropy=self.entropy,
        )

    def endpoint(self, account: EdgeAccount, phone: int = 0) -> Endpoint:
        """The endpoint of an account; each further phone to which one call goes is a device of its own."""
        known = self._endpoints.get((account.identity, phone))
        if known is None:
            known = self._endpoints[account.identity, phone] = self._endpoint(account)
        return known

    @property
    def open_bundles(self) -> int:
        """How many CSBs the endpoints hold."""
        return sum(endpoint.open_bundles for endpoint in self._endpoints.values())

    def rule(self, peer: str) -> PeerRule:
        """What is allowed with a peer."""
        host = peer.rpartition("@")[2].partition(":")[0].lower()
        for rule in self.config.peers:
            if rule.match in ("*", host) or _same(rule.match, peer):
                return rule
        return _NO_RULE

    def next_number(self) -> int:
        """A number for a call or a passage."""
        self.count += 1
        return self.count

    # -- out -----------------------------------------------------------------------------------------------------

    def do(self, line: Line, outputs: Iterable[Any]) -> None:
        """Carry out what a line's transactions ask for, in order; events are taken on the spot."""
        for output in outputs:
            if isinstance(output, SetTimer):
                self.actions.append(contract.SetTimer(f"{line.number}|{output.name}", output.delay_us))
            elif isinstance(output, CancelTimer):
                self.actions.append(contract.CancelTimer(f"{line.number}|{output.name}"))
            else:
                action = line.outgoing.action(output)
                if action is not None:
                    self.actions.append(action)
                else:
                    self._take(line, output)

    def set_timer(self, name: str, delay_us: int) -> None:
        """(Re)start a timer of the edge itself."""
        self.actions.append(contract.SetTimer(PREFIX + name, delay_us))

    def cancel_timer(self, name: str) -> None:
        """Stop one."""
        self.actions.append(contract.CancelTimer(PREFIX + name))

    def refuse(self, line: Line, server: ServerTransaction, refused: Refused) -> None:
        """Answer a request here and now, with the reason."""
        headers = [("Warning", str(SipWarning(refused.code, self.host(line), refused.reason)))]
        if refused.status == 503:
            headers.append(("Retry-After", str(self.config.retry_after_s)))
        response = build_response(
            server.request, refused.status, to_tag=line.layer.new_tag(), headers=headers, body=refused.body
        )
        self.do(line, line.layer.reply(server, response))

    @staticmethod
    def host(line: Line) -> str:
        """The edge's name in a Warning."""
        address = line.address
        return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"

    # -- told ----------------------------------------------------------------------------------------------------

    def record(self, record: AnyRecord) -> None:
        """Put a record into the trace."""
        self.actions.append(Report(record))

    def warn(self, text: str, call: EdgeCall | None = None) -> None:
        """Tell what a person should know."""
        text = printable(text)
        self.warnings.append(text)
        if call is not None:
            call.told.append(text)
        self.record(Warned(at_us=self.now_us, party=self.config.name, text=text))

    def failed_keys(self, call: EdgeCall, refused: Refused) -> None:
        """Tell that key management ended something."""
        call.told.append(refused.reason)
        self.warnings.append(f"{call.parties.peer}: {refused.reason}")
        self.record(
            KeyManagementFailed(
                at_us=self.now_us,
                party=self.config.name,
                call_id=call.call_id,
                peer=call.parties.peer,
                mikey_error=refused.mikey_error,
                reason=refused.reason,
            )
        )

    def changed(self, call: EdgeCall, state: str, reason: str = "") -> None:
        """Tell how a call goes."""
        call.state = state
        self.record(
            CallChanged(
                at_us=self.now_us,
                party=self.config.name,
                call_id=call.call_id,
                peer=call.parties.peer,
                state=state,
                reason=reason,
            )
        )

    def installed(self, call: EdgeCall, keys: KeySet) -> None:
        """Tell which keys came into use towards the network."""
        for media, own in keys.media.items():
            for direction, sas in (("send", own.send), ("receive", own.receive)):
                for sa in sas:
                    self.record(
                        KeysInstalled(
                            at_us=self.now_us,
                            party=self.config.name,
                            call_id=call.call_id,
                            peer=keys.peer,
                            mode=str(keys.mode),
                            csb_id=own.csb_id,
                            media=media,
                            direction=direction,
                            cs_id=sa.cs_id,
                            ssrc=sa.ssrc,
                            mki=sa.mki.hex(),
                            fingerprint=sa.master_key.fingerprint(),
                        )
                    )

    # -- finding -------------------------------------------------------------------------------------------------

    def find(self, side: Side, request: Request) -> tuple[EdgeCall, Dialog] | None:
        """The dialog of a request that came from that side."""
        mine, its = request.from_.tag, request.to.tag
        outward, inward = (mine, its), (its, mine)
        by_caller, by_callee = side is Side.PHONE, side is Side.NETWORK
        found = self.dialogs.get((request.call_id, *outward, by_caller))
        return found or self.dialogs.get((request.call_id, *inward, by_callee))

    def hop_to(self, call: EdgeCall, dialog: Dialog, side: Side) -> Hop | None:
        """Where requests of the dialog to that side go."""
        routes = dialog.routes.get(side, ())
        if side is Side.PHONE:
            return (self.ways.locate(routes[0].uri) if routes else None) or call.phone_hop
        target = routes[0].uri if routes else dialog.targets.get(side)
        return (self.ways.locate(target) if target is not None else None) or self.config.outbound

    def phone_at(self, uri: Uri) -> Hop:
        """Where the phone is to which the network sends a request of a dialog that is none of ours.

        Raises: Refused for any other place on that side.
        """
        hop = self.ways.locate(uri)
        if hop is not None and any(hop == call.phone_hop for call in self.calls.values()):
            return hop
        found = self.bindings.at(uri, self.now_us)
        if found is None:
            raise Refused("no such dialog", status=481)
        return found


def _same(match: str, peer: str) -> bool:
    try:
        return ":" in match and identity(match) == identity(peer)
    except DecodeError:
        return False
