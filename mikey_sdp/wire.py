"""Reading and writing octets in network order, and the open enums that name their code points."""

from __future__ import annotations

import enum
from typing import ClassVar, Self, TypeVar

from mikey_sdp.errors import DecodeError, UsageError


class OpenEnum(enum.IntEnum):
    """The code points of one registry; a number without a name is a member too and survives a round trip.

    A member is written `NAME = value, "name as the registry spells it", "reference"`. `bits` is the width of the field,
    `private` the registry's private use range (RFC 3830 section 10).
    """

    bits: ClassVar[int]
    private: ClassVar[range]
    label: str
    reference: str

    def __init_subclass__(cls, *, bits: int = 8, private: range | None = None) -> None:
        super().__init_subclass__()
        cls.bits = bits
        cls.private = range(241, 256) if private is None and bits == 8 else (private or range(0))

    def __new__(cls, value: int, label: str = "", reference: str = "") -> Self:  # noqa: D102 - the class says it
        member = int.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.reference = reference
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or not 0 <= value < 1 << cls.bits:
            return None
        kind = "private use" if value in cls.private else "unassigned"
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        member.label = f"{kind} {value}"
        member.reference = ""
        return member

    @classmethod
    def of(cls, value: int) -> Self:
        """The member for a number: what calling the class returns, several times as fast, for decoders."""
        try:
            return cls._value2member_map_[value]  # type: ignore[return-value]
        except KeyError:
            return cls(value)

    @property
    def known(self) -> bool:
        """Whether this toolkit's registry has a name for the number."""
        return self.value in type(self)._value2member_map_

    @property
    def is_private(self) -> bool:
        """Whether the number lies in the registry's private use range. # [3830-10-1]"""
        return self.value in type(self).private

    def __str__(self) -> str:
        return f"{self.label} ({self.value})"


_E = TypeVar("_E", bound=OpenEnum)


class Reader:
    """A cursor over a bounded stretch of octets: returns exactly what was asked for, or says where it ended.

    Units: `offset` is absolute, counted from the first octet of what the outermost reader was given.
    Raises: DecodeError.
    """

    __slots__ = ("_end", "_octets", "_section", "offset")

    def __init__(self, octets: bytes, *, section: str, start: int = 0, end: int | None = None) -> None:
        self._octets = octets
        self._end = len(octets) if end is None else end
        self._section = section
        self.offset = start

    @property
    def left(self) -> int:
        """How many octets remain."""
        return self._end - self.offset

    @property
    def section(self) -> str:
        """The text that errors of this reader point to."""
        return self._section

    def at_section(self, section: str) -> None:
        """From here on errors point to `section`."""
        self._section = section

    def fail(self, reason: str, field: str, *, offset: int | None = None) -> DecodeError:
        """The error to raise for a value that was read and can't be right."""
        return DecodeError(reason, offset=self.offset if offset is None else offset, field=field, section=self._section)

    def take(self, count: int, field: str) -> bytes:
        """The next `count` octets."""
        start = self.offset
        end = start + count
        if end > self._end:
            raise self._short(count, field)
        self.offset = end
        return self._octets[start:end]

    def u8(self, field: str) -> int:
        """An unsigned 8-bit integer."""
        start = self.offset
        if start >= self._end:
            raise self._short(1, field)
        self.offset = start + 1
        return self._octets[start]

    def code(self, registry: type[_E], field: str) -> _E:
        """An unsigned 8-bit integer that is a code point of that registry, whether it has a name there or not."""
        start = self.offset
        if start >= self._end:
            raise self._short(1, field)
        self.offset = start + 1
        return registry.of(self._octets[start])

    def u16(self, field: str) -> int:
        """An unsigned 16-bit integer."""
        return int.from_bytes(self.take(2, field), "big")

    def u32(self, field: str) -> int:
        """An unsigned 32-bit integer."""
        return int.from_bytes(self.take(4, field), "big")

    def u64(self, field: str) -> int:
        """An unsigned 64-bit integer."""
        return int.from_bytes(self.take(8, field), "big")

    def rest(self) -> bytes:
        """All octets that remain."""
        return self.take(self.left, "rest")

    def sub(self, count: int, field: str) -> Reader:
        """A reader of its own over the next `count` octets; whoever reads it must use it up (`expect_end`)."""
        start = self.offset
        if start + count > self._end:
            raise self._short(count, field)
        self.offset = start + count
        return Reader(self._octets, section=self._section, start=start, end=start + count)

    def expect_end(self, field: str) -> None:
        """Refuse surplus octets."""
        if self.left:
            raise DecodeError(
                f"{self.left} surplus octets", offset=self.offset, field=field, section=self._section, left=self.left
            )

    def _short(self, count: int, field: str) -> DecodeError:
        return DecodeError(
            "the octets end too soon",
            offset=self.offset,
            field=field,
            section=self._section,
            wanted=count,
            left=self.left,
        )


class Writer:
    """Builds octets; a value that does not fit its field raises instead of being cut.

    Raises: UsageError.
    """

    __slots__ = ("_octets",)

    def __init__(self) -> None:
        self._octets = bytearray()

    def __len__(self) -> int:
        return len(self._octets)

    def u8(self, value: int, field: str) -> None:
        """Append an unsigned 8-bit integer."""
        try:
            self._octets.append(value)
        except ValueError:
            raise _does_not_fit(value, 1, field) from None

    def u16(self, value: int, field: str) -> None:
        """Append an unsigned 16-bit integer."""
        self._unsigned(value, 2, field)

    def u32(self, value: int, field: str) -> None:
        """Append an unsigned 32-bit integer."""
        self._unsigned(value, 4, field)

    def u64(self, value: int, field: str) -> None:
        """Append an unsigned 64-bit integer."""
        self._unsigned(value, 8, field)

    def octets(self, value: bytes) -> None:
        """Append octets as they are."""
        self._octets += value

    def prefixed(self, value: bytes, field: str, *, length_octets: int) -> None:
        """Append a length field of `length_octets` octets, then the value."""
        try:
            self._octets += len(value).to_bytes(length_octets, "big")
        except OverflowError:
            raise _does_not_fit(len(value), length_octets, f"{field} length") from None
        self._octets += value

    def getvalue(self) -> bytes:
        """What was written so far."""
        return bytes(self._octets)

    def _unsigned(self, value: int, size: int, field: str) -> None:
        try:
            self._octets += value.to_bytes(size, "big")
        except OverflowError:
            raise _does_not_fit(value, size, field) from None


def _does_not_fit(value: int, size: int, field: str) -> UsageError:
    return UsageError(f"{field}: {value} does not fit {8 * size} bits")
