"""The credential of SAML-assisted Diffie-Hellman: an assertion, the key that it vouches for, and whom to trust.

Source: RFC 5197 section 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dh, ec

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.load import certificates_from_pem, private_key_from_pem
from mikey_sdp.mikey.credentials import ANY_PEER
from mikey_sdp.mikey.crypto.groups import FiniteField, PrimeCurve, PrivateValue, group_of
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType, DhGroup
from mikey_sdp.mikey.saml.assertion import Assertion
from mikey_sdp.mikey.saml.check import check
from mikey_sdp.mikey.saml.key_value import CURVE_URNS, FINITE_FIELDS, base64_text
from mikey_sdp.mikey.saml.packing import MAX_XML_OCTETS, decode_cert, deflate

DEFAULT_SKEW_US: Final = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlCredential:
    """What a SIP domain gave a user, and the trust by which he judges what other domains gave theirs.

    Keeps: `assertion`, the XML as it was issued; `group` and `key`, the Diffie-Hellman key that it is about; `issuers`,
    the certificates of the SIP servers that are trusted, the own one among them or not; `third_parties`, if given,
    those of whom one must have signed each peer's key, which a cheating SIP server can't make up for; `skew_us`, how
    far clocks may be apart at the ends of an assertion's time; `peer`, with whom it is used, `*` for everybody.
    Raises: UsageError for an assertion that is about another key.
    """

    assertion: bytes
    group: DhGroup
    key: PrivateValue = field(repr=False)
    issuers: tuple[x509.Certificate, ...]
    third_parties: tuple[x509.Certificate, ...] | None = None
    skew_us: int = DEFAULT_SKEW_US
    peer: str = ANY_PEER

    def __post_init__(self) -> None:
        if len(self.assertion) > MAX_XML_OCTETS:
            raise UsageError(f"an assertion has at most {MAX_XML_OCTETS} octets, this one {len(self.assertion)}")
        public = self.key.public
        if isinstance(group_of(self.group), FiniteField):
            public = public.lstrip(bytes(1))
        if f">{base64_text(public)}<".encode() not in self.assertion:
            raise UsageError("the assertion is about another key; hand in the pair")

    @classmethod
    def from_texts(
        cls,
        assertion: str | bytes,
        key: str | bytes,
        *,
        issuers: Iterable[str | bytes],
        third_parties: Iterable[str | bytes] | None = None,
        password: bytes | None = None,
        peer: str = ANY_PEER,
    ) -> Self:
        """A credential from the XML of the assertion and PEM texts.

        `key` is an elliptic curve key, or a Diffie-Hellman key in one of the groups of MIKEY.
        Raises: UsageError for texts that hold no key or certificate, and for a key of another kind or group.
        """
        group, private = _private_value(key, password)
        return cls(
            assertion=assertion.encode() if isinstance(assertion, str) else bytes(assertion),
            group=group,
            key=private,
            issuers=_certificates(issuers),
            third_parties=None if third_parties is None else _certificates(third_parties),
            peer=peer,
        )

    def to_payload(self, *, compressed: bool) -> Certificate:
        """The CERT payload that carries the assertion."""
        if compressed:
            return Certificate(cert_type=CertType.SAML_DEFLATE, data=deflate(self.assertion))
        return Certificate(cert_type=CertType.SAML_XML, data=self.assertion)

    def check(self, payload: Certificate, *, now: NtpTime, subject: str | None) -> Assertion:
        """What a peer's assertion says, once it has proved right; `subject` is who it must be about, if that is known.

        Raises: PeerError with Invalid Cert (8); BackendUnavailable.
        """
        return check(
            decode_cert(payload),
            issuers=self.issuers,
            now=now,
            skew_us=self.skew_us,
            subject=subject,
            third_party=self.third_parties,
        )


def _private_value(pem: str | bytes, password: bytes | None) -> tuple[DhGroup, PrivateValue]:
    key = private_key_from_pem(pem, password)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scalar = key.private_numbers().private_value
        return _value_in(_curves(key.curve.name), scalar)
    if isinstance(key, dh.DHPrivateKey):
        numbers = key.private_numbers()
        parameters = numbers.public_numbers.parameter_numbers
        return _value_in(_fields(parameters.p) if parameters.g == _GENERATOR else (), numbers.x)
    raise UsageError("the private key is neither Diffie-Hellman nor elliptic curve")


_GENERATOR: Final = 2


def _value_in(groups: Iterable[DhGroup], secret: int) -> tuple[DhGroup, PrivateValue]:
    for group in groups:
        return group, group_of(group).private(secret.to_bytes(-(-secret.bit_length() // 8), "big"))
    raise UsageError("the private key is in none of the groups of MIKEY")


def _curves(name: str) -> Iterable[DhGroup]:
    return (n for n in CURVE_URNS if isinstance(found := group_of(n), PrimeCurve) and found.curve.name == name)


def _fields(prime: int) -> Iterable[DhGroup]:
    return (n for n in FINITE_FIELDS if isinstance(found := group_of(n), FiniteField) and found.prime == prime)


def _certificates(texts: Iterable[str | bytes]) -> tuple[x509.Certificate, ...]:
    return tuple(certificate for text in texts for certificate in certificates_from_pem(text))
