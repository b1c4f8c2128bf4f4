"""What happened in a run, as values: the records of a trace, and the verdicts on what was expected.

A trace is a list of records in the order of their times. Reports are pure functions of it. No record holds key
material: keys appear as fingerprints (`Secret.fingerprint`).
Units: `at_us` is microseconds on the run's time line.
"""

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
    rekeyed, rejected, cancelled, ended."""

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
    arrivals, `decrypted` those whose SRTP tag verified and that were decrypted on arrival, `undecryptable` the rest. A
    stream that is plain RTP by choice has nothing to decrypt: of its packets only what is no RTP counts as such.
    Keeps: `first_us`, the time of the first packet decrypted (received) or sent.
    """

    call_id: str
    peer: str
    media: int
    direction: str
    ssrc: int
    packets: int
    decrypted: int = 0
    undecryptable: int = 0
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


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether one expectation of a scenario held, and if not, what came instead.

    Keeps: `nearest`, the closest thing that did happen, with its time; `line` of the scenario file.
    """

    expectation: str
    held: bool
    line: int | None = None
    expected: str = ""
    came: str = ""
    nearest: str = ""


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: its name, parties in the order of the file, records and verdicts."""

    name: str
    shows: str
    file: str
    parties: tuple[str, ...]
    records: tuple[AnyRecord, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(verdict.held for verdict in self.verdicts)


def trace_octets(result: RunResult) -> bytes:
    """A run as JSON, keys in a fixed order: two runs of one scenario compare equal octet by octet."""
    return msgspec.json.encode(result)
