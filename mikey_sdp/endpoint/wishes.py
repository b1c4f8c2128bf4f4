"""What an application knows of one call before it is offered, and for whom the messages of the offer are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.policy import Conference


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What is to be expected of one call; the selection policy weighs it.

    Keeps: `forking`, whether several targets may answer; `retargeting`, whether somebody else than the called party
    may, whom we would accept; `early_media`, whether media may come before the answer;
    `conference`, our part in one whose members share a key; `answers`, how many there may be, for the time budget.
    Source: RFC 5197 sections 5.1 to 5.4.
    """

    forking: bool = False
    retargeting: bool = False
    early_media: bool = False
    conference: Conference = Conference.NONE
    answers: int = 1


NOTHING_SPECIAL: Final = Expectations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """For whom one of several MIKEY messages in an offer is, whichever of them the call reaches.

    Keeps: `mode`, None to leave it to the policy; `certificate`, the one to encrypt to where several devices of one
    user have one each (it must be trusted like any other), which makes the mode RSA or ECIES.
    Source: RFC 5197 section 5.2.
    """

    peer: str
    mode: Mode | None = None
    certificate: x509.Certificate | None = None
