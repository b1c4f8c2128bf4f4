"""Checks that an Initiator makes on every answer before its own mode looks at it.

Source: RFC 3830 sections 5.2, 6.1 and 6.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.error_message import reported
from mikey_sdp.mikey.modes.error_proof import ErrorProof
from mikey_sdp.mikey.modes.tolerant import read_message
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo, MapType

SECTION: Final = "RFC 3830 section 6.1"


def read_answer(
    octets: bytes,
    sent: Message,
    timestamp: Timestamp,
    expected: DataType,
    proof: ErrorProof | None,
    acceptance: Acceptance,
) -> Message:
    """The answer as a message, if it belongs to what was sent: same CSB ID, same T, the right data type.

    Raises: DecodeError; ErrorReported for an Error message; PeerError for anything that answers another message.
    """
    message = read_message(octets, acceptance)
    if message.header.csb_id != sent.header.csb_id:  # [3830-6.1-14]
        raise _foreign(f"the answer speaks of CSB {message.header.csb_id:08x}, not {sent.header.csb_id:08x}")
    if message.find(Timestamp) != timestamp and not _may_differ(sent, acceptance):  # [3830-5.2-7]
        raise _foreign("the answer's timestamp is not the one that was sent")
    if message.header.data_type == DataType.ERROR:
        raise reported(message, timestamp, proof, acceptance)
    if message.header.data_type != expected:
        raise _foreign(f"the answer is of type {message.header.data_type}, expected {expected}")
    return message


def _may_differ(sent: Message, acceptance: Acceptance) -> bool:
    """Whether an answer may have a T of its own: only where our RAND, which is in all keys of the CSB, makes sure that
    it is no answer to an earlier message."""
    return sent.find(Rand) is not None and acceptance.lets(Tolerance.FRESH_T)


def filled_ssrcs(sent: Message, answer: Message) -> Mapping[int, int]:
    """The SSRCs by CS ID that the Responder filled in where the I_MESSAGE had 0. # [3830-6.1.1-4]

    An answer without crypto sessions leaves the map as it was.
    Raises: PeerError where the Responder changed anything else.
    """
    if not answer.header.sessions:
        return {}
    ours, theirs = sent.header.sessions, answer.header.sessions
    if answer.header.map_type != MapType.SRTP_ID or len(ours) != len(theirs):
        raise _foreign(f"the answer maps {len(theirs)} crypto sessions, {len(ours)} were offered")
    check_kept(ours, theirs)
    return {cs_id: entry.ssrc for cs_id, entry in enumerate(theirs, start=1) if entry.ssrc}


def check_kept(ours: Sequence[SrtpIdEntry], theirs: Sequence[SrtpIdEntry]) -> None:
    """Crypto sessions that were offered come back as they were, but for an SSRC where there was none; more may follow.

    Raises: PeerError where the Responder changed anything else.
    """
    if len(theirs) < len(ours):
        raise _foreign(f"the answer maps {len(theirs)} crypto sessions, {len(ours)} were offered")
    for cs_id, (mine, its) in enumerate(zip(ours, theirs, strict=False), start=1):
        if mine.policy_no != its.policy_no or (mine.ssrc and (mine.ssrc != its.ssrc or mine.roc != its.roc)):
            raise _foreign(f"the answer changes what was offered for crypto session {cs_id}")


def _foreign(reason: str) -> PeerError:
    """An answer to something else is refused in silence: nobody is owed a reply to it. # [3830-5.4-6]"""
    return PeerError(reason, mikey_error=None, section=SECTION)


def missing(what: str) -> PeerError:
    """A message lacks what its exchange needs."""
    return PeerError(f"the message lacks {what}", mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 section 3")
