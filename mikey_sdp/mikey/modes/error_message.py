"""The MIKEY Error message: how a Responder says what it can't accept, and what an Initiator makes of it.

Source: RFC 3830 sections 5.1.2 and 6.12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.error_proof import ErrorProof
from mikey_sdp.mikey.payloads.err import ErrorPayload
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo, MapType
from mikey_sdp.mikey.srtp_policy import SrtpParameters

SECTION: Final = "RFC 3830 section 5.1.2"
CAUSES_ANSWERED_BY_POLICIES: Final = frozenset({ErrorNo.INVALID_SP, ErrorNo.INVALID_SPPAR})

KIND_UNKNOWN: Final = frozenset({ErrorNo.INVALID_DT, ErrorNo.UNSPECIFIED, ErrorNo.UNSUPPORTED_MESSAGE_TYPE})


class ErrorReported(PeerError):
    """The peer answered with a MIKEY Error message.

    Keeps: `error_nos`, all of them; `policies`, the SP payloads by which it named its capabilities; `advisory` is true
    unless the message proved that it came from the peer # [3830-5.1.2-6]; `tolerated`, the departures from the
    standards that it was forgiven.
    """

    def __init__(
        self,
        error_nos: Sequence[ErrorNo],
        policies: Sequence[SecurityPolicy],
        *,
        advisory: bool,
        tolerated: tuple[Tolerance, ...] = (),
    ) -> None:
        self.tolerated = tolerated
        self.error_nos = tuple(error_nos)
        self.policies = tuple(policies)
        said = ", ".join(str(number) for number in self.error_nos) or "no reason"
        trust = "; unauthenticated, so only a hint" if advisory else ""
        super().__init__(
            f"the peer reports: {said}{trust}",
            mikey_error=self.error_nos[0] if self.error_nos else ErrorNo.UNSPECIFIED,
            section=SECTION,
            advisory=advisory,
        )

    @property
    def kind_unknown(self) -> bool:
        """Whether the peer may lack the very kind of message, as those do who know RFC 3830 only and are sent RSA-R:
        another mode may be tried. # [4738-3.5-3]"""
        return not KIND_UNKNOWN.isdisjoint(self.error_nos)


def build_error(
    request: Header,
    timestamp: Timestamp,
    error_no: ErrorNo,
    *,
    supported: Sequence[SrtpParameters] = (),
    proof: ErrorProof | None = None,
) -> Message:
    """HDR, T, ERR, {SP}, [V] in answer to a message with that header. # [3830-5.1.2-4]

    T is the Initiator's # [3830-5.2-7]; capabilities go in where the cause is a policy # [3830-5.1.2-3]; without
    `proof` the message is unauthenticated, as it must be when the peer's own authentication failed.
    """
    header = Header(
        data_type=DataType.ERROR,
        v=False,
        prf_func=request.prf_func,
        csb_id=request.csb_id,
        map_type=MapType.SRTP_ID,
        sessions=(),
    )
    policies = supported if error_no in CAUSES_ANSWERED_BY_POLICIES else ()
    payloads = (
        timestamp,
        ErrorPayload(error_no=error_no),
        *(parameters.to_payload(number) for number, parameters in enumerate(policies)),
    )
    if proof is None:
        return Message.build(header, payloads)
    return proof.close(header, payloads, timestamp)


def reported(message: Message, timestamp: Timestamp, proof: ErrorProof | None, acceptance: Acceptance) -> ErrorReported:
    """What an Error message says, believed only as far as it proves itself. # [3830-5.1.2-2]

    Raises: PeerError with Auth failure (0) where its proof fails.
    """
    authentic = proof is not None and proof.holds(message, timestamp, acceptance)
    return ErrorReported(
        [error.error_no for error in message.all(ErrorPayload)],
        message.all(SecurityPolicy),
        advisory=not authentic,
        tolerated=acceptance.tolerated,
    )
