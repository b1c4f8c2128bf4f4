"""The envelope key: encrypted to one public key, and a decryption that tells an attacker nothing.

Source: RFC 3830 sections 3.2, 4.2.6 and 6.3; draft-ietf-msec-mikey-ecc-03 section 4.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto import ecies
from mikey_sdp.mikey.crypto.signatures import SigningKey, VerifyingKey
from mikey_sdp.secret import Entropy, Secret

ENVELOPE_KEY_OCTETS: Final = 16
MAX_ENVELOPE_KEY_OCTETS: Final = 32
"""What the PRF takes in one block. With longer keys a derivation takes longer, and would tell how much was inside."""


def fresh_envelope_key(entropy: Entropy) -> Secret:
    """A random envelope key, of 128 bits."""
    return Secret(entropy(ENVELOPE_KEY_OCTETS))


def seal(key: VerifyingKey, envelope_key: Secret, entropy: Entropy, *, oaep: bool) -> bytes:
    """The PKE Data: the envelope key for the holder of the private key.

    The padding of RSA is drawn by the library, from the system's entropy and not from `entropy`.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ecies.encrypt(key, envelope_key.reveal(), entropy)
    return key.encrypt(envelope_key.reveal(), _padding(oaep=oaep))


def unseal(key: SigningKey, data: bytes, entropy: Entropy, *, oaep: bool) -> Secret:
    """The envelope key. Where decryption fails it is a random one, so that all that is seen is a MAC that does not
    verify: a padding oracle would give away every envelope key that was ever sent. So it is where the key has an
    impossible length; to derive from it takes as long for every possible one."""
    stand_in = fresh_envelope_key(entropy)
    try:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            plain = ecies.decrypt(key, data)
        else:
            plain = key.decrypt(data, _padding(oaep=oaep))
    except (ValueError, PeerError):
        return stand_in
    return Secret(plain) if ENVELOPE_KEY_OCTETS <= len(plain) <= MAX_ENVELOPE_KEY_OCTETS else stand_in


def _padding(*, oaep: bool) -> padding.AsymmetricPadding:
    if oaep:
        sha_1 = hashes.SHA1()  # noqa: S303 - the hash of RSAES-OAEP where nothing says otherwise
        return padding.OAEP(mgf=padding.MGF1(sha_1), algorithm=sha_1, label=None)
    return padding.PKCS1v15()
