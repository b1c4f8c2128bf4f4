"""From what was found to what there is to say of it: each message read, remarked upon and opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from mikey_sdp.dissect.describe import header_fields, partial_fields, payload_fields
from mikey_sdp.dissect.describers import Fields, secret_fields
from mikey_sdp.dissect.found import Found
from mikey_sdp.dissect.known import NOTHING, Known
from mikey_sdp.dissect.open import Opener
from mikey_sdp.dissect.opened import Opened
from mikey_sdp.dissect.remark import Context, Remark
from mikey_sdp.dissect.remarks import remarks_of
from mikey_sdp.dissect.remarks_on_payloads import keys as on_keys
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Header, KeyData, KeyDataTransport
from mikey_sdp.mikey.registry import EncrAlg


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One message with all that is known of it.

    Keeps: exactly one of `message` and `error`; `opened`, None where no secret says anything about the message.
    """

    found: Found
    message: Message | None = None
    error: DecodeError | None = None
    remarks: tuple[Remark, ...] = ()
    opened: Opened | None = None

    @property
    def header(self) -> Header | None:
        """The common header, as far as it was read."""
        if self.message is not None:
            return self.message.header
        partial = self.error.partial if self.error else ()
        return cast(Header, partial[0]) if partial else None

    def fields(self, *, reveal: bool = False) -> Fields:
        """The message as plain values, in the form that `decode --json` prints."""
        where = self.found.where
        fields: Fields = {
            "where": {"level": where.level, "media": where.media, "frame": where.frame},
            "octets": len(self.found.octets),
            "header": header_fields(self.header) if self.header else None,
            "payloads": self.payload_fields(reveal=reveal),
            "remarks": [{"severity": r.severity, "text": r.text, "section": r.section} for r in self.remarks],
        }
        if self.error is not None:
            fields["error"] = {
                "reason": self.error.reason,
                "offset": self.error.offset,
                "field": self.error.field,
                "section": self.error.section,
            }
        if self.opened is not None:
            fields["opened"] = _opened_fields(self.opened, reveal)
        return fields

    def payload_fields(self, *, reveal: bool = False) -> list[Fields]:
        """All payloads that were read, with their places."""
        if self.message is not None:
            inside = self.opened.key_data if self.opened else None
            return payload_fields(self.message, reveal=reveal, opened=inside)
        return partial_fields(self.error.partial, reveal=reveal) if self.error else []


def explain(found: Iterable[Found], *, known: Known = NOTHING, now_unix_us: int | None = None) -> tuple[Explained, ...]:
    """Read, remark upon and, with the secrets, open every message that was found.

    Units: `now_unix_us` is microseconds since 1970; None says nothing about how old messages are.
    """
    read = [_read(one) for one in found]
    messages = [one.message for one in read if one.message is not None]
    opener = Opener(messages, known)
    seen: set[bytes] = set()
    explained = []
    for one in read:
        if one.message is not None:
            context = Context(
                message=one.message,
                found=one.found,
                repeated=one.message.octets in seen,
                now_unix_us=now_unix_us,
            )
            seen.add(one.message.octets)
            one = _explained(one, context, opener.open(one.message))
        explained.append(one)
    return tuple(explained)


def _read(found: Found) -> Explained:
    if found.error is not None:
        return Explained(found=found, error=found.error)
    try:
        return Explained(found=found, message=Message.decode(found.octets))
    except DecodeError as error:
        return Explained(found=found, error=error)


def _explained(one: Explained, context: Context, opened: Opened | None) -> Explained:
    remarks = remarks_of(context)
    kemac = context.message.find(KeyDataTransport)
    if opened is not None and opened.key_data and kemac is not None and kemac.encr_alg != EncrAlg.NULL:
        remarks += tuple(on_keys(tuple(inside for inside in opened.key_data if isinstance(inside, KeyData))))
    return replace(one, remarks=remarks, opened=opened)


def _opened_fields(opened: Opened, reveal: bool) -> Fields:
    return {
        "checks": [
            {"name": check.name, "held": check.held, "reason": check.reason, "section": check.section}
            for check in opened.checks
        ],
        "data_sas": [data_sa_fields(data_sa, reveal=reveal) for data_sa in opened.data_sas],
    }


def data_sa_fields(data_sa: DataSa, *, reveal: bool = False) -> Fields:
    """What SRTP would be given for one crypto session, keys by their fingerprints unless they are to be revealed."""
    fields: Fields = {
        "cs_id": data_sa.cs_id,
        "ssrc": data_sa.ssrc,
        "roc": data_sa.roc,
        "policy_no": data_sa.policy_no,
        "mki": data_sa.mki.hex(),
    }
    fields |= secret_fields("tek", data_sa.master_key, reveal=reveal)
    return fields | secret_fields("salt", data_sa.master_salt, reveal=reveal)
