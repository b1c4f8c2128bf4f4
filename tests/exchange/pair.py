"""Two ends of MIKEY exchanges on a clock of their own, for tests that script what passes between them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.credentials import Credential, CredentialStore, NullCredential, PskCredential
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.keys import fresh_rand, fresh_tgk
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES, Choices
from mikey_sdp.mikey.modes.contract import Envelope, InitiatorSetup, ResponderSetup, Response
from mikey_sdp.mikey.modes.null import NullInitiator
from mikey_sdp.mikey.modes.psk import PskInitiator
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import Payload, SrtpIdEntry
from mikey_sdp.mikey.registry import EncrAlg, PrfFunc
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.srtp.profile import SUPPORTED, profile_of

ALICE = "sip:alice@example.com"
BOB = "sip:bob@example.com"
PSK = Secret(b"a key for tests!")
SECOND_US = 1_000_000
EPOCH_US = 1_700_000_000 * SECOND_US


@dataclass
class Pair:
    """Alice initiates, Bob responds; both look at one clock, which stands still unless a test moves it."""

    entropy: SeededEntropy = field(default_factory=lambda: SeededEntropy(b"pair"))
    now_us: int = EPOCH_US
    bobs_clock_ahead_us: int = 0
    stamps: TimestampSource = field(default_factory=TimestampSource)
    replay: ReplayCache = field(default_factory=ReplayCache)
    bundles: BundleStore = field(default_factory=BundleStore)
    bobs_credentials: tuple[Credential, ...] = (PskCredential(ALICE, PSK),)
    bobs_choices: Choices = DEFAULT_CHOICES
    own: str = BOB
    require_idr: bool = True
    report_unauthenticated: bool = False

    @property
    def bobs_now(self) -> NtpTime:
        return NtpTime.from_unix_us(self.now_us + self.bobs_clock_ahead_us)

    def bundle(self, **changed: object) -> Bundle:
        """A bundle of two crypto sessions and one fresh TGK."""
        made = Bundle(
            csb_id=self.bundles.draw_csb_id(self.entropy, ALICE),
            prf_func=PrfFunc.MIKEY_1,
            rand=fresh_rand(self.entropy),
            sessions=(SrtpIdEntry(ssrc=0x11111111), SrtpIdEntry()),
            policies={0: DEFAULT_SRTP},
            keys=(fresh_tgk(self.entropy),),
            own=True,
        )
        return replace(made, **changed) if changed else made

    def setup(self, bundle: Bundle | None = None, **changed: object) -> InitiatorSetup:
        fields: dict[str, object] = {
            "own": identity_of(ALICE),
            "peer": identity_of(BOB),
            "bundle": bundle or self.bundle(),
            "timestamp": self.stamps.stamp(NtpTime.from_unix_us(self.now_us)),
            "now": NtpTime.from_unix_us(self.now_us),
            "entropy": self.entropy,
        }
        return InitiatorSetup(**{**fields, **changed})

    def psk_initiator(self, bundle: Bundle | None = None, key: Secret = PSK, **changed: object) -> PskInitiator:
        return PskInitiator(self.setup(bundle, **changed), PskCredential(BOB, key))

    def null_initiator(self, bundle: Bundle | None = None, **changed: object) -> NullInitiator:
        setup = self.setup(bundle, encr_alg=EncrAlg.NULL, **changed)
        return NullInitiator(setup, NullCredential(BOB), secure_carrier=True)

    def responder(self, accept: Callable[[SrtpParameters], object] = profile_of, **more: object) -> Responder:
        return Responder(
            ResponderSetup(
                own=identity_of(self.own),
                credentials=CredentialStore(self.bobs_credentials),
                replay=self.replay,
                bundles=self.bundles,
                accept=lambda parameters: [accept(parameters), None][1],
                entropy=self.entropy,
                fresh_keys=lambda _parameters, _previous: (fresh_tgk(self.entropy),),
                choices=self.bobs_choices,
                supported=SUPPORTED,
                require_idr=self.require_idr,
                report_unauthenticated=self.report_unauthenticated,
                **more,
            )
        )

    def respond(self, octets: bytes, **envelope: object) -> Response:
        """Bob takes a message and keeps its CSB."""
        response = self.responder().respond(octets, now=self.bobs_now, envelope=Envelope(**envelope))
        self.bundles.put(response.established.peer, response.established.bundle)
        return response


def changed(octets: bytes, offset: int, mask: int = 0x01) -> bytes:
    """The octets with some bits of one flipped."""
    altered = bytearray(octets)
    altered[offset] ^= mask
    return bytes(altered)


def rebuilt(message: Message, keep: Callable[[Payload], bool], *, add: tuple[Payload, ...] = ()) -> bytes:
    """The message with only some of its payloads, others put before the last; its MAC is left as it was."""
    kept = [payload for payload in message.payloads if keep(payload)]
    return Message.build(message.header, (*kept[:-1], *add, kept[-1])).octets


def is_not(*kinds: type[Payload]) -> Callable[[Payload], bool]:
    return lambda payload: not isinstance(payload, kinds)


def chain(octets: bytes) -> list[str]:
    """The payloads of a message by name."""
    return [payload.payload_type.name for payload in Message.decode(octets).payloads]


def teks(bundle: Bundle) -> list[bytes]:
    """The TEK and salt of each crypto session and key."""
    return [
        sa.master_key.reveal() + sa.master_salt.reveal() for cs_id in bundle.cs_ids for sa in bundle.data_sas(cs_id)
    ]


def pair_keys(initiator: PskInitiator) -> MessageKeys:
    """The keys that protect the messages of the initiator's exchange."""
    return initiator.early_bundle.context.message_keys(PSK)


def remac(message: Message, keys: MessageKeys) -> bytes:
    """The message with a right MAC for what it says now."""
    covered = message.octets[:-20]
    return covered + hmac.new(keys.auth_key.reveal(), covered, hashlib.sha1).digest()
