"""How media is protected between an edge and its phone: by keys in the descriptions, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mikey_sdp.endpoint.sessions import MediaKeys
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.nodes.edge_contract import PhoneMedia
from mikey_sdp.nodes.edge_guard import Guard, InTheClear
from mikey_sdp.nodes.edge_sdp import in_plain, live_lines, profiled
from mikey_sdp.nodes.sdes import SdesLeg, SdesOffer
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import plain_profile, secure_profile, with_profile
from mikey_sdp.secret import Entropy
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender, SrtpSession

_MAX_PHONE_SSRCS: Final = 8
_SECTION: Final = "RFC 4568 section 5.1"


class PhoneKeys:
    """The phone's side of one branch.

    A phone that offers RTP/AVP with a=crypto wants SRTP and leaves the profile as it is: it gets that, and the same
    profile back.
    Keeps: `sdes`, whether the phone has keys. New keys are received under at once, and sent under once the phone has
    our answer.
    """

    def __init__(self, demand: PhoneMedia, entropy: Entropy, *, called: bool) -> None:
        self.sdes = demand is PhoneMedia.SDES
        self._demand: Final = demand
        self._leg: Final = SdesLeg(entropy, called=called)
        self._offer: SdesOffer | None = None
        self._keys: Mapping[int, MediaKeys] = {}
        self._running: Final[dict[int, tuple[MediaKeys, SrtpSession]]] = {}
        self._due: Final[dict[int, tuple[DataSa, ...]]] = {}
        self._soft = False
        self._said: tuple[str, ...] = ()

    def offered(self, offer: SessionDescription) -> bool:
        """Look at an offer of the phone, and say whether it brings other keys than its last.

        Raises: PeerError for one that has no keys where the phone is to have some.
        """
        self.sdes = has_keys(offer)
        if not self.sdes and self._demand is PhoneMedia.SDES:
            raise PeerError("the phone offers no a=crypto, and is to use SDES", mikey_error=None, section=_SECTION)
        said = key_lines(offer)
        renewed = bool(self._said) and said != self._said
        self._said = said
        return renewed

    def answer(self, offer: SessionDescription, own: SessionDescription) -> str:
        """The answer to the phone's offer, `own` being what it says of the media.

        Raises: DecodeError, PeerError.
        """
        if not self.sdes:
            return str(profiled(own, offer))
        self._said = key_lines(offer)
        self._offer = None
        hard = _secured(offer)
        self._soft = hard is not offer
        answer = self._leg.answer(str(hard), str(profiled(own, hard)))
        if answer.sdp is None or answer.keys is None:
            reason = answer.rejection.warning[1] if answer.rejection is not None else "no keys"
            raise PeerError(reason, mikey_error=None, section=_SECTION)
        self._keys = answer.keys.media
        self._leg.confirm()
        return str(profiled(SessionDescription.parse(answer.sdp), offer))

    def offer(self, own: SessionDescription) -> str:
        """An offer to the phone, `own` being what it says of the media."""
        if not self.sdes:
            return str(in_plain(own))
        self._offer = self._leg.offer(str(own))
        return _softened(self._offer.sdp) if self._soft else self._offer.sdp

    def accept(self, answer: SessionDescription) -> None:
        """Take the phone's answer to the offer made last.

        Raises: DecodeError, PeerError.
        """
        if not self.sdes:
            if any(line.is_secure for line in live_lines(answer).values()):
                raise PeerError("the phone answers plain RTP by SRTP", mikey_error=None, section=_SECTION)
        elif self._offer is not None:
            self._keys = self._offer.accept(str(_secured(answer))).media
            self._said = key_lines(answer)

    def guard(self, media: int) -> Guard:
        """What the packets of an m= line go through.

        Raises: PeerError for a line without keys.
        """
        if not self.sdes:
            return InTheClear()
        keys = self._keys.get(media)
        if keys is None:
            raise PeerError(f"the phone has no key for m= line {media + 1}", mikey_error=None, section=_SECTION)
        known = self._running.get(media)
        if known is None:
            session = SrtpSession(SrtpSender(keys.send), SrtpReceiver(keys.receive, max_ssrcs=_MAX_PHONE_SSRCS))
        else:
            session = known[1]
            if known[0].send != keys.send:
                self._due[media] = keys.send
            if known[0].receive != keys.receive:
                session.receive.replace(keys.receive)
        self._running[media] = keys, session
        if self._offer is not None:
            self.confirm()
        return session

    def confirm(self) -> None:
        """The phone has our answer, or gave one: send to it under the new keys."""
        for media, sas in self._due.items():
            self._running[media][1].send.replace(sas)
        self._due.clear()

    def close(self) -> None:
        """The call is over: forget its keys."""
        self._leg.close()
        self._keys = {}
        self._running.clear()
        self._due.clear()


def has_keys(sd: SessionDescription) -> bool:
    """Whether a description brings SDES keys, or asks for SRTP and so ought to."""
    return any(line.has_crypto or line.is_secure for line in live_lines(sd).values())


def key_lines(sd: SessionDescription) -> tuple[str, ...]:
    """All that the a=crypto lines of a description say."""
    return tuple(value for section in sd.sections() for value in section.attributes("crypto"))


def _secured(sd: SessionDescription) -> SessionDescription:
    """The description with a secure profile wherever it has keys; itself where it is so already."""
    for level, line in live_lines(sd).items():
        if line.has_crypto and not line.is_secure:
            sd = with_profile(sd, level, secure_profile(line.profile))
    return sd


def _softened(text: str) -> str:
    sd = SessionDescription.parse(text)
    for level, line in live_lines(sd).items():
        sd = with_profile(sd, level, plain_profile(line.profile))
    return str(sd)
