"""Who asks to join a conference, and whether he got its key: until then he has proved nothing; anybody can use a name.

Source: RFC 4353 section 3, RFC 4738 section 3.2.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mikey_sdp import sip
from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.errors import DecodeError
from mikey_sdp.nodes.contract import Datagram
from mikey_sdp.nodes.desk import Desk
from mikey_sdp.nodes.leg import Leg

MAX_UNPROVED: Final = 8
"""How many may be offered the key within `UNPROVED_US` without having proved anything: those that leave the offer to
the focus. They can't open what they were not meant to get, but all members change their key for each of them."""
UNPROVED_US: Final = 30_000_000


class Joining:
    """Looks at the INVITEs that a focus gets.

    Keeps: when the key was renewed for somebody who had proved nothing, the last few times.
    """

    def __init__(self, group: GroupKeys, desk: Desk) -> None:
        self._group: Final = group
        self._desk: Final = desk
        self._unproved: Final[deque[Micros]] = deque(maxlen=MAX_UNPROVED)

    def request_in(self, datagram: Datagram) -> sip.Request | None:
        """The INVITE of somebody who may take part and has not got the key yet; None for anything else."""
        if not datagram.octets.startswith(b"INVITE "):
            return None
        try:
            request = sip.Message.parse(datagram.octets)
            if not isinstance(request, sip.Request):
                return None
            if not self._group.lets_in(sip.identity(request.get("From") or "")):
                return None
        except DecodeError:
            return None
        return None if any(self._group.csb_id in _csb_ids(leg) for leg in self._legs(request)) else request

    def is_too_often(self, request: sip.Request, now_us: Micros) -> bool:
        """Whether a call without an offer comes too soon after others: it is not looked at until it is repeated."""
        if request.body or request.to.tag or any(self._legs(request)):
            return False
        times = self._unproved
        if len(times) == MAX_UNPROVED and now_us - times[0] < UNPROVED_US:
            return True
        times.append(now_us)
        return False

    def was_given(self, request: sip.Request) -> bool:
        """Whether the call of an INVITE has the key of now, or will have it once it is up."""
        return any(leg.offer is not None or self._has_key(leg) for leg in self._legs(request))

    def _has_key(self, leg: Leg) -> bool:
        found = [agreed.keys for agreed in (leg.on_ack, leg.agreed) if agreed is not None and agreed.keys is not None]
        return any(self._group.has_given(pair.send) for keys in found for pair in keys.media.values())

    def _legs(self, request: sip.Request) -> list[Leg]:
        return [leg for leg in self._desk.legs.values() if leg.call_id == request.call_id]


def _csb_ids(leg: Leg) -> tuple[int, ...]:
    """The CSBs that a call has its keys from."""
    keys = None if leg.agreed is None else leg.agreed.keys
    return keys.csb_ids if isinstance(keys, KeySet) else ()
