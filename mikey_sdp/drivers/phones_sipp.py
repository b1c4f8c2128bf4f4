"""SIPp as a phone of a run: it plays a script that is written for it, and carries any description in its messages."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from mikey_sdp.drivers.phones import READY_S, Calls, CallState, Media, PhonePlan, authority
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, ProgramFailed
from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.sip import Uri

_LONGEST_RUN_S: Final = 86_400.0
_ASK_AGAIN_S: Final = 0.02
_TOLD: Final = re.compile(r"sipp-state ([a-z]+)")
_KEYWORDS: Final = frozenset({"[local_ip]", "[local_ip_type]", "[media_ip]", "[media_ip_type]", "[media_port]"})
_SDP: Final = """\
v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
_FROM_THEM: Final = "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]\n"
_CONTACT: Final = "Contact: <sip:{name}@[local_ip]:[local_port];transport=[transport]>\n"
_BODY: Final = "Content-Type: application/sdp\nContent-Length: [len]\n\n{body}"
_NO_BODY: Final = "Content-Length: 0\n\n"
_MINE: Final = (
    "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
    "From: <{own}>;tag=[call_number]\n"
    "To: <{uri}>{tag}\n"
    "Call-ID: [call_id]\n"
    "CSeq: {number} {method}\n"
    "Max-Forwards: 70\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SippScript:
    """What SIPp does in its one call, since it can't be told anything once it runs.

    Keeps: `body`, the SDP that it offers or answers with (`[local_ip]`, `[media_port]` and their like stand for its
    own), as its own plain audio where left out; `early`, whether it answers in a 183 before its 200.
    Units: `rings_ms` until it answers a call; `talks_ms` until it hangs up on a call that it made.
    """

    body: str = _SDP
    early: bool = False
    rings_ms: int = 100
    talks_ms: int = 1_000

    def __post_init__(self) -> None:
        foreign = set(re.findall(r"\[[^\]]*\]?", self.body)) - _KEYWORDS
        if foreign or "]]" in self.body:
            raise UsageError(
                f"SIPp would take {', '.join(sorted(foreign)) or ']]'} in a description for words of its own"
            )


class Sipp:
    """One SIPp for one call, made or taken; what it is sent as media it sends back."""

    def __init__(self, plan: PhonePlan, folder: Path, script: SippScript | None = None) -> None:
        if plan.media is not Media.PLAIN or plan.registers:
            raise UsageError(f"{plan.name}: SIPp neither secures media nor registers; it carries what it is given")
        self.plan: Final = plan
        self.script: Final = script or SippScript()
        self._folder: Final = Path(tempfile.mkdtemp(prefix=f"sipp-{plan.name}-", dir=folder))
        self._program: Program | None = None
        self._calls: Final = Calls(self._failed)
        self._listener: asyncio.Task[None] | None = None
        self._ports: Ports | None = None

    @property
    def state(self) -> CallState:
        """Where its call stands."""
        return self._calls.state

    @property
    def recording(self) -> Path | None:
        """None: SIPp keeps no audio."""
        return None

    @property
    def messages(self) -> str:
        """All SIP messages that it sent and got."""
        written = self._folder / "messages.log"
        return written.read_text(encoding="utf-8", errors="replace") if written.exists() else ""

    async def start(self, *, ports: Ports | None = None) -> None:
        """Be ready for a call, where it takes calls; a caller waits until it is told whom to call."""
        self._ports = ports
        if self.plan.answers:
            await self._run(_callee(self.plan, self.script), authority(self.plan.sip))

    async def call(self, uri: str) -> None:
        """Call somebody."""
        if self._program is not None:
            raise UsageError(f"{self.plan.name}: a SIPp has one call")
        target = Uri.parse(uri)
        self._calls.now(CallState.CALLING)
        there = self.plan.outbound
        where = authority(there) if there else f"{target.host}:{target.port or 5060}"
        await self._run(_caller(self.plan, self.script, target), where)

    async def answer(self) -> None:
        """Not for SIPp, whose script has it answer by itself."""
        raise UsageError(f"{self.plan.name}: SIPp answers when its script says so")

    async def hang_up(self) -> None:
        """Not for SIPp, whose script has it hang up by itself."""
        raise UsageError(f"{self.plan.name}: SIPp hangs up when its script says so")

    async def until(self, state: CallState, *, within_s: float) -> None:
        """Wait until the call stands there, or came past it."""
        await self._calls.until(state, within_s)

    async def stop(self) -> None:
        """End it, whatever it is at."""
        if self._listener is not None:
            self._listener.cancel()
        if self._program is not None:
            await self._program.stop()

    async def _run(self, script: str, where: str) -> None:
        plan = self.plan
        written = self._folder / "script.xml"
        written.write_text(script, encoding="utf-8")
        plan.vacate(self._ports)
        kind = "u1" if plan.transport is Transport.UDP else "t1"
        own = ("-i", plan.sip.host, "-p", str(plan.sip.port), "-t", kind)
        media = ("-mi", plan.rtp.host, "-mp", str(plan.rtp.port), "-rtp_echo")
        log = ("-trace_msg", "-message_file", str(self._folder / "messages.log"))
        # -nostdin: nobody types here; -m: one call, then the end.
        arguments = (where, "-sf", str(written), *own, *media, *log, "-m", "1", "-nostdin")
        launch = Launch(
            name=f"sipp ({plan.name})",
            program="sipp",
            arguments=arguments,
            folder=self._folder,
            install="apt-get install sip-tester",
        )
        self._program = program = await Program.started(launch)
        self._listener = asyncio.create_task(self._listen(program))
        if plan.answers:
            await self._bound(program)

    async def _bound(self, program: Program) -> None:
        """Wait until its port is open: it says nothing of that, so it is asked with an empty line, which isn't SIP."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_S
        host, port = self.plan.sip
        kind = socket.SOCK_STREAM if self.plan.transport.reliable else socket.SOCK_DGRAM
        while loop.time() < deadline and program.runs:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as asking:
                asking.setblocking(False)
                with contextlib.suppress(ConnectionRefusedError):
                    await loop.sock_connect(asking, (host, port))
                    if kind is socket.SOCK_STREAM or await self._unrefused(asking):
                        return
            await asyncio.sleep(_ASK_AGAIN_S)
        raise program.failed("did not open its port")

    @staticmethod
    async def _unrefused(asking: socket.socket) -> bool:
        """Whether a datagram is taken in silence, which a closed port would not do."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(asking, b"\r\n\r\n")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(loop.sock_recv(asking, 1), _ASK_AGAIN_S)
        return True

    async def _listen(self, program: Program) -> None:
        with contextlib.suppress(ProgramFailed):
            while True:
                told = await program.expect(_TOLD, within_s=_LONGEST_RUN_S)
                self._calls.now(CallState(told[1]))
        if self._calls.state not in (CallState.IDLE, CallState.ENDED):
            self._calls.now(CallState.ENDED)

    def _failed(self, reason: str) -> Exception:
        if self._program is None:
            return MikeySdpError(f"sipp ({self.plan.name}): {reason}")
        return self._program.failed(reason)


def _callee(plan: PhonePlan, script: SippScript) -> str:
    contact = _CONTACT.format(name=plan.name)
    with_body = contact + _BODY.format(body=_lines(script.body))
    theirs = _FROM_THEM.format(tag=";tag=[call_number]")
    ringing = f"SIP/2.0 183 Session Progress\n{theirs}{with_body}" if script.early else None
    parts = [
        _received('request="INVITE"', "incoming"),
        _sent(ringing or f"SIP/2.0 180 Ringing\n{theirs}{contact}{_NO_BODY}"),
        f'<pause milliseconds="{script.rings_ms}"/>',
        _sent(f"SIP/2.0 200 OK\n{theirs}{with_body}", 'retrans="500"'),
        _received('request="ACK" rtd="true"', "talking"),
        _received('request="BYE"', "ended"),
        _sent(f"SIP/2.0 200 OK\n{_FROM_THEM.format(tag='')}{_NO_BODY}"),
    ]
    return _scenario(plan.name, parts)


def _caller(plan: PhonePlan, script: SippScript, target: Uri) -> str:
    def mine(method: str, number: int, *, tag: str = "") -> str:
        return _MINE.format(own=plan.own, uri=target.text, number=number, method=method, tag=tag)

    inside = "[peer_tag_param]"
    offer = f"{_CONTACT.format(name=plan.name)}{_BODY.format(body=_lines(script.body))}"
    parts = [
        _sent(f"INVITE {target.text} SIP/2.0\n{mine('INVITE', 1)}{offer}", 'retrans="500"'),
        *(_received(f'response="{status}" optional="true"') for status in (100, 181)),
        *(_received(f'response="{status}" optional="true"', "ringing") for status in (180, 183)),
        _received('response="200" rrs="true"', "talking"),
        _sent(f"ACK [next_url] SIP/2.0\n{mine('ACK', 1, tag=inside)}[routes]\n{_NO_BODY}"),
        f'<pause milliseconds="{script.talks_ms}"/>',
        _sent(f"BYE [next_url] SIP/2.0\n{mine('BYE', 2, tag=inside)}[routes]\n{_NO_BODY}", 'retrans="500"'),
        _received('response="200"', "ended"),
    ]
    return _scenario(plan.name, parts)


def _scenario(name: str, parts: list[str]) -> str:
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', f"<scenario name={quoteattr(name)}>", *parts, "</scenario>", ""]
    )


def _sent(message: str, attributes: str = "") -> str:
    return f"<send {attributes}><![CDATA[\n{message}\n]]></send>"


def _received(attributes: str, state: str = "") -> str:
    """A message to wait for; it is told by a line on standard output, the one way out of a script as it runs."""
    if not state:
        return f"<recv {attributes}/>"
    return f'<recv {attributes}><action><exec command="echo sipp-state {state}"/></action></recv>'


def _lines(body: str) -> str:
    return body.replace("\r\n", "\n")
