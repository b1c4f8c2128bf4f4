"""A Responder for all modes: the common checks in the recommended order, then the mode's own.

Source: RFC 3830 sections 5.1.2, 5.3 and 9.5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import BackendUnavailable, DecodeError, PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.contract import Authenticated, Envelope, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.error_message import build_error
from mikey_sdp.mikey.modes.roles import identity_of, names, parties_of_i_message, text_of
from mikey_sdp.mikey.modes.table import ModeRow, row_of_message
from mikey_sdp.mikey.modes.tolerant import read_message
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.payload import UnknownCodePoint
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo
from mikey_sdp.mikey.replay import NTP_TYPES, UNPROVED

SECTION: Final = "RFC 3830 section 5.3"
_ANSWERS: Final = frozenset(
    {
        DataType.PSK_VER_MSG,
        DataType.PK_VER_MSG,
        DataType.DH_RESP,
        DataType.ERROR,
        DataType.DHHMAC_RESP,
        DataType.RSA_R_R_MSG,
        DataType.ECMQV_R_MSG,
        DataType.DHSAML_R_MSG_1,
        DataType.DHSAML_R_MSG_2,
    }
)
_SAID_TO_STRANGERS: Final = frozenset(
    {
        ErrorNo.INVALID_PRF,
        ErrorNo.INVALID_MAC,
        ErrorNo.INVALID_EA,
        ErrorNo.INVALID_HA,
        ErrorNo.INVALID_DH,
        ErrorNo.INVALID_DT,
        ErrorNo.INVALID_ID,
        ErrorNo.UNSPECIFIED,
        ErrorNo.UNSUPPORTED_MESSAGE_TYPE,
    }
)


class Responder:
    """Answers I_MESSAGEs of every mode in the table.

    Nothing is kept of a message that fails, except that an authentic one can't be sent again. # [3830-9.5-1]
    """

    def __init__(self, setup: ResponderSetup) -> None:
        self._setup = setup

    def respond(self, octets: bytes, *, now: NtpTime, envelope: Envelope | None = None) -> Response:
        """Judge one message.

        The CSB is the caller's to keep (`BundleStore.put`), once all that came with the message is right too: of a
        setup that fails later nothing has to be taken back. # [4567-4.1.2-10]
        Raises: DecodeError for malformed octets and PeerError, with `reply` where the Initiator is to be told.
        """
        try:
            acceptance = Acceptance(self._setup.profile)
            message = read_message(octets, acceptance)
        except UnknownCodePoint as fault:
            self._tell_unread(fault)
            raise PeerError(
                str(fault), mikey_error=fault.mikey_error, section=fault.section, reply=fault.reply
            ) from fault
        except DecodeError as fault:
            self._tell_unread(fault)
            raise
        proof: Authenticated | None = None
        try:
            row = _row_of(message)
            envelope = envelope or Envelope()
            envelope.admit(row.mode, message)
            remembered = self._moment_of(message, row, now, envelope, acceptance)
            further = message.header.data_type == row.further_type
            request = self._admit(message, now, envelope, acceptance, further=further)
            proof = row.responder.authenticate(request, self._setup)
            self._remember(message, remembered, now, proof)
            request.envelope.judge(message)
            response = proof.accept()
            return replace(response, established=replace(response.established, tolerated=acceptance.tolerated))
        except BackendUnavailable as fault:
            # What is missing, and how to install it, is in the cause: the peer hears the reason, and it is not his.
            raise PeerError("what this mode takes is not available here", mikey_error=None, section=SECTION) from fault
        except (DecodeError, PeerError) as fault:
            self._tell(fault, message.header, message.find(Timestamp), proof)
            raise

    def _moment_of(
        self, message: Message, row: ModeRow, now: NtpTime, envelope: Envelope, acceptance: Acceptance
    ) -> Timestamp:
        """When the message was made, as far as it can be believed: else the moment at which it came."""
        timestamp = _stamp_of(message)
        if row.vouches_for_time(message, self._setup.choices):
            return Timestamp(value=now.value)
        try:
            self._setup.replay.check_fresh(timestamp, now)
        except PeerError:
            vouched = row.mode is Mode.NULL and envelope.secure_carrier and timestamp.ts_type in NTP_TYPES
            if not (vouched and acceptance.lets(Tolerance.ABSURD_T)):
                raise
            return Timestamp(value=now.value)
        return timestamp

    def _admit(
        self, message: Message, now: NtpTime, envelope: Envelope, acceptance: Acceptance, *, further: bool
    ) -> Request:
        """The checks that cost next to nothing: replay, whom the message is for, and the PRF. # [3830-5.3-1]

        A `further` round names nobody: its CSB and its keys do.
        """
        self._setup.replay.check_new(unaltered(message))
        own = self._setup.own
        parties = parties_of_i_message(message, own)
        if parties.idr is None and self._setup.require_idr and not further:  # [3830-9.5-2]
            raise _not_for_us("the message does not say whom it is for")
        if parties.idr is not None and not self._is_for_us(message, parties.idr):
            raise _not_for_us(f"the message is for {text_of(parties.idr)}")
        prf_of(message.header.prf_func)
        peer = text_of(parties.idi) if parties.idi else envelope.peer or ""
        if not peer.isprintable():
            raise _invalid("the caller's identity has characters that can't be printed")
        return Request(
            message=message,
            timestamp=_stamp_of(message),
            now=now,
            envelope=envelope,
            peer=peer,
            initiator=parties.idi or identity_of(peer),
            idr=parties.idr.data if parties.idr else b"",
            acceptance=acceptance,
        )

    def _remember(self, message: Message, moment: Timestamp, now: NtpTime, proof: Authenticated) -> None:
        """Keep a message from being sent again, in the share of whoever proved to have sent it: names that are only
        claimed, anybody could change from message to message and so fill the shares of all.

        Raises: PeerError with Invalid TS (1) where the share can't vouch for so old a message.
        """
        replay, octets = self._setup.replay, unaltered(message)
        if proof.error_proof is None:
            replay.remember(octets, moment, now, UNPROVED)
            return
        sender = canonical_identity(proof.request.peer)
        replay.check_share(moment, sender)
        replay.remember(octets, moment, now, sender)

    def _is_for_us(self, message: Message, addressed: Identity) -> bool:
        setup, name = self._setup, text_of(addressed)
        if names(addressed, setup.own) or setup.answers_for(name):
            return True
        return message.header.data_type == DataType.RSA_R_I_MSG and setup.groups(name) is not None

    def _tell_unread(self, fault: DecodeError) -> None:
        """What ends the reading is reported as far as the message was read. # [3830-6.12-3]"""
        read = fault.partial
        header = next((payload for payload in read if isinstance(payload, Header)), None)
        timestamp = next((payload for payload in read if isinstance(payload, Timestamp)), None)
        if header is not None:
            self._tell(fault, header, timestamp, None)

    def _tell(
        self,
        fault: DecodeError | PeerError,
        header: Header,
        timestamp: Timestamp | None,
        proof: Authenticated | None,
    ) -> None:
        """Number and reply of a fault. # [3830-5.1.2-1]

        Nobody is owed a reply to an answer. # [3830-5.4-6]
        """
        if isinstance(fault, DecodeError):
            fault.mikey_error = _number_of(fault, header)
        if fault.mikey_error is not None and timestamp is not None and header.data_type not in _ANSWERS:
            fault.reply = self._reply(ErrorNo(fault.mikey_error), header, timestamp, proof)

    def _reply(
        self, error_no: ErrorNo, header: Header, timestamp: Timestamp, proof: Authenticated | None
    ) -> bytes | None:
        """The Error message that a fault deserves, authenticated exactly when the Initiator was."""
        if proof is None:
            told = error_no in _SAID_TO_STRANGERS or self._setup.report_unauthenticated
            return build_error(header, timestamp, error_no).octets if told else None
        supported, believable = self._setup.supported, proof.error_proof
        return build_error(header, timestamp, error_no, supported=supported, proof=believable).octets


