"""The header of a message: its fields as text and, where the grammar says more, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.extensions import RAck, Replaces, parse_rseq
from mikey_sdp.sip.fields import Field, key_of, point_into
from mikey_sdp.sip.values import CSeq, NameAddr, SipWarning, Via, parse_number

_MAX_DELTA: Final = (1 << 32) - 1
_MAX_HOPS: Final = 255

_CACHED_VALUES: Final = 512
_CACHED_LENGTH: Final = 256

_T = TypeVar("_T")


def _remembering(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    """That parser with a memory for short values: one call brings the same From, To and Via again and again."""
    cached = lru_cache(maxsize=_CACHED_VALUES)(parse)
    return lambda value: cached(value) if len(value) <= _CACHED_LENGTH else parse(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The fields between start line and body.

    Wire: name and value of each line in their order; folded values are read with the folds taken out.
    Raises: an accessor that finds its field malformed raises DecodeError. A parsed message has read Via, From, To,
    CSeq, Call-ID, Max-Forwards, Contact, Route, Record-Route, RSeq, RAck and Replaces, so these never fail on it.
    Source: RFC 3261 sections 7.3 and 20.
    """

    fields: tuple[Field, ...]
    _seen: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def start_line(self) -> str:
        """The line above the header, without its end; requests and responses each have their own."""
        raise NotImplementedError

    # -- fields as text ------------------------------------------------------------------------------------------

    def get(self, name: str) -> str | None:
        """The value of the first field of that name, or None."""
        key = key_of(name)
        for entry in self.fields:
            if entry.key == key:
                return entry.value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all fields of that name, one a header line."""
        key = key_of(name)
        return tuple([entry.value for entry in self.fields if entry.key == key])

    # -- fields as values ----------------------------------------------------------------------------------------

    @property
    def vias(self) -> tuple[Via, ...]:
        """The hops that the request took, the latest first."""
        return self._many("via", _read_vias)

    @property
    def via(self) -> Via:
        """The topmost hop."""
        return self.vias[0]

    @property
    def from_(self) -> NameAddr:
        """Who sent the request."""
        return self._one("from", _read_from)

    @property
    def to(self) -> NameAddr:
        """Who was meant by the request."""
        return self._one("to", _read_to)

    @property
    def cseq(self) -> CSeq:
        """Number and method of the request."""
        return self._one("cseq", _read_cseq)

    @property
    def call_id(self) -> str:
        """What groups the requests and responses of one call."""
        return self._one("call-id", _parse_call_id)

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """Where the sender wants further requests; empty for none and for `Contact: *`."""
        return self._many("contact", _read_contacts)

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        """Proxies that the request has still to visit."""
        return self._many("route", _read_routes)

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """Proxies that want to see later requests of the dialog."""
        return self._many("record-route", _read_routes)

    @property
    def warnings(self) -> tuple[SipWarning, ...]:
        """What could not be done, for people."""
        return self._many("warning", SipWarning.parse_list)

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case without parameters, or nothing."""
        return self._optional("content-type", _parse_media_type, "")

    @property
    def max_forwards(self) -> int | None:
        """How many hops the request may still take."""
        return self._optional("max-forwards", _parse_hops, None)

    @property
    def expires(self) -> int | None:
        """Seconds for which the invitation or registration stands."""
        return self._optional("expires", _parse_delta, None)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which to try again."""
        return self._optional("retry-after", _parse_retry_after, None)

    @property
    def rseq(self) -> int | None:
        """The number of a provisional response that is sent reliably."""
        return self._optional("rseq", parse_rseq, None)

    @property
    def rack(self) -> RAck | None:
        """Which provisional response a PRACK confirms."""
        return self._optional("rack", RAck.parse, None)

    @property
    def replaces(self) -> Replaces | None:
        """Which dialog an INVITE is to take the place of."""
        return self._optional("replaces", Replaces.parse, None)

    def options(self, name: str) -> tuple[str, ...]:
        """The option tags or methods listed in the fields of that name (Require, Supported, Allow ...)."""
        words = [word.strip(" \t") for value in self.all(name) for word in value.split(",")]
        return tuple([word for word in words if word])

    # -- reading -------------------------------------------------------------------------------------------------

    def _one(self, key: str, parse: Callable[[str], _T]) -> _T:
        """The value of a field that every message has."""
        seen = self._seen
        if key not in seen:
            entry = self._find(key)
            if entry is None:
                raise grammar.fault("the field is missing", field=key, section="RFC 3261 section 8.1.1")
            seen[key] = self._located(entry, parse)
        value: _T = seen[key]
        return value

    def _optional(self, key: str, parse: Callable[[str], _T], absent: _T) -> _T:
        seen = self._seen
        if key not in seen:
            entry = self._find(key)
            seen[key] = absent if entry is None else self._located(entry, parse)
        value: _T = seen[key]
        return value

    def _many(self, key: str, parse: Callable[[str], tuple[_T, ...]]) -> tuple[_T, ...]:
        seen = self._seen
        if key not in seen:
            found = [self._located(entry, parse) for entry in self.fields if entry.key == key]
            seen[key] = found[0] if len(found) == 1 else tuple([value for values in found for value in values])
        values: tuple[_T, ...] = seen[key]
        return values

    def _find(self, key: str) -> Field | None:
        for entry in self.fields:
            if entry.key == key:
                return entry
        return None

    def _located(self, entry: Field, parse: Callable[[str], _T]) -> _T:
        """What `parse` makes of the value; its complaint points into the message instead of into the value."""
        try:
            return parse(entry.value)
        except DecodeError as error:
            point_into(error, self.start_line, self.fields, entry)
            raise


def _parse_contacts(value: str) -> tuple[NameAddr, ...]:
    return () if value == "*" else NameAddr.parse_list(value, field="Contact")


def _parse_call_id(value: str) -> str:
    if grammar.CALL_ID.fullmatch(value) is None:
        raise grammar.fault("not a word or two words around @", field="Call-ID", section="RFC 3261 section 20.8")
    return value


def _parse_hops(value: str) -> int:
    return parse_number(value, field="Max-Forwards", most=_MAX_HOPS)


def _parse_delta(value: str) -> int:
    return parse_number(value, field="Expires", most=_MAX_DELTA)


def _parse_retry_after(value: str) -> int:
    digits = grammar.NUMBER.match(value)
    return parse_number(digits[0] if digits else "", field="Retry-After", most=_MAX_DELTA)


def _parse_media_type(value: str) -> str:
    found = grammar.MEDIA_TYPE.match(value)
    if found is None:
        raise grammar.fault("not TYPE/SUBTYPE", field="Content-Type", section="RFC 3261 section 20.15")
    return f"{found['main']}/{found['sub']}".lower()


_read_vias: Final = _remembering(Via.parse_list)
_read_cseq: Final = _remembering(CSeq.parse)
_read_from: Final = _remembering(partial(NameAddr.parse, field="From"))
_read_to: Final = _remembering(partial(NameAddr.parse, field="To"))
_read_contacts: Final = _remembering(_parse_contacts)
_read_routes: Final = _remembering(partial(NameAddr.parse_list, field="Route"))
