"""Whom a certificate names.

Source: RFC 3830 section 4.3.1, RFC 5922 sections 7.1 and 7.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cryptography import x509

from mikey_sdp.mikey.certificates.load import REMEMBERED
from mikey_sdp.mikey.certificates.usage import extension
from mikey_sdp.mikey.credentials import canonical_identity

# One user and one host in printable ASCII. What has no user names a domain, and a domain vouches for no user; a
# wildcard in a host matches nothing, so that it isn't taken for a host at all.
_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_SIP: Final = re.compile(rf"sips?:[!-?A-~]+@{_HOST}(?::[0-9]{{1,5}})?(?:;[!-?A-~]+)?", re.IGNORECASE | re.ASCII)
# No colon, so that no mail address reads like a URI.
_MAIL: Final = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.\-]+@{_HOST}", re.ASCII)


@lru_cache(maxsize=REMEMBERED)
def identities(certificate: x509.Certificate) -> tuple[str, ...]:
    """The users that a certificate names: SIP URIs first, then mail addresses, as they are written in it.

    Keeps: nothing of the subject's common name, of domains, and of names with control characters, NUL or spaces.
    """
    names = extension(certificate, x509.SubjectAlternativeName)
    if names is None:
        return ()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    mails = names.get_values_for_type(x509.RFC822Name)
    return (*filter(_SIP.fullmatch, uris), *filter(_MAIL.fullmatch, mails))


def covers(certificate: x509.Certificate, identity: str) -> bool:
    """Whether the certificate names this very user.

    A SIP URI must be equal in canonical form, scheme and all; a mail address stands for the NAI and for the SIP URI of
    the same user and host. Neither suffixes nor wildcards match. # [3830-4.3.2-1]
    Source: RFC 5922 section 7.2.
    Deviation: that section compares domains; users, whom it leaves out, are compared whole.
    """
    wanted = canonical_identity(identity)
    for name in identities(certificate):
        own = canonical_identity(name)
        if own == wanted or (not _SIP.fullmatch(name) and wanted == f"sip:{own}"):
            return True
    return False


def identity_of_certificate(certificate: x509.Certificate) -> str | None:
    """The first user that the certificate names: its owner, where nothing else tells."""
    return next(iter(identities(certificate)), None)
