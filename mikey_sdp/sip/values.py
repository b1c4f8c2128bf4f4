"""Field values that transactions and dialogs rest on: addresses, Via, CSeq, Warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.parameters import NONE, Parameters, parse_parameters
from mikey_sdp.sip.uri import Uri

MAX_VALUES: Final = 128
MAX_CSEQ: Final = (1 << 31) - 1
_DEFAULT_PORT: Final = 5060
_DEFAULT_TLS_PORT: Final = 5061


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAddr:
    """Someone in From, To, Contact, Route or Record-Route: a name for people, a URI, and parameters of the field.

    Wire: `"display name" <URI>;parameters`, or a bare URI, whose `;` parameters then belong to the field.
    Source: RFC 3261 sections 20.10 and 25.1.
    """

    uri: Uri
    display: str = ""
    parameters: Parameters = NONE

    @classmethod
    def parse(cls, text: str, *, field: str = "address") -> NameAddr:
        """Read a value that holds exactly one address: two in one From would be two answers to who is calling.

        Raises: DecodeError.
        """
        address, at = cls.parse_at(text, 0, field=field)
        if at != len(text):
            raise grammar.fault("more than one address, or text behind it", field=field, offset=at)
        return address

    @classmethod
    def parse_at(cls, text: str, at: int, *, field: str) -> tuple[NameAddr, int]:
        """The address that starts at that character, and where it and the space behind it end."""
        found = grammar.NAME_ADDR.match(text, at)
        if found is not None:
            quoted, words, uri = found.groups()
            display = grammar.unquote(quoted) if quoted else words.strip(" \t")
        else:
            found = grammar.ADDR_SPEC.match(text, at)
            if found is None:
                raise grammar.fault("neither <URI> nor URI", field=field, offset=at)
            display, uri = "", found["uri"]
        parsed = Uri.parse(uri, field=field, offset=found.start("uri"))
        parameters, end = parse_parameters(text, found.end(), field=field)
        return cls(uri=parsed, display=display, parameters=parameters), end

    @classmethod
    def parse_list(cls, text: str, *, field: str = "addresses") -> tuple[NameAddr, ...]:
        """Read a value of one or more addresses, parted by commas outside quotes and brackets.

        Raises: DecodeError.
        """
        address, at = cls.parse_at(text, 0, field=field)
        addresses = [address]
        while at < len(text):
            if text[at] != ",":
                raise grammar.fault("a comma is missing between two addresses", field=field, offset=at)
            address, at = cls.parse_at(text, at + 1, field=field)
            addresses.append(address)
            check_count(addresses, field, at)
        return tuple(addresses)

    @property
    def tag(self) -> str:
        """The tag of a From or To, empty if it has none."""
        return self.parameters.get("tag") or ""

    @property
    def identity(self) -> str:
        """The person it names, as `Uri.identity` writes it."""
        return self.uri.identity

    def with_tag(self, tag: str) -> NameAddr:
        """This address with that tag in place of its own; without any if `tag` is empty."""
        parameters = self.parameters.replaced("tag", tag) if tag else self.parameters.without("tag")
        return NameAddr(uri=self.uri, display=self.display, parameters=parameters)

    def __str__(self) -> str:
        name = f"{grammar.quote(self.display)} " if self.display else ""
        return f"{name}<{self.uri.text}>{self.parameters}"


def identity(value: str) -> str:
    """Who is meant by the value of a From, To or P-Asserted-Identity field: `sip:user@host`.

    A bare URI is such a value, too, as long as it has no `?` part.

    Raises: DecodeError if it is not exactly one address.
    """
    return NameAddr.parse(value.strip(" \t"), field="identity").identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """One hop of the way that a request took; responses go back along them.

    Wire: `SIP/2.0/transport host:port;branch=...`.
    Source: RFC 3261 section 20.42, RFC 3581.
    """

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = NONE

    @classmethod
    def parse_list(cls, text: str) -> tuple[Via, ...]:
        """Read a value of one or more hops, topmost first.

        Raises: DecodeError.
        """
        via, at = cls._parse_at(text, 0)
        vias = [via]
        while at < len(text):
            if text[at] != ",":
                raise grammar.fault("a comma is missing between two hops", field="Via", offset=at)
            via, at = cls._parse_at(text, at + 1)
            vias.append(via)
            check_count(vias, "Via", at)
        return tuple(vias)

    @classmethod
    def _parse_at(cls, text: str, at: int) -> tuple[Via, int]:
        found = grammar.VIA.match(text, at)
        if found is None:
            raise grammar.fault("not SIP/2.0/TRANSPORT host", field="Via", offset=at, section="RFC 3261 section 20.42")
        transport, host, port = found.groups()
        grammar.check_host(host, field="Via", offset=found.start("host"))
        number = grammar.check_port(port, field="Via", offset=found.start("port")) if port else None
        parameters, end = parse_parameters(text, found.end(), field="Via")
        return cls(transport=transport.upper(), host=host, port=number, parameters=parameters), end

    @property
    def branch(self) -> str:
        """The name of the transaction on this hop, empty if it has none."""
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> tuple[str, int]:
        """Host, without case, and port, with the default filled in."""
        default = _DEFAULT_TLS_PORT if self.transport == "TLS" else _DEFAULT_PORT
        return self.host.lower(), default if self.port is None else self.port

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{self.parameters}"


class CSeq(NamedTuple):
    """Which request of a dialog this is or answers: a number that grows, and the method."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Read `number method`.

        Raises: DecodeError; the number must be below 2^31 (RFC 3261 section 8.1.1.5).
        """
        found = grammar.CSEQ.fullmatch(text)
        if found is None:
            raise grammar.fault("not a number and a method", field="CSeq", section="RFC 3261 section 20.16")
        return cls(parse_number(found["number"], field="CSeq", most=MAX_CSEQ), found["method"])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class SipWarning(NamedTuple):
    """Why a party could not do all that was asked, for people: code, who says so, and text.

    Source: RFC 3261 section 20.43; 306 and 399 are those that a refused key exchange uses (RFC 4567 section 4.1).
    """

    code: int
    agent: str
    text: str

    @classmethod
    def parse_list(cls, value: str) -> tuple[SipWarning, ...]:
        """Read a value of one or more warnings.

        Raises: DecodeError.
        """
        warnings, at = [], 0
        while True:
            found = grammar.WARNING.match(value, at)
            if found is None:
                raise _warning_fault('not CODE AGENT "TEXT"', at)
            warnings.append(cls(int(found["code"]), found["agent"], grammar.unquote(found["text"])))
            at = found.end()
            if at == len(value):
                return tuple(warnings)
            if value[at] != ",":
                raise _warning_fault("a comma is missing between two warnings", at)
            at += 1

    def __str__(self) -> str:
        return f"{self.code} {self.agent} {grammar.quote(self.text)}"


def check_count(values: Sequence[object], field: str, offset: int) -> None:
    """Refuse a list so long that no honest route needs it."""
    if len(values) > MAX_VALUES:
        raise grammar.fault(f"more than {MAX_VALUES} values", field=field, offset=offset)


def _warning_fault(reason: str, offset: int) -> DecodeError:
    return grammar.fault(reason, field="Warning", offset=offset, section="RFC 3261 section 20.43")


def parse_number(text: str, *, field: str, most: int) -> int:
    """A decimal number no larger than `most`, at the start of a field that holds nothing else.

    Raises: DecodeError.
    """
    if grammar.NUMBER.fullmatch(text) is None:
        raise grammar.fault("not a number", field=field)
    digits = text.lstrip("0") or "0"
    if len(digits) > 10 or int(digits) > most:
        raise grammar.fault(f"more than {most}", field=field)
    return int(digits)
