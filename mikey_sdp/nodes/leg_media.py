"""The streams of one call leg: made, re-keyed, held and counted together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mikey_sdp.clock import Micros
from mikey_sdp.nodes.config import Streams
from mikey_sdp.nodes.contract import Action, Address, SetTimer
from mikey_sdp.nodes.media import NoProtection, Protection, StreamReceiver, StreamSender
from mikey_sdp.nodes.session_body import RemoteStream, SessionBody
from mikey_sdp.secret import Entropy
from mikey_sdp.trace import MediaCounted


class LegMedia:
    """What flows on a leg, either way, by the index of the m= line.

    Keeps: `receivers` and `senders`; `timer`, the name of the one that paces all streams of the leg, and `ticking`,
    whether it runs; `collided`, m= lines that are silent since somebody else sends under our SSRC; `places`,
    for each receiver the own and the peer's address between which its packets travel.
    """

    __slots__ = ("_entropy", "_next_tick", "_streams", "collided", "places", "receivers", "senders", "ticking", "timer")

    def __init__(self, streams: Streams, entropy: Entropy, *, timer: str) -> None:
        self.timer = timer
        self._streams = streams
        self._entropy = entropy
        self._next_tick = SetTimer(timer, streams.interval_us)
        self.senders: dict[int, StreamSender] = {}
        self.receivers: dict[int, StreamReceiver] = {}
        self.places: dict[tuple[Address, Address], StreamReceiver] = {}
        self.ticking = False
        self.collided: set[int] = set()

    def listen(
        self,
        body: SessionBody,
        remote: Sequence[RemoteStream],
        protections: Mapping[int, Protection],
        *,
        claim: Callable[[tuple[Address, Address]], StreamReceiver | None],
        now_us: Micros,
    ) -> None:
        """Take what the peer sends as described; a new stream needs its protection, the others may keep theirs.

        `claim` gives what came from an address before this.
        """
        self.places = {}
        for media, own, peer in _live(body, remote):
            place = (Address(body.host, own), peer)
            receiver = self.receivers.get(media)
            if receiver is None:
                receiver = self.receivers[media] = claim(place) or StreamReceiver()
            receiver.use(protections.get(media, receiver.protection), now_us)
            self.places[place] = receiver

    def speak(self, body: SessionBody, remote: Sequence[RemoteStream], protections: Mapping[int, Protection]) -> None:
        """Send as described from now on: new streams, other addresses, other keys, held or resumed."""
        live = {media: (own, peer) for media, own, peer in _live(body, remote)}
        for media, sender in self.senders.items():
            if media not in live:
                sender.left = 0
        for media, (own, peer) in live.items():
            protection = protections.get(media)
            # Without keys nothing is sent: a secured call never falls back to plain RTP.
            if protection is None:
                continue
            if media not in self.senders:
                self.senders[media] = self._new_sender(body, media, own, peer, protection)
            sender = self.senders[media]
            sender.protection = protection
            sender.redirect(peer)
            if sender.ssrc != body.streams[media].ssrc:
                sender.rename(body.streams[media].ssrc)
            sends = media not in self.collided and body.streams[media].direction.sends
            sender.paused = not (sends and remote[media].direction.receives)

    def fall_silent(self, media: int) -> None:
        """Somebody else sends under our SSRC: nothing leaves under it any more, until there is another."""
        self.collided.add(media)
        sender = self.senders.get(media)
        if sender is not None:
            sender.paused = True

    def refill(self, packets: int | None) -> None:
        """So many packets more are to be sent on every stream."""
        for sender in self.senders.values():
            sender.left = packets

    def _new_sender(
        self, body: SessionBody, media: int, own: int, peer: Address, protection: Protection
    ) -> StreamSender:
        stream = body.streams[media]
        return StreamSender(
            kind=stream.kind,
            source=Address(body.host, own),
            destination=peer,
            ssrc=stream.ssrc,
            protection=protection,
            packets=self._streams.packets,
            interval_us=self._streams.interval_us,
            payload_octets=self._streams.payload_octets,
            entropy=self._entropy,
            first_sequence=self._streams.first_sequence,
        )

    @property
    def running(self) -> bool:
        """Whether any stream has something to send."""
        return any(sender.running for sender in self.senders.values())

    def tick(self, now_us: Micros) -> list[Action]:
        """One packet of every stream that runs, and the next tick if there is more to come."""
        actions: list[Action] = []
        again = False
        for sender in self.senders.values():
            if sender.running:
                actions.append(sender.next_packet(now_us))
                again = again or sender.left != 0
        if again:
            actions.append(self._next_tick)
        self.ticking = again
        return actions

    def counts(self, *, at_us: Micros, party: str, call_id: str, peer: str) -> Iterator[MediaCounted]:
        """What every stream came to, in the order of the m= lines, sent before received."""
        for media in sorted(self.senders.keys() | self.receivers.keys()):
            sender, receiver = self.senders.get(media), self.receivers.get(media)
            if sender is not None:
                yield MediaCounted(
                    at_us=at_us,
                    party=party,
                    call_id=call_id,
                    peer=peer,
                    media=media,
                    direction="sent",
                    ssrc=sender.ssrc,
                    packets=sender.packets,
                    first_us=sender.first_us,
                )
            if receiver is not None:
                yield counted(receiver, at_us=at_us, party=party, call_id=call_id, peer=peer, media=media)


def counted(
    receiver: StreamReceiver, *, at_us: Micros, party: str, call_id: str, peer: str, media: int
) -> MediaCounted:
    """What came on one m= line, as the trace has it."""
    return MediaCounted(
        at_us=at_us,
        party=party,
        call_id=call_id,
        peer=peer,
        media=media,
        direction="received",
        ssrc=receiver.ssrc,
        packets=receiver.packets,
        decrypted=receiver.decrypted,
        undecryptable=receiver.undecryptable,
        decrypted_late=receiver.decrypted_late,
        first_us=receiver.first_us,
    )


def plain_protections(body: SessionBody) -> dict[int, Protection]:
    """No protection for each m= line, for a party that demands none."""
    return {media: NoProtection() for media in range(len(body.streams))}


def _live(body: SessionBody, remote: Sequence[RemoteStream]) -> Iterator[tuple[int, int, Address]]:
    """Index, own port and peer's address of the m= lines on which media can flow."""
    for media, (stream, peer) in enumerate(zip(body.streams, remote, strict=False)):
        if stream.port and peer.address is not None:
            yield media, stream.port, peer.address
