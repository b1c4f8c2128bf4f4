"""Connects what a leg agreed on with its media: keys come into use, streams start, stop and are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mikey_sdp.nodes.config import Security
from mikey_sdp.nodes.crowd import Crowd
from mikey_sdp.nodes.desk import LINGER_US, Desk
from mikey_sdp.nodes.leg import Agreed, AnyKeys, Leg, Stage
from mikey_sdp.nodes.leg_media import counted, plain_protections
from mikey_sdp.nodes.media import Protection
from mikey_sdp.nodes.plain import PlainLeg
from mikey_sdp.nodes.session_body import RemoteStream, SessionBody
from mikey_sdp.nodes.ua_timers import SessionTimers
from mikey_sdp.policy import Conference
from mikey_sdp.sip import DialogState
from mikey_sdp.trace import KeysInstalled

KEYS_FAILED: Final = "key management failed"
REKEY_FAILED: Final = "re-key failed"
TIMERS: Final = ("ring", "early", "decide", "glare", "overlap", "switch", "refresh", "expire")
"""What a leg may wait for, beside its end."""
_NOT_ACCEPTABLE_HERE: Final = 488


class Switchboard:
    """Everything between a finished negotiation and the packets of one user agent's legs.

    Keeps: `timers`, by which sessions end that nobody refreshes; `forgotten`, told of the call of each leg that is
    forgotten; `collided`, told of leg and m= line where somebody else sends under our SSRC.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk
        self.timers: Final = SessionTimers(desk, self.hang_up)
        self.forgotten: Callable[[str], None] = lambda _call_id: None
        self.collided: Callable[[Leg, int], None] = lambda _leg, _media: None

    def agree(self, leg: Leg, body: SessionBody, remote: tuple[RemoteStream, ...], keys: AnyKeys | None) -> Agreed:
        """What an offer and its answer come to."""
        if self._desk.config.security is Security.NONE:
            plain = plain_protections(body)
            return Agreed(body=body, remote=remote, keys=None, protections=plain, fresh=())
        own = {} if keys is None else keys.media
        before = {} if leg.agreed is None or leg.agreed.keys is None else leg.agreed.keys.media
        return Agreed(
            body=body,
            remote=remote,
            keys=keys,
            protections={media: self._protection(leg, media, keys) for media in own} if keys is not None else {},
            fresh=tuple(media for media in own if before.get(media) != own[media]),
        )

    def _protection(self, leg: Leg, media: int, keys: AnyKeys) -> Protection:
        session, config = keys.session(media), self._desk.config
        if not config.hears_all and config.expects.conference is not Conference.MEMBER:
            return session
        crowd = leg.crowds.get(media)
        if crowd is None or crowd.session is not session:
            crowd = leg.crowds[media] = Crowd(session, keys.media[media], collided=lambda: self.collided(leg, media))
        crowd.go_on(keys.media[media])
        return crowd

    def settle(self, leg: Leg, keys: AnyKeys | None, agreed: Agreed) -> None:
        """Take an answer for the leg: receive under its keys at once, and send once that is confirmed."""
        leg.secured = PlainLeg() if keys is None else keys.leg
        leg.on_ack = agreed
        self.listen(leg, agreed)

    def listen(self, leg: Leg, agreed: Agreed) -> None:
        """Open what arrives from now on, before the peer can know that we are ready."""
        places = self._desk.places
        for place in leg.media.places:
            places.pop(place, None)
        leg.media.listen(
            agreed.body,
            agreed.remote,
            agreed.protections,
            claim=lambda place: self._desk.lobby.claim(leg.call_id, place),
            now_us=self._desk.now_us,
        )
        places.update(leg.media.places)
        self._record_keys(leg, agreed, "receive")

    def speak(self, leg: Leg, agreed: Agreed, *, packets: int | None = None) -> None:
        """Send as agreed from now on: `packets` on each stream, None for as many as the party has."""
        leg.media.speak(agreed.body, agreed.remote, agreed.protections)
        if packets is not None:
            leg.media.refill(packets)
        leg.agreed = agreed
        leg.body = agreed.body
        self._record_keys(leg, agreed, "send")
        self._desk.talking[leg.media.timer] = leg.media
        self.start(leg)

    def start(self, leg: Leg) -> None:
        """Send if there is something to send."""
        if leg.media.running and not leg.media.ticking:
            self._desk.actions += leg.media.tick(self._desk.now_us)

    def hang_up(self, leg: Leg, reason: str) -> None:
        """End an answered call from our side; a callee whose 200 is not sent or not acknowledged waits for that."""
        if leg.dialog is None or leg.stage is Stage.ENDED:
            return
        if not leg.dialog.caller and (leg.dialog.awaiting_ack or leg.dialog.state is DialogState.EARLY):
            leg.hang_up_on_ack = reason
            return
        if leg.stage is Stage.EARLY:
            self._desk.left.add(leg.dialog.id)
        failed = reason in (KEYS_FAILED, REKEY_FAILED)
        # The other side learns why, by RFC 3326. # [4567-4.1.1-19]
        why = (("Reason", f'SIP ;cause={_NOT_ACCEPTABLE_HERE} ;text="{reason}"'),) if failed else ()
        _, outputs = self._desk.core.request(leg.dialog, "BYE", headers=why)
        self.end(leg, reason=reason)
        self._desk.do(outputs)

    def end(self, leg: Leg, *, reason: str) -> None:
        """A leg is over: nothing is sent any more, and what was held for it is given back."""
        if leg.stage is Stage.ENDED:
            return
        desk = self._desk
        was_heard = leg.stage is not Stage.EARLY or bool(leg.media.receivers)
        self.silence(leg)
        desk.call_changed(leg.call_id, leg.peer, "ended", reason=reason)
        if was_heard:
            desk.set_timer(leg.timer("linger"), LINGER_US)
        else:
            self.forget(leg)

    def silence(self, leg: Leg) -> None:
        """Nothing is sent any more, nothing is waited for, and the keys are given back."""
        desk = self._desk
        leg.stage = Stage.ENDED
        for timer in TIMERS:
            desk.cancel_timer(leg.timer(timer))
        desk.cancel_timer(leg.media.timer)
        desk.talking.pop(leg.media.timer, None)
        if leg.secured is not None:
            leg.secured.close()  # [4567-7.1-7]
        if leg.invite is None:
            self.close_lobby(leg.call_id, leg.peer)

    def forget(self, leg: Leg) -> None:
        """Report what the leg's streams came to, and keep nothing of it."""
        desk = self._desk
        for count in leg.media.counts(at_us=desk.now_us, party=desk.config.name, call_id=leg.call_id, peer=leg.peer):
            desk.record(count)
        for place in leg.media.places:
            if desk.places.get(place) is leg.media.places[place]:
                del desk.places[place]
        desk.legs.pop(leg.number, None)
        self.forgotten(leg.call_id)

    def close_lobby(self, call_id: str, called: str) -> None:
        """No media is waited for any more: report what nobody claimed."""
        desk = self._desk
        desk.left = {dialog for dialog in desk.left if dialog.call_id != call_id}
        for media, source, receiver in desk.lobby.close(call_id):
            peer = desk.name_of_host(source.host, called)
            desk.record(
                counted(receiver, at_us=desk.now_us, party=desk.config.name, call_id=call_id, peer=peer, media=media)
            )

    def _record_keys(self, leg: Leg, agreed: Agreed, direction: str) -> None:
        keys = agreed.keys
        if keys is None:
            return
        desk = self._desk
        before, leg.installed[direction] = leg.installed.get(direction, {}), keys.media
        for media, own in keys.media.items():
            if before.get(media) == own:
                continue
            for sa in own.send if direction == "send" else own.receive:
                if desk.config.key_log is not None:
                    desk.config.key_log(sa)
                desk.record(
                    KeysInstalled(
                        at_us=desk.now_us,
                        party=desk.config.name,
                        call_id=leg.call_id,
                        peer=leg.peer,
                        mode=str(keys.mode),
                        csb_id=own.csb_id,
                        media=media,
                        direction=direction,
                        cs_id=sa.cs_id,
                        ssrc=sa.ssrc,
                        mki=sa.mki.hex(),
                        fingerprint=sa.master_key.fingerprint(),
                    )
                )
