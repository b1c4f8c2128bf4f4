"""The media of one m= line between a phone and one branch of its call: opened on one side, sealed again on the other.

Each packet passes here, so there is one method a direction, and what can change is looked up beforehand.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mikey_sdp.errors import MikeySdpError, PeerError
from mikey_sdp.nodes.contract import Address
from mikey_sdp.nodes.edge_contract import PortPair, StreamStatus
from mikey_sdp.nodes.edge_guard import NOBODY, Far, Guard, InTheClear
from mikey_sdp.nodes.edge_renaming import named, renamed
from mikey_sdp.srtp.session import SrtpSession

MAX_SSRCS: Final = 64
"""How many SSRCs one party may use on one stream."""
MAX_WAITING_OCTETS: Final = 4_096
"""How large a packet that waits may be: no media is larger, and strangers' may be many."""
SSRC_OCTETS: Final = 4
_LEAST: Final = 8


class Crossing:
    """One m= line between the phone and one branch.

    Nothing passes before both sides have a guard: until then packets wait, `limit` of them each way. Towards the
    network there is no other way out than through the guard of that side.
    Keeps: `declared`, where the branch said that it takes media; `roams`, whether its media may come from anywhere
    else, which is known by its keys.
    """

    def __init__(self, media: int, kind: str, network: PortPair, *, limit: int) -> None:
        self.media: Final = media
        self.kind: Final = kind
        self.declared = NOBODY
        self.roams = False
        self.sent = 0
        self.received = 0
        self.control = 0
        self.refused = 0
        self.strangers = 0
        self._network_ports: Final = network
        self._waiting: Final[deque[tuple[bytes, Address]]] = deque(maxlen=limit)
        self._open = False
        self._phone: Guard | None = None
        self._network: Guard | None = None
        self._phone_ports: PortPair | None = None
        self._near = NOBODY
        self._phone_seen: Address | None = None
        self._phone_to: Address | None = None
        self._phone_rtcp_to: Address | None = None
        self._network_seen: Address | None = None
        self._network_to: Address | None = None
        self._network_rtcp_to: Address | None = None
        self._untouched = b""
        self._outward: bytes | None = None
        self._inner = b""
        self._shift = 0
        self._last = b""
        self._inward: set[bytes] = set()
        self._inward_ssrc = b""

    # -- set up --------------------------------------------------------------------------------------------------

    def attach(self, phone: PortPair) -> None:
        """These are the ports towards the phone."""
        self._phone_ports = phone

    def rename(self, ssrc: bytes) -> None:
        """Send towards the network under that SSRC, whatever the phone's is."""
        self._outward = ssrc

    @property
    def phone_ports(self) -> PortPair:
        """The ports towards the phone."""
        if self._phone_ports is None:
            raise PeerError("the stream has no ports", mikey_error=None, section="")
        return self._phone_ports

    def connect(self, *, near: Far, phone: Guard, far: Far, network: Guard) -> None:
        """Pass media from now on: with the phone at `near` and the branch at `far`, under these guards."""
        if near != self._near:
            self._near, self._phone_seen = near, None
            self._phone_to, self._phone_rtcp_to = near.rtp, near.rtcp
        if far != self.declared:
            self.declared, self._network_seen = far, None
            self._network_to, self._network_rtcp_to = far.rtp, far.rtcp
        self._phone, self._network = phone, network
        self._open = True
        waiting = [*self._waiting]
        self._waiting.clear()
        for octets, source in waiting:
            self.from_phone(octets, source)

    def shut(self) -> None:
        """Pass nothing any more, and forget keys and what waits."""
        self._open = False
        self._phone = self._network = None
        self._waiting.clear()

    # -- from the phone ------------------------------------------------------------------------------------------

    def from_phone(self, octets: bytes, source: Address) -> None:
        """Take a datagram that came to the port towards the phone."""
        if source != self._phone_seen and self._open and source[0] not in self._near.hosts:
            self.strangers += 1
            return
        phone, network = self._phone, self._network
        if phone is None or network is None:
            self._wait(octets, source)
            return
        if len(octets) < _LEAST or octets[0] & 0xC0 != 0x80:  # STUN, DTLS, keep-alives
            self.refused += 1
            return
        try:
            if 192 <= octets[1] <= 223:
                self._control_from_phone(phone.unprotect_rtcp(octets), network, source)
                return
            rtp = phone.unprotect(octets)
            if rtp[8:12] != self._untouched:
                rtp = self._as_one_stream(rtp)
            sealed = network.protect(rtp)
        except MikeySdpError:
            self.refused += 1
            return
        self._last = rtp
        if source != self._phone_seen:
            self._phone_seen = source
            if self._phone_to is not None:
                self._phone_to = source
        to = self._network_to
        if to is not None:
            self._network_ports.send_rtp(sealed, to)
            self.sent += 1

    def _wait(self, octets: bytes, source: Address) -> None:
        if len(octets) <= MAX_WAITING_OCTETS:
            self._waiting.append((octets, source))

    def _as_one_stream(self, rtp: bytes) -> bytes:
        """The packet under the SSRC of the first one, its number following on the last: a key has one stream."""
        ssrc = rtp[8:12]
        if self._outward is None:
            self._outward = self._inner = self._untouched = ssrc
            return rtp
        if not self._last:
            # Only RTCP went out so far, and under another SSRC.
            self._untouched, self._inner = b"", ssrc
        elif ssrc != self._inner:
            self._untouched, self._inner = b"", ssrc
            expected = int.from_bytes(self._last[2:4], "big") + 1
            self._shift = expected - int.from_bytes(rtp[2:4], "big")
        return named(rtp, self._outward, self._shift)

    def _control_from_phone(self, rtcp: bytes, network: Guard, source: Address) -> None:
        if self._outward is None:
            self._outward = self._inner = self._untouched = rtcp[4:8]
        if rtcp[4:8] != self._outward:
            rtcp = renamed(rtcp, self._outward)
        sealed = network.protect_rtcp(rtcp)
        if not self._near.mux and self._phone_rtcp_to is not None:
            self._phone_rtcp_to = source
        self.control += 1
        if self._network_rtcp_to is None:
            return
        if self.declared.mux:
            self._network_ports.send_rtp(sealed, self._network_to or self._network_rtcp_to)
        else:
            self._network_ports.send_rtcp(sealed, self._network_rtcp_to)

    # -- from the network ----------------------------------------------------------------------------------------

    def from_network(self, octets: bytes, source: Address) -> bool:
        """Take a datagram that came to the port towards the network; False if it is not this branch's."""
        phone, network, ports = self._phone, self._network, self._phone_ports
        if phone is None or network is None or ports is None:
            return False
        if isinstance(network, InTheClear) and source[0] not in self.declared.hosts:
            return False
        control = 192 <= octets[1] <= 223
        try:
            opened = network.unprotect_rtcp(octets) if control else network.unprotect(octets)
        except MikeySdpError:
            self.refused += 1
            return False
        if source != self._network_seen and not control:
            self._latch(source)
        try:
            self._to_phone(opened, phone, ports, control=control)
        except MikeySdpError:
            self.refused += 1
        return True

    def _latch(self, source: Address) -> None:
        """Media is sent back to where the first packet came from that proved itself, and not to anywhere later."""
        if self._network_seen is None:
            self._network_seen = source
            if self._network_to is not None:
                self._network_to = source

    def _to_phone(self, opened: bytes, phone: Guard, ports: PortPair, *, control: bool) -> None:
        ssrc = opened[4:8] if control else opened[8:12]
        if ssrc != self._inward_ssrc:
            if control and self._inward_ssrc:
                opened = renamed(opened, self._inward_ssrc)
            else:
                self._follow(ssrc, phone)
        if not control:
            to = self._phone_to
            if to is not None:
                ports.send_rtp(phone.protect(opened), to)
                self.received += 1
            return
        self.control += 1
        sealed = phone.protect_rtcp(opened)
        if self._near.mux and self._phone_to is not None:
            ports.send_rtp(sealed, self._phone_to)
        elif self._phone_rtcp_to is not None:
            ports.send_rtcp(sealed, self._phone_rtcp_to)

    def _follow(self, ssrc: bytes, phone: Guard) -> None:
        """The branch sends as another stream: so do we, whose keys take any SSRC that was not used before."""
        if self._inward_ssrc and isinstance(phone, SrtpSession):
            if ssrc in self._inward or len(self._inward) >= MAX_SSRCS:
                raise PeerError("an SSRC that was left before", mikey_error=None, section="RFC 3711 section 9.1")
            phone.send.move(int.from_bytes(ssrc, "big"))
        self._inward.add(ssrc)
        self._inward_ssrc = ssrc

    # -- told ----------------------------------------------------------------------------------------------------

    @property
    def passed(self) -> int:
        """How many packets went either way."""
        return self.sent + self.received + self.control

    def status(self, waiting: int, strangers: int) -> StreamStatus:
        """The counts, with those of what waits or came for no branch on the network side."""
        return StreamStatus(
            media=self.media,
            kind=self.kind,
            from_phone=self.sent,
            to_phone=self.received,
            waiting=len(self._waiting) + waiting,
            refused=self.refused,
            strangers=self.strangers + strangers,
        )
