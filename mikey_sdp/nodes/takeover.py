"""Who may take the place of a running call: its peer, or somebody whom its peer sent, as the keys of that call prove.

Source: RFC 3891 sections 3 and 8, RFC 3892 section 2.1.
Deviation: RFC 3892 has whoever refers sign what he says with S/MIME. Here both ends of the call to be replaced have
a key in common, so that the Referred-By of a REFER carries `proof`, a MAC under it over dialog and successor.
"""

from __future__ import annotations

import hmac
from typing import Final

from mikey_sdp import sip
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.leg import Leg
from mikey_sdp.secret import Secret

FIELD: Final = "Referred-By"
_PROOF: Final = "proof"
_LABEL: Final = b"mikey_sdp takes the place of|"


def referred_by(own: str, replaced: Leg, successor: Leg) -> str:
    """What the REFER of an attended transfer says of who sent it: that the successor may have our place in the call."""
    proof = _proof(replaced, _proved(successor), sent=True)
    return f"<{own}>" if proof is None else f"<{own}>;{_PROOF}={proof}"


def copied(request: sip.Request) -> list[tuple[str, str]]:
    """What a REFER says of who sent it, for the INVITE that it brings about."""
    return [(FIELD, value) for value in request.all(FIELD)[:1]]


def may_take_over(invite: sip.Request, by: Leg, replaced: Leg, called: str) -> bool:
    """Whether an INVITE may take the place of a call.

    By its keys it has to prove an identity, which a message in NULL mode or of SDES never does: that of the call's
    peer, or one that the call's peer named under a key of the call. `called` stands for the peer of a call of ours that
    nobody has answered. In a relayed conference, whose members share that key, each of them can name somebody.
    """
    identity = _proved(by)
    if not identity:
        return False
    if identity in (_proved(replaced), canonical_identity(called)):
        return True
    proof, said = _proof(replaced, identity, sent=False), _said(invite)
    return proof is not None and hmac.compare_digest(proof.encode(), said.encode("utf-8", "replace"))


def _proved(leg: Leg) -> str:
    """The identity that the peer of a call proved; empty if he proved none."""
    agreed = leg.on_ack or leg.agreed
    keys = None if agreed is None else agreed.keys
    if not isinstance(keys, KeySet) or keys.mode is Mode.NULL:
        return ""
    return canonical_identity(keys.peer)


def _proof(replaced: Leg, successor: str, *, sent: bool) -> str | None:
    """The MAC over a dialog and who may take it over, under what the one to be replaced sends with."""
    key, dialog = _key(replaced, sent=sent), replaced.dialog
    if key is None or dialog is None or not successor:
        return None
    own, peer = dialog.local_tag or "0", dialog.remote_tag or "0"
    tags = (peer, own) if sent else (own, peer)
    place = sip.Replaces(call_id=dialog.call_id, to_tag=tags[0], from_tag=tags[1])
    return hmac.digest(key.reveal(), _LABEL + f"{place}|{successor}".encode(), "sha256").hex()


def _key(leg: Leg, *, sent: bool) -> Secret | None:
    """The key of the first stream of the one to be replaced, which both ends of the call have."""
    keys = None if leg.agreed is None else leg.agreed.keys
    if not isinstance(keys, KeySet) or keys.mode is Mode.NULL or not keys.media:
        return None
    first = keys.media[min(keys.media)]
    return (first.send if sent else first.receive)[0].master_key


def _said(invite: sip.Request) -> str:
    """The proof that an INVITE brings; empty if it brings none."""
    values = invite.all(FIELD)
    try:
        return (sip.NameAddr.parse(values[0], field=FIELD).parameters.get(_PROOF) or "") if len(values) == 1 else ""
    except DecodeError:
        return ""
