"""Streams that collide: one of ours goes on under another SSRC, and one of the peer's is followed to its new one.

Source: RFC 3550 section 8.2, RFC 3711 section 9.1, RFC 3830 section 6.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.leg import CallLeg
from mikey_sdp.nodes.contract import Address, Datagram, SendDatagram, Transport
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg, OwnChange
from mikey_sdp.nodes.session_body import RemoteStream, SessionBody
from mikey_sdp.srtp.rtcp import Bye, ReceiverReport, SourceDescription, encode_compound


def moved(desk: Desk, leg: Leg, change: OwnChange, media: int) -> KeySet | None:
    """The keys once the peer knows our new SSRC, which the map of the CSB has now too; None where the line has none.

    Whoever followed the former SSRC is told that it is done with.
    Raises: PeerError.
    """
    if not isinstance(leg.secured, CallLeg) or media not in leg.secured.keys.media:
        return None
    before, ssrc = leg.body.streams[media].ssrc, change.body.streams[media].ssrc
    keys = leg.secured.move(media, sent=ssrc)
    leg.media.collided.discard(media)
    # It goes out in the name of the new SSRC: SRTCP under the former one could be a two-time pad itself.
    goodbye = (
        ReceiverReport(ssrc=ssrc),
        SourceDescription.cname(ssrc, f"{change.body.user}@{change.body.host}"),
        Bye(ssrcs=(before,), reason=b"SSRC collision"),
    )
    octets = keys.session(media).protect_rtcp(encode_compound(goodbye))
    for own, peer in leg.media.places:
        if own.port == change.body.streams[media].port:
            desk.actions.append(SendDatagram(datagram=_rtcp_between(own, peer, octets)))
    return keys


def followed(leg: Leg, remote: Sequence[RemoteStream]) -> KeySet | None:
    """The keys for streams of the peer that have other SSRCs than before; None where all have the same.

    Raises: PeerError for an SSRC that was used before.
    """
    secured, keys = leg.secured, None
    if not isinstance(secured, CallLeg) or leg.agreed is None:
        return None
    for media, (before, now) in enumerate(zip(leg.agreed.remote, remote, strict=False)):
        mapped = secured.keys.media.get(media)
        if before.ssrc and now.ssrc not in (0, before.ssrc) and mapped and mapped.receive[0].ssrc == before.ssrc:
            keys = secured.move(media, received=now.ssrc)
    return keys


def as_filled_in(body: SessionBody, answer: str, keys: KeySet) -> tuple[SessionBody, str]:
    """Our description and our answer, with the SSRCs that the Initiator filled in for streams of ours, which are sent
    under those then.

    Source: RFC 3830 section 6.1.1 (the SSRC that MUST be used for the stream).
    """
    streams = list(body.streams)
    for media, own in keys.media.items():
        before, given = streams[media].ssrc, own.send[0].ssrc
        if given not in (0, before):
            streams[media] = replace(streams[media], ssrc=given)
            answer = answer.replace(f"a=ssrc:{before} ", f"a=ssrc:{given} ")
    return replace(body, streams=tuple(streams)), answer


def _rtcp_between(own: Address, peer: Address, octets: bytes) -> Datagram:
    """A datagram between the RTCP ports that belong to two addresses for RTP (RFC 3550 section 11)."""
    source, destination = Address(own.host, own.port + 1), Address(peer.host, peer.port + 1)
    return Datagram(source=source, destination=destination, transport=Transport.MEDIA, octets=octets)
