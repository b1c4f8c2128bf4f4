"""A conference focus: it invites members or is called by them, keeps their key, and passes their media on.

Source: RFC 4353 section 3, RFC 5197 section 5.4.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.nodes.commands import Call, ReKey
from mikey_sdp.nodes.config import UserAgentConfig
from mikey_sdp.nodes.contract import (
    Action,
    Address,
    CommandGiven,
    Datagram,
    DatagramReceived,
    Event,
    Report,
    SendDatagram,
    Transport,
)
from mikey_sdp.nodes.joining import Joining
from mikey_sdp.nodes.leg import Leg, Stage
from mikey_sdp.nodes.media import StreamReceiver
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.srtp.rtp import rtp_header_octets, rtp_octets, rtp_ssrc
from mikey_sdp.trace import Warned


class Passing(enum.StrEnum):
    """How the media of one member gets to the others: as it came, since all have its key, or opened and protected
    again for each."""

    RELAYED = "relayed"
    MIXED = "mixed"


class Focus(UserAgent):
    """A user agent in the middle of a conference, whose calls are its members.

    With a key for the group (`UserAgentConfig.group`) it renews that whenever somebody joins those who are there, or
    leaves them, and offers the new one to all whom it called; members that called ask for it themselves.
    """

    def __init__(self, config: UserAgentConfig, *, passing: Passing) -> None:
        if passing is Passing.RELAYED and config.group is None:
            raise UsageError("media can be passed on as it came only where all members share a key")
        super().__init__(config)
        self._group: Final[GroupKeys | None] = config.group
        self._joining: Final = None if config.group is None else Joining(config.group, self._desk)
        self._passing: Final = passing
        self._members: frozenset[int] = frozenset()
        self._sequences: dict[tuple[int, int], int] = {}
        self._sources: dict[tuple[int, int], int] = {}
        self._collided: set[tuple[int, int, int]] = set()

    @property
    def members(self) -> tuple[str, ...]:
        """Who takes part, in the order in which they came."""
        return tuple(leg.peer for leg in self._confirmed())

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """Take one event."""
        if isinstance(event, DatagramReceived) and event.datagram.transport is Transport.MEDIA:
            receiver = self._desk.places.get((event.datagram.destination, event.datagram.source))
            if receiver is not None:
                return list(self._pass_on(event.datagram, receiver, now_us))
        asked = self._asked(event)
        if asked is not None and self._joining is not None and self._joining.is_too_often(asked, now_us):
            return []
        before = () if self._group is None else self._group.keys
        if asked is not None or self._calls(event):
            self._renew()
        actions = super().handle(event, now_us)
        if asked is not None:
            self._take_back_unless_given(asked, before)
        there = frozenset(leg.number for leg in self._confirmed())
        if self._members - there and there:
            self._renew()
        self._members = there
        self._sequences = {key: number for key, number in self._sequences.items() if key[0] in there}
        self._sources = {source: number for source, number in self._sources.items() if number in there}
        self._collided = {one for one in self._collided if one[0] in there}
        return [*actions, *self._spread(now_us)]

    # Keys

    def _calls(self, event: Event) -> bool:
        """Whether somebody else is about to get the key of those who are there."""
        return bool(self._members) and isinstance(event, CommandGiven) and isinstance(event.command, Call)

    def _asked(self, event: Event) -> sip.Request | None:
        """The INVITE of somebody who wants the key of those who are there."""
        if not self._members or self._joining is None or not isinstance(event, DatagramReceived):
            return None
        return self._joining.request_in(event.datagram)

    def _take_back_unless_given(self, request: sip.Request, before: tuple[KeyData, ...]) -> None:
        """Who only used a member's name, and proved nothing, got no key: then the members go on with theirs.

        Else anybody who can send a packet would have all of them change their key as often as he likes.
        """
        if self._group is not None and self._joining is not None and not self._joining.was_given(request):
            self._group.take_back(before)

    def _renew(self) -> None:
        if self._group is not None:
            self._group.renew()

    def _spread(self, now_us: Micros) -> Iterator[Action]:
        """Offer the key of now to everybody to whom we gave another one."""
        for leg in self._confirmed():
            if self._is_behind(leg) and leg.change is None and not any(isinstance(one, ReKey) for one in leg.waiting):
                yield from super().handle(CommandGiven(ReKey(leg.peer)), now_us)

    def _is_behind(self, leg: Leg) -> bool:
        """Whether the keys of a call are ours to change, and not those of now."""
        keys = None if leg.agreed is None else leg.agreed.keys
        if self._group is None or keys is None:
            return False
        return any(pair.initiated and not self._group.has_given(pair.send) for pair in keys.media.values())

    # Media

    def _confirmed(self) -> list[Leg]:
        return [leg for leg in self._desk.legs.values() if leg.stage is Stage.CONFIRMED]

    def _pass_on(self, datagram: Datagram, receiver: StreamReceiver, now_us: Micros) -> Iterator[Action]:
        """One packet of a member, to all others; what can't be opened is passed on to nobody."""
        plain = receiver.receive(datagram.octets, now_us)
        place = (datagram.destination, datagram.source)
        if plain is None:
            return
        if (
            self._passing is Passing.RELAYED
            and (warning := self._collision(place, rtp_ssrc(plain), now_us)) is not None
        ):
            yield from warning
            return
        for leg in self._confirmed():
            if place in leg.media.places or leg.agreed is None:
                continue
            for own, peer in leg.media.places:
                if own == datagram.destination:
                    octets = self._octets_for(leg, own.port, datagram, plain)
                    if octets is not None:
                        self._counted(leg, own.port, now_us)
                        yield SendDatagram(
                            datagram=Datagram(source=own, destination=peer, transport=Transport.MEDIA, octets=octets)
                        )

    def _collision(self, place: tuple[Address, Address], ssrc: int, now_us: Micros) -> list[Action] | None:
        """What there is to say of a packet that must not be relayed, since another member has its SSRC; None of others.

        Who was heard first under an SSRC keeps it as long as he is a member. The other one hears him, and so learns
        that he has to choose another, while nobody else ever gets two packets of one key stream.
        Source: RFC 3550 section 8.2, RFC 3711 section 9.1.
        """
        leg = next((leg for leg in self._confirmed() if place in leg.media.places), None)
        if leg is None:
            return None
        port = place[0].port
        if self._sources.setdefault((port, ssrc), leg.number) == leg.number:
            return None
        if (leg.number, port, ssrc) in self._collided:
            return []
        self._collided.add((leg.number, port, ssrc))
        text = f"{leg.peer} sends under SSRC {ssrc:08x}, which another member has: that is not passed on"
        return [Report(Warned(at_us=now_us, party=self.name, text=text))]

    def _counted(self, leg: Leg, port: int, now_us: Micros) -> None:
        sender = leg.media.senders.get(self._media_at(port))
        if sender is not None:
            sender.passed_on(now_us)

    def _media_at(self, port: int) -> int:
        """The m= line that has this port of ours."""
        return (port - self._config.media_port) // 2

    def _octets_for(self, leg: Leg, port: int, datagram: Datagram, plain: bytes) -> bytes | None:
        if self._passing is Passing.RELAYED:
            return datagram.octets
        agreed, media = leg.agreed, self._media_at(port)
        if agreed is None or media not in agreed.protections:
            return None
        sequence = self._sequences.get((leg.number, media), 0)
        self._sequences[leg.number, media] = sequence + 1 & 0xFFFF
        own = rtp_octets(
            payload_type=plain[1] & 0x7F,
            sequence=sequence,
            timestamp=int.from_bytes(plain[4:8], "big"),
            ssrc=agreed.body.streams[media].ssrc,
            payload=plain[rtp_header_octets(plain) :],
        )
        return agreed.protections[media].protect(own)
