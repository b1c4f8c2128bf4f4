"""Captures for tests, built with dpkt, which knows nothing of our reader; and what dpkt does not write, by hand."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterable, Sequence

import dpkt

ALICE = ("192.0.2.1", 5060)
BOB = ("192.0.2.2", 5060)
ALICE6 = ("2001:db8::1", 5060)
BOB6 = ("2001:db8::2", 5060)
LINK_NULL, LINK_ETHERNET, LINK_RAW, LINK_SLL, LINK_SLL2 = 0, 1, 101, 113, 276

START_S = 1_700_000_000

_MACS = {"src": b"\x02\0\0\0\0\x01", "dst": b"\x02\0\0\0\0\x02"}


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def ip(transport: dpkt.Packet, source: str, destination: str) -> bytes:
    """An IPv4 or IPv6 packet, as the addresses have it."""
    addresses = {"src": _packed(source), "dst": _packed(destination)}
    protocol = dpkt.ip.IP_PROTO_UDP if isinstance(transport, dpkt.udp.UDP) else dpkt.ip.IP_PROTO_TCP
    if ":" in source:
        whole = dpkt.ip6.IP6(nxt=protocol, hlim=64, plen=len(transport), data=transport, **addresses)
        whole.extension_hdrs = {}
        return bytes(whole)
    return bytes(dpkt.ip.IP(p=protocol, data=transport, **addresses))


def udp(payload: bytes, source: tuple[str, int] = ALICE, destination: tuple[str, int] = BOB) -> bytes:
    """One UDP datagram as an IP packet."""
    datagram = dpkt.udp.UDP(sport=source[1], dport=destination[1], data=payload)
    datagram.ulen = len(datagram)
    return ip(datagram, source[0], destination[0])


def tcp(
    payload: bytes,
    sequence: int,
    source: tuple[str, int] = ALICE,
    destination: tuple[str, int] = BOB,
    flags: int = dpkt.tcp.TH_ACK,
) -> bytes:
    """One TCP segment as an IP packet."""
    segment = dpkt.tcp.TCP(sport=source[1], dport=destination[1], seq=sequence, flags=flags, data=payload)
    return ip(segment, source[0], destination[0])


def ethernet(packet: bytes, *, vlans: Sequence[int] = ()) -> bytes:
    """An Ethernet frame, with VLAN tags if any."""
    ethertype = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    tags = b"".join(b"\x81\x00" + vlan.to_bytes(2, "big") for vlan in vlans)
    return _MACS["dst"] + _MACS["src"] + tags + ethertype + packet


def sll(packet: bytes) -> bytes:
    """A Linux cooked frame."""
    ethertype = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(dpkt.sll.SLL(ethtype=ethertype, hdr=bytes(8))) + packet


def sll2(packet: bytes) -> bytes:
    """A Linux cooked frame of the second version."""
    ethertype = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(dpkt.sll2.SLL2(ethtype=ethertype, hdr=bytes(8))) + packet


def null(packet: bytes) -> bytes:
    """A frame of a BSD loopback."""
    return (30 if packet[0] >> 4 == 6 else 2).to_bytes(4, "little") + packet


def fragments(packet: bytes, size: int) -> list[bytes]:
    """An IPv4 packet cut into fragments of `size` octets of payload."""
    whole = dpkt.ip.IP(packet)
    body = bytes(whole.data)
    pieces = []
    for offset in range(0, len(body), size):
        piece = dpkt.ip.IP(src=whole.src, dst=whole.dst, p=whole.p, id=77, data=body[offset : offset + size])
        piece.offset = offset // 8
        piece.mf = int(offset + size < len(body))
        pieces.append(bytes(piece))
    return pieces


def fragments6(packet: bytes, size: int) -> list[bytes]:
    """An IPv6 packet cut into fragments of `size` octets of payload."""
    header, body = bytearray(packet[:40]), packet[40:]
    following, header[6] = header[6], 44
    pieces = []
    for offset in range(0, len(body), size):
        part = body[offset : offset + size]
        header[4:6] = (len(part) + 8).to_bytes(2, "big")
        where = offset | int(offset + size < len(body))
        pieces.append(bytes(header) + bytes((following, 0)) + where.to_bytes(2, "big") + bytes(4) + part)
    return pieces


def pcap(frames: Iterable[bytes], *, link: int = LINK_ETHERNET, nano: bool = False, start: float = START_S) -> bytes:
    """A classic capture; frames follow each other by a second."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=link, nano=nano)
    for number, frame in enumerate(frames):
        writer.writepkt(frame, ts=start + number)
    return file.getvalue()


def pcapng(frames: Iterable[bytes], *, link: int = LINK_ETHERNET, start: float = START_S) -> bytes:
    """A pcapng capture with one interface."""
    file = io.BytesIO()
    writer = dpkt.pcapng.Writer(file, linktype=link)
    for number, frame in enumerate(frames):
        writer.writepkt(frame, ts=start + number)
    return file.getvalue()


def block(kind: int, body: bytes, order: str = "little") -> bytes:
    """One pcapng block around a body, which is padded to 32 bits."""
    body += bytes(-len(body) % 4)
    length = (len(body) + 12).to_bytes(4, order)  # type: ignore[arg-type]
    return kind.to_bytes(4, order) + length + body + length  # type: ignore[arg-type]


def section(order: str = "little") -> bytes:
    """The block that opens a pcapng section."""
    magic = (0x1A2B3C4D).to_bytes(4, order)  # type: ignore[arg-type]
    version = (1).to_bytes(2, order) + bytes(2)  # type: ignore[arg-type]
    return block(0x0A0D0D0A, magic + version + b"\xff" * 8, order)
