"""Field values that extensions of SIP add: RAck, Replaces, Subscription-State, and the order among several Contacts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from mikey_sdp.errors import DecodeError
from mikey_sdp.sip import grammar
from mikey_sdp.sip.parameters import parse_parameters
from mikey_sdp.sip.uri import Uri
from mikey_sdp.sip.values import CSeq, NameAddr, parse_number

MAX_RSEQ: Final = (1 << 32) - 1
Q_MOST: Final = 1000
"""The q value of a Contact that has none, in thousandths."""
_Q: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", re.ASCII)
_STATUS: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2}) ([^\r\n]*+)", re.ASCII)


class RAck(NamedTuple):
    """Which reliable provisional response a PRACK confirms: its RSeq, and the request it belongs to.

    Source: RFC 3262 section 7.2.
    """

    rseq: int
    cseq: CSeq

    @classmethod
    def parse(cls, text: str) -> RAck:
        """Read `response-number CSeq-number method`.

        Raises: DecodeError.
        """
        number, _, rest = text.partition(" ")
        return cls(parse_rseq(number, field="RAck"), CSeq.parse(rest.lstrip(" \t")))

    def __str__(self) -> str:
        return f"{self.rseq} {self.cseq}"


def parse_rseq(text: str, *, field: str = "RSeq") -> int:
    """The number of a reliable provisional response.

    Raises: DecodeError; it is 1 to 2^32-1 (RFC 3262 section 7.1).
    """
    number = parse_number(text, field=field, most=MAX_RSEQ)
    if not number:
        raise grammar.fault("a response number is at least 1", field=field, section="RFC 3262 section 7.1")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaces:
    """The dialog that a new INVITE is to take the place of, as its receiver knows it: `to_tag` is the receiver's own.

    Wire: `call-id;to-tag=...;from-tag=...[;early-only]`; a tag of 0 stands for none.
    Source: RFC 3891 section 6.1.
    """

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Read the value of a Replaces field.

        Raises: DecodeError.
        """
        call_id = text.partition(";")[0].rstrip(" \t")
        if grammar.CALL_ID.fullmatch(call_id) is None:
            raise _replaces_fault("no Call-ID", 0)
        parameters, end = parse_parameters(text, len(call_id), field="Replaces")
        if end != len(text):
            raise _replaces_fault("text behind it", end)
        to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
        if not to_tag or not from_tag:
            raise _replaces_fault("it needs a to-tag and a from-tag", len(call_id))
        return cls(call_id=call_id, to_tag=to_tag, from_tag=from_tag, early_only=parameters.has("early-only"))

    def __str__(self) -> str:
        flag = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{flag}"


def refer_to(uri: Uri, replaces: Replaces | None = None) -> str:
    """The Refer-To value that sends somebody to that URI, to take a dialog over there if `replaces` says which.

    Source: RFC 3515 section 2.1, RFC 3891 section 5.
    """
    headers = "" if replaces is None else f"?Replaces={quote(str(replaces), safe='')}"
    return f"<{uri.text}{headers}>"


def referred_headers(target: Uri) -> list[tuple[str, str]]:
    """The fields that a Refer-To URI asks to put into the request it brings about, only Replaces among them.

    Of whatever else stands there nothing is taken: who refers must not write our requests (RFC 3261 section 19.1.5).
    Raises: DecodeError for a Replaces that can't be read.
    """
    pairs = [part.partition("=") for part in target.headers.split("&")]
    values = [unquote(value) for name, _, value in pairs if unquote(name).lower() == "replaces"]
    return [("Replaces", str(Replaces.parse(value))) for value in values[:1]]


def parse_sipfrag(body: bytes) -> tuple[int, str]:
    """Status and reason of the response that a `message/sipfrag` body begins with.

    Raises: DecodeError (RFC 3515 section 2.4.5).
    """
    found = _STATUS.match(body[:1024].decode("utf-8", "replace"))
    if found is None:
        raise grammar.fault("no status line", field="message/sipfrag", section="RFC 3515 section 2.4.5")
    return int(found[1]), found[2]


def q_of(contact: NameAddr) -> int:
    """How much a Contact is to be preferred, in thousandths; 1000 if it doesn't say.

    Raises: DecodeError for a q that is none (RFC 3261 section 25.1).
    """
    text = contact.parameters.get("q")
    if text is None:
        return Q_MOST
    if _Q.fullmatch(text) is None:
        raise grammar.fault("not a number from 0 to 1 with three decimals", field="q")
    whole, _, decimals = text.partition(".")
    return int(whole) * Q_MOST + int(decimals.ljust(3, "0"))


def q_text(q: int) -> str:
    """The q parameter's value for that many thousandths."""
    return "1.0" if q >= Q_MOST else f"0.{q:03}".rstrip("0") if q else "0.0"


def by_preference(contacts: Iterable[NameAddr]) -> tuple[NameAddr, ...]:
    """Contacts of a redirection, the most preferred first, equals in their order.

    Raises: DecodeError for a q that is none.
    Source: RFC 3261 sections 8.1.3.4 and 16.5.
    """
    return tuple(sorted(contacts, key=lambda contact: -q_of(contact)))


def _replaces_fault(reason: str, offset: int) -> DecodeError:
    return grammar.fault(reason, field="Replaces", offset=offset, section="RFC 3891 section 6.1")
