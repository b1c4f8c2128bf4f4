"""What a user holds to prove who he is: one class a kind, chosen by the peer.

Source: RFC 3830 section 4.3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from mikey_sdp.errors import UsageError
from mikey_sdp.secret import Secret

ANY_PEER: Final = "*"
MIN_PSK_OCTETS: Final = 16


class Credential(Protocol):
    """Any credential: for which peer it holds."""

    @property
    def peer(self) -> str:
        """The peer's identity (a URI or NAI), or `*` for whoever calls."""


@dataclass(frozen=True, slots=True)
class PskCredential:
    """A key shared with one peer; to hold it means to be authorised. # [3830-4.3.2-1]

    Units: at least 16 octets, since the keys that it protects are no stronger than it is. # [3830-9.1-1]
    Raises: UsageError for a shorter key, and for one that is no `Secret` and would print.
    """

    peer: str
    key: Secret

    def __post_init__(self) -> None:
        if not isinstance(self.peer, str):
            raise UsageError(f"a credential names its peer by text, not by {type(self.peer).__name__}")
        if not isinstance(self.key, Secret):
            raise UsageError(
                f"a pre-shared key given as {type(self.key).__name__} could be printed; wrap it in Secret(...)"
            )
        if len(self.key) < MIN_PSK_OCTETS:
            raise UsageError(
                f"a pre-shared key of {len(self.key)} octets is too short; make one of {MIN_PSK_OCTETS} or more"
            )


@dataclass(frozen=True, slots=True)
class NullCredential:
    """The explicit permission to run MIKEY NULL with a peer, which proves nothing and hides nothing: whoever reads the
    signalling has the keys. Good only over a carrier that is declared secure. # [3830-4.2.3-5]"""

    peer: str = ANY_PEER


def canonical_identity(identity: str) -> str:
    """An identity in the form in which two of them are compared: scheme and host in small letters.

    `SIP:alice@Example.COM` and `sip:alice@example.com` are one; the user part keeps its case.
    """
    if identity.islower():  # as most are
        return identity
    scheme, colon, rest = identity.partition(":")
    if not colon or "@" in scheme:  # an NAI has no scheme
        scheme, rest = "", identity
    user, at, host = rest.rpartition("@")
    return f"{scheme.lower()}{':' if scheme else ''}{user}{at}{host.lower()}"


_C = TypeVar("_C", bound=Credential)


class CredentialStore:
    """All credentials of one end, looked up by the peer's identity; an exact match comes before `*`."""

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._credentials = tuple(credentials)

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._credentials)

    def find(self, kind: type[_C], peer: str | None) -> _C | None:
        """The credential of that kind for the peer, or None. A peer that is not known matches `*` only."""
        wanted = None if peer is None else canonical_identity(peer)
        fallback = None
        for credential in self._credentials:
            if not isinstance(credential, kind):
                continue
            if wanted is not None and canonical_identity(credential.peer) == wanted:
                return credential
            if credential.peer == ANY_PEER:
                fallback = fallback or credential
        return fallback
