"""Session timers of the calls through an edge: agreed between the ends, and the edge's calls end with the sessions.

Source: RFC 4028 sections 8.2 and 10. Deviation: a proxy forgets a session that has expired, while an edge also tells
both ends, for one of them may be there still.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.nodes.edge_call import EdgeCall
from mikey_sdp.nodes.edge_desk import EdgeDesk
from mikey_sdp.sip import LEAST_S, Response, session_expires

REFRESHING: Final = frozenset({"INVITE", "UPDATE"})
_SECOND_US: Final = 1_000_000


def agreed(desk: EdgeDesk, call: EdgeCall, response: Response) -> None:
    """Take the 2xx of an INVITE or an UPDATE of a call that stands: the session begins anew, or has no end any more."""
    found = session_expires(response)
    desk.cancel_timer(f"session/{call.number}")
    call.allowed_us = desk.config.limits.silent_us
    if found is not None:
        length_us = max(found.seconds, LEAST_S) * _SECOND_US
        call.allowed_us = max(call.allowed_us, length_us)
        desk.set_timer(f"session/{call.number}", length_us)
