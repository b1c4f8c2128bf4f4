"""Writes the seeds of `fuzz_pcap.py` into corpus/pcap: `python -m tests.fuzz.seed_pcap`.

Captures of both formats, every link type and transport, fragments, and one for each way in which reading ends early.
"""

from __future__ import annotations

from pathlib import Path

import dpkt

from tests import captures
from tests.captures import ALICE6, BOB6, block, ethernet, fragments, fragments6, pcap, pcapng, section, tcp, udp
from tests.samples import I_MESSAGE, ok, sdp, sip

FOLDER = Path(__file__).parent / "corpus" / "pcap"
INVITE = sip(sdp(I_MESSAGE))
ANSWER = ok(sdp(I_MESSAGE))
INTERFACE = b"\x01\x00" + bytes(6)
V4, V6 = udp(INVITE), udp(INVITE, ALICE6, BOB6)


def little(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def enhanced(payload: bytes, *, interface: int = 0, captured: int | None = None) -> bytes:
    size = len(payload) if captured is None else captured
    return block(6, little(interface, 0, 5000, size, size) + payload)


def stream() -> list[bytes]:
    """Two messages in segments, swapped, repeated, overlapping, with a hole, over a SYN."""
    whole = INVITE + ANSWER
    cut = [ethernet(tcp(whole[at : at + 200], 100 + at)) for at in range(0, len(whole), 200)]
    opening = ethernet(tcp(b"", 99, flags=dpkt.tcp.TH_SYN))
    return [opening, cut[1], cut[0], cut[0], *cut[2:4], ethernet(tcp(whole[500:700], 600)), *cut[4:]]


def torn() -> list[bytes]:
    """A hole that is never filled, behind it more segments than wait for it."""
    whole = ANSWER * 12
    cut = [ethernet(tcp(whole[at : at + 80], 100 + at)) for at in range(0, len(whole), 80)]
    return cut[:1] + cut[2:90]


def odd_packets() -> list[bytes]:
    options = bytearray(V4)
    options[0], options[2:4] = 0x46, (len(V4) + 4).to_bytes(2, "big")
    extended = bytearray(V6[:40])
    following, extended[6] = extended[6], 60
    extended[4:6] = bytes(2)
    authenticated = bytearray(V6[:40])
    authenticated[6], authenticated[4:6] = 51, bytes(2)
    many = bytes(extended) + b"".join(bytes((60, 0)) + bytes(6) for _ in range(20))
    zero = bytearray(V4)
    zero[2:4] = bytes(2)
    with_options = dpkt.tcp.TCP(sport=1, dport=2, seq=77, off=7, opts=bytes(8), data=INVITE)
    return [
        bytes(options[:20]) + b"\x01\x01\x01\x00" + V4[20:],
        bytes(extended) + bytes((following, 0)) + bytes(6) + V6[40:],
        bytes(authenticated) + bytes((following, 4)) + bytes(22) + V6[40:],
        many,
        bytes(zero),
        V4[:9] + b"\x01" + V4[10:],
        b"\x50" + bytes(40),
        V4[:30],
        V6[:30],
        captures.ip(with_options, "192.0.2.1", "192.0.2.2"),
    ]


def seeds() -> dict[str, bytes]:
    raw = captures.LINK_RAW
    in_ms = raw.to_bytes(2, "little") + bytes(6) + b"\x09\x00\x01\x00\x03\x00\x00\x00" + bytes(4)
    shifted = INTERFACE + b"\x0e\x00\x08\x00" + (10).to_bytes(8, "little")
    binary = INTERFACE + b"\x09\x00\x01\x00\x8a\x00\x00\x00"
    big = section("big") + block(1, b"\x00\x65" + bytes(6), "big")
    big += block(6, bytes(12) + (1).to_bytes(4, "big") * 2 + b"z", "big")
    big_pcap = bytes.fromhex(
        "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065 00000001 00000002 00000004 00000004"
    )
    own_port = ("192.0.2.2", 2269)
    open_section = section() + block(1, INTERFACE)
    return {
        "udp": pcap([ethernet(V4), ethernet(V6), ethernet(V4, vlans=[7, 8]), ethernet(V4, vlans=[1] * 5)]),
        "nano": pcap([ethernet(udp(ANSWER))], nano=True),
        "ng": pcapng([ethernet(V4), ethernet(udp(b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 9\r\n\r\n"))]),
        "sll": pcap([captures.sll(V4), captures.sll(V6)], link=captures.LINK_SLL),
        "sll2": pcap([captures.sll2(V4)], link=captures.LINK_SLL2),
        "null": pcap([captures.null(V4), captures.null(V6)], link=captures.LINK_NULL),
        "loop": pcap([b"\0\0\0\x02" + V4], link=108),
        "odd": pcap(odd_packets(), link=raw),
        "mikey": pcap([ethernet(udp(I_MESSAGE, destination=own_port)), ethernet(udp(b"", destination=own_port))]),
        "tcp": pcap(stream()),
        "torn": pcap(torn()),
        "fragments": pcap(
            [*fragments(udp(INVITE), 240)[::-1], *fragments6(V6, 240), *fragments(udp(INVITE), 240)[1:]], link=raw
        ),
        "arp": pcap([ethernet(V4)[:12] + b"\x08\x06" + bytes(40)]),
        "unknown-link": pcap([V4], link=999),
        "malformed": pcap([ethernet(udp(INVITE.replace(b"mikey A", b"mikey *")))]),
        "interfaces": section()
        + b"".join(block(1, body) for body in (INTERFACE, in_ms, shifted, binary))
        + b"".join(enhanced(ethernet(V4), interface=n) for n in range(4)),
        "old-blocks": open_section
        + block(2, little(0, 0, 7, 2, 2) + b"ab")
        + block(99, b"?")
        + block(3, little(3) + b"cde"),
        "snap": section() + block(1, b"\x01\x00\x00\x00" + little(2)) + block(3, little(9) + b"ab"),
        "big": open_section + enhanced(b"a") + big,
        "big-pcap": big_pcap + b"abcd",
        "empty": b"",
        "cut-header": pcap([])[:23],
        "cut-magic": b"\n\r\r\nB",
        "cut-frame": pcap([ethernet(V4)])[:-1],
        "cut-record": pcap([ethernet(V4)])[:30],
        "cut-block": pcapng([ethernet(V4)])[:-1],
        "huge-frame": pcap([])[:24] + bytes(8) + little(1 << 30, 0),
        "wrong-magic": section()[:8] + bytes(20),
        "wrong-length": section() + little(6, 13) + bytes(9),
        "wrong-end": section() + block(6, b"")[:-4] + little(16),
        "zero-length": section() + little(9) + bytes(40),
        "short-interface": section() + block(1, b"\x01\x00"),
        "short-packet": open_section + block(6, bytes(16)),
        "short-simple": open_section + block(3, b""),
        "no-interface": section() + enhanced(b"x"),
        "simple-no-interface": section() + block(3, bytes(4)),
        "long-capture": open_section + enhanced(b"abcd", captured=5),
        "wrong-option": section() + block(1, INTERFACE + b"\x09\x00\x09\x00"),
    }


def main() -> None:
    """Write the seeds; what else lies in the folder stays."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds().items():
        (FOLDER / name).write_bytes(octets)


if __name__ == "__main__":
    main()
