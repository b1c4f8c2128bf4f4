"""One end of secured calls, sans-IO: where SDP, MIKEY, the selection policy and SRTP meet.

Interface of RFC 4567 section 7.1. An application gives: its identity, credentials by peer, each m= line with direction,
address and SSRC (in the SDP), the peer's identity as the signalling knows it, and whether the carrier is declared
secure. It gets: SDP bodies to send, whether an offer or answer was accepted, and per m= line the keys, policies, CSB
ID, SSRCs and rollover counters, or an exception with the SIP status, Warning and MIKEY error number. # [4567-4.1.1-7]
"""

from __future__ import annotations

from mikey_sdp.endpoint.answering import Answer, Rejection
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.leg import CallLeg
from mikey_sdp.endpoint.offering import Offer
from mikey_sdp.endpoint.one_way import Announcement
from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.endpoint.wishes import Expectations, Recipient

__all__ = [
    "Announcement",
    "Answer",
    "CallLeg",
    "Endpoint",
    "Expectations",
    "GroupKeys",
    "KeySet",
    "MediaKeys",
    "Offer",
    "Options",
    "Recipient",
    "Rejection",
]
