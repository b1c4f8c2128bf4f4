"""The words of SIP's grammar as patterns; the only file that knows the library `sipmessage`.

The character sets, the token, the user and parameter rules and the list of compact names are the library's. What it
gets wrong is put right here: its quoted string runs across quotes, its host refuses `pc33` (we take any last label that
is not all digits, as RFC 1123 does), its digits include those of other scripts, its parameters are split inside quotes
and percent-decoded where SIP has no such escape. Every repetition is possessive, so that no input makes a match take
more than linear time.
Source: RFC 3261 section 25.1.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

from sipmessage import grammar as abnf
from sipmessage.message import COMPACT_FORMS

from mikey_sdp.errors import DecodeError

SECTION: Final = "RFC 3261 section 25.1"
MAX_HOST: Final = 255

_WS = "[ \t]*+"
_TOKEN = f"{abnf.TOKEN}+"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_HOSTPORT = rf"(?P<host>[A-Za-z0-9.\-]++|\[[0-9A-Fa-f:.]++\])(?:{{ws}}:{{ws}}(?P<port>{abnf.DIGIT}{{{{1,10}}}}+))?"
_LABEL = f"{abnf.ALPHANUM}++(?:-++{abnf.ALPHANUM}++)*+"
_PARAM_CHARS = f"(?:{abnf.cset(abnf.C_URI_PARAM_SAFE)}|{abnf.ESCAPED})++"

TOKEN: Final = re.compile(_TOKEN, re.ASCII)
HOSTNAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*+\.?", re.ASCII)
SIP_URI: Final = re.compile(
    r"(?i:(?P<scheme>sips?)):"
    rf"(?:(?P<user>{abnf.USER}+)(?::(?P<password>(?:{abnf.PASSWORD}+)?))?@)?"
    + _HOSTPORT.format(ws="")
    + rf"(?P<parameters>(?:;{_PARAM_CHARS}(?:={_PARAM_CHARS})?)*+)"
    rf"(?:\?(?P<headers>(?:{abnf.cset(abnf.C_UNRESERVED + '[]/?:+$&=')}|{abnf.ESCAPED})++))?",
    re.ASCII,
)
OTHER_URI: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*+):"
    rf"(?P<rest>(?:{abnf.cset(abnf.C_UNRESERVED + ';/?:@&=+$,')}|{abnf.ESCAPED})++)",
    re.ASCII,
)
PARAMETER: Final = re.compile(
    rf"{_WS};{_WS}(?P<name>{_TOKEN})(?:{_WS}={_WS}(?P<value>{_QUOTED}|{abnf.cset(abnf.C_TOKEN + ':[]')}++))?",
    re.ASCII | re.DOTALL,
)
NAME_ADDR: Final = re.compile(
    rf"{_WS}(?:(?P<quoted>{_QUOTED}){_WS}|(?P<words>{abnf.cset(abnf.C_TOKEN + ' ' + chr(9))}*+))<(?P<uri>[^<>]*+)>",
    re.ASCII | re.DOTALL,
)
ADDR_SPEC: Final = re.compile(rf'{_WS}(?P<uri>[^ \t<>;,?"]++)', re.ASCII)
VIA: Final = re.compile(
    rf"{_WS}(?i:SIP){_WS}/{_WS}2\.0{_WS}/{_WS}(?P<transport>{_TOKEN})[ \t]++" + _HOSTPORT.format(ws=_WS), re.ASCII
)
CALL_ID: Final = re.compile(r"[^\x00-\x20\x7f-\U0010ffff@,;=]++(?:@[^\x00-\x20\x7f-\U0010ffff@,;=]++)?")
CSEQ: Final = re.compile(rf"(?P<number>{abnf.DIGIT}++)[ \t]++(?P<method>{_TOKEN})", re.ASCII)
WARNING: Final = re.compile(
    rf"{_WS}(?P<code>{abnf.DIGIT}{{3}}) (?P<agent>[^ \t\",;]++) (?P<text>{_QUOTED}){_WS}", re.ASCII | re.DOTALL
)
MEDIA_TYPE: Final = re.compile(rf"(?P<main>{_TOKEN}){_WS}/{_WS}(?P<sub>{_TOKEN})", re.ASCII)
NUMBER: Final = re.compile(rf"{abnf.DIGIT}++", re.ASCII)
REQUEST_LINE: Final = re.compile(
    rf"(?P<method>{_TOKEN}) (?P<uri>[^ \r\n]++) (?i:SIP)/(?P<version>\d++\.\d++)", re.ASCII
)
STATUS_LINE: Final = re.compile(r"(?i:SIP)/(?P<version>\d++\.\d++) (?P<status>\d{3}) (?P<reason>[^\r\n]*+)", re.ASCII)
_SPACE: Final = re.compile(_WS)
_ESCAPE_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)

COMPACT: Final[dict[str, str]] = {short: name.lower() for short, name in COMPACT_FORMS.items()}
"""One-letter field names and the full names, in lower case, that they stand for."""


def fault(reason: str, *, field: str, offset: int = 0, section: str = SECTION) -> DecodeError:
    """The error for text that breaks the grammar of `field`, at that character of it."""
    return DecodeError(reason, offset=offset, field=field, section=section)


@lru_cache(maxsize=1024)
def _host_fault(host: str) -> str:
    """Why that text is no host, or nothing."""
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host[1:-1])
        elif host.rstrip(".").rpartition(".")[2].isdigit():
            ipaddress.IPv4Address(host)
        elif HOSTNAME.fullmatch(host) is None:
            return "not a host name"
    except ValueError:
        return "not an IP address"
    return ""


def check_host(host: str, *, field: str, offset: int = 0) -> None:
    """Refuse what is neither a host name (one label is enough) nor an IPv4 address nor an IPv6 address in brackets."""
    reason = "a host of more than 255 octets" if len(host) > MAX_HOST else _host_fault(host)
    if reason:
        raise fault(reason, field=field, offset=offset)


def check_port(digits: str, *, field: str, offset: int = 0) -> int:
    """The port that those digits give."""
    port = int(digits)
    if port > 0xFFFF:
        raise fault("a port has 16 bits", field=field, offset=offset)
    return port


def skip_space(text: str, at: int) -> int:
    """The position of the next character that is neither space nor tab."""
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def quote(text: str) -> str:
    """A quoted string that says `text`."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """What a quoted string says; other text as it is."""
    if not text.startswith('"'):
        return text
    return _ESCAPE_PAIR.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
