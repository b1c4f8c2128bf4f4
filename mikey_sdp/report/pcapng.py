"""What passed in a run as a pcapng file, each packet with a comment, for Wireshark and its kind.

The addresses are those of the run. Signalling over TCP and TLS becomes TCP segments without the handshake, that of TLS
as the text it was, since a tool could not read it otherwise; the comment says so. Lost packets are kept and say so.
A capture holds what crossed the wire, which with MIKEY NULL and SDES are the keys. SRTP stays cipher text; a twin that
can be read is the same file made of packets with their plain RTP in them.
Source: draft-ietf-opsawg-pcapng sections 4.1 to 4.3, RFC 791, RFC 768, RFC 793, RFC 8200.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.report.printable import printable
from mikey_sdp.report.times import say_time
from mikey_sdp.trace import AnyRecord, AttackMade, MessageSent, Passed
from mikey_sdp.wire import Writer

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER: Final = 0x1A2B3C4D
_LINK_RAW: Final = 101
_END_OF_OPTIONS, _COMMENT, _APPLICATION = 0, 1, 4
_MICROSECONDS: Final = b"\x00\x09\x00\x01\x06\x00\x00\x00"
_UNKNOWN_LENGTH: Final = (1 << 64) - 1
_UDP, _TCP = 17, 6
_HOPS: Final = 64
_DATAGRAM: Final = 65_507
_SEGMENT: Final = 60_000
_LONGEST_COMMENT: Final = 2_000
_PUSH_ACK: Final = 0x5018
_SIP, _SIPS = 5060, 5061


def pcapng(passed: Iterable[Passed], *, records: Iterable[AnyRecord] = (), epoch_unix_us: int = 0) -> bytes:
    """The file; the run's records tell what the comments say of its messages.

    Units: `epoch_unix_us` is the wall clock at time 0 of the run, in microseconds since 1970.
    Raises: UsageError for an address that is none.
    """
    writer = Writer()
    _block(writer, _SECTION, _section())
    _block(writer, _INTERFACE, _interface())
    streams: Counter[tuple[str, int, str, int]] = Counter()
    told = _told(records)
    for one in passed:
        comment = _comment(one, told.get((one.at_us, one.party, _start_line(one.octets)), ()))
        for packet in _packets(one, streams):
            _block(writer, _PACKET, _enhanced(packet, comment, epoch_unix_us + one.at_us))
    return writer.getvalue()


def _block(writer: Writer, kind: int, body: bytes) -> None:
    length = 12 + len(body)
    writer.u32(kind, "block type")
    writer.u32(length, "block total length")
    writer.octets(body)
    writer.u32(length, "block total length")


def _section() -> bytes:
    writer = Writer()
    writer.u32(_BYTE_ORDER, "byte-order magic")
    writer.u16(1, "major version")
    writer.u16(0, "minor version")
    writer.u64(_UNKNOWN_LENGTH, "section length")
    _option(writer, _APPLICATION, b"mikey_sdp")
    writer.u32(_END_OF_OPTIONS, "end of options")
    return writer.getvalue()


def _interface() -> bytes:
    writer = Writer()
    writer.u16(_LINK_RAW, "link type")
    writer.u16(0, "reserved")
    writer.u32(0, "snapshot length")
    writer.octets(_MICROSECONDS)
    writer.u32(_END_OF_OPTIONS, "end of options")
    return writer.getvalue()


def _enhanced(packet: bytes, comment: str, unix_us: int) -> bytes:
    writer = Writer()
    writer.u32(0, "interface")
    writer.u64(unix_us, "timestamp")
    writer.u32(len(packet), "captured length")
    writer.u32(len(packet), "original length")
    writer.octets(_padded(packet))
    _option(writer, _COMMENT, comment.encode())
    writer.u32(_END_OF_OPTIONS, "end of options")
    return writer.getvalue()


def _option(writer: Writer, code: int, value: bytes) -> None:
    writer.u16(code, "option code")
    writer.u16(len(value), "option length")
    writer.octets(_padded(value))


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _packets(one: Passed, streams: Counter[tuple[str, int, str, int]]) -> Iterator[bytes]:
    if one.transport in ("UDP", "MEDIA") and len(one.octets) <= _DATAGRAM:
        yield _ip(one, _UDP, _udp(one))
        return
    for start in range(0, len(one.octets), _SEGMENT):
        yield _ip(one, _TCP, _tcp(one, one.octets[start : start + _SEGMENT], streams))


def _told(records: Iterable[AnyRecord]) -> dict[tuple[int, str, bytes], tuple[str, ...]]:
    """What the records say of messages, by what identifies them among datagrams."""
    trace = tuple(records)
    attacks = {record.number: (record.text,) for record in trace if isinstance(record, AttackMade)}
    return {
        (record.at_us, record.party, _start_line(record.octets)): (*attacks.get(record.number, ()), *record.notes)
        for record in trace
        if isinstance(record, MessageSent)
    }


def _start_line(octets: bytes) -> bytes:
    return octets.partition(b"\r\n")[0]


def _comment(one: Passed, told: tuple[str, ...]) -> str:
    arrival = "lost on its way" if one.arrived_us is None else f"arrived at {say_time(one.arrived_us)}"
    tls = ("carried by TLS and shown as what was inside",) if one.is_hidden else ()
    said = printable("; ".join((f"{one.party} to {one.to}, {arrival}", *tls, *told)))
    return said if len(said) <= _LONGEST_COMMENT else said[:_LONGEST_COMMENT] + "..."


def _udp(one: Passed) -> bytes:
    writer = Writer()
    writer.u16(one.source[1], "source port")
    writer.u16(one.destination[1], "destination port")
    writer.u16(8 + len(one.octets), "length")
    writer.u16(0, "checksum")
    return _checked(one, _UDP, writer.getvalue() + one.octets, at=6)


def _tcp(one: Passed, octets: bytes, streams: Counter[tuple[str, int, str, int]]) -> bytes:
    """The next segment of a stream; each way counts from 1 and confirms all that came the other way."""
    way = (*one.source, *one.destination)
    back = (*one.destination, *one.source)
    writer = Writer()
    writer.u16(_plain_port(one.source[1]), "source port")
    writer.u16(_plain_port(one.destination[1]), "destination port")
    writer.u32((1 + streams[way]) & 0xFFFF_FFFF, "sequence number")
    writer.u32((1 + streams[back]) & 0xFFFF_FFFF, "acknowledgement number")
    writer.u16(_PUSH_ACK, "offset and flags")
    writer.u16(0xFFFF, "window")
    writer.u32(0, "checksum and urgent pointer")
    streams[way] += len(octets)
    return _checked(one, _TCP, writer.getvalue() + octets, at=16)


def _plain_port(port: int) -> int:
    """The port under which tools look for SIP in the clear."""
    return _SIP if port == _SIPS else port


def _checked(one: Passed, protocol: int, octets: bytes, *, at: int) -> bytes:
    """A datagram or segment with the checksum over it and the addresses."""
    writer = Writer()
    for host in (one.source[0], one.destination[0]):
        writer.octets(_address(host).packed)
    writer.u32(protocol, "protocol")
    writer.u32(len(octets), "length")
    checksum = _checksum(writer.getvalue() + octets) or 0xFFFF
    return octets[:at] + checksum.to_bytes(2, "big") + octets[at + 2 :]


def _ip(one: Passed, protocol: int, octets: bytes) -> bytes:
    source, destination = _address(one.source[0]), _address(one.destination[0])
    writer = Writer()
    if source.version == 6:
        writer.u32(0x6000_0000, "version")
        writer.u16(len(octets), "payload length")
        writer.u8(protocol, "next header")
        writer.u8(_HOPS, "hop limit")
        writer.octets(source.packed + destination.packed + octets)
        return writer.getvalue()
    writer.u16(0x4500, "version and header length")
    writer.u16(20 + len(octets), "total length")
    writer.u32(0x4000, "identification and flags")
    writer.u8(_HOPS, "time to live")
    writer.u8(protocol, "protocol")
    head = writer.getvalue()
    tail = source.packed + destination.packed
    return head + _checksum(head + b"\0\0" + tail).to_bytes(2, "big") + tail + octets


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"a capture needs IP addresses, and {host!r} is no address") from None


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = int.from_bytes(octets + bytes(len(octets) % 2), "big") % 0xFFFF
    return 0xFFFF - total
