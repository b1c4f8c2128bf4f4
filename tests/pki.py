"""A certification authority for tests: the same octets on every run, and quick.

Keys follow from a seed, serial numbers too, and signatures are deterministic (OCSP responses by EC keys excepted, which
the library signs with chance). Dates are fixed; a test passes others where they matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Self

import gmpy2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from mikey_sdp.clock import NtpTime

NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2027, 1, 1, tzinfo=UTC)
MOMENT: Final = datetime(2026, 7, 1, tzinfo=UTC)
"""A time of day at which certificates of the default dates are valid."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_USAGES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
_SHA256_RSA: Final = bytes.fromhex("300d06092a864886f70d01010b0500")
_LEGACY_RSA: Final = {
    "SHA1": (bytes.fromhex("300d06092a864886f70d0101050500"), hashes.SHA1()),
    "MD5": (bytes.fromhex("300d06092a864886f70d0101040500"), hashes.MD5()),
}


def at(moment: datetime) -> NtpTime:
    """A date as the receiver of a message would tell it."""
    return NtpTime.from_unix_us(int(moment.timestamp()) * 1_000_000)


def _drawn(seed: str, octets: int) -> int:
    return int.from_bytes(hashlib.shake_256(seed.encode()).digest(octets), "big")


@lru_cache(maxsize=256)
def ec_key(seed: str, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """A key on P-256, or on the curve given. Curves are compared by identity in the cache, so pass one and the same."""
    chosen = curve or ec.SECP256R1()
    return ec.derive_private_key(_drawn(f"EC {seed}", chosen.key_size // 8 - 1) + 1, chosen)


@lru_cache(maxsize=64)
def rsa_key(seed: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """An RSA key with e = 65537."""
    e, half = 65537, bits // 2
    primes = []
    for letter in "pq":
        top = 0b11 << (half - 2)
        prime = int(gmpy2.next_prime(_drawn(f"RSA {letter} {seed}", half // 8) | top))
        while prime % e == 1:
            prime = int(gmpy2.next_prime(prime))
        primes.append(prime)
    p, q = primes
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(e, p * q),
    )
    return numbers.private_key()


def key_usage(*names: str) -> x509.KeyUsage:
    """A key usage of these bits, named as the library names them."""
    return x509.KeyUsage(**{usage: usage in names for usage in _USAGES})


def names(*texts: str) -> tuple[x509.GeneralName, ...]:
    """General names: `mail:` and `dns:` say their kind, all else is a URI."""
    kinds = {"mail": x509.RFC822Name, "dns": x509.DNSName}
    found: list[x509.GeneralName] = []
    for text in texts:
        kind, _, value = text.partition(":")
        found.append(kinds[kind](value) if kind in kinds else x509.UniformResourceIdentifier(text))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key in PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Holder):
    """A CA: issues certificates, other CAs, CRLs and OCSP responses."""

    @classmethod
    def create(
        cls,
        name: str,
        *,
        key: PrivateKey | None = None,
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
    ) -> Self:
        """A root."""
        own = key or ec_key(name)
        certificate = _certificate(
            subject=_name(name),
            issuer=_name(name),
            public_key=own.public_key(),
            signed_with=own,
            dates=(not_before, not_after),
            extensions=_of_authority(None),
        )
        return cls(certificate=certificate, key=own)

    def issue(
        self,
        *alternative_names: str,
        key: PrivateKey | None = None,
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        usage: Iterable[str] | None = None,
        extended_usage: Iterable[x509.ObjectIdentifier] = (),
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        public_key: PublicKey | None = None,
        subject: str | None = None,
    ) -> Holder:
        """A user's certificate. Names as `names` reads them; `usage` None leaves the key usage out."""
        label = subject if subject is not None else " ".join(alternative_names)
        own = key or ec_key(label)
        wanted: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        if alternative_names:
            wanted.append((x509.SubjectAlternativeName(names(*alternative_names)), False))
        if usage is not None:
            wanted.append((key_usage(*usage), True))
        if extended_usage:
            wanted.append((x509.ExtendedKeyUsage(extended_usage), False))
        certificate = _certificate(
            subject=_name(label),
            issuer=self.certificate.subject,
            public_key=public_key or own.public_key(),
            signed_with=self.key,
            dates=(not_before, not_after),
            extensions=(*wanted, *extensions),
        )
        return Holder(certificate=certificate, key=own)

    def authority(
        self,
        name: str,
        *,
        key: PrivateKey | None = None,
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        path_length: int | None = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> Authority:
        """A CA below this one."""
        own = key or ec_key(name)
        certificate = _certificate(
            subject=_name(name),
            issuer=self.certificate.subject,
            public_key=own.public_key(),
            signed_with=self.key,
            dates=(not_before, not_after),
            extensions=(*_of_authority(path_length), *extensions),
        )
        return Authority(certificate=certificate, key=own)

    def crl(
        self,
        *revoked: x509.Certificate,
        issued: datetime = MOMENT,
        superseded: datetime = NOT_AFTER,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> x509.CertificateRevocationList:
        """A list of what this authority took back."""
        builder = x509.CertificateRevocationListBuilder(self.certificate.subject, issued, superseded)
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, issued).build()
            builder = builder.add_revoked_certificate(entry)
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        return builder.sign(self.key, hashes.SHA256(), ecdsa_deterministic=_deterministic(self.key))

    def ocsp(
        self,
        certificate: x509.Certificate,
        *,
        revoked: bool = False,
        issued: datetime = MOMENT,
        superseded: datetime | None = NOT_AFTER,
        responder: Holder | None = None,
        status: ocsp.OCSPCertStatus | None = None,
    ) -> bytes:
        """An OCSP response in DER, signed by this authority or by a responder that it charged."""
        chosen = status or (ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD)
        signer = responder or self
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=certificate,
            issuer=self.certificate,
            algorithm=hashes.SHA1(),
            cert_status=chosen,
            this_update=issued,
            next_update=superseded,
            revocation_time=issued if chosen is ocsp.OCSPCertStatus.REVOKED else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        if responder is not None:
            builder = builder.certificates([responder.certificate])
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def self_signed(uri: str, *, key: PrivateKey | None = None, usage: Iterable[str] | None = None) -> Holder:
    """A certificate that nobody but its owner vouches for."""
    own = key or ec_key(uri)
    name = Authority(certificate=Authority.create(uri, key=own).certificate, key=own)
    return name.issue(uri, key=own, usage=usage)


def legacy_signed(certificate: x509.Certificate, issuer_key: rsa.RSAPrivateKey, hash_name: str) -> x509.Certificate:
    """The same certificate signed with SHA-1 or MD5, which the library does not do any more. RSA-2048 only."""
    der = certificate.public_bytes(Encoding.DER)
    return x509.load_der_x509_certificate(
        _resigned(der, certificate.tbs_certificate_bytes, certificate.signature, issuer_key, hash_name)
    )


def legacy_crl(crl: x509.CertificateRevocationList, issuer_key: rsa.RSAPrivateKey) -> x509.CertificateRevocationList:
    """The same CRL signed with SHA-1. RSA-2048 only."""
    der = crl.public_bytes(Encoding.DER)
    return x509.load_der_x509_crl(_resigned(der, crl.tbs_certlist_bytes, crl.signature, issuer_key, "SHA1"))


def legacy_ocsp(response: bytes, responder_key: rsa.RSAPrivateKey) -> bytes:
    """The same OCSP response signed with SHA-1. RSA-2048 only."""
    read = ocsp.load_der_ocsp_response(response)
    return _resigned(response, read.tbs_response_bytes, read.signature, responder_key, "SHA1")


def _resigned(der: bytes, signed: bytes, signature: bytes, key: rsa.RSAPrivateKey, hash_name: str) -> bytes:
    # Algorithm identifiers and signatures keep their lengths, so that they can be put in the old ones' places.
    algorithm, function = _LEGACY_RSA[hash_name]
    fresh = key.sign(signed.replace(_SHA256_RSA, algorithm), padding.PKCS1v15(), function)
    return der.replace(_SHA256_RSA, algorithm).replace(signature, fresh)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])]) if text else x509.Name([])


def _of_authority(path_length: int | None) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return (
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (key_usage("key_cert_sign", "crl_sign"), True),
    )


def _deterministic(key: PrivateKey) -> bool | None:
    return True if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _certificate(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    public_key: PublicKey,
    signed_with: PrivateKey,
    dates: tuple[datetime, datetime],
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    serial = _drawn(f"serial {subject.rfc4514_string()} {issuer.rfc4514_string()} {dates}", 8) + 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
    )
    given = {type(value): (value, critical) for value, critical in extensions}  # the later of a kind replaces the first
    for value, critical in given.values():
        builder = builder.add_extension(value, critical)
    return builder.sign(signed_with, hashes.SHA256(), ecdsa_deterministic=_deterministic(signed_with))
