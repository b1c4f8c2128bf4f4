"""The records of a trace: what happened, when, and at which party it was seen."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """One fact: when, and at which party it was seen."""

    at_us: int
    party: str


class MessageSent(Record, frozen=True, tag="message sent"):
    """A signalling message left `party` for `to`; `number` names it for later records of the same run.

    Keeps: `notes`, what the sender says of the key management inside, one line each.
    """

    number: int
    to: str
    transport: str
    summary: str
    octets: bytes
    notes: tuple[str, ...] = ()


class MessageArrived(Record, frozen=True, tag="message arrived"):
    """The message of that number reached `party`."""

    number: int


class MessageLost(Record, frozen=True, tag="message lost"):
    """The network lost the message of that number; `party` had sent it."""

    number: int


class CallChanged(Record, frozen=True, tag="call changed"):
    """A party's view of a call: `state` is one of calling, ringing, early, answered, confirmed, held, resumed,
    rekeyed, redirected, rejected, cancelled, ended; of a transfer that it asked for transferring, transferred, not
    transferred; of a registration registered, not registered."""

    call_id: str
    peer: str
    state: str
    status: int = 0
    reason: str = ""
    warning: str = ""


class KeysInstalled(Record, frozen=True, tag="keys installed"):
    """A party began to use a key for one direction of one media line.

    Keeps: `direction`, "send" or "receive".
    Units: `media` is the index of the m= line from 0; `ssrc` 0 stands for one that is bound by the first packet.
    """

    call_id: str
    peer: str
    mode: str
    csb_id: int
    media: int
    direction: str
    cs_id: int
    ssrc: int
    mki: str
    fingerprint: str


class KeyManagementFailed(Record, frozen=True, tag="key management failed"):
    """A party refused what MIKEY or the SDP around it said; nothing was installed."""

    call_id: str
    peer: str
    reason: str
    mikey_error: int | None = None
    status: int | None = None


class MediaCounted(Record, frozen=True, tag="media counted"):
    """The packets of one stream as one of its ends saw them, counted when the call or the run ended.

    `direction` is "sent" or "received". For a sent stream only `packets` counts. For a received one, `packets` counts
    arrivals, `decrypted` those whose SRTP tag verified and that were decrypted on arrival, `undecryptable` the rest, of
    which `decrypted_late` came before their keys, waited in a buffer and were decrypted then. A stream that is plain
    RTP by choice has nothing to decrypt: of its packets only what is no RTP counts as such.
    Keeps: `first_us`, the time of the first packet decrypted, be it late (received), or sent.
    """

    call_id: str
    peer: str
    media: int
    direction: str
    ssrc: int
    packets: int
    decrypted: int = 0
    undecryptable: int = 0
    decrypted_late: int = 0
    first_us: int | None = None


class Warned(Record, frozen=True, tag="warned"):
    """Something that a person should know, though the call goes on."""

    text: str


class AttackMade(Record, frozen=True, tag="attack made"):
    """What an attacker did to a message, in one line; `number` is the message that it sent on or made."""

    text: str
    number: int | None = None


AnyRecord = (
    MessageSent
    | MessageArrived
    | MessageLost
    | CallChanged
    | KeysInstalled
    | KeyManagementFailed
    | MediaCounted
    | Warned
    | AttackMade
)


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """One datagram as the network saw it, kept only where a run is asked for a capture.

    Keeps: `party`, who put it on the network, and `to`, who took it from there, be it somebody on the path;
    `arrived_us`, None where the network lost it or nobody was there; `transport` and the addresses as in the datagram.
    Units: times are microseconds on the run's time line.
    """

    at_us: int
    arrived_us: int | None
    party: str
    to: str
    transport: str
    source: tuple[str, int]
    destination: tuple[str, int]
    octets: bytes

    @property
    def is_media(self) -> bool:
        """Whether it is a packet of a stream rather than signalling."""
        return self.transport == "MEDIA"

    @property
    def is_hidden(self) -> bool:
        """Whether only its two ends can read it, because TLS carries it."""
        return self.transport == "TLS"
