"""The certificates of a scenario: one authority, a key and a certificate for each party that is to hold one.

Keys and serial numbers follow from the scenario's name and seed, signatures are made without chance, and the dates lie
around the moment at which the run starts. That is fixed but where other programs take part, so that the same file
always has the same certificates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import gmpy2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from msgspec import UNSET, UnsetType

from mikey_sdp.mikey.certificates.credential import CertificateCredential, PrivateKey
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.scenario.schema import Certified

OctetSource = Callable[[str, int], bytes]
"""Given a purpose and a count, octets that are the same in every run of the scenario."""

START_UNIX_US: Final = 1_767_225_600_000_000
"""The wall clock at the start of a run of our nodes alone: 2026-01-01T00:00:00Z."""

_Dates = tuple[datetime, datetime]
_ISSUED_BEFORE: Final = timedelta(days=184)
_GOOD_FOR: Final = timedelta(days=181)
_EXPIRED_BEFORE: Final = timedelta(days=31)
_EXPONENT: Final = 65_537
_PRIME_BITS: Final = 1024
_SERIAL_OCTETS: Final = 8
_CURVE_KEY_OCTETS: Final = 31  # below the order of P-256 whatever they are


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey


class _StolenCertificate(CertificateCredential):
    """What an impostor holds: a certificate that anybody can read, and a key of his own, which no honest end takes for
    a pair."""

    def __post_init__(self) -> None:
        """Look at nothing."""


def certificate_credentials(
    asked: Mapping[str, Certified | UnsetType],
    identities: Mapping[str, str],
    octets: OctetSource,
    *,
    now_unix_us: int = START_UNIX_US,
) -> dict[str, CertificateCredential]:
    """The credential of each party that holds a certificate, by its name.

    Everybody trusts the scenario's authority alone, and knows the certificates of all others, or of those whom the
    file names.
    Units: `now_unix_us` is the moment at which the run starts.
    """
    now = _second_of(now_unix_us)
    held = {name: certified for name, certified in asked.items() if certified is not UNSET}
    if not held:
        return {}
    issuers = sorted({"own", *(one.issuer for one in held.values())})
    authorities = {issuer: _authority(issuer, octets, now) for issuer in issuers}
    issued = {
        name: _issued(
            certified,
            name,
            identities[name if certified.names is UNSET else certified.names],
            authorities[certified.issuer],
            octets,
            now,
        )
        for name, certified in held.items()
        if certified.same_as is UNSET
    }
    holders = {name: issued[certified.same_as or name] for name, certified in held.items()}
    return {
        name: (_StolenCertificate if certified.stolen else CertificateCredential)(
            (holders[name].certificate,),
            _key(certified, f"{name}, an impostor", octets) if certified.stolen else holders[name].key,
            Trust(
                anchors=(authorities["own"].certificate,),
                known=tuple(
                    holders[other].certificate
                    for other in (holders if certified.knows is UNSET else certified.knows)
                    if other != name and other in holders
                ),
            ),
            names_owner=certified.names is UNSET and certified.same_as is UNSET,
        )
        for name, certified in held.items()
    }


def sip_server(
    domain: str, issuer: str, octets: OctetSource, *, now_unix_us: int = START_UNIX_US
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The certificate and the key by which a SIP domain signs assertions about its users."""
    name = f"SIP server of {domain}, {issuer}"
    key = _curve_key(octets(f"sip-server|{domain}|{issuer}", _CURVE_KEY_OCTETS))
    names = x509.SubjectAlternativeName([x509.DNSName(domain)])
    valid = _valid(_second_of(now_unix_us))
    return _signed(_builder(name, name, key, valid, octets).add_extension(names, critical=False), key), key


def _second_of(unix_us: int) -> datetime:
    return datetime.fromtimestamp(unix_us // 1_000_000, tz=UTC)


def _valid(now: datetime) -> _Dates:
    return now - _ISSUED_BEFORE, now + _GOOD_FOR


def _authority(issuer: str, octets: OctetSource, now: datetime) -> _Holder:
    name = "Authority of the scenario" if issuer == "own" else "Another authority"
    key = _curve_key(octets(f"authority|{issuer}", _CURVE_KEY_OCTETS))
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _builder(name, name, key, _valid(now), octets)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _Holder(certificate=_signed(builder, key), key=key)


def _issued(
    certified: Certified, name: str, identity: str, authority: _Holder, octets: OctetSource, now: datetime
) -> _Holder:
    dates = (now - _ISSUED_BEFORE, now - _EXPIRED_BEFORE) if certified.expired else _valid(now)
    key = _key(certified, name, octets)
    issuer = authority.certificate.subject.rfc4514_string().removeprefix("CN=")
    builder = (
        _builder(name, issuer, key, dates, octets)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=False)
    )
    return _Holder(certificate=_signed(builder, authority.key), key=key)


def _key(certified: Certified, holder: str, octets: OctetSource) -> PrivateKey:
    if certified.key == "rsa":
        return _rsa_key(octets(f"rsa|{holder}|p", _PRIME_BITS // 8), octets(f"rsa|{holder}|q", _PRIME_BITS // 8))
    return _curve_key(octets(f"ec|{holder}", _CURVE_KEY_OCTETS))


def _builder(subject: str, issuer: str, key: PrivateKey, valid: _Dates, octets: OctetSource) -> x509.CertificateBuilder:
    serial = int.from_bytes(octets(f"serial|{issuer}|{subject}", _SERIAL_OCTETS), "big")
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(serial + 1)
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


@lru_cache(maxsize=64)
def _curve_key(octets: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(octets, "big") + 1, ec.SECP256R1())


@lru_cache(maxsize=64)
def _rsa_key(*starts: bytes) -> rsa.RSAPrivateKey:
    """The key whose two primes are the next ones behind what the octets say."""
    p, q = (_prime(start) for start in starts)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    ).private_key()


def _prime(start: bytes) -> int:
    """A prime of full length, with its two top bits set so that a product of two is of full length too."""
    prime = int(gmpy2.next_prime(int.from_bytes(start, "big") | 0b11 << (_PRIME_BITS - 2)))
    while prime % _EXPONENT == 1:
        prime = int(gmpy2.next_prime(prime))
    return prime
