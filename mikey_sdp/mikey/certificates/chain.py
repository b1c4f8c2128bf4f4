"""From a leaf to something trusted.

The verifier that comes with the cryptography package serves the Web: it refuses SHA-1, curves below P-256 and RSA keys
below 2048 bits, which this protocol's peers have, and knows neither pins nor revocation. Hence this one, which is small
since it needs neither policies nor names of hosts.

Source: RFC 3830 section 4.3.2, RFC 5280 section 6.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cryptography import x509

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates.constraints import check_names
from mikey_sdp.mikey.certificates.load import fingerprint, invalid, shown
from mikey_sdp.mikey.certificates.revocation import check_not_revoked
from mikey_sdp.mikey.certificates.signing import check_issued_by
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.certificates.usage import (
    Purpose,
    check_issuer,
    check_itself,
    check_purpose,
    extension,
    unix_us,
)

__all__ = ["MAX_CHAIN", "MAX_SIGNATURE_CHECKS", "Purpose", "verify_chain"]

MAX_CHAIN: Final = 8
"""Certificates from the leaf to the root, both counted; more than any deployment needs."""

MAX_SIGNATURE_CHECKS: Final = 16
"""Signatures that one message can make us check on the way to a root, dead ends included."""


def verify_chain(
    trust: Trust, chain: Sequence[x509.Certificate], *, now: NtpTime, purpose: Purpose
) -> x509.Certificate:
    """The leaf, once a path from it leads to something trusted; whom it names is another question.

    A pinned leaf, or one that is an anchor itself, needs no path; its time and its key usage count all the same. Of the
    rest of the chain the order does not matter. # [3830-4.3.2-2]
    Keeps: the cheap checks before the expensive ones: no signature is looked at that could not matter.
    Raises: PeerError (Invalid Cert) naming the first thing that was in the way.
    """
    if not chain:
        raise invalid("no certificate at all")
    if len(chain) > MAX_CHAIN:
        raise invalid(f"a chain of {len(chain)} certificates; {MAX_CHAIN} are accepted")
    leaf, at_us = chain[0], unix_us(now)
    check_itself(leaf, at_us)
    check_purpose(leaf, purpose)
    if (trust.pins and fingerprint(leaf) in trust.pins) or leaf in trust.anchors:  # [3830-4.3.2-1]
        return leaf
    search = _Search(trust=trust, pool=(*chain[1:], *trust.intermediates), at_us=at_us)
    path = search.path_from((leaf,))
    if path is None:
        raise search.why_not(leaf)
    check_names(path)
    for certificate, issuer in pairwise(path):
        check_not_revoked(trust, certificate, issuer, at_us)  # [3830-4.3.1-3]
    return leaf


@dataclass(slots=True, kw_only=True)
class _Search:
    """One walk upwards, depth first; every step costs one of a fixed number of signature checks."""

    trust: Trust
    pool: tuple[x509.Certificate, ...]
    at_us: int
    checks_left: int = MAX_SIGNATURE_CHECKS
    obstacles: list[PeerError] = field(default_factory=list)

    def path_from(self, path: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...] | None:
        """The path from the leaf to an anchor that begins like this, or None."""
        if len(path) >= MAX_CHAIN:
            self.obstacles.append(invalid(f"no anchor within {MAX_CHAIN} certificates"))
            return None
        for issuer in self._issuers(path):
            try:
                self._check_step(path, issuer)
            except PeerError as obstacle:
                self.obstacles.append(obstacle)
                continue
            longer = (*path, issuer)
            found = longer if issuer in self.trust.anchors else self.path_from(longer)
            if found is not None:
                return found
        return None

    def why_not(self, leaf: x509.Certificate) -> PeerError:
        """What to tell of a search without result."""
        return self.obstacles[0] if self.obstacles else invalid(f"unknown issuer {shown(leaf.issuer)}")

    def _issuers(self, path: tuple[x509.Certificate, ...]) -> Iterator[x509.Certificate]:
        """Who may have issued the last certificate of the path, anchors first; nobody twice, so that loops end."""
        child, seen = path[-1], list(path)
        nobody = True
        for candidate in (*self.trust.anchors, *self.pool):
            if candidate.subject != child.issuer or candidate in seen or not _keys_may_match(child, candidate):
                continue
            seen.append(candidate)
            nobody = False
            yield candidate
        if nobody:
            self.obstacles.append(invalid(f"unknown issuer {shown(child.issuer)} of {shown(child.subject)}"))

    def _check_step(self, path: tuple[x509.Certificate, ...], issuer: x509.Certificate) -> None:
        child = path[-1]
        check_issuer(issuer, sum(authority.subject != authority.issuer for authority in path[1:]))
        check_itself(issuer, self.at_us)
        if self.checks_left == 0:
            raise invalid(f"no anchor found within {MAX_SIGNATURE_CHECKS} signature checks")
        self.checks_left -= 1
        check_issued_by(child, issuer, accept_sha1=self.trust.accept_sha1)


def _keys_may_match(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    """False only where both certificates name the issuer's key, and differently: a CA that changed its key."""
    authority = extension(child, x509.AuthorityKeyIdentifier)
    subject = extension(issuer, x509.SubjectKeyIdentifier)
    if authority is None or subject is None or authority.key_identifier is None:
        return True
    return authority.key_identifier == subject.digest
