"""REGISTER: phones come and go, and learn what time it is.

Source: RFC 3261 section 10.3. Deviation: nobody is asked to authenticate himself, and a REGISTER with several Contacts
is judged as a whole before any of them is written.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.clock import Micros
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.location import MAX_BINDINGS, Binding, LocationTable
from mikey_sdp.nodes.proxy_config import ServerConfig
from mikey_sdp.sip import NameAddr, Request, Response, build_response, format_date, q_of, q_text
from mikey_sdp.sip.values import parse_number

EXPIRES_S: Final = 3600
LEAST_EXPIRES_S: Final = 10
"""The shortest registration that is taken; shorter ones would make more traffic than calls."""
_MAX_EXPIRES_S: Final = (1 << 32) - 1
_SECOND_US: Final = 1_000_000


class _Refused(Exception):
    """Why a REGISTER is refused."""

    def __init__(self, status: int, *headers: tuple[str, str], reason: str = "") -> None:
        super().__init__(reason)
        self.status: Final = status
        self.headers: Final = headers
        self.reason: Final = reason


class Registrar:
    """Writes what REGISTERs say into a location table."""

    def __init__(self, config: ServerConfig, table: LocationTable) -> None:
        self._config: Final = config
        self._table: Final = table

    def answer(self, request: Request, now_us: Micros, to_tag: str) -> Response:
        """The response to a REGISTER, once it has been carried out."""
        try:
            kept = self._carried_out(request, now_us)
        except _Refused as refused:
            return build_response(
                request, refused.status, refused.reason, to_tag=to_tag, headers=[*refused.headers, self._date(now_us)]
            )
        except DecodeError as error:
            reason = f"Bad Request ({error.field}: {error.reason})"
            return build_response(request, 400, reason, to_tag=to_tag, headers=[self._date(now_us)])
        contacts = [("Contact", _contact(binding, now_us)) for binding in kept]
        return build_response(request, 200, to_tag=to_tag, headers=[*contacts, self._date(now_us)])

    def _date(self, now_us: Micros) -> tuple[str, str]:
        config = self._config
        return "Date", format_date(config.epoch_unix_us + config.clock_skew_us + now_us)

    def _carried_out(self, request: Request, now_us: Micros) -> list[Binding]:
        """The places that stand for the address after the request."""
        if not self._table.is_local(request.to.uri):
            raise _Refused(404)
        identity = request.to.identity
        standing = self._table.bindings(identity, now_us)
        if "*" in request.all("Contact"):
            if request.expires != 0 or len(request.all("Contact")) > 1:
                raise _Refused(400, reason="Bad Request (Contact: * stands alone, with Expires: 0)")
            wanted: list[tuple[Binding, int]] = [(binding, 0) for binding in standing]
        else:
            wanted = [self._wanted(request, contact, now_us) for contact in request.contacts]
        kept = standing
        for binding, seconds in wanted:
            kept = self._merged(request, kept, binding, seconds)
        if not self._table.has_room(identity, now_us):
            raise _Refused(503, ("Retry-After", str(EXPIRES_S)))
        if len(kept) > MAX_BINDINGS:
            raise _Refused(403, reason="Forbidden (too many places)")
        self._table.write(identity, kept)
        return kept

    def _wanted(self, request: Request, contact: NameAddr, now_us: Micros) -> tuple[Binding, int]:
        """A place as the request wants it, and for how many seconds."""
        own = contact.parameters.get("expires")
        if own is not None:
            seconds = parse_number(own, field="Contact", most=_MAX_EXPIRES_S)
        else:
            seconds = EXPIRES_S if request.expires is None else request.expires
        if 0 < seconds < LEAST_EXPIRES_S:
            raise _Refused(423, ("Min-Expires", str(LEAST_EXPIRES_S)))
        binding = Binding(
            uri=contact.uri,
            q=q_of(contact),
            until_us=now_us + seconds * _SECOND_US,
            call_id=request.call_id,
            cseq=request.cseq.number,
        )
        return binding, seconds

    def _merged(self, request: Request, standing: list[Binding], wanted: Binding, seconds: int) -> list[Binding]:
        """The places with one of them written anew or, for 0 seconds, taken away."""
        before = next((binding for binding in standing if binding.uri.equivalent(wanted.uri)), None)
        if before is not None and before.call_id == request.call_id and request.cseq.number <= before.cseq:
            raise _Refused(500, reason="Server Internal Error (CSeq out of order)")
        others = [binding for binding in standing if binding is not before]
        return [*others, wanted] if seconds else others


def _contact(binding: Binding, now_us: Micros) -> str:
    left = (binding.until_us - now_us) // _SECOND_US
    return f"<{binding.uri.text}>;q={q_text(binding.q)};expires={left}"
