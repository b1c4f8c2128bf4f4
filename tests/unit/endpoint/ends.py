"""Two endpoints on one clock, and SDP bodies for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Answer, CallLeg, Endpoint, KeySet, Offer, Options
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.secret import Secret, SeededEntropy

ALICE = "sip:alice@example.com"
BOB = "sip:bob@example.com"
KEY = Secret(b"a key for tests!")
SECOND_US = 1_000_000


@dataclass
class Clock:
    """A clock that a test moves."""

    unix_us: int = 1_700_000_000 * SECOND_US

    def __call__(self) -> NtpTime:
        return NtpTime.from_unix_us(self.unix_us)


@dataclass
class Ends:
    """Alice, who calls, and Bob, who answers."""

    clock: Clock = field(default_factory=Clock)

    def end(self, identity: str, *credentials: Credential, options: Options | None = None) -> Endpoint:
        return Endpoint(
            identity,
            credentials=credentials,
            clock=self.clock,
            entropy=SeededEntropy(identity.encode()),
            options=options,
        )

    def alice(self, **options: object) -> Endpoint:
        return self.end(ALICE, PskCredential(BOB, KEY), options=Options(**options))

    def bob(self, **options: object) -> Endpoint:
        return self.end(BOB, PskCredential(ALICE, KEY), options=Options(**options))


def body(*media: str, attributes: str = "", ssrcs: tuple[int, ...] = (), host: int = 1) -> str:
    """A plain SDP body with those m= lines (audio if none is named)."""
    lines = ["v=0", f"o=- 1 1 IN IP4 192.0.2.{host}", "s=-", f"c=IN IP4 192.0.2.{host}", "t=0 0"]
    for number, kind in enumerate(media or ("audio",)):
        kind, _, port = kind.partition(":")
        lines.append(f"m={kind} {port or 40000 + 2 * number} RTP/AVP 0")
        if number < len(ssrcs):
            lines.append(f"a=ssrc:{ssrcs[number]} cname:test")
    return "".join(f"{line}\r\n" for line in lines) + attributes


def mikey_of(sdp: str, level: Level = None) -> Message:
    """The MIKEY message at a level of a body."""
    (line,) = [
        line for line in key_mgmt_lines(SessionDescription.parse(sdp)) if line.level == level and line.kmpid == "mikey"
    ]
    return Message.decode(line.data)


def mikey_levels(sdp: str) -> list[Level]:
    return [line.level for line in key_mgmt_lines(SessionDescription.parse(sdp))]


def rtp(sequence: int = 1, ssrc: int = 9) -> bytes:
    return bytes([0x80, 0]) + sequence.to_bytes(2, "big") + bytes(4) + ssrc.to_bytes(4, "big") + b"payload"


def hears(sender: KeySet, receiver: KeySet, *, media: int = 0, sequence: int = 1, ssrc: int = 9) -> bool:
    """Whether a packet that one end protects comes out at the other end."""
    packet = rtp(sequence, ssrc)
    return receiver.session(media).unprotect(sender.session(media).protect(packet)) == packet


@dataclass
class Call:
    """An established call: the legs and keys of both ends."""

    alice: Endpoint
    bob: Endpoint
    offer: Offer
    answer: Answer
    keys: KeySet

    @property
    def alices_leg(self) -> CallLeg:
        assert self.keys.leg is not None
        return self.keys.leg

    @property
    def bobs_leg(self) -> CallLeg:
        assert self.answer.keys is not None
        assert self.answer.keys.leg is not None
        return self.answer.keys.leg


def call(alice: Endpoint, bob: Endpoint, *media: str, level: str = "session", **offer: object) -> Call:
    """Alice calls Bob, who takes every line."""
    offered = alice.offer(body(*media), to=BOB, level=level, **offer)
    answer = bob.answer(offered.sdp, body(*media, host=2), caller=ALICE)
    assert answer.sdp is not None, answer.rejection
    return Call(alice, bob, offered, answer, offered.accept(answer.sdp))
