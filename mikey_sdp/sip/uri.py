"""SIP and SIPS URIs, other URIs as opaque text, and the identity that a URI stands for."""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.parameters import NONE, Parameters, check_distinct

MAX_URI: Final = 4096
_FIELD: Final = "URI"
_CACHED_URIS: Final = 512
_CACHED_LENGTH: Final = 256
_UNRESERVED: Final = frozenset("-_.!~*'()" + string.ascii_letters + string.digits)
_IN_USER: Final = _UNRESERVED | frozenset("&=+$,;?/")
_ESCAPE: Final = re.compile("%([0-9A-Fa-f]{2})")
_DEFAULT_PORTS: Final = {"sip": 5060, "sips": 5061}
_NEVER_ALONE: Final = frozenset({"user", "ttl", "method", "maddr", "transport"})
_VISUAL_SEPARATORS: Final = re.compile(r"[\-.()]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """Whom a request is for, or where one can be reached.

    Wire: `sip:user:password@host:port;parameters?headers`, every part as it was written, escapes included. Of another
    scheme only `rest`, what follows the colon.
    Source: RFC 3261 section 19.1.
    """

    scheme: str
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    parameters: Parameters = NONE
    headers: str = ""
    rest: str = ""
    text: str = ""

    @classmethod
    def parse(cls, text: str, *, field: str = _FIELD, offset: int = 0) -> Uri:
        """Read a whole URI.

        Raises: DecodeError for anything else; `offset` is where the text stands in what is being read.
        """
        if len(text) > MAX_URI:
            raise grammar.fault(f"a URI of more than {MAX_URI} octets", field=field, offset=offset)
        try:
            return _remembered(text) if len(text) <= _CACHED_LENGTH else cls._read(text)
        except DecodeError as error:
            offset += error.offset
            raise grammar.fault(error.reason, field=field, offset=offset, section=error.section) from None

    @classmethod
    def _read(cls, text: str) -> Uri:
        found = grammar.SIP_URI.fullmatch(text)
        if found is None:
            return cls._read_other(text)
        scheme, user, password, host, digits, parameters, headers = found.groups()
        grammar.check_host(host, field=_FIELD)
        if headers:
            _check_headers(headers)
        return cls(
            scheme=scheme.lower(),
            user=user,
            password=password,
            host=host,
            port=grammar.check_port(digits, field=_FIELD) if digits else None,
            parameters=_parse_parameters(parameters) if parameters else NONE,
            headers=headers or "",
            text=text,
        )

    @classmethod
    def _read_other(cls, text: str) -> Uri:
        found = grammar.OTHER_URI.fullmatch(text)
        if found is None or found["scheme"].lower() in _DEFAULT_PORTS:
            raise grammar.fault("not a URI", field=_FIELD, section="RFC 3261 section 19.1.1")
        return cls(scheme=found["scheme"].lower(), rest=found["rest"], text=text)

    @property
    def is_sip(self) -> bool:
        """Whether SIP can be spoken to it directly: sip or sips."""
        return self.scheme in _DEFAULT_PORTS

    @property
    def transport(self) -> str | None:
        """The transport it asks for, in upper case, or None."""
        value = self.parameters.get("transport")
        return None if value is None else value.upper()

    @property
    def identity(self) -> str:
        """The person behind it, in one canonical form: `sip:user@host`.

        Two URIs have the same identity if user (escapes resolved, case kept), host (without case) and port (absent
        equals the default) are the same. Parameters, password and headers don't count; sips is the same person as sip.
        Of a tel URI the number without separators; of any other scheme the text.
        Source: RFC 3261 section 10.3 step 5.
        """
        if not self.is_sip:
            number = self.rest.partition(";")[0]
            return f"tel:{_VISUAL_SEPARATORS.sub('', number)}" if self.scheme == "tel" else f"{self.scheme}:{self.rest}"
        user = "" if self.user is None else _canonical(self.user, _IN_USER) + "@"
        port = "" if self.port in (None, _DEFAULT_PORTS[self.scheme]) else f":{self.port}"
        return f"sip:{user}{_canonical_host(self.host)}{port}"

    def equivalent(self, other: Uri) -> bool:
        """Whether both lead to the same place by the comparison that registrars and proxies use.

        Source: RFC 3261 section 19.1.4. Deviation: header components are compared as text, not by each field's rules.
        """
        if not (self.is_sip and other.is_sip):
            return (self.scheme, self.rest) == (other.scheme, other.rest)
        return self._place() == other._place() and self._parameters_agree(other)

    def _place(self) -> tuple[object, ...]:
        headers = sorted(_canonical(part.lower()) for part in self.headers.split("&"))
        user = None if self.user is None else _canonical(self.user)
        password = None if self.password is None else _canonical(self.password)
        return self.scheme, user, password, _canonical_host(self.host), self.port, headers

    def _parameters_agree(self, other: Uri) -> bool:
        mine, theirs = _comparable(self.parameters), _comparable(other.parameters)
        if any((name in mine) != (name in theirs) for name in _NEVER_ALONE):
            return False
        return all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())

    def with_parameters(self, parameters: Parameters, *, scheme: str = "") -> Uri:
        """This sip or sips URI with those parameters in place of its own and without headers, as a Request-URI is.

        Raises: UsageError for a URI of another scheme, and for parameters that are none.
        """
        userinfo = self.user if self.password is None else f"{self.user}:{self.password}"
        return sip_uri(userinfo, self.host, self.port, parameters, scheme=scheme or self.scheme)

    def __str__(self) -> str:
        return self.text


def sip_uri(
    user: str | None,
    host: str,
    port: int | None = None,
    parameters: Parameters = NONE,
    *,
    scheme: str = "sip",
) -> Uri:
    """Put a URI together; `user` is taken as written, so escape what needs it.

    Raises: UsageError if the parts don't make a URI.
    """
    userinfo = "" if user is None else f"{user}@"
    where = host if port is None else f"{host}:{port}"
    text = f"{scheme}:{userinfo}{where}{parameters}"
    try:
        return Uri.parse(text)
    except DecodeError as error:
        raise UsageError(f"{text!r} is no URI: {error.reason}") from error


@lru_cache(maxsize=_CACHED_URIS)
def _remembered(text: str) -> Uri:
    """One call brings the same few URIs again and again."""
    return Uri._read(text)


def _parse_parameters(text: str) -> Parameters:
    pairs = []
    for part in text[1:].split(";"):
        name, equals, value = part.partition("=")
        pairs.append((name, value if equals else None))
    return check_distinct(pairs, field=_FIELD, offset=0)


def _check_headers(headers: str) -> None:
    for part in headers.split("&"):
        name, equals, value = part.partition("=")
        if not (name and equals) or "=" in value:
            raise grammar.fault("a URI's headers are name=value pairs", field=_FIELD, section="RFC 3261 section 19.1.1")


def _canonical(text: str, plain: frozenset[str] = _UNRESERVED) -> str:
    """Text whose needless escapes are resolved and whose other escapes are in upper case."""
    if "%" not in text:
        return text

    def resolve(escape: re.Match[str]) -> str:
        character = chr(int(escape[1], 16))
        return character if character in plain else escape[0].upper()

    return _ESCAPE.sub(resolve, text)


def _canonical_host(host: str) -> str:
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    return host.lower().removesuffix(".")


def _comparable(parameters: Parameters) -> dict[str, str]:
    return {_canonical(name).lower(): _canonical(value or "").lower() for name, value in parameters}
