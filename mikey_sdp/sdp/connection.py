"""The c= line: where media is to be sent.

Source: RFC 4566 section 5.7.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

from mikey_sdp.errors import DecodeError

_SECTION: Final = "RFC 4566 section 5.7"
_VALUE: Final = re.compile(
    r"[^ ]+ (?P<type>[^ ]+) (?P<address>[^ /]+)(?:/(?P<first>[0-9]{1,5}))?(?:/(?P<second>[0-9]{1,5}))? *"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where media is to be sent: an address, a host name or a multicast group.

    Units: `ttl` in hops, of IPv4 groups only; `count` consecutive multicast groups.
    Wire: network type SP address type SP address ["/" ttl] ["/" count].
    Source: RFC 4566 section 5.7.
    """

    address_type: str
    address: str
    ttl: int | None = None
    count: int = 1

    @classmethod
    def parse(cls, value: str) -> Self:
        """Read the value of a c= line.

        Raises: DecodeError.
        """
        match = _VALUE.fullmatch(value)
        if match is None:
            reason = "not of the form nettype addrtype address"
            raise DecodeError(reason, offset=0, field="c", section=_SECTION)
        # Only IPv4 groups have a time to live; what stands alone behind an IPv6 group is the number of groups.
        ttl, count = (match["first"], match["second"]) if match["type"] == "IP4" else (None, match["first"])
        return cls(
            address_type=match["type"],
            address=match["address"],
            ttl=None if ttl is None else int(ttl),
            count=int(count or 1),
        )

    @property
    def is_unspecified(self) -> bool:
        """Whether it is 0.0.0.0 or ::, by which old phones put a stream on hold."""
        address = self._numeric()
        return address is not None and address.is_unspecified

    @property
    def is_multicast(self) -> bool:
        """Whether it is a multicast group; a host name never is."""
        address = self._numeric()
        return address is not None and address.is_multicast

    def _numeric(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        try:
            return ipaddress.ip_address(self.address)
        except ValueError:
            return None
