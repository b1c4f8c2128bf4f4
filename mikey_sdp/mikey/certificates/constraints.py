"""Which names an authority may vouch for, where its own certificate restrains it.

Source: RFC 5280 section 4.2.1.10.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptography import x509

from mikey_sdp.mikey.certificates.load import invalid, shown
from mikey_sdp.mikey.certificates.usage import extension

_Named = x509.RFC822Name | x509.UniformResourceIdentifier | x509.DNSName
_KINDS = (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)


def check_names(path: Sequence[x509.Certificate]) -> None:
    """Refuse a path, leaf first, in which a certificate bears a name that an authority above may not give.

    Deviation: constraints on other kinds of names than mail addresses, URIs and DNS names are refused unread, even
    where no certificate bears such a name.
    Raises: PeerError (Invalid Cert).
    """
    for place, authority in enumerate(path):
        limits = extension(authority, x509.NameConstraints)
        if limits is None:
            continue
        permitted = _readable(authority, limits.permitted_subtrees)
        excluded = _readable(authority, limits.excluded_subtrees)
        for certificate in path[:place]:
            for name in _names(certificate):
                _check_name(authority, name, permitted, excluded)


def _readable(authority: x509.Certificate, subtrees: Sequence[x509.GeneralName] | None) -> tuple[_Named, ...]:
    for subtree in subtrees or ():
        if not isinstance(subtree, _KINDS):
            raise invalid(f"the issuer {shown(authority.subject)} has name constraints of a kind not understood here")
    return tuple(subtree for subtree in subtrees or () if isinstance(subtree, _KINDS))


def _names(certificate: x509.Certificate) -> tuple[_Named, ...]:
    names = extension(certificate, x509.SubjectAlternativeName)
    return () if names is None else tuple(name for name in names if isinstance(name, _KINDS))


def _check_name(
    authority: x509.Certificate, name: _Named, permitted: tuple[_Named, ...], excluded: tuple[_Named, ...]
) -> None:
    ours = [subtree for subtree in permitted if type(subtree) is type(name)]
    within = not ours or any(_within(name, subtree) for subtree in ours)
    if not within or any(_within(name, subtree) for subtree in excluded if type(subtree) is type(name)):
        raise invalid(f"the issuer {shown(authority.subject)} may not vouch for {name.value[:80]!r} (name constraints)")


def _within(name: _Named, subtree: _Named) -> bool:
    limit = subtree.value.lower()
    if isinstance(name, x509.RFC822Name) and "@" in limit:
        user, _, host = name.value.rpartition("@")
        limit_user, _, limit_host = subtree.value.rpartition("@")
        return (user, host.lower()) == (limit_user, limit_host.lower())
    host = _host(name)
    if isinstance(name, x509.DNSName):
        return not limit or host == limit or host.endswith(f".{limit.removeprefix('.')}")
    return host.endswith(limit) if limit.startswith(".") else host == limit


def _host(name: _Named) -> str:
    value = name.value.lower()
    if not isinstance(name, x509.UniformResourceIdentifier):
        return value.rpartition("@")[2]
    scheme, _, rest = value.partition(":")
    if scheme not in ("sip", "sips"):  # elsewhere an authority ends where a path begins; a SIP user may hold a slash
        rest = rest.removeprefix("//").partition("/")[0]
    return re.split("[;?:]", rest.rpartition("@")[2], maxsplit=1)[0]
