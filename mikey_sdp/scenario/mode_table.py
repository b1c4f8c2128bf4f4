"""The modes side by side, measured: a call is keyed in each, recorded, and then attacked.

Nothing in the table is copied from a standard. Forward secrecy is what is left when somebody who recorded the call gets
every long-term secret of both ends; who contributed is whose chance makes another key when it falls otherwise.
Source: RFC 5197 sections 3 and 5.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from mikey_sdp.clock import NtpTime
from mikey_sdp.dissect.known import Known
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.endpoint import Endpoint
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.policy import Conference
from mikey_sdp.scenario.attack import Seen, attack, proved
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.chance import RecordedEntropy, with_private_values
from mikey_sdp.scenario.mode_cases import ALICE, BOB, Held, ModeCase, held
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import Entropy, Secret

CpuClock = Callable[[], int]
"""Tells how much processor time was spent so far, in nanoseconds."""

_NOW: Final = NtpTime.from_unix_us(EPOCH_UNIX_US)
_SDP: Final = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
_OURS: Final = _SDP.format("192.0.2.1")
_THEIRS: Final = _SDP.format("192.0.2.2")
_PACKETS: Final = tuple(bytes.fromhex(f"80000001000000a0000000{ssrc}") + bytes(160) for ssrc in ("a1", "b2"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """What passed between two ends, and what was secret about it.

    Keeps: `messages`, the MIKEY messages in their order; `packet`, one SRTP packet of the Initiator; `drawn`, the
    octets of chance of both ends, which nobody has who only recorded.
    """

    messages: tuple[bytes, ...]
    packet: bytes
    drawn: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a mode came to.

    Keeps: `works`, whether a packet each way was decrypted by the other end; `forward_secrecy`, whether the recording
    stayed closed to all long-term secrets, None where it could not be opened with all secrets whatever either, so that
    nothing is shown; `contributors`, the ends whose chance the TGK hangs on, None likewise, and `fresheners`, those
    whose chance the TEKs hang on, be it by a public RAND; `fresheners_without_rand`, the same where the Initiator sends
    no RAND, as he may in RSA-R mode, None in the others.
    Units: octets of I_MESSAGE and R_MESSAGE; processor time of each end from SDP to SDP and keys, the middle one of
    several calls.
    """

    case: ModeCase
    works: bool
    i_message_octets: int
    r_message_octets: int
    initiator_ns: int
    responder_ns: int
    forward_secrecy: bool | None
    contributors: tuple[str, ...] | None
    fresheners: tuple[str, ...] | None = None
    fresheners_without_rand: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    recorded: RecordedCall
    works: bool
    initiator_ns: int
    responder_ns: int


def measure(case: ModeCase, clock: CpuClock, *, calls: int = 5) -> Measured:
    """One row of the table.

    Raises: BackendUnavailable where a library is missing; MikeySdpError where no call comes about.
    """
    parties = held(case)
    _call(case, parties, clock, "warm", "warm")
    timed = [_call(case, parties, clock, f"initiator {number}", f"responder {number}") for number in range(calls)]
    recorded = record(case, parties)
    request, answer = recorded.messages
    made_by = _made_by(case, parties)
    without_rand = _made_by(case, parties, rand=False) if case.mode is Mode.RSA_R else None
    return Measured(
        case=case,
        works=all(call.works for call in timed),
        i_message_octets=len(request),
        r_message_octets=len(answer),
        initiator_ns=round(median(call.initiator_ns for call in timed)),
        responder_ns=round(median(call.responder_ns for call in timed)),
        forward_secrecy=_forward_secrecy(recorded, parties),
        contributors=None if made_by is None else made_by[0],
        fresheners=None if made_by is None else made_by[1],
        fresheners_without_rand=None if without_rand is None else without_rand[1],
    )


def record(
    case: ModeCase,
    parties: Held,
    *,
    initiator: str = "one",
    responder: str = "one",
    verification: bool = True,
    rand: bool = True,
) -> RecordedCall:
    """A call of that mode as somebody on the path saw it; the names decide how the chance of either end falls.

    Without `verification` the Responder is not asked to prove himself where the mode leaves that open; without `rand`
    the Initiator asks for the key of a group, and sends none.
    Raises: PeerError, PolicyRefused where no call comes about; UsageError where it has no sound.
    """
    call = _call(case, parties, lambda: 0, initiator, responder, verification=verification, rand=rand)
    if not call.works:
        raise UsageError(f"{case.name}: the ends agreed, and don't understand each other")
    return call.recorded


