"""Which of several MIKEY messages of an offer is for us.

Source: RFC 5197 section 5.2, which leaves the behaviour open.
Deviation: RFC 4567 section 4.1.2 processes every line and has several only for several protocols; hence an option.
"""

from __future__ import annotations

from dataclasses import replace

from mikey_sdp.endpoint.core import Core
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.digest import digest_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.roles import identity_of, parties_of_i_message, text_of
from mikey_sdp.mikey.modes.tolerant import read_message
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.sdp.line_order import mikey_lines_at
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.offer_answer import ReceivedLevel


def message_for_us(core: Core, offer: SessionDescription, received: ReceivedLevel, caller: str | None) -> ReceivedLevel:
    """The level with the first of its messages that is not for somebody else.

    Passed over is only what can be read and says by IDr or CHASH that it is for another; what can't be read is taken,
    and so refuses the whole offer. Where all are for others the first is taken, to be refused for what it is.
    Nothing is known to be authentic here: that what was passed over is the author's, the message that is taken tells
    (`judge_order`).
    """
    lines = mikey_lines_at(offer, received.line)
    if len(lines) == 1:
        return received
    return replace(received, line=next((line for line in lines if _may_be_ours(core, line.data, caller)), lines[0]))


def _may_be_ours(core: Core, data: bytes, caller: str | None) -> bool:
    try:
        message = read_message(data, Acceptance(core.options.profile))
        idr = parties_of_i_message(message, identity_of(core.identity)).idr
        addressed = idr is None or core.answers_to(text_of(idr))
        return addressed and _may_open(core, message, caller)
    except (DecodeError, PeerError):
        return True


def _may_open(core: Core, message: Message, caller: str | None) -> bool:
    """Whether a message that names a certificate names ours."""
    chash = message.find(CertificateHash)
    if chash is None:
        return True
    credential = core.credentials.find(CertificateCredential, caller)
    return credential is not None and digest_of(credential.addressed, chash.hash_func) == chash.digest
