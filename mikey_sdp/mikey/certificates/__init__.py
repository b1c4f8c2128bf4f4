"""Certificates: reading them, judging them against what one end trusts, and whom they name.

Nothing here opens a socket or reads a clock: URLs and OCSP responses come from the caller's functions, the time from
the message's receiver.
"""

from __future__ import annotations

from mikey_sdp.mikey.certificates.chain import MAX_CHAIN, MAX_SIGNATURE_CHECKS, verify_chain
from mikey_sdp.mikey.certificates.identity import covers, identities, identity_of_certificate
from mikey_sdp.mikey.certificates.load import certificates_from_pem, decode_der, fingerprint, private_key_from_pem
from mikey_sdp.mikey.certificates.payloads import CertificateStyle, chain_of, payloads_of, url_of
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.certificates.usage import Purpose

__all__ = [
    "CertificateStyle",
    "MAX_CHAIN",
    "MAX_SIGNATURE_CHECKS",
    "Purpose",
    "Trust",
    "certificates_from_pem",
    "chain_of",
    "covers",
    "decode_der",
    "fingerprint",
    "identities",
    "identity_of_certificate",
    "payloads_of",
    "private_key_from_pem",
    "url_of",
    "verify_chain",
]