def opened_with(call: RecordedCall, secrets: Sequence[Known]) -> Bundle | None:
    """The keys that the attacker opens the call with, proved by the packet; None where he has no luck."""
    found = proved(attack(Seen.of_messages(call.messages, [call.packet]), secrets))
    return found[0].bundle if found else None


def with_everything(call: RecordedCall, secrets: Sequence[Known]) -> tuple[Known, ...]:
    """The same secrets, and beside each of them every private value that the ends may have made of their chance."""
    return with_private_values(secrets, call.drawn)


def _forward_secrecy(recorded: RecordedCall, parties: Held) -> bool | None:
    if opened_with(recorded, parties.long_term) is not None:
        return False
    everything = with_everything(recorded, parties.long_term)
    return None if opened_with(recorded, everything) is None else True


def _made_by(case: ModeCase, parties: Held, *, rand: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The ends that can't be left as they were without getting the old TGK, or the old TEK, again."""
    first = _keys(case, parties, rand=rand)
    others = {
        "Initiator": _keys(case, parties, initiator="another", rand=rand),
        "Responder": _keys(case, parties, responder="another", rand=rand),
    }
    if first is None or None in others.values():
        return None
    changed = {end: keys for end, keys in others.items() if keys is not None}
    return (
        tuple(end for end, keys in changed.items() if keys[0] != first[0]),
        tuple(end for end, keys in changed.items() if keys[1] != first[1]),
    )


def _keys(
    case: ModeCase, parties: Held, *, initiator: str = "one", responder: str = "one", rand: bool
) -> tuple[Secret, Secret] | None:
    """TGK and first TEK of a call in which the chance of the ends falls so; None where they can't be had from
    outside."""
    recorded = record(case, parties, initiator=initiator, responder=responder, rand=rand)
    bundle = opened_with(recorded, with_everything(recorded, parties.long_term))
    return None if bundle is None else (bundle.keys[0].key, bundle.data_sas(1)[0].master_key)


def _call(
    case: ModeCase,
    parties: Held,
    clock: CpuClock,
    initiator: str,
    responder: str,
    *,
    verification: bool = True,
    rand: bool = True,
) -> _Call:
    """A call from SDP to media, with the chance of either end named."""
    chance = tuple(
        RecordedEntropy(f"{case.name}|{end}|{named}".encode())
        for end, named in (("initiator", initiator), ("responder", responder))
    )
    options = Options(choices=Choices(dh_group=case.dh_group), verification=verification)
    alice, bob = (
        Endpoint(
            identity,
            credentials=[credential],
            clock=lambda: _NOW,
            entropy=entropy,
            modes=[case.mode],
            options=options,
            group=group,
        )
        for identity, credential, entropy, group in (
            (ALICE, parties.alice, chance[0], None),
            (BOB, parties.bob, chance[1], None if rand else _group_of_bob(chance[1])),
        )
    )
    expects = NOTHING_SPECIAL if rand else Expectations(conference=Conference.MEMBER)
    began = clock()
    offer = alice.offer(_OURS, to=BOB, secure_carrier=True, expects=expects)
    offered = clock()
    answer = bob.answer(offer.sdp, _THEIRS, caller=ALICE, secure_carrier=True)
    answered = clock()
    if answer.rejection is not None or answer.keys is None or answer.sdp is None:
        reason = "no keys" if answer.rejection is None else answer.rejection.warning[1]
        raise PeerError(f"the call was rejected: {reason}", mikey_error=None)
    keys = offer.accept(answer.sdp)
    accepted = clock()
    ours, theirs = keys.session(0), answer.keys.session(0)
    packet = ours.protect(_PACKETS[0])
    back = theirs.protect(_PACKETS[1])
    works = theirs.unprotect(packet) == _PACKETS[0] and ours.unprotect(back) == _PACKETS[1]
    return _Call(
        recorded=RecordedCall(
            messages=(*_carried(offer.sdp), *_carried(answer.sdp)),
            packet=packet,
            drawn=(*chance[0].drawn, *chance[1].drawn),
        ),
        works=works,
        initiator_ns=offered - began + accepted - answered,
        responder_ns=answered - offered,
    )


def _group_of_bob(entropy: Entropy) -> GroupKeys:
    return GroupKeys(BOB, admits=lambda identity: identity == ALICE, entropy=entropy)


def _carried(sdp: str) -> tuple[bytes, ...]:
    """The MIKEY messages of a description."""
    return tuple(line.data for line in key_mgmt_lines(SessionDescription.parse(sdp)))
