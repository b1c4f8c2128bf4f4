"""From a captured frame to what UDP or TCP carried: link, IP and transport headers, and datagrams put together again.

Everything else in a capture is skipped without a word, as a person looking for signalling would. A frame that breaks
off or contradicts itself is skipped too: captures are full of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from mikey_sdp.dissect.capture import Frame
from mikey_sdp.dissect.fragments import Datagram, Fragments
from mikey_sdp.errors import DecodeError
from mikey_sdp.wire import Reader

MAX_VLAN_TAGS: Final = 4
MAX_EXTENSION_HEADERS: Final = 16

_UDP, _TCP, _IPV6_FRAGMENT, _IPV6_AUTHENTICATION = 17, 6, 44, 51
_IPV6_EXTENSIONS: Final = frozenset({0, 43, _IPV6_FRAGMENT, _IPV6_AUTHENTICATION, 60, 135, 139, 140})
_IP_ETHERTYPES: Final = frozenset({0x0800, 0x86DD})
_VLAN_TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One end of a conversation on the network."""

    address: bytes
    port: int

    def __str__(self) -> str:
        address = ipaddress.ip_address(self.address)
        return f"[{address}]:{self.port}" if address.version == 6 else f"{address}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What one UDP datagram or one TCP segment carried, and between whom.

    Keeps: `sequence` and `opens` (SYN) of TCP; 0 and false for UDP.
    """

    transport: Literal["UDP", "TCP"]
    source: Address
    destination: Address
    payload: bytes
    sequence: int = 0
    opens: bool = False

    def is_at_port(self, port: int) -> bool:
        """Whether either end uses that port."""
        return port in (self.source.port, self.destination.port)


class Segments:
    """Turns frames into segments, across the fragments of IP datagrams."""

    def __init__(self) -> None:
        self._fragments = Fragments()

    def of(self, frame: Frame) -> Segment | None:
        """The segment that this frame carries or completes; None for anything else."""
        link = _LINKS.get(frame.link_type)
        if link is None:
            return None
        try:
            datagram = link(Reader(frame.octets, section="the headers of a captured frame"))
            whole = self._fragments.whole(datagram) if datagram else None
            return _segment(whole) if whole else None
        except DecodeError:
            return None


def link_types() -> str:
    """The link types that are understood, for people."""
    return "Ethernet, Linux cooked (SLL, SLL2), null, loopback, raw IP"


def is_known_link(link_type: int) -> bool:
    """Whether frames of that link type can be looked into."""
    return link_type in _LINKS


def _ethernet(reader: Reader) -> Datagram | None:
    reader.take(12, "MAC addresses")
    return _by_ethertype(reader.u16("EtherType"), reader)


def _by_ethertype(ethertype: int, reader: Reader) -> Datagram | None:
    for _ in range(MAX_VLAN_TAGS):
        if ethertype not in _VLAN_TAGS:
            break
        reader.u16("VLAN tag")
        ethertype = reader.u16("EtherType")
    return _ip(reader) if ethertype in _IP_ETHERTYPES else None


def _sll(reader: Reader) -> Datagram | None:
    reader.take(14, "cooked header")
    return _by_ethertype(reader.u16("protocol"), reader)


def _sll2(reader: Reader) -> Datagram | None:
    ethertype = reader.u16("protocol")
    reader.take(18, "cooked header")
    return _by_ethertype(ethertype, reader)


def _loopback(reader: Reader) -> Datagram | None:
    # The address family's number and byte order are the capturing host's; the IP version says the same.
    reader.take(4, "address family")
    return _ip(reader)


def _ip(reader: Reader) -> Datagram | None:
    first = reader.u8("version")
    if first >> 4 == 4:
        return _ipv4(first, reader)
    return _ipv6(reader) if first >> 4 == 6 else None


def _ipv4(first: int, reader: Reader) -> Datagram:
    header_octets = 4 * (first & 0x0F)
    reader.u8("type of service")
    total = reader.u16("total length")
    identification = reader.u16("identification")
    fragment = reader.u16("fragment offset")
    reader.u8("time to live")
    protocol = reader.u8("protocol")
    reader.u16("header checksum")
    source, destination = reader.take(4, "source"), reader.take(4, "destination")
    reader.take(max(header_octets - 20, 0), "options")
    # A total length of 0 comes from segmentation that the network card was to do.
    body = reader.take(total - header_octets, "payload") if total > header_octets else reader.rest()
    return Datagram(
        source=source,
        destination=destination,
        protocol=protocol,
        payload=body if total != header_octets else b"",
        identification=identification,
        offset=8 * (fragment & 0x1FFF),
        more=bool(fragment & 0x2000),
    )


def _ipv6(reader: Reader) -> Datagram:
    reader.take(3, "traffic class and flow label")
    length = reader.u16("payload length")
    protocol = reader.u8("next header")
    reader.u8("hop limit")
    source, destination = reader.take(16, "source"), reader.take(16, "destination")
    body = reader.sub(length, "payload") if length else reader
    identification = offset = 0
    more = False
    for _ in range(MAX_EXTENSION_HEADERS):
        if protocol not in _IPV6_EXTENSIONS or offset:
            break
        following = body.u8("next header")
        units = body.u8("header extension length")
        if protocol == _IPV6_FRAGMENT:
            fragment = body.u16("fragment offset")
            offset, more = fragment & 0xFFF8, bool(fragment & 1)
            identification = body.u32("identification")
        else:
            body.take(4 * (units + 2) - 2 if protocol == _IPV6_AUTHENTICATION else 8 * units + 6, "extension header")
        protocol = following
    return Datagram(
        source=source,
        destination=destination,
        protocol=protocol,
        payload=body.rest(),
        identification=identification,
        offset=offset,
        more=more,
    )


def _segment(datagram: Datagram) -> Segment | None:
    read = _TRANSPORTS.get(datagram.protocol)
    return read(datagram, Reader(datagram.payload, section="the headers of a captured frame")) if read else None


def _ends(datagram: Datagram, reader: Reader) -> tuple[Address, Address]:
    source = Address(address=datagram.source, port=reader.u16("source port"))
    return source, Address(address=datagram.destination, port=reader.u16("destination port"))


def _udp(datagram: Datagram, reader: Reader) -> Segment:
    source, destination = _ends(datagram, reader)
    length = reader.u16("length")
    reader.u16("checksum")
    payload = reader.take(length - 8, "payload") if length > 8 else reader.rest()
    return Segment(transport="UDP", source=source, destination=destination, payload=payload)


def _tcp(datagram: Datagram, reader: Reader) -> Segment:
    source, destination = _ends(datagram, reader)
    sequence = reader.u32("sequence number")
    reader.u32("acknowledgment number")
    header_octets = 4 * (reader.u8("data offset") >> 4)
    flags = reader.u8("flags")
    reader.take(max(header_octets - 14, 6), "window, checksum, urgent pointer and options")
    return Segment(
        transport="TCP",
        source=source,
        destination=destination,
        payload=reader.rest(),
        sequence=sequence,
        opens=bool(flags & 0x02),
    )


_LINKS: Final[dict[int, Callable[[Reader], Datagram | None]]] = {
    0: _loopback,
    1: _ethernet,
    12: _ip,
    14: _ip,
    101: _ip,
    108: _loopback,
    113: _sll,
    228: _ip,
    229: _ip,
    276: _sll2,
}
_TRANSPORTS: Final[dict[int, Callable[[Datagram, Reader], Segment]]] = {_UDP: _udp, _TCP: _tcp}
