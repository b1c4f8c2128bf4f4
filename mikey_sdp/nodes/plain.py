"""A party that knows no key management: the faces of an endpoint over descriptions that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import DecodeError, PolicyRefused
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import media_lines

NOT_ACCEPTABLE: Final = 488
BAD_REQUEST: Final = 400
_UNREADABLE: Final = (399, "The session description can't be read")
_INCOMPATIBLE_TRANSPORT: Final = (302, "Incompatible transport protocol")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRejection:
    """Why a plain party can't take an offer."""

    status: int
    warning: tuple[int, str]
    mikey_error: None = None
    mikey_message: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainOffer:
    """A description on its way out, as it was written."""

    sdp: str
    keys: None = None

    def accept(self, answer: str) -> None:
        """Take an answer; there are no keys in it.

        Raises: PolicyRefused if the answer demands a profile that was not offered.
        """
        if _demands_keys(answer):
            raise PolicyRefused("plain-only", "the answer demands SRTP, which was not offered")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAnswer:
    """The answer to a plain offer, or why there is none."""

    sdp: str | None
    rejection: PlainRejection | None = None
    keys: None = None


class PlainLeg:
    """A call without keys: everything can be offered again but keys."""

    def offer(self, sdp: str, *, rekey: bool = False) -> PlainOffer:
        """A further offer in the call.

        Raises: PolicyRefused when fresh keys are asked for.
        """
        if rekey:
            raise PolicyRefused("plain-only", "a call without key management has no keys to renew")
        return PlainOffer(sdp=sdp)

    def answer(self, offer: str, sdp: str) -> PlainAnswer:
        """Answer a further offer of the peer."""
        return _answer(offer, sdp)

    def confirm(self) -> None:
        """The peer has our answer, in which there are no keys."""

    def close(self) -> None:
        """Nothing is held."""


class PlainEndpoint:
    """What a party uses in place of an endpoint when it demands no security.

    Keeps: `open_bundles`, none ever.
    """

    open_bundles: Final = 0

    def offer(self, sdp: str) -> PlainOffer:
        """A first offer."""
        return PlainOffer(sdp=sdp)

    def answer(self, offer: str, sdp: str) -> PlainAnswer:
        """Answer a first offer."""
        return _answer(offer, sdp)


def _answer(offer: str, sdp: str) -> PlainAnswer:
    try:
        if not _demands_keys(offer):
            return PlainAnswer(sdp=sdp)
    except DecodeError:
        return PlainAnswer(sdp=None, rejection=PlainRejection(status=BAD_REQUEST, warning=_UNREADABLE))
    return PlainAnswer(sdp=None, rejection=PlainRejection(status=NOT_ACCEPTABLE, warning=_INCOMPATIBLE_TRANSPORT))


def _demands_keys(sdp: str) -> bool:
    return any(line.is_secure and not line.is_rejected for line in media_lines(SessionDescription.parse(sdp)))
