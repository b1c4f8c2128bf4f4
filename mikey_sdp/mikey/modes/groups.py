"""Groups whose keys a Responder hands out: the sender or the key server of a group, as its members see him.

Source: RFC 4738 sections 3.2 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import canonical_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group and who may have its keys: the CSB that all members share, with the RAND that all of them get.

    Keeps: `admits`, decides by the proved identity of who asks, in the form in which two are compared
    (`canonical_identity`), so that another spelling makes nobody another; there is no default, since a certificate
    alone makes nobody a member # [3830-4.3.2-5].
    Raises: UsageError for keys that were received from another owner, which are not handed on.
    """

    bundle: Bundle
    admits: Callable[[str], bool]

    def __post_init__(self) -> None:
        if not self.bundle.own:
            raise UsageError("keys received from the owner of a group are not handed on")

    def lets_in(self, peer: str) -> bool:
        """Whether that peer may have the keys."""
        return self.admits(canonical_identity(peer))


GroupSource = Callable[[str], Group | None]
"""The group of an addressed identity, None where the identity is no group's. A request does not say that it is meant
for a group; the configuration of whom it addresses does."""


def no_groups(_addressed: str) -> Group | None:
    """Of an end that serves no group."""
    return None
