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


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a step of the scenario: which step, counted from 1, when, and what which party did then."""

    number: int
    at_us: int
    party: str
    text: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether one expectation of a scenario held, and if not, what came instead.

    Keeps: `nearest`, the closest thing that did happen, with its time; `line` of the scenario file; `step`, the one
    that did not lead to what was expected.
    """

    expectation: str
    held: bool
    line: int | None = None
    expected: str = ""
    came: str = ""
    nearest: str = ""
    step: StepTaken | None = None


class MatrixCondition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One situation of a cell, run: whether the call worked and its keys stayed with its members.

    Keeps: `run`, by which the run is found again; `chosen`, the mode of the call where the policy was free to choose;
    `notes`, what did not work and who could read what.
    """

    condition: str
    works: bool
    secure: bool
    run: str
    chosen: str = ""
    notes: tuple[str, ...] = ()


class MatrixCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the first table of RFC 5197 section 5.5: what is printed there, None where it has no such row, and
    what was measured in its baseline, the first of `conditions`.

    Keeps: `agrees`, None where nothing is printed.
    """

    printed: str | None
    works: bool
    secure: bool
    agrees: bool | None
    conditions: tuple[MatrixCondition, ...]


class MatrixRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mode in the first table, its cells by the name of their column; `variant` where it was run in several ways;
    `error`, why there are no cells."""

    mode: str
    cells: dict[str, MatrixCell]
    variant: str = ""
    error: str = ""


class PropertyRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """One mode in the second table of RFC 5197 section 5.5, measured.

    Keeps: `manual_keys`, whether symmetric keys were provisioned, and `keys`, how many; `needs_pki`, whether the
    exchange fails where nobody vouches for anybody, and `pinned`, whether it works where each end has accepted the
    other's own certificate by hand, None without certificates; `pfs`, whether a recording stayed closed to all
    long-term secrets, and `opened_by`, the ends whose secrets alone open it; `key_generation`, whose chance the keys of
    SRTP hang on, and `secret_by`, whose chance the secret behind them hangs on; `agrees`, by column, empty where
    nothing is printed.
    """

    mode: str
    manual_keys: bool
    needs_pki: bool
    pfs: bool | None
    key_generation: str
    printed: dict[str, str] | None
    agrees: dict[str, bool]
    secret_by: str
    opened_by: tuple[str, ...]
    keys: int
    certificates: int
    pinned: bool | None
    variant: str = ""


class CriteriaRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """One mode by the criteria of RFC 5197 section 3.

    Keeps: `mandatory`, as RFC 3830 has it, None where it does not know the mode; `keys_per_pair` and
    `certificates_per_user`, what must be there so that everybody can call everybody, and `peer_beforehand`, whether a
    caller needs something of each peer before he calls; `objects`, how many that are for ten users; `group_keying`,
    whether one key can serve a conference; `messages`, the fewest that an exchange takes.
    Units: octets of both messages; microseconds of processor time at each end, this machine's.
    """

    mode: str
    mandatory: str | None
    keys_per_pair: int
    certificates_per_user: int
    peer_beforehand: bool
    objects: int
    group_keying: bool
    messages: int
    i_message_octets: int
    r_message_octets: int
    initiator_us: float
    responder_us: float
    variant: str = ""


class PolicyChoice(MatrixCondition, frozen=True, kw_only=True):
    """What the selection policy chose in a situation in which everything is at hand, and how that call ended.

    Keeps: `better`, the modes at hand whose own runs in that situation came out better.
    """

    column: str
    better: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of RFC 5197 section 5.5, section 3's criteria, and the policy's choices, as measured."""

    table1: tuple[MatrixRow, ...]
    table2: tuple[PropertyRow, ...]
    table3: tuple[CriteriaRow, ...]
    policy: tuple[PolicyChoice, ...]


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: its name, parties in the order of the file, records and verdicts.

    Keeps: `commands`, how many the steps of the scenario gave.
    """

    name: str
    shows: str
    file: str
    parties: tuple[str, ...]
    records: tuple[AnyRecord, ...]
    verdicts: tuple[Verdict, ...]
    commands: int = 0

    @property
    def shown(self) -> bool:
        """Whether the run can show anything: somebody did something, and something was expected of it."""
        return bool(self.commands and self.records and self.verdicts)

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(verdict.held for verdict in self.verdicts)


def trace_octets(result: RunResult) -> bytes:
    """A run as JSON, keys in a fixed order: two runs of one scenario compare equal octet by octet."""
    return msgspec.json.encode(result)
