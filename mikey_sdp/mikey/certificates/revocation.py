"""Whether a certificate was taken back: CRLs at hand, OCSP responses that the caller brings.

A revocation counts however old the news of it is; that a certificate is good counts only while the news is fresh.

Source: RFC 3830 section 4.3.1, RFC 4738 section 3.8, RFC 5280 section 6.3, RFC 6960 section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.load import MAX_DER_OCTETS, invalid, shown
from mikey_sdp.mikey.certificates.signing import check_hash, check_issued_by, check_signature
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.certificates.usage import check_itself, extension, unix_us

MAX_AGE_US: Final = 24 * 3600 * 1_000_000
"""How long news without a nextUpdate stays fresh: one day, a matter of local policy."""

_MAX_RESPONDERS: Final = 4
_GOOD: Final = ""


def check_not_revoked(trust: Trust, certificate: x509.Certificate, issuer: x509.Certificate, at_us: int) -> None:
    """Refuse a certificate that its issuer revoked, or that nothing fresh speaks for where `trust` insists on it.

    Keeps: SHA-1 out of all news, even where certificates may be signed with it.
    Units: `at_us` microseconds since 1970.
    Raises: PeerError (Invalid Cert).
    """
    news = [
        *_from_crls(trust, certificate, issuer, at_us),
        *_from_ocsp(trust, certificate, issuer, at_us),
    ]
    if trust.require_revocation and _GOOD not in news:
        why = "; ".join(news) or "neither a CRL nor an OCSP response"
        raise invalid(f"nothing tells whether the certificate of {shown(certificate.subject)} was revoked: {why}")


def _from_crls(trust: Trust, certificate: x509.Certificate, issuer: x509.Certificate, at_us: int) -> Iterator[str]:
    """For each CRL of the issuer nothing when it vouches for the certificate, else why it does not."""
    usage = extension(issuer, x509.KeyUsage)
    for crl in trust.crls:
        if crl.issuer != certificate.issuer:
            continue
        if usage is not None and not usage.crl_sign:
            yield f"the key usage of {shown(issuer.subject)} does not include cRLSign"
            continue
        fault = _fault_of_crl(crl, issuer)
        if fault:
            yield fault
            continue
        if crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            raise invalid(f"the certificate of {shown(certificate.subject)} is revoked (CRL)")
        yield _staleness("the CRL", crl.last_update_utc, crl.next_update_utc, at_us)


def _fault_of_crl(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> str:
    try:
        check_hash(crl.signature_hash_algorithm, accept_sha1=False, what="the CRL")
        # A critical extension marks a list of another scope: of changes only, of some reasons, of other issuers.
        if any(found.critical for found in crl.extensions):
            return "the CRL has a critical extension, not understood here"
        signed = crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except PeerError as error:
        return error.reason
    except Exception:
        signed = False
    return "" if signed else "the CRL has a bad signature"


def _from_ocsp(trust: Trust, certificate: x509.Certificate, issuer: x509.Certificate, at_us: int) -> Iterator[str]:
    """What the OCSP response of the caller, if any, tells. # [4738-3.8-5]"""
    data = None if trust.ocsp is None else trust.ocsp(certificate, issuer)
    if data is None:
        return
    try:
        answer = _answer(data, certificate, issuer, at_us)
    except PeerError as error:
        yield error.reason
        return
    except Exception:
        yield "the OCSP response is not readable"
        return
    if answer.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise invalid(f"the certificate of {shown(certificate.subject)} is revoked (OCSP)")
    if answer.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        yield "the OCSP responder does not know the certificate"
        return
    yield _staleness("the OCSP response", answer.this_update_utc, answer.next_update_utc, at_us)


def _answer(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at_us: int
) -> ocsp.OCSPSingleResponse:
    """The answer about this certificate, from a response whose signature holds."""
    if len(data) > MAX_DER_OCTETS:
        raise invalid(f"the OCSP response has {len(data)} octets")
    response = ocsp.load_der_ocsp_response(data)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise invalid(f"the OCSP responder answered {response.response_status.name}")
    check_hash(response.signature_hash_algorithm, accept_sha1=False, what="the OCSP response")
    answer = next((one for one in response.responses if _is_about(one, certificate, issuer)), None)
    if answer is None:
        raise invalid("the OCSP response is about other certificates")
    if not any(_signed_by(response, signer) for signer in _signers(response, issuer, at_us)):
        raise invalid("the OCSP response has a bad signature")
    return answer


def _is_about(one: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if one.serial_number != certificate.serial_number:
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, one.hash_algorithm).build()
    return (one.issuer_name_hash, one.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def _signers(response: ocsp.OCSPResponse, issuer: x509.Certificate, at_us: int) -> Iterator[x509.Certificate]:
    """The issuer, and whomever it charged with answering."""
    yield issuer
    for delegate in response.certificates[:_MAX_RESPONDERS]:
        charged = extension(delegate, x509.ExtendedKeyUsage)
        if charged is None or ExtendedKeyUsageOID.OCSP_SIGNING not in charged:
            continue
        check_itself(delegate, at_us)
        check_issued_by(delegate, issuer, accept_sha1=False)
        yield delegate


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    try:
        check_signature(
            signer.public_key(), response.signature, response.tbs_response_bytes, response.signature_hash_algorithm
        )
    except Exception:
        return False
    return True


def _staleness(what: str, issued: datetime, superseded: datetime | None, at_us: int) -> str:
    """Nothing for fresh news, else what is wrong with their time. # [4738-3.8-6]"""
    if at_us < unix_us(issued):
        return f"{what} is from the future ({issued})"
    end_us = unix_us(issued) + MAX_AGE_US if superseded is None else unix_us(superseded)
    return f"{what} is stale (issued {issued})" if at_us > end_us else _GOOD
