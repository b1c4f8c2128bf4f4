"""What all payloads have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Final, Self

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.registry import ERROR_FOR, ErrorNo, PayloadType
from mikey_sdp.wire import OpenEnum, Reader, Writer

MAX_PAYLOADS: Final = 255
"""How many payloads a message, or the plain text of one KEMAC, may have. No exchange needs more than a few dozen."""


class Payload(ABC):
    """One payload of a message, its fields in wire order under the names of the RFC."""

    __slots__ = ()

    payload_type: ClassVar[PayloadType]
    section: ClassVar[str]

    @classmethod
    @abstractmethod
    def decode(cls, reader: Reader) -> tuple[Self, PayloadType]:
        """Read one payload, Next payload field first; returns it with the type of the payload that follows.

        Raises: DecodeError.
        """

    @abstractmethod
    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload, naming the one that follows.

        Raises: UsageError for a value that does not fit its field.
        """


class UnknownCodePoint(DecodeError):
    """A number without which reading can't go on: nobody has told how long what follows it is.

    Keeps: `code_point`, the number as a member of its registry; `mikey_error`, the Error no of RFC 3830 section
    6.12 that tells the peer.
    """

    def __init__(self, code_point: OpenEnum, *, offset: int, field: str, section: str) -> None:
        super().__init__(f"{field} {code_point.value} is not supported", offset=offset, field=field, section=section)
        self.code_point = code_point
        self.mikey_error: ErrorNo = ERROR_FOR.get(self.namespace, ErrorNo.UNSPECIFIED)

    @property
    def namespace(self) -> type[OpenEnum]:
        """The registry that the number belongs to."""
        return type(self.code_point)


def unknown(code_point: OpenEnum, reader: Reader, field: str) -> UnknownCodePoint:
    """The error for the one-octet number that `reader` has just passed."""
    return UnknownCodePoint(code_point, offset=reader.offset - 1, field=field, section=reader.section)
