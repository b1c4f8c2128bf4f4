"""What one round of an exchange leaves behind for the next one.

Source: RFC 5197 section 3.6; decision note 11.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """A first round that both ends have done, and that a second one is to follow.

    Keeps: `peer`, who is at the other end; `initiated`, whether it is ours to send the next message; `timestamp`, the T
    of the whole exchange; `round_2`, what the next round is for; `protection_key`, from which the keys of its messages
    come; `rands`, RAND1 and RAND2 as their derivation takes them; `transcript`, the messages so far, which its MACs
    cover; `own_rand`, what we say in it: drawn once, since a second attempt is encrypted with the same key stream.
    """

    peer: str
    initiated: bool
    timestamp: Timestamp
    round_2: RoundTwo
    protection_key: Secret
    rands: bytes = field(repr=False)
    transcript: bytes = field(repr=False)
    own_rand: bytes = field(default=b"", repr=False)
