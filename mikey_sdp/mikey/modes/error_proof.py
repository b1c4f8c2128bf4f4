"""What makes an Error message believable: V by keys, SIGNr by a certificate, or the MAC of a KEMAC.

Source: RFC 3830 section 5.1.2, RFC 4650 section 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.tolerant import readings_of_error_v
from mikey_sdp.mikey.modes.verification import check_v, close_with_v
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.readings import OtherReadings


class ErrorProof(Protocol):
    """One way of authenticating Error messages of an exchange, for both of its ends."""

    def close(self, header: Header, payloads: tuple[Payload, ...], timestamp: Timestamp) -> Message:
        """The Error message with what proves it at its end."""

    def holds(self, message: Message, timestamp: Timestamp, acceptance: Acceptance) -> bool:
        """Whether a received Error message proves that it came from the peer; False where it does not try.

        Raises: PeerError with Auth failure (0) where it tries and fails: that is no report but a forgery.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofByV:
    """V, with the keys of the exchange and the identities that it covers."""

    keys: MessageKeys
    idi: bytes
    idr: bytes

    def close(self, header: Header, payloads: tuple[Payload, ...], timestamp: Timestamp) -> Message:
        """The message with V behind its payloads."""
        return close_with_v(header, payloads, keys=self.keys, idi=self.idi, idr=self.idr, timestamp=timestamp)

    def holds(self, message: Message, timestamp: Timestamp, acceptance: Acceptance) -> bool:
        """Whether there is a V, which must verify then."""
        if message.find(Verification) is None:
            return False
        others = OtherReadings(coverages=readings_of_error_v(message, timestamp), acceptance=acceptance)
        check_v(message, keys=self.keys, idi=self.idi, idr=self.idr, timestamp=timestamp, others=others)
        return True
