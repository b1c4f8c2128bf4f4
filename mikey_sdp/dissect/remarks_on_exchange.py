"""Remarks on the message as a whole: its header, time and parties, its place in the exchange and in the carrier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mikey_sdp.dissect.remark import ASKING_BY_V, Context, Remark, error, note, warning
from mikey_sdp.dissect.times import iso, span_text, unix_us_of
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.composition import check_composition
from mikey_sdp.mikey.payloads import ErrorPayload, GeneralExtension, Identity, Rand, Signature, Timestamp, Verification
from mikey_sdp.mikey.registry import DataType, ExtensionType, MapType, TsType

USUAL_SKEW_US: Final = 300_000_000
_DAY_US: Final = 86_400_000_000
_FILETIME_PER_US: Final = 10
_FILETIME_UNIX_OFFSET_US: Final = 11_644_473_600_000_000
_FILETIME_YEARS_US: Final = range(631_152_000_000_000, 2_524_608_000_000_000)  # 1990 to 2050
_UNIX_YEARS_S: Final = range(946_684_800, 2_085_978_496)  # 2000 to 2036


def composition(context: Context) -> Iterator[Remark]:
    """Payloads that are missing, too many or in the wrong place."""
    try:
        check_composition(context.message)
    except DecodeError as fault:
        yield error(fault.reason, fault.section)


def verification_flag(context: Context) -> Iterator[Remark]:
    """What V says, and where it says nothing."""
    header = context.message.header
    if context.is_offer and header.data_type in ASKING_BY_V:
        if not header.v:
            yield note("V=0: the Initiator expects no answer, so it never learns that the Responder has the key", _HDR)
    elif context.is_offer and not header.v:
        yield note("V=0 means nothing here: this exchange always has an answer", _HDR)
    elif header.v and not context.is_offer:
        yield note("V=1 means nothing in a message of a Responder", _HDR)


def streams(context: Context) -> Iterator[Remark]:
    """The map of crypto sessions against itself and against the m= lines that it is for."""
    header = context.message.header
    if header.map_type != MapType.SRTP_ID:
        return
    count = len(header.sessions)
    unknown = [cs_id for cs_id, entry in enumerate(header.sessions, start=1) if not entry.ssrc]
    if unknown and context.is_offer:
        which = "every CS" if len(unknown) == count else f"CS {', '.join(map(str, unknown))}"
        yield note(f"SSRC 0 in {which}: not known yet, to be filled in or bound by the first packet", _MAP)
    wanted = 2 * (context.found.streams or 0)
    if context.is_offer and wanted and count and count != wanted:
        lines = f"{wanted // 2} m= line{'s' if wanted > 2 else ''}"
        yield warning(f"#CS is {count}; two for each of {lines} would make {wanted}", "RFC 4567 section 7.1")
    ssrcs = [entry.ssrc for entry in header.sessions if entry.ssrc]
    if len(set(ssrcs)) < len(ssrcs):
        yield warning("two crypto sessions have the same SSRC", _MAP)


def time(context: Context) -> Iterator[Remark]:
    """When the message was made, and whether that is a time at all."""
    timestamp = context.message.find(Timestamp)
    if timestamp is None:
        return
    if timestamp.ts_type == TsType.COUNTER:
        yield note("T counts messages instead of time; a Responder must remember the last count of each peer", _T)
        return
    reference = context.found.captured_us if context.found.captured_us is not None else context.now_unix_us
    unix_us = unix_us_of(timestamp) if reference is None else unix_us_of(timestamp, near_unix_us=reference)
    if unix_us is None:
        return
    mistaken = _mistaken_clock(timestamp)
    if mistaken and (reference is None or abs(unix_us - reference) > _DAY_US):
        yield warning(f"T is {iso(unix_us)} as NTP, but {mistaken}", _T)
    elif reference is None:
        yield note(f"T is {iso(unix_us)}", _T)
    else:
        yield _distance(unix_us, reference, context.found.captured_us is not None)


def _distance(unix_us: int, reference: int, captured: bool) -> Remark:
    moment = "the frame was captured" if captured else "now"
    side = "before" if unix_us <= reference else "after"
    text = f"T is {iso(unix_us)}, {span_text(unix_us - reference)} {side} {moment}"
    if abs(unix_us - reference) <= USUAL_SKEW_US:
        return note(text, _T)
    text += f"; a Responder that allows {span_text(USUAL_SKEW_US)} discards it"
    # Old messages are what one usually decodes; one from the future, or late in its own capture, has a cause.
    return warning(text, _SKEW) if captured or unix_us > reference else note(text, _SKEW)


def _mistaken_clock(timestamp: Timestamp) -> str:
    """What else a timestamp may be that is no NTP time, as far as its value tells."""
    if timestamp.ts_type == TsType.NTP_UTC_32:
        return ""
    filetime_us = timestamp.value // _FILETIME_PER_US - _FILETIME_UNIX_OFFSET_US
    if filetime_us in _FILETIME_YEARS_US:
        return f"looks like a Windows FILETIME of {iso(filetime_us)}"
    seconds = timestamp.value >> 32
    if seconds in _UNIX_YEARS_S:
        return f"looks like Unix time of {iso(seconds * 1_000_000)}"
    return ""


def identities(context: Context) -> Iterator[Remark]:
    """Whether the message says who it is from and for."""
    if not context.is_offer:
        return
    present = len(context.message.all(Identity))
    if not present:
        yield note("no identities: the peer must know from elsewhere whose key to use, and whether it is meant", _ID)
    elif present == 1 and context.message.header.data_type != DataType.DHHMAC_INIT:
        yield note("one identity only: without IDr a Responder can't tell whether it is meant", _DOS)


def sdp_ids(context: Context) -> Iterator[Remark]:
    """The authenticated list of protocols against the SDP around the message."""
    listed = [ext for ext in context.message.all(GeneralExtension) if ext.ext_type == ExtensionType.SDP_IDS]
    offered = context.found.identifiers
    if not context.is_offer:
        return
    if not listed:
        if offered is not None:
            yield warning("no SDP IDs extension: the list of offered protocols is not protected", _BIDDING)
        return
    said = listed[0].data.decode("utf-8", "backslashreplace")
    try:
        listed[0].sdp_ids  # noqa: B018 - reading it is the check
    except DecodeError as fault:
        yield error(f"the SDP IDs extension is malformed: {fault.reason}", _BIDDING)
        return
    if offered is not None and said != offered:
        yield error(f"SDP IDs say {said}, the SDP offers {offered}: a line was added, removed or moved", _BIDDING)


def place_in_exchange(context: Context) -> Iterator[Remark]:
    """Repetitions, updates and RAND where none belongs."""
    message = context.message
    rand = message.find(Rand)
    if context.repeated:
        yield note("the same octets as an earlier message of this input", "RFC 3830 section 5.4")
    if context.is_offer and rand is None and message.header.data_type != DataType.RSA_R_I_MSG:
        yield note("no RAND: this updates a CSB, whose first RAND still counts", "RFC 3830 section 4.5")
    if context.is_answer and rand is not None and message.header.data_type != DataType.RSA_R_R_MSG:
        yield warning("RAND has no place in the answer of this exchange", "RFC 3830 section 3")


def reported_errors(context: Context) -> Iterator[Remark]:
    """How far an Error message can be believed."""
    message = context.message
    if message.header.data_type != DataType.ERROR:
        return
    if message.find(Verification) is None and message.find(Signature) is None:
        yield note("nothing authenticates this Error message: it is a hint, anyone may have sent it", _ERRORS)
    if not message.all(ErrorPayload):
        yield warning("an Error message without an ERR payload gives no reason", _ERRORS)


_HDR: Final = "RFC 3830 section 6.1"
_MAP: Final = "RFC 3830 section 6.1.1"
_T: Final = "RFC 3830 section 6.6"
_SKEW: Final = "RFC 3830 section 5.4"
_ID: Final = "RFC 3830 section 6.7"
_DOS: Final = "RFC 3830 section 9.5"
_BIDDING: Final = "RFC 4567 section 4.1.4"
_ERRORS: Final = "RFC 3830 section 5.1.2"
