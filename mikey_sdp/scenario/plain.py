"""The media of a run as plain RTP, for a capture that people can listen to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from mikey_sdp.errors import MikeySdpError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.trace import Passed

_SSRC: Final = slice(8, 12)
_PROTECTED: Final = re.compile(rb"^(m=\S+ \S+ RTP/)S(AVPF? )", re.MULTILINE)
_LENGTH: Final = re.compile(rb"^((?:Content-Length|l)[ \t]*:[ \t]*)\d+", re.MULTILINE | re.IGNORECASE)


def decrypted(witness: Witness) -> Iterator[Passed]:
    """All that passed in a run, with plain RTP in the place of every packet that one of the run's keys opens.

    The SDP says RTP/AVP where it said RTP/SAVP: tools take its word and would not look into the packets.
    """
    opener = _Opener(witness.keys)
    for one in witness.capture.passed:
        octets = opener.plain(one.octets) if one.is_media else _unprotected(one.octets)
        yield msgspec.structs.replace(one, octets=octets)


def _unprotected(message: bytes) -> bytes:
    head, gap, body = message.partition(b"\r\n\r\n")
    told, changes = _PROTECTED.subn(rb"\1\2", body)
    if not changes:
        return message
    return _LENGTH.sub(rb"\g<1>%d" % len(told), head) + gap + told


class _Opener:
    """Tries the keys on packets, the one that opened the stream before first; a copy opens as the packet did."""

    def __init__(self, keys: Sequence[DataSa]) -> None:
        self._keys = tuple({(sa.master_key.fingerprint(), sa.mki): replace(sa, ssrc=0, roc=0) for sa in keys}.values())
        self._receivers: dict[bytes, list[SrtpReceiver]] = {}
        self._plain: dict[bytes, bytes] = {}

    def plain(self, packet: bytes) -> bytes:
        """The packet opened, or as it is if no key opens it."""
        if packet not in self._plain:
            self._plain[packet] = self._open(packet)
        return self._plain[packet]

    def _open(self, packet: bytes) -> bytes:
        receivers = self._receivers.setdefault(packet[_SSRC], list(self._new_receivers()))
        for at, receiver in enumerate(receivers):
            try:
                opened = receiver.unprotect(packet)
            except MikeySdpError:
                continue
            receivers.insert(0, receivers.pop(at))
            return opened
        return packet

    def _new_receivers(self) -> Iterator[SrtpReceiver]:
        for sa in self._keys:
            try:
                yield SrtpReceiver((sa,))
            except MikeySdpError:
                continue
