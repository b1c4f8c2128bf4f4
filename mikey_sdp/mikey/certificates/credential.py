"""The credential of the public key modes: a private key, the certificates that show it, and whom to trust."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.load import certificates_from_pem, fingerprint, private_key_from_pem
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import ANY_PEER

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A certified key that opens what is encrypted to it and signs nothing.

    Raises: UsageError where key and certificate don't belong together.
    """

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if self.certificate.public_key() != self.key.public_key():
            raise UsageError("the private key is not that of the encryption certificate")


@dataclass(frozen=True, slots=True)
class CertificateCredential:
    """A certified key, by which its owner proves himself, and the trust by which he judges others.

    Keeps: `certificates`, the own one first, then its issuers; `key`, its private key, RSA or elliptic curve; `peer`,
    with whom it is used, `*` for everybody; `encryption`, a second key where the first is for signatures only;
    `names_owner`, whether the certificate must name whoever uses it; without, tests can show somebody else's.
    Raises: UsageError where key and certificate don't belong together.
    """

    certificates: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    trust: Trust
    peer: str = ANY_PEER
    encryption: EncryptionKey | None = None
    names_owner: bool = True

    def __post_init__(self) -> None:
        if not self.certificates:
            raise UsageError("a certificate credential needs a certificate")
        if self.certificates[0].public_key() != self.key.public_key():
            raise UsageError("the private key is not that of the (first) certificate")

    @property
    def opening_key(self) -> PrivateKey:
        """The private key that opens envelope keys."""
        return self.key if self.encryption is None else self.encryption.key

    @property
    def addressed(self) -> x509.Certificate:
        """The certificate to whose key envelope keys are encrypted."""
        return self.certificates[0] if self.encryption is None else self.encryption.certificate

    @classmethod
    def from_pem(
        cls,
        certificate: str | bytes,
        key: str | bytes,
        *,
        trust: Iterable[str | bytes] = (),
        known: Iterable[str | bytes] = (),
        pinned: Iterable[str | bytes] = (),
        password: bytes | None = None,
        peer: str = ANY_PEER,
    ) -> Self:
        """A credential from PEM texts.

        `certificate` holds the own one and, behind it, its issuers; `trust` are the anchors, `known` certificates of
        peers (RSA mode needs the Responder's), `pinned` certificates that are trusted as they are.
        Raises: UsageError for texts that hold no certificate or key, and for a key that is neither RSA nor EC.
        """
        private = private_key_from_pem(key, password)
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise UsageError("the private key is neither RSA nor elliptic curve")
        pins = _all(pinned)
        held = Trust(anchors=_all(trust), pins=frozenset(fingerprint(one) for one in pins), known=(*_all(known), *pins))
        return cls(certificates=certificates_from_pem(certificate), key=private, trust=held, peer=peer)


def _all(texts: Iterable[str | bytes]) -> tuple[x509.Certificate, ...]:
    return tuple(certificate for text in texts for certificate in certificates_from_pem(text))
