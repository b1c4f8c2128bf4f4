"""Key management protocols beside MIKEY that an offer may carry; RFC 4567 is a framework for any of them.

Source: RFC 4567 sections 4.1.4, 6 and 9.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mikey_sdp.errors import UsageError
from mikey_sdp.sdp.key_mgmt import MIKEY, join_identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedProtocol:
    """A protocol to offer behind MIKEY.

    Keeps: `message`, makes its message for the list of all identifiers of the offer (`mikey;keyp1`), which the
    protocol must authenticate by its own means # [4567-4.1.4-2] [4567-6-2]. There is no way to offer a protocol that is
    not given the list. # [4567-6-3]
    Raises: UsageError for an identifier that is not of letters and digits # [4567-9.3-2], or is MIKEY's.
    """

    kmpid: str
    message: Callable[[str], bytes] = field(repr=False)

    def __post_init__(self) -> None:
        join_identifiers((self.kmpid,))
        if self.kmpid == MIKEY:
            raise UsageError("MIKEY is offered anyway")
        if not callable(self.message):
            raise UsageError(f"{self.kmpid} must be able to authenticate the list of protocols: give a function of it")
