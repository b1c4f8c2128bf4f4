"""The XML library: parsing under bounds, canonical form, signing and verifying. Nothing else of the toolkit loads it.

Source: XML Signature 1.1; Exclusive XML Canonicalization 1.0.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.mikey.saml.assertion import refused
from mikey_sdp.mikey.saml.packing import MAX_XML_OCTETS
from mikey_sdp.mikey.saml.shape import Element

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
MAX_TAGS: Final = 128
"""Start and end tags together; an assertion with everything in it has 62."""
MAX_DEPTH: Final = 16
IssuerKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class _Libraries(NamedTuple):
    etree: Any
    signxml: Any


@cache
def _libraries() -> _Libraries:
    try:
        return _Libraries(import_module("lxml.etree"), import_module("signxml"))
    except ImportError:
        raise BackendUnavailable("signxml, for SAML assertions,", install="pip install 'mikey_sdp[saml]'") from None


def require() -> None:
    """Load the library now, where it would be too late to miss it when the peer's assertion has come.

    Raises: BackendUnavailable.
    """
    _libraries()


class _Repeatable:
    """An EC key whose signatures depend on nothing but key and message, so that a run can be repeated. (RFC 6979)"""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.key_size: Final = key.key_size

    def sign(self, data: bytes, *, signature_algorithm: ec.ECDSA) -> bytes:
        """The signature in DER."""
        function = signature_algorithm.algorithm
        return self._key.sign(data, ec.ECDSA(function, deterministic_signing=True))


def parse(xml: bytes) -> Element:
    """The root of a document that is its own canonical form.

    Canonical form knows neither document types nor entities, comments and processing instructions, so that whatever
    begins with `<!` or `<?` is refused before the parser sees it.
    Raises: PeerError with Invalid Cert (8).
    """
    etree = _libraries().etree
    if len(xml) > MAX_XML_OCTETS:
        raise refused(f"malformed assertion: more than {MAX_XML_OCTETS} octets")
    if b"<!" in xml or b"<?" in xml or xml.count(b"<") > MAX_TAGS:
        raise refused(f"malformed assertion: a declaration, a comment, or more than {MAX_TAGS} tags")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(xml, parser)
        same = _canonical(root) == xml
    except (etree.LxmlError, ValueError):
        raise refused("malformed assertion: not XML in UTF-8") from None
    if not same:
        raise refused("malformed assertion: not in canonical form")
    if _depth(root) > MAX_DEPTH:
        raise refused(f"malformed assertion: elements more than {MAX_DEPTH} deep")
    parsed: Element = root
    return parsed


def sign(xml: str, *, key: IssuerKey, certificate: x509.Certificate, assertion_id: str) -> bytes:
    """The document with a signature in the place of its `ds:Signature Id="placeholder"`, in canonical form."""
    etree, signxml = _libraries()
    signer = signxml.XMLSigner(
        signature_algorithm=_method(signxml, certificate), digest_algorithm="sha256", c14n_algorithm=EXCLUSIVE
    )
    root = signer.sign(
        etree.fromstring(xml.encode()),
        key=_Repeatable(key) if isinstance(key, ec.EllipticCurvePrivateKey) else key,
        cert=[certificate],
        reference_uri=assertion_id,
        id_attribute="ID",
    )
    return _canonical(root)


def verify(xml: bytes, *, certificate: x509.Certificate, now: datetime) -> Element:
    """The element that the certificate's key signed, and nothing of what was around it.

    Raises: PeerError with Invalid Cert (8).
    """
    etree, signxml = _libraries()
    config = signxml.SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset((_method(signxml, certificate),)),
        digest_algorithms=frozenset((signxml.DigestAlgorithm.SHA256,)),
        verification_time=now,
    )
    faults = (signxml.exceptions.SignXMLException, etree.LxmlError, InvalidSignature, UnsupportedAlgorithm)
    try:
        result = signxml.XMLVerifier().verify(xml, x509_cert=certificate, id_attribute="ID", expect_config=config)
    except (*faults, ValueError, TypeError):
        raise refused("forged assertion: the signature is not the issuer's, or not over this assertion") from None
    if result.signed_xml is None:
        raise refused("forged assertion: what was signed is not XML")
    signed: Element = result.signed_xml
    return signed


def method_uri(certificate: x509.Certificate) -> str:
    """The one signature method that the certificate's key may have signed with."""
    uri: str = _method(_libraries().signxml, certificate).value
    return uri


def _method(signxml: Any, certificate: x509.Certificate) -> Any:
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return signxml.SignatureMethod.RSA_SHA256
    if isinstance(public, ec.EllipticCurvePublicKey):
        return signxml.SignatureMethod.ECDSA_SHA256
    raise refused("the issuer's certificate holds neither an RSA nor an EC key")


def _canonical(root: Any) -> bytes:
    octets: bytes = _libraries().etree.tostring(root, method="c14n", exclusive=True, with_comments=True)
    return octets


def _depth(root: Any) -> int:
    deepest, waiting = 0, [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in element]
    return deepest
