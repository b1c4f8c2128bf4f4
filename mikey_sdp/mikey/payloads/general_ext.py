"""General Extension: what later documents and vendors add to a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import ExtensionType, PayloadType
from mikey_sdp.wire import Reader, Writer

_CSB_ID_OCTETS: Final = 4
_CSB_ID_SECTION: Final = "RFC 4738 section 3.9.3"
_IDENTIFIER_LIST: Final = re.compile(rb"[A-Za-z0-9]+(?:;[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralExtension(Payload):
    """One extension. Whoever doesn't know its type passes over it, but it stays under the MAC or signature.

    Wire: Next payload 8 | Type 8 | Length 16 | Data.
    Keeps: a type that nobody knows.
    Source: RFC 3830 section 6.15; CSB_ID RFC 4738 section 3.9.3; SDP IDs RFC 4567 section 4.1.4.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.GENERAL_EXT
    section: ClassVar[str] = "RFC 3830 section 6.15"

    ext_type: ExtensionType
    data: bytes

    @classmethod
    def decode(cls, reader: Reader) -> tuple[GeneralExtension, PayloadType]:
        """Read the payload."""
        next_payload = reader.code(PayloadType, "General Extension Next payload")
        ext_type = reader.code(ExtensionType, "General Extension Type")
        length = reader.u16("General Extension Length")
        if ext_type == ExtensionType.CSB_ID and length != _CSB_ID_OCTETS:  # [4738-3.9.3-1]
            reader.at_section(_CSB_ID_SECTION)
            raise reader.fail("a CSB_ID has 4 octets", "General Extension Length", offset=reader.offset - 2)
        return cls(ext_type=ext_type, data=reader.take(length, "General Extension Data")), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        if self.ext_type == ExtensionType.CSB_ID and len(self.data) != _CSB_ID_OCTETS:
            raise UsageError(f"General Extension Data: a CSB_ID has 4 octets, not {len(self.data)}")
        writer.u8(next_payload, "General Extension Next payload")
        writer.u8(self.ext_type, "General Extension Type")
        writer.prefixed(self.data, "General Extension Data", length_octets=2)

    @classmethod
    def of_csb_id(cls, csb_id: int) -> Self:
        """The extension by which an RSA-R Responder gives a group the CSB ID that all members share."""
        writer = Writer()
        writer.u32(csb_id, "General Extension CSB_ID")
        return cls(ext_type=ExtensionType.CSB_ID, data=writer.getvalue())

    @classmethod
    def of_sdp_ids(cls, identifiers: Sequence[str]) -> Self:
        """The extension that lists the key management protocols of an offer, in the order of its lines."""
        data = ";".join(identifiers).encode("utf-8")
        if not _IDENTIFIER_LIST.fullmatch(data) or any(";" in identifier for identifier in identifiers):
            raise UsageError("General Extension SDP IDs: each identifier consists of letters and digits")
        return cls(ext_type=ExtensionType.SDP_IDS, data=data)

    @property
    def csb_id(self) -> int:
        """The CSB ID of a CSB_ID extension."""
        self._expect(ExtensionType.CSB_ID)
        return int.from_bytes(self.data, "big")

    @property
    def sdp_ids(self) -> tuple[str, ...]:
        """The protocols that an SDP IDs extension lists.

        Raises: DecodeError, with the offset counted from the start of the data, for what is no such list.
        """
        self._expect(ExtensionType.SDP_IDS)
        if not _IDENTIFIER_LIST.fullmatch(self.data):
            raise DecodeError(
                "no list of identifiers separated by ';'",
                offset=0,
                field="General Extension SDP IDs",
                section="RFC 4567 section 4.1.4",
            )
        return tuple(self.data.decode("ascii").split(";"))

    def _expect(self, ext_type: ExtensionType) -> None:
        if self.ext_type != ext_type:
            raise UsageError(f"this General Extension is of type {self.ext_type}, not {ext_type}")
