"""Calls between endpoints, and what passed: SIP around the SDP, and packets with the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.dissect.known import Known
from mikey_sdp.endpoint import Endpoint, KeySet, Options
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import PrfConstant
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.chance import RecordedEntropy
from mikey_sdp.scenario.matrix_cast import ROLES, Actor, cast
from mikey_sdp.scenario.mode_cases import ALICE, BOB, CASES, ModeCase
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.rtp import rtp_octets
from mikey_sdp.trace import Passed

SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
INVITE = "INVITE sip:bob@example.com SIP/2.0\r\nCall-ID: 1\r\nContent-Type: application/sdp\r\n{}\r\n{}"


def case_of(name: str) -> ModeCase:
    return next(case for case in CASES if case.name == name)


def passed(octets: bytes, *, party: str = "alice", to: str = "bob", transport: str = "MEDIA") -> Passed:
    hosts = {name: (role.identity, 5060) for name, role in ROLES.items()}
    return Passed(
        at_us=0,
        arrived_us=0,
        party=party,
        to=to,
        transport=transport,
        source=hosts[party],
        destination=hosts[to],
        octets=octets,
    )


def in_sip(sdp: str, *, transport: str = "UDP") -> Passed:
    """A message that carries that description."""
    length = f"Content-Length: {len(sdp)}\r\n"
    return passed(INVITE.format(length, sdp).encode(), transport=transport)


def packet(ssrc: int, sequence: int, payload: bytes) -> bytes:
    return rtp_octets(payload_type=0, sequence=sequence, timestamp=0, ssrc=ssrc, payload=payload)


@dataclass
class Call:
    """Alice calls bob, or several of his devices, whose answers she takes all."""

    case: ModeCase
    devices: tuple[str, ...] = ("desk",)
    shared: bool = False
    choices: dict[str, object] = field(default_factory=dict)
    modes: tuple[Mode, ...] = ()
    signalling: list[Passed] = field(default_factory=list)
    media: list[Passed] = field(default_factory=list)
    keys: list[DataSa] = field(default_factory=list)

    def __post_init__(self) -> None:
        roles = {"alice": ROLES["alice"], **{name: ROLES[name] for name in self.devices}}
        if self.shared:
            roles |= {name: replace(ROLES[name], key_of=self.devices[0]) for name in self.devices[1:]}
        self.actors = cast(self.case, roles)
        self.alice = self._endpoint(self.actors["alice"], ALICE)
        self.offer = self.alice.offer(SDP.format("192.0.2.1"), to=BOB, secure_carrier=True)
        self.signalling.append(in_sip(self.offer.sdp))
        self.bobs = {name: self._endpoint(self.actors[name], BOB) for name in self.devices}
        self.ends: dict[str, tuple[KeySet, KeySet]] = {}
        for name in self.devices:
            self.answer(name)

    def _endpoint(self, actor: Actor, identity: str) -> Endpoint:
        options = Options(choices=Choices(dh_group=self.case.dh_group, **self.choices))  # type: ignore[arg-type]
        return Endpoint(
            identity,
            credentials=actor.credentials,
            clock=lambda: NtpTime.from_unix_us(EPOCH_UNIX_US),
            entropy=actor.entropy,
            modes=[self.case.mode, *self.modes],
            options=options,
        )

    def answer(self, name: str) -> None:
        answer = self.bobs[name].answer(self.offer.sdp, SDP.format("192.0.2.2"), caller=ALICE, secure_carrier=True)
        assert answer.sdp is not None
        assert answer.keys is not None
        self.signalling.append(in_sip(answer.sdp))
        self.ends[name] = (self.offer.accept(answer.sdp), answer.keys)
        self.keys += [sa for keys in self.ends[name] for own in keys.media.values() for sa in own.send]

    def says(self, name: str, octets: bytes) -> bytes:
        """A device sends a packet to alice."""
        protected = self.ends[name][1].session(0).protect(octets)
        self.media.append(passed(protected, party=name, to="alice"))
        return protected

    def secrets_of(self, *names: str) -> tuple[Known, ...]:
        return tuple(known for name in names for known in self.actors[name].secrets)

    def long_term_of(self, *names: str) -> tuple[Known, ...]:
        return tuple(known for name in names for known in self.actors[name].long_term)


def same_chance(actors: dict[str, Actor], *names: str) -> dict[str, Actor]:
    """The same, but the chance of these falls alike."""
    return {
        name: replace(actor, entropy=RecordedEntropy(b"one die for all")) if name in names else actor
        for name, actor in actors.items()
    }


def sent(call: Call, packets: Sequence[tuple[str, int, int, bytes]]) -> Call:
    """The call with these packets: who, SSRC, sequence number, payload."""
    for name, ssrc, sequence, payload in packets:
        call.says(name, packet(ssrc, sequence, payload))
    return call


def derive_without_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all keys of media derived of what everybody reads, whatever was agreed on."""
    derive = KeyContext.traffic_key

    def broken(context: KeyContext, _tgk: Secret, constant: PrfConstant, cs_id: int, bits: int) -> Secret:
        return derive(context, Secret(bytes(16)), constant, cs_id, bits)

    monkeypatch.setattr(KeyContext, "traffic_key", broken)
