"""What the words of one end come to: mode, names, credentials, choices, and the CSB that it would open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cryptography import x509
from msgspec import UNSET, UnsetType

from mikey_sdp.clock import Clock, NtpTime
from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.interop.commands import CryptoSession, End
from mikey_sdp.interop.values import certificates_of, key_of, parameters_of, secret_of_hex, trust_of
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.bundle import MAX_DERIVED_OCTETS
from mikey_sdp.mikey.certificates import CertificateStyle, identity_of_certificate
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, NullCredential, PskCredential
from mikey_sdp.mikey.crypto.signatures import RSA_TYPES, usual_type
from mikey_sdp.mikey.keys import fresh_tgk, given_tek
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import KeyData, SrtpIdEntry
from mikey_sdp.mikey.registry import CacheIndicator, DhGroup, KeyDataType, SignType
from mikey_sdp.mikey.saml import SamlCredential
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Entropy, Secret

INITIATOR: Final = "sip:initiator@mikey.invalid"
RESPONDER: Final = "sip:responder@mikey.invalid"
"""Who the two ends are where nobody says."""
_SALTED: Final = frozenset({KeyDataType.TGK_SALT, KeyDataType.TEK_SALT})
_TEKS: Final = frozenset({KeyDataType.TEK, KeyDataType.TEK_SALT})


@dataclass(frozen=True)
class Settings:
    """The words of one end, read as they are needed.

    Keeps: every property raises UsageError for words that come to nothing.
    """

    words: End
    clock: Clock
    entropy: Entropy

    @property
    def now(self) -> NtpTime:
        """The time of day: as given, which then stands still, else the clock's."""
        given = self.words.now
        return self.clock() if isinstance(given, UnsetType) else NtpTime.from_unix_us(round(given * 1_000_000))

    @cached_property
    def mode(self) -> Mode | None:
        """The mode that was asked for."""
        given = self.words.mode
        if isinstance(given, UnsetType):
            return None
        try:
            return Mode(given)
        except ValueError:
            raise UsageError(f"mode takes one of {', '.join(MODES)}") from None

    @property
    def mode_of_offer(self) -> Mode:
        """The mode that was asked for, else the one that the credentials are good for."""
        if self.mode is not None:
            return self.mode
        if self._gives("psk"):
            return Mode.PSK
        if self._gives("assertion"):
            return Mode.DHSAML
        certified = self.certified
        if certified is None:
            raise UsageError("an offer needs psk, or cert and key, or assertion and key, or mode NULL")
        if not certified.trust.known:
            return Mode.DHSIGN
        return Mode.RSA if usual_type(certified.key) in RSA_TYPES else Mode.ECIES

    @property
    def secure_carrier(self) -> bool:
        """Whether the carrier is declared to protect what it carries."""
        return self.words.secure_carrier is True

    @property
    def verification(self) -> bool:
        """Flag V: whether an answer is asked for."""
        return self.words.v != 0

    @property
    def profile(self) -> Profile:
        """How strictly the peer's messages are read."""
        given = self.words.profile
        return Profile.STRICT if isinstance(given, UnsetType) else Profile(given)

    @property
    def peer(self) -> str | None:
        """The peer's name, None where it is not to be named."""
        given = self.words.peer
        if not isinstance(given, UnsetType):
            return given
        return next(filter(None, map(identity_of_certificate, self._peer_certificates)), None)

    @property
    def own(self) -> str | None:
        """Our name, None where nothing tells it."""
        given = self.words.identity
        if not isinstance(given, UnsetType):
            return given
        if self.certified is not None:
            return identity_of_certificate(self.certified.certificates[0])
        return None if self.vouched is None else self._subject(self.vouched)

    def _subject(self, vouched: SamlCredential) -> str:
        try:
            return vouched.check(vouched.to_payload(compressed=False), now=self.now, subject=None).subject
        except PeerError as fault:
            raise UsageError(f"assertion: {fault.reason}; or name the identity yourself") from None

    @property
    def choices(self) -> Choices:
        """What the exchanges leave to us."""
        words, default = self.words, Choices()
        given = certificates_of(words.cert, "cert")
        return Choices(
            dh_group=default.dh_group if isinstance(words.dh_group, UnsetType) else DhGroup(words.dh_group),
            sign_type=None if isinstance(words.s_type, UnsetType) else SignType(words.s_type),
            certificates=CertificateStyle.CHAIN if len(given) > 1 else CertificateStyle.LEAF,
            cache=default.cache if isinstance(words.c, UnsetType) else CacheIndicator(words.c),
            saml=default.saml if isinstance(words.round2, UnsetType) else SamlChoices(round_2=RoundTwo(words.round2)),
        )

    @property
    def policies(self) -> Mapping[int, SrtpParameters]:
        """The SRTP policies by number; those that crypto sessions name are SRTP's defaults where none is given."""
        given = self.words.policies
        if isinstance(given, UnsetType):
            return {entry.policy: DEFAULT_SRTP for entry in self._crypto_sessions} or {0: DEFAULT_SRTP}
        found = {policy.no: parameters_of(policy.no, policy.params) for policy in given}
        if len(found) < len(given):
            raise UsageError("policies gives one number twice")
        return found

    @property
    def sessions(self) -> tuple[SrtpIdEntry, ...]:
        """The crypto sessions: as given, else one stream each way, ours with an SSRC."""
        return tuple(
            SrtpIdEntry(policy_no=entry.policy, ssrc=entry.ssrc, roc=entry.roc) for entry in self._crypto_sessions
        )

    @cached_property
    def _crypto_sessions(self) -> list[CryptoSession]:
        given = self.words.cs
        if isinstance(given, UnsetType):
            return [CryptoSession(ssrc=int.from_bytes(self.entropy(4), "big") or 1), CryptoSession()]
        return given

    @property
    def key_type(self) -> KeyDataType:
        """Which keys to send where they are ours to make."""
        words = self.words
        salted = words.salt is True
        kind = KeyDataType(int(salted) if isinstance(words.key_type, UnsetType) else words.key_type)
        if words.salt is not UNSET and salted != (kind in _SALTED):
            raise UsageError("salt and key_type contradict each other; key_type alone says both")
        return kind

    def fresh_keys(self, parameters: SrtpParameters) -> tuple[KeyData, ...]:
        """New keys of the kind that was asked for: one TGK, or one TEK for all crypto sessions."""
        kind = self.key_type
        salt_octets = parameters.salt_octets if kind in _SALTED else 0
        if max(parameters.encr_key_octets, salt_octets) > MAX_DERIVED_OCTETS:
            raise UsageError(f"a key or salt of more than {MAX_DERIVED_OCTETS} octets is of no use")
        if kind in _TEKS:
            salt = Secret(self.entropy(salt_octets)) if salt_octets else None
            return (given_tek(Secret(self.entropy(parameters.encr_key_octets)), salt=salt),)
        octets = 16 if isinstance(self.words.tgk_len, UnsetType) else self.words.tgk_len
        return (fresh_tgk(self.entropy, octets=octets, salt_octets=salt_octets),)

    @cached_property
    def credentials(self) -> tuple[Credential, ...]:
        """All that was given, or what goes with the mode that was asked for."""
        psk = secret_of_hex(self.words.psk, "psk")
        permitted = self.secure_carrier and self.mode in (None, Mode.NULL)
        found: Iterable[Credential | None] = (
            None if psk is None else PskCredential(self.peer or ANY_PEER, psk),
            NullCredential() if permitted else None,
            self.certified,
            self.vouched,
        )
        mode = self.mode
        kind = None if mode is None else MODES[mode].credential
        return tuple(one for one in found if one is not None and (kind is None or isinstance(one, kind)))

    def credential_for(self, mode: Mode) -> Credential:
        """The credential that a mode takes."""
        if mode is Mode.NULL:
            return NullCredential()
        kind = MODES[mode].credential
        found = next((one for one in self.credentials if isinstance(one, kind)), None)
        if found is None:
            raise UsageError(f"mode {mode} needs {_NEEDS.get(kind, 'another credential')}")
        return found

    @cached_property
    def certified(self) -> CertificateCredential | None:
        """Certificate, key and trust."""
        certificates = certificates_of(self.words.cert, "cert")
        if not certificates:
            if self._gives("key") and not self._gives("assertion"):
                raise UsageError("key comes with cert or with assertion")
            return None
        key = key_of(self.words.key, "key")
        if key is None:
            raise UsageError("cert comes with key, its private key")
        trust = trust_of(certificates_of(self.words.trust, "trust"), self._peer_certificates)
        return CertificateCredential(certificates, key, trust, self.words.peer or ANY_PEER)

    @cached_property
    def vouched(self) -> SamlCredential | None:
        """Assertion, its key, and the SIP servers that are trusted."""
        words = self.words
        if isinstance(words.assertion, UnsetType) or self.mode not in (None, Mode.DHSAML):
            return None
        if isinstance(words.key, UnsetType):
            raise UsageError("assertion comes with key, the private key that it is about")
        issuers = [] if isinstance(words.assertion_trust, UnsetType) else words.assertion_trust
        return SamlCredential.from_texts(words.assertion, words.key, issuers=issuers)

    @cached_property
    def _peer_certificates(self) -> tuple[x509.Certificate, ...]:
        return certificates_of(self.words.peer_cert, "peer_cert")

    def _gives(self, word: str) -> bool:
        return getattr(self.words, word) is not UNSET


_NEEDS: Final[Mapping[type[Credential], str]] = {
    PskCredential: "psk",
    CertificateCredential: "cert and key",
    SamlCredential: "assertion and key",
}
