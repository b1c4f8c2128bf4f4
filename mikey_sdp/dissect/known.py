"""What the reader of messages knows: the secrets of either end, and certificates that he trusts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dh, ec

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.credential import PrivateKey
from mikey_sdp.mikey.certificates.load import private_key_from_pem
from mikey_sdp.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Secrets by which messages can be opened, whichever of them are at hand.

    Keeps: `psk`; `envelope_key`, as a public key mode sent it; `key`, the private key of a certificate;
    `static`, the private value of an assertion; `dh_private`,
    the private value of one exchange, most significant octet first; `certificates`, by which signatures are judged:
    those of the signers, or of their issuers.
    """

    psk: Secret | None = None
    envelope_key: Secret | None = None
    key: PrivateKey | None = field(default=None, repr=False)
    static: Secret | None = None
    dh_private: Secret | None = None
    certificates: tuple[x509.Certificate, ...] = ()

    @property
    def reads_signed_messages(self) -> bool:
        """Whether there is anything that messages with signatures can be looked at with."""
        return bool(self.certificates) or (self.envelope_key, self.key, self.dh_private) != (None, None, None)


NOTHING: Final = Known()


def with_key(known: Known, pem: str | bytes) -> Known:
    """The same with a private key from a PEM text: RSA, elliptic curve, or Diffie-Hellman.

    Raises: UsageError.
    """
    key = private_key_from_pem(pem)
    if isinstance(key, PrivateKey):
        value = key.private_numbers().private_value if isinstance(key, ec.EllipticCurvePrivateKey) else None
        return replace(known, key=key, static=None if value is None else _octets(value))
    if isinstance(key, dh.DHPrivateKey):
        return replace(known, static=_octets(key.private_numbers().x))
    raise UsageError("the private key is neither RSA nor elliptic curve nor Diffie-Hellman")


def _octets(number: int) -> Secret:
    return Secret(number.to_bytes(-(-number.bit_length() // 8), "big"))
