"""A Responder for all modes: the common checks in the recommended order, then the mode's own.

Source: RFC 3830 sections 5.1.2, 5.3 and 9.5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import BackendUnavailable, PeerError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.composition import check_composition
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.contract import Authenticated, Envelope, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.error_message import build_error
from mikey_sdp.mikey.modes.roles import identity_of, names, parties_of_i_message, text_of
from mikey_sdp.mikey.modes.table import ModeRow, row_of_message
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.payload import UnknownCodePoint
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.registry import DataType, ErrorNo

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
        Raises: DecodeError for malformed octets; PeerError, with `reply` where the Initiator is to be told.
        """
        try:
            acceptance = Acceptance(self._setup.profile)
            message = Message.decode(octets)
            check_composition(message)
        except UnknownCodePoint as fault:
            raise self._unsupported(fault) from fault
        proof: Authenticated | None = None
        try:
            row = _row_of(message)
            request = self._admit(message, now, envelope or Envelope(), acceptance)
            proof = row.responder.authenticate(request, self._setup)
            self._setup.replay.remember(_unaltered(message), request.timestamp, now)
            request.envelope.judge(message)
            response = proof.accept()
            return replace(response, established=replace(response.established, tolerated=acceptance.tolerated))
        except BackendUnavailable as fault:
            raise PeerError(str(fault), mikey_error=None, section=SECTION) from fault
        except PeerError as fault:
            fault.reply = self._reply(fault.mikey_error, message.header, message.find(Timestamp), proof)
            raise

    def _admit(self, message: Message, now: NtpTime, envelope: Envelope, acceptance: Acceptance) -> Request:
        """The checks that cost next to nothing: time, replay, and whom the message is for. # [3830-5.3-1]"""
        timestamp = message.find(Timestamp)
        if timestamp is None:  # [3830-3-5]
            raise missing("a T payload")
        self._setup.replay.check_fresh(timestamp, now)
        self._setup.replay.check_new(_unaltered(message))
        own = self._setup.own
        parties = parties_of_i_message(message, own)
        if parties.idr is None and self._setup.require_idr:  # [3830-9.5-2]
            raise _not_for_us("the message does not say whom it is for")
        if parties.idr is not None and not names(parties.idr, own):
            raise _not_for_us(f"the message is for {text_of(parties.idr)}")
        peer = text_of(parties.idi) if parties.idi else envelope.peer or ""
        if not peer.isprintable():
            raise _invalid("the caller's identity has characters that can't be printed")
        return Request(
            message=message,
            timestamp=timestamp,
            now=now,
            envelope=envelope,
            peer=peer,
            initiator=parties.idi or identity_of(peer),
            idr=parties.idr.data if parties.idr else b"",
            acceptance=acceptance,
        )

    def _unsupported(self, fault: UnknownCodePoint) -> PeerError:
        """A number that ends the reading is reported as far as the message was read. # [3830-6.12-3]"""
        read = fault.partial
        header = next((payload for payload in read if isinstance(payload, Header)), None)
        timestamp = next((payload for payload in read if isinstance(payload, Timestamp)), None)
        reply = self._reply(fault.mikey_error, header, timestamp, None) if header else None
        return PeerError(str(fault), mikey_error=fault.mikey_error, section=fault.section, reply=reply)

    def _reply(
        self, number: int | None, header: Header, timestamp: Timestamp | None, proof: Authenticated | None
    ) -> bytes | None:
        """The Error message that a fault deserves, authenticated exactly when the Initiator was. # [3830-5.1.2-1]"""
        if number is None or timestamp is None:
            return None
        error_no = ErrorNo(number)
        if proof is None:
            told = error_no in _SAID_TO_STRANGERS or self._setup.report_unauthenticated
            return build_error(header, timestamp, error_no).octets if told else None
        supported, believable = self._setup.supported, proof.error_proof
        return build_error(header, timestamp, error_no, supported=supported, proof=believable).octets


def _unaltered(message: Message) -> bytes:
    """What of a message nobody but its sender can change: all but the signature, since from one ECDSA signature anybody
    can make a second one that verifies too, and the message would look new. # [3830-5.4-2]"""
    signature = message.find(Signature)
    return message.octets if signature is None else message.octets[: len(message.octets) - len(signature.signature)]


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
