"""The hash by which CHASH names a certificate.

Source: RFC 3830 section 6.8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from cryptography import x509

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.load import der_of
from mikey_sdp.mikey.registry import ErrorNo, HashFunc

_FUNCTIONS: Final[Mapping[HashFunc, Callable[[bytes], Any]]] = MappingProxyType(
    {HashFunc.SHA_1: hashlib.sha1, HashFunc.MD5: hashlib.md5, HashFunc.SHA_256: hashlib.sha256}
)


def digest_of(certificate: x509.Certificate, hash_func: HashFunc) -> bytes:
    """The hash of the whole certificate in DER. It names one of ours and protects nothing, so MD5 does no harm.

    Raises: PeerError with Invalid HA (5) for a function that is not implemented.
    """
    function = _FUNCTIONS.get(hash_func)
    if function is None:
        raise PeerError(
            f"hash function {hash_func} is not supported",
            mikey_error=ErrorNo.INVALID_HA,
            section="RFC 3830 section 6.8",
        )
    digest: bytes = function(der_of(certificate)).digest()
    return digest
