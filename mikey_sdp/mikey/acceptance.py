"""How strictly a peer's messages are read: two profiles, and a name for everything that the lenient one lets pass.

Source: RFC 3830, RFC 4650 and RFC 4738 where implementations in the field are known to read them in different ways.
"""

from __future__ import annotations

import enum


class Profile(enum.StrEnum):
    """Which departures from the standards an end puts up with: none, or those that have a `Tolerance`."""

    STRICT = "strict"
    COMPAT = "compat"


class Tolerance(enum.StrEnum):
    """One departure that the compat profile lets pass; each leaves the authentication of keys untouched."""

    V_WITHOUT_IDENTITIES = "V without identities"


class Acceptance:
    """The reading of one message: what its profile lets pass, and what was let pass.

    Keeps: one of these per message, since the result names what that message needed.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._taken: dict[Tolerance, None] = {}

    def allows(self, tolerance: Tolerance) -> bool:
        """Whether the profile lets this pass; to ask is not yet to use it."""
        del tolerance
        return self.profile is Profile.COMPAT

    def take(self, tolerance: Tolerance) -> None:
        """Note that this was let pass."""
        self._taken[tolerance] = None

    @property
    def tolerated(self) -> tuple[Tolerance, ...]:
        """What was let pass, in the order in which it was met."""
        return tuple(self._taken)