def unaltered(message: Message) -> bytes:
    """What of a message nobody but its sender can change: all but the signature, since from one ECDSA signature anybody
    can make a second one that verifies too, and the message would look new. # [3830-5.4-2]"""
    signature = message.find(Signature)
    return message.octets if signature is None else message.octets[: len(message.octets) - len(signature.signature)]


def _number_of(fault: DecodeError, header: Header) -> ErrorNo:
    """How malformed octets are reported: RFC 4738 has a number for messages of its own that can't be read.

    # [4650-4.1-4] [4738-3.5-2]
    """
    number = fault.mikey_error if isinstance(fault, UnknownCodePoint) else ErrorNo.UNSPECIFIED
    unread = number == ErrorNo.UNSPECIFIED and header.data_type == DataType.RSA_R_I_MSG
    return ErrorNo.UNSUPPORTED_MESSAGE_TYPE if unread else number


def _stamp_of(message: Message) -> Timestamp:
    timestamp = message.find(Timestamp)
    if timestamp is None:  # [3830-3-5]
        raise missing("a T payload")
    return timestamp


def _row_of(message: Message) -> ModeRow:
    if message.header.data_type in _ANSWERS:  # [3830-5.4-6]
        raise PeerError(f"{message.header.data_type} answers nothing that was sent", mikey_error=None, section=SECTION)
    row = row_of_message(message)
    if row is None:
        raise PeerError(
            f"messages of type {message.header.data_type} are not supported",
            mikey_error=ErrorNo.INVALID_DT,
            section="RFC 3830 section 6.1",
        )
    return row


def _invalid(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_ID, section="RFC 3830 section 6.7")


def _not_for_us(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_ID, section="RFC 3830 section 9.5")
