"""How the caller confirms what came back for his INVITE: ACK for each 2xx, PRACK for each reliable 1xx.

Source: RFC 3261 section 13.2.2.4, RFC 3262 section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.sip.actions import Send
from mikey_sdp.sip.calls import REL, OutgoingInvite
from mikey_sdp.sip.dialog import Dialog
from mikey_sdp.sip.extensions import RAck
from mikey_sdp.sip.message import Response
from mikey_sdp.sip.negotiation import Side
from mikey_sdp.sip.outgoing import Content
from mikey_sdp.sip.party import Party, Raw

_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization"})


def acknowledge(party: Party, invite: OutgoingInvite, dialog: Dialog, content: Content) -> Raw:
    """Confirm a 2xx, now and whenever it is repeated.

    Raises: UsageError if there is none.
    """
    if dialog.remote_tag not in invite.acks:
        raise UsageError("this INVITE has no 2xx of that dialog to acknowledge")
    hop = party.hop_of(dialog)
    credentials = [(entry.name, entry.value) for entry in invite.request.fields if entry.key in _CREDENTIALS]
    ack = dialog.build_ack(
        invite.request.cseq.number,
        via=party.layer.new_via(hop.transport),
        headers=[*credentials, *content.headers],
        body=content.body,
        content_type=content.content_type,
    )
    dialog.negotiation.acknowledged()
    invite.acks[dialog.remote_tag] = Send(hop, ack.octets, ack, again=True)
    return [Send(hop, ack.octets, ack)]


def rseq_of(party: Party, response: Response) -> int | None:
    """The number of a provisional response that has to be confirmed; None for one that has not.

    What demands it of a party that never said it could is no more than an ordinary provisional response.
    """
    if response.status == 100 or not response.to.tag or REL not in party.settings.supported:
        return None
    return response.rseq if REL in response.options("Require") else None


def is_next(invite: OutgoingInvite, response: Response, rseq: int) -> bool | None:
    """Whether a reliable provisional response is the one that was due; None for a repetition of one before."""
    last = invite.rseqs.get(response.to.tag)
    if last is not None and rseq <= last:
        return None
    if last is not None and rseq != last + 1:
        return False
    invite.rseqs[response.to.tag] = rseq
    return True


def confirming(invite: OutgoingInvite, dialog: Dialog, content: Content) -> Content:
    """What a PRACK carries, with the field that says what it confirms.

    Raises: UsageError if there is nothing to confirm.
    """
    rseq = invite.rseqs.get(dialog.remote_tag)
    if rseq is None:
        raise UsageError("this INVITE has no reliable provisional response of that dialog to confirm")
    if not content.body and dialog.negotiation.pending is Side.PEER:
        raise UsageError("a PRACK must answer the offer that the provisional response made (RFC 3262 section 5)")
    return replace(content, headers=[("RAck", str(RAck(rseq, invite.request.cseq))), *content.headers])
