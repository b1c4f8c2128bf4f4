"""Parties on the path between two others who read, change or repeat what they should not.

Each stands at a tap; what it lets pass goes on under the address of whoever sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.nodes.attacker import Attacker, message_in, passed_on, with_message
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CancelTimer,
    Datagram,
    DatagramIntercepted,
    DatagramReceived,
    Event,
    Report,
    RunEnded,
    SendDatagram,
    SetTimer,
    TimerFired,
    Transport,
)
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.trace import CallChanged

_KEY_MGMT: Final = b"a=key-mgmt:"
_REPLAY_TIMER: Final = "replay"


class Eavesdropper(Attacker):
    """Lets everything pass and says in the end how much there was to read."""

    def __init__(self, name: str, address: Address) -> None:
        super().__init__(name, address)
        self._messages = 0
        self._keyed = 0
        self._media = 0

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if isinstance(event, RunEnded):
            read = f"read {self._messages} signalling messages, {self._keyed} of them with key management"
            return [self._attack(f"{read}, and saw {self._media} media packets", now_us)]
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        if datagram.transport is Transport.MEDIA:
            self._media += 1
            return [SendDatagram(datagram=datagram)]
        message = message_in(datagram)
        self._messages += 1
        self._keyed += message is not None and _KEY_MGMT in message.body
        return [passed_on(datagram, message)]


class KeyMgmtStripper(Attacker):
    """Bids down: takes the lines of one key management protocol out of every INVITE that passes.

    Source: RFC 4567 section 4.1.4.
    """

    def __init__(self, name: str, address: Address, *, protocol: str) -> None:
        super().__init__(name, address)
        self._protocol: Final = protocol.encode()

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if not isinstance(event, DatagramIntercepted):
            return []
        datagram = event.datagram
        message = message_in(datagram)
        if not isinstance(message, sip.Request) or message.method != "INVITE":
            return [passed_on(datagram, message)]
        lines = message.body.splitlines(keepends=True)
        kept = [line for line in lines if not self._is_target(line)]
        if len(kept) == len(lines):
            return [passed_on(datagram, message)]
        # The new body brings its own Content-Length.
        changed = message.with_body(b"".join(kept), message.content_type)
        datagram = with_message(datagram, changed)
        what = f"took {len(lines) - len(kept)} a=key-mgmt line(s) of {self._protocol.decode()} out of an INVITE"
        return [passed_on(datagram, changed), self._attack(what, now_us)]

    def _is_target(self, line: bytes) -> bool:
        return line.startswith(_KEY_MGMT) and line[len(_KEY_MGMT) :].split()[:1] == [self._protocol]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recording:
    """An INVITE that an attacker has kept: its key management, under whose name, and where it was going."""

    body: bytes
    content_type: str
    caller: str
    to: str
    hop: sip.Hop


class Replayer(Attacker):
    """Keeps the first INVITE with key management that passes, and sends it again as a new call.

    Only what MIKEY protects is the old one: Via, Call-ID, tags and Contact are its own, so that no duplicate detection
    of SIP comes before MIKEY's, and so that the answer reaches the attacker.
    """

    def __init__(self, name: str, address: Address, *, after_us: int, seed: bytes) -> None:
        super().__init__(name, address)
        self._after_us: Final = after_us
        self._recording: _Recording | None = None
        self._core: Final = sip.AgentCore(
            local=sip.Hop("UDP", address.host, address.port),
            contact=f"sip:{name}@{address.host}:{address.port}",
            entropy=SeededEntropy(seed),
        )

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if isinstance(event, DatagramIntercepted):
            return self._intercepted(event.datagram)
        if isinstance(event, DatagramReceived):
            source = event.datagram.source
            hop = sip.Hop(event.datagram.transport, source.host, source.port)
            return self._do(self._core.receive(event.datagram.octets, hop), now_us)
        if isinstance(event, TimerFired):
            if event.name == _REPLAY_TIMER:
                return self._replay(now_us)
            return self._do(self._core.timer_fired(event.name), now_us)
        return []

    def _intercepted(self, datagram: Datagram) -> list[Action]:
        message = message_in(datagram)
        actions: list[Action] = [passed_on(datagram, message)]
        if self._recording is None and isinstance(message, sip.Request) and self._is_worth_it(message):
            self._recording = _Recording(
                body=message.body,
                content_type=message.content_type,
                caller=str(message.from_.uri),
                to=str(message.to.uri),
                hop=sip.Hop(datagram.transport, datagram.destination.host, datagram.destination.port),
            )
            actions.append(SetTimer(_REPLAY_TIMER, self._after_us))
        return actions

    def _is_worth_it(self, request: sip.Request) -> bool:
        return request.method == "INVITE" and not request.to.tag and _KEY_MGMT in request.body

    def _replay(self, now_us: Micros) -> list[Action]:
        recording = self._recording
        if recording is None:
            return []
        _, outputs = self._core.invite(
            recording.to,
            caller=recording.caller,
            hop=recording.hop,
            body=recording.body,
            content_type=recording.content_type,
        )
        text = f"sent a recorded offer of {recording.caller} again, in a new INVITE"
        return [*self._do(outputs, now_us), self._attack(text, now_us)]

    def _do(self, outputs: Sequence[sip.Output], now_us: Micros) -> list[Action]:
        actions: list[Action] = []
        for output in outputs:
            if isinstance(output, sip.Send):
                actions.append(passed_on(self._datagram(output), output.message))
            elif isinstance(output, sip.SetTimer):
                actions.append(SetTimer(output.name, output.delay_us))
            elif isinstance(output, sip.CancelTimer):
                actions.append(CancelTimer(output.name))
            elif isinstance(output, sip.InviteRefused):
                reason = "no answer" if output.response is None else output.response.reason
                actions.append(self._outcome(output.invite, "rejected", output.status, reason, now_us))
            elif isinstance(output, sip.AnswerReceived):
                response = output.response
                actions.append(self._outcome(output.invite, "answered", response.status, response.reason, now_us))
                actions += self._do(self._core.acknowledge(output.invite, output.dialog), now_us)
        return actions

    def _outcome(self, invite: sip.OutgoingInvite, state: str, status: int, reason: str, now_us: Micros) -> Report:
        peer = str(invite.request.to.uri)
        return Report(
            CallChanged(
                at_us=now_us,
                party=self._name,
                call_id=invite.call_id,
                peer=peer,
                state=state,
                status=status,
                reason=reason,
            )
        )

    def _datagram(self, output: sip.Send) -> Datagram:
        return Datagram(
            source=self._address,
            destination=Address(output.hop.host, output.hop.port),
            transport=Transport(output.hop.transport),
            octets=output.octets,
        )
