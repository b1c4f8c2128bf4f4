"""Transfer: asking the peer of a dialog to call somebody else, and hearing what comes of it.

Source: RFC 3515. Deviation: only inside a dialog that an INVITE began, and the subscription that a REFER makes ends
with that dialog; SUBSCRIBE, to prolong or end it before, is not spoken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.sip.message import VERSION, Request
from mikey_sdp.sip.outgoing import Content
from mikey_sdp.sip.parameters import parse_parameters
from mikey_sdp.sip.reasons import reason_for
from mikey_sdp.sip.values import MAX_CSEQ, NameAddr, parse_number

if TYPE_CHECKING:
    from mikey_sdp.sip.dialog import Dialog

SIPFRAG: Final = "message/sipfrag;version=2.0"
EXPIRES_S: Final = 180
"""How long a peer that we let follow a reference may expect to hear of it: as long as a call may ring."""
MAX_REFERRALS: Final = 8
"""How many references of one dialog may be open at a time."""


@dataclass(slots=True, eq=False)
class Referral:
    """One REFER whose outcome is open, at either end.

    Keeps: `number`, its CSeq number, by which notifications find it; `own`, whether we sent it.
    """

    dialog: Dialog
    number: int
    own: bool
    target: str

    def notification(self, status: int, reason: str = "") -> Content:
        """What tells the peer how far the reference has come; a final status is the last word on it."""
        if not 100 <= status <= 699:
            raise UsageError(f"a status is 100 to 699, not {status}")
        state = "terminated;reason=noresource" if status >= 200 else f"active;expires={EXPIRES_S}"
        return Content(
            headers=[("Event", f"refer;id={self.number}"), ("Subscription-State", state)],
            body=f"{VERSION} {status} {reason or reason_for(status)}\r\n".encode(),
            content_type=SIPFRAG,
        )


def target_of(request: Request) -> NameAddr | None:
    """Whom a REFER is about; None unless it says so exactly once and readably (RFC 3515 section 2.4.1)."""
    values = request.all("Refer-To")
    if len(values) != 1:
        return None
    try:
        return NameAddr.parse(values[0], field="Refer-To")
    except DecodeError:
        return None


def referral_of(dialog: Dialog, notify: Request) -> Referral | None:
    """The REFER of ours that a notification is about; one without a number is about the oldest (section 2.4.6).

    Raises: DecodeError.
    """
    value = notify.get("Event") or ""
    parameters, _ = parse_parameters(value, len(value.partition(";")[0]), field="Event")
    number = parameters.get("id")
    wanted = None if number is None else parse_number(number, field="Event", most=MAX_CSEQ)
    for referral in dialog.referrals:
        if referral.own and wanted in (None, referral.number):
            return referral
    return None


def is_about_refer(notify: Request) -> bool:
    """Whether a notification belongs to the event package of REFER."""
    return (notify.get("Event") or "").partition(";")[0].strip(" \t").lower() == "refer"


def is_last(notify: Request) -> bool:
    """Whether a notification ends the subscription."""
    state = (notify.get("Subscription-State") or "").partition(";")[0]
    return state.strip(" \t").lower() == "terminated"
