"""Whose key an envelope key is encrypted to, and which of our own keys opens one.

Source: RFC 3830 sections 3.2 and 6.7, RFC 4738 section 3.6.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.certificates.chain import MAX_CHAIN, verify_chain
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.identity import covers
from mikey_sdp.mikey.certificates.payloads import chain_of
from mikey_sdp.mikey.certificates.usage import Purpose, check_purpose
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import InitiatorSetup
from mikey_sdp.mikey.modes.roles import text_of
from mikey_sdp.mikey.modes.signing import Signer, not_his, unusable
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.registry import CertType


def recipient_of(setup: InitiatorSetup, credential: CertificateCredential) -> Signer:
    """Whose public key the envelope key is encrypted to: the Responder must be known before the call. # [3830-3.2-3]

    Raises: PolicyRefused without his certificate, or where it is not valid.
    """
    peer = text_of(setup.peer) if setup.peer else ""
    certificate = credential.trust.certificate_of(peer, Purpose.ENCRYPT) if peer else None
    if certificate is None:
        raise PolicyRefused(
            "needs-peer-certificate", f"the certificate of {peer or 'the peer'} is not known beforehand"
        )
    try:
        verified = verify_chain(credential.trust, (certificate,), now=setup.now, purpose=Purpose.ENCRYPT)
    except PeerError as fault:
        raise PolicyRefused(
            "needs-valid-peer-certificate", f"the certificate of {peer} can't be used: {fault.reason}"
        ) from fault
    return Signer(identity=peer, certificate=verified)


def recipient_in(message: Message, signer: Signer, credential: CertificateCredential, now: NtpTime) -> Signer:
    """Whom to encrypt to so that the signer of a message can read it: his certificate of that type, or the one known
    beforehand, or else the one that he signs with.

    Raises: PeerError: Invalid Cert (8), Invalid ID (7) where that certificate is somebody else's.
    """
    payloads = message.all(Certificate)
    typed = any(payload.cert_type in (CertType.X509V3_SIGN, CertType.X509V3_ENCR) for payload in payloads)
    if typed:
        chain = chain_of(payloads, credential.trust, MAX_CHAIN, Purpose.ENCRYPT)
    elif payloads:
        chain = (signer.certificate,)
    else:
        chain = (credential.trust.certificate_of(signer.identity, Purpose.ENCRYPT) or signer.certificate,)
    if chain[0] == signer.certificate:
        check_purpose(signer.certificate, Purpose.ENCRYPT)
        return signer
    if not covers(chain[0], signer.identity):
        raise not_his(signer.identity)
    verified = verify_chain(credential.trust, chain, now=now, purpose=Purpose.ENCRYPT)
    return Signer(identity=signer.identity, certificate=verified)


def decryption_key(credential: CertificateCredential) -> rsa.RSAPrivateKey:
    """Our own key, to open an envelope key with.

    Raises: PeerError with Invalid Cert (8) for a key that only signs.
    """
    key = credential.opening_key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise unusable("our own key opens no envelope key")
    return key
