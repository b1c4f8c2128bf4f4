"""HDR, the common header: what kind of message this is, and of which streams it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.payload import unknown
from mikey_sdp.mikey.registry import DataType, MapType, PayloadType, PrfFunc, Version
from mikey_sdp.wire import Reader, Writer

_V_FLAG: Final = 0x80
_NOT_AFTER_HDR: Final = (PayloadType.LAST, PayloadType.SIGN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpIdEntry:
    """One stream of the bundle: the policy that protects it and where its sender stands.

    Wire: Policy_no 8 | SSRC 32 | ROC 32.
    Keeps: `ssrc` 0 where the sender of the stream had not chosen one yet.
    Source: RFC 3830 section 6.1.1.
    """

    policy_no: int = 0
    ssrc: int = 0
    roc: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The common header that opens every message.

    Wire: version 8 | data type 8 | next payload 8 | V 1 | PRF func 7 | CSB ID 32 | #CS 8 | CS ID map type 8 | map.
    Keeps: `sessions` in map order; the CS ID of an entry is its position, counted from 1, never its SSRC.
    Source: RFC 3830 section 6.1. `Deviation:` the field list gives the map 16 bits; it has nine octets for each CS, as
    section 6.1.1 draws it.
    """

    section: ClassVar[str] = "RFC 3830 section 6.1"

    data_type: DataType
    v: bool = False
    prf_func: PrfFunc = PrfFunc.MIKEY_1
    csb_id: int
    map_type: MapType = MapType.SRTP_ID
    sessions: tuple[SrtpIdEntry, ...] = ()

    @classmethod
    def decode(cls, reader: Reader) -> tuple[Header, PayloadType]:
        """Read the header; returns it with the type of the first payload.

        Raises: DecodeError; for a map of unknown type an UnknownCodePoint whose `partial` has the header without map.
        """
        version = reader.u8("HDR version")
        if version != Version.MIKEY_1:  # [3830-6.1-1] [3830-6.1-3]
            raise unknown(Version(version), reader, "HDR version")
        data_type = reader.code(DataType, "HDR data type")
        next_payload = reader.code(PayloadType, "HDR next payload")
        if next_payload in _NOT_AFTER_HDR:  # [3830-6.1-6]
            raise reader.fail(f"{next_payload.label} can't follow the header", "HDR next payload", offset=2)
        flags = reader.u8("HDR V and PRF func")
        csb_id = reader.u32("HDR CSB ID")
        count = reader.u8("HDR #CS")
        map_type = reader.code(MapType, "HDR CS ID map type")
        prf_func = PrfFunc.of(flags & ~_V_FLAG)
        v = flags >= _V_FLAG
        if map_type != MapType.SRTP_ID:  # [3830-6.1-16]
            error = unknown(map_type, reader, "HDR CS ID map type")
            error.partial = (cls(data_type=data_type, v=v, prf_func=prf_func, csb_id=csb_id, map_type=map_type),)
            raise error
        sessions = _decode_srtp_ids(reader, count) if count else ()
        header = cls(data_type=data_type, v=v, prf_func=prf_func, csb_id=csb_id, map_type=map_type, sessions=sessions)
        return header, next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the header.

        Raises: UsageError for a map that is no SRTP-ID map, and for a value that does not fit its field.
        """
        if next_payload in _NOT_AFTER_HDR:
            raise UsageError(f"a message needs a payload other than {next_payload.label} after its header")
        if self.map_type != MapType.SRTP_ID:
            raise UsageError(f"only SRTP-ID maps can be written, not map type {self.map_type}")
        if self.prf_func >= _V_FLAG:
            raise UsageError(f"HDR PRF func: {int(self.prf_func)} does not fit 7 bits")
        writer.u8(Version.MIKEY_1, "HDR version")
        writer.u8(self.data_type, "HDR data type")
        writer.u8(next_payload, "HDR next payload")
        writer.u8((_V_FLAG if self.v else 0) | self.prf_func, "HDR V and PRF func")
        writer.u32(self.csb_id, "HDR CSB ID")
        writer.u8(len(self.sessions), "HDR #CS")
        writer.u8(self.map_type, "HDR CS ID map type")
        for entry in self.sessions:
            writer.u8(entry.policy_no, "HDR Policy_no")
            writer.u32(entry.ssrc, "HDR SSRC")
            writer.u32(entry.roc, "HDR ROC")


def _decode_srtp_ids(reader: Reader, count: int) -> tuple[SrtpIdEntry, ...]:
    reader.at_section("RFC 3830 section 6.1.1")
    entries = [
        SrtpIdEntry(policy_no=reader.u8("HDR Policy_no"), ssrc=reader.u32("HDR SSRC"), roc=reader.u32("HDR ROC"))
        for _ in range(count)
    ]
    return tuple(entries)
