"""A PSK exchange against every HMAC and cipher call that it makes, and decoding against what parses the SDP anyway."""

from __future__ import annotations

import base64
import os

import sdp_transform

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Endpoint
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription
from tests.benchmarks.primitives import recorded
from tests.benchmarks.timing import ratio_row
from tests.exchange.pair import ALICE, BOB, EPOCH_US, PSK, Pair

PSK_TARGET, PSK_TOLERATED = 3.0, 9.0
DECODING_TARGET = 1.0
OFFER = """v=0
o=alice 3747 461 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 49170 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
""".replace("\n", "\r\n")


class Exchange:
    """Init, respond, complete, and the TEK and salt of both crypto sessions at both ends."""

    def __init__(self) -> None:
        self._pair = Pair()
        self._pair.entropy = os.urandom  # type: ignore[assignment]
        self._responder = self._pair.responder()

    def __call__(self) -> list[bytes]:
        pair = self._pair
        pair.now_us += 1_000_000
        initiator = pair.psk_initiator()
        response = self._responder.respond(initiator.message.octets, now=pair.bobs_now)
        assert response.reply is not None
        established = initiator.complete(response.reply)
        return [
            sa.master_key.reveal() + sa.master_salt.reveal()
            for bundle in (established.bundle, response.established.bundle)
            for cs_id in bundle.cs_ids
            for sa in bundle.data_sas(cs_id)
        ]


def test_the_exchange_that_is_timed_is_a_whole_one() -> None:
    keys = Exchange()()
    assert len(keys) == 4
    assert keys[:2] == keys[2:]
    assert {len(key) for key in keys} == {30}
    assert keys[0] != keys[1]


def test_psk_exchange(show) -> None:
    exchange = Exchange()
    with recorded() as calls:
        exchange()
    assert len(calls.ciphers) == 2
    assert len(calls.hmacs) > 20
    show(
        lambda: ratio_row(
            "PSK exchange, both ends, 2 CS", calls.bare(), exchange, target=PSK_TARGET, tolerated=PSK_TOLERATED
        )
    )


def test_decoding_an_i_message(show) -> None:
    alice = Endpoint(
        ALICE,
        credentials=[PskCredential(BOB, PSK)],
        clock=lambda: NtpTime.from_unix_us(EPOCH_US),
        entropy=os.urandom,
    )
    sdp = alice.offer(OFFER, to=BOB).sdp
    (line,) = key_mgmt_lines(SessionDescription.parse(sdp))
    encoded = base64.b64encode(line.data)
    assert encoded.decode() in sdp

    def decode() -> Message:
        return Message.decode(base64.b64decode(encoded))

    assert decode().octets == line.data
    show(
        lambda: ratio_row(
            "decoding an I_MESSAGE / sdp-transform on its SDP",
            lambda: sdp_transform.parse(sdp),
            decode,
            target=DECODING_TARGET,
        )
    )
