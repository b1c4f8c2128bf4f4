"""A party that keys its media by security descriptions, for comparison: the faces of an endpoint over a=crypto lines.

Each side says in its own description under which key it sends. So the offer keys one direction only, and whoever reads
both descriptions has both keys.

Source: RFC 4568 sections 5.1 and 7.1, RFC 5197 sections 5.1 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.endpoint.sessions import LiveSessions, MediaKeys
from mikey_sdp.errors import DecodeError, PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.payloads.validity import ANY_PACKET
from mikey_sdp.nodes.plain import BAD_REQUEST, NOT_ACCEPTABLE, PlainRejection
from mikey_sdp.sdp.crypto import Crypto, cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import MediaLine, media_lines, secure_profile, with_profile
from mikey_sdp.secret import Entropy
from mikey_sdp.srtp.session import SrtpSession

_SECTION: Final = "RFC 4568 section 5.1"
_UNREADABLE: Final = (399, "The session description can't be read")
_INCOMPATIBLE_TRANSPORT: Final = (302, "Incompatible transport protocol")
_NO_KEY: Final = (399, "No usable a=crypto for a secured stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class SdesKeys:
    """The keys of a call, per m= line and direction. Nobody is authenticated by them.

    Keeps: `media`, by the index of the m= line; `leg`, the call leg that goes on with them.
    """

    media: Mapping[int, MediaKeys]
    leg: SdesLeg
    mode: str = "SDES"
    further_round: bool = False
    live: bool = True

    def session(self, media: int) -> SrtpSession:
        """The live SRTP session of an m= line: the same object through re-keys of the call.

        Raises: UsageError when the call is over.
        """
        return self.leg.sessions.of(media, self.media[media])


@dataclass(frozen=True, slots=True, kw_only=True)
class SdesOffer:
    """A description on its way out, with the keys under which we would send.

    Keeps: `own`, those keys by m= line; `leg`, the running call whose offer it is, None for a first one.
    """

    sdp: str = field(repr=False)
    own: Mapping[int, Crypto]
    entropy: Entropy = field(repr=False)
    leg: SdesLeg | None = None

    def early(self) -> None:
        """What opens media before an answer: nothing, as the peer says only there under which key he sends."""

    def accept(self, answer: str) -> SdesKeys:
        """Take an answer; each answer to a first offer makes a leg of its own.

        Raises: DecodeError, PeerError for an answer that leaves a stream without a key of the peer's own.
        """
        sd = SessionDescription.parse(answer)
        lines = media_lines(sd)
        if len(lines) != len(media_lines(SessionDescription.parse(self.sdp))):
            raise _refused("the answer has not the m= lines of the offer")
        live = {line.level: line for line in lines if line.level in self.own and not line.is_rejected}
        theirs = {media: _answered(sd, line, self.own[media]) for media, line in live.items()}
        leg = self.leg or SdesLeg(self.entropy, called=False)
        return leg.settle({media: self.own[media] for media in theirs}, theirs, confirmed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SdesAnswer:
    """The answer to an offer, or why there is none."""

    sdp: str | None = field(repr=False)
    rejection: PlainRejection | None = None
    keys: SdesKeys | None = None


class SdesLeg:
    """One call: the keys of both sides, which stay through further offers unless fresh ones are asked for.

    Keeps: `sessions`, what runs under them.
    """

    def __init__(self, entropy: Entropy, *, called: bool) -> None:
        self.sessions: Final = LiveSessions()
        self._entropy: Final = entropy
        self._called: Final = called
        self._own: dict[int, Crypto] = {}
        self._theirs: dict[int, Crypto] = {}

    def offer(self, sdp: str, *, rekey: bool = False) -> SdesOffer:
        """A further offer in the call, under fresh keys of ours or those of before."""
        return _offer(sdp, {} if rekey else self._own, self._entropy, leg=self)

    def answer(self, offer: str, sdp: str) -> SdesAnswer:
        """Answer an offer: a stream whose key the peer renews gets a fresh one of ours too."""
        try:
            sd = SessionDescription.parse(offer)
            offered, taken = media_lines(sd), _live(sdp)
        except DecodeError:
            return _rejection(BAD_REQUEST, _UNREADABLE)
        if any(not offered[media].takes_keys for media in taken):
            return _rejection(NOT_ACCEPTABLE, _INCOMPATIBLE_TRANSPORT)
        try:
            theirs = {media: usable[0] for media in taken if (usable := cryptos(sd, media))}
        except DecodeError:
            theirs = {}
        if theirs.keys() != set(taken):
            return _rejection(NOT_ACCEPTABLE, _NO_KEY)
        own = {media: self._answering(media, one) for media, one in theirs.items()}
        try:
            keys = self.settle(own, theirs, confirmed=False)
        except PeerError as error:
            return _rejection(NOT_ACCEPTABLE, (399, error.reason))
        return SdesAnswer(sdp=_written(sdp, own), keys=keys)

    def _answering(self, media: int, offered: Crypto) -> Crypto:
        before = self._own.get(media)
        if before is not None and self._theirs.get(media) == offered:
            return before
        return Crypto.fresh(self._entropy, tag=offered.tag, suite=offered.suite)

    def settle(self, own: Mapping[int, Crypto], theirs: Mapping[int, Crypto], *, confirmed: bool) -> SdesKeys:
        """Go over to these keys; `confirmed`, whether the peer is known to have ours.

        Raises: PeerError for keys that running streams can't go over to.
        """
        media = {
            at: MediaKeys(
                csb_id=0,
                send=(data_sa(2 * at + 1 + self._called, own[at]),),
                receive=(data_sa(2 * at + 2 - self._called, theirs[at]),),
            )
            for at in own
        }
        self.sessions.check(media)
        self.sessions.receive_under(media)
        self._own, self._theirs = dict(own), dict(theirs)
        if confirmed:
            self.confirm()
        return SdesKeys(media=media, leg=self)

    def confirm(self) -> None:
        """The peer has our answer: send under the keys in it."""
        self.sessions.send_as_received()

    def close(self) -> None:
        """The call is over: forget its keys."""
        self.sessions.close()
        self._own, self._theirs = {}, {}


class SdesEndpoint:
    """What a party uses in place of an endpoint when it keys its media by security descriptions.

    Keeps: `open_bundles`, none ever.
    """

    open_bundles: Final = 0

    def __init__(self, entropy: Entropy) -> None:
        self._entropy: Final = entropy

    def offer(self, sdp: str) -> SdesOffer:
        """A first offer."""
        return _offer(sdp, {}, self._entropy, leg=None)

    def answer(self, offer: str, sdp: str) -> SdesAnswer:
        """Answer a first offer."""
        return SdesLeg(self._entropy, called=True).answer(offer, sdp)


def _offer(sdp: str, known: Mapping[int, Crypto], entropy: Entropy, *, leg: SdesLeg | None) -> SdesOffer:
    own = {media: known.get(media) or Crypto.fresh(entropy) for media in _live(sdp)}
    return SdesOffer(sdp=_written(sdp, own), own=own, entropy=entropy, leg=leg)


def _live(sdp: str) -> tuple[int, ...]:
    return tuple(line.level for line in media_lines(SessionDescription.parse(sdp)) if not line.is_rejected)


def _written(sdp: str, own: Mapping[int, Crypto]) -> str:
    """The description with a secure profile and a key for each of these m= lines."""
    sd = SessionDescription.parse(sdp)
    for line in media_lines(sd):
        if line.level in own:
            sd = with_profile(sd, line.level, secure_profile(line.profile))
            sd = sd.with_attributes(line.level, [own[line.level].attribute])
    return str(sd)


def _answered(sd: SessionDescription, line: MediaLine, own: Crypto) -> Crypto:
    """The one line that answers ours: its tag and its suite, under a key of the peer's own."""
    found = cryptos(sd, line.level) if line.is_secure else ()
    if len(found) != 1 or (found[0].tag, found[0].suite) != (own.tag, own.suite):
        raise _refused(f"the answer has no usable a=crypto for m= line {line.level + 1}")
    if found[0].key == own.key:
        raise _refused("the answer gives us our own key back, under which two streams would share a key stream")
    return found[0]


def data_sa(cs_id: int, crypto: Crypto) -> DataSa:
    """The SRTP context, to be bound to the SSRC of the first packet: nothing here says which that is."""
    return DataSa(
        cs_id=cs_id,
        ssrc=0,
        roc=0,
        policy_no=0,
        parameters=crypto.parameters,
        master_key=crypto.key,
        master_salt=crypto.salt,
        mki=b"",
        validity=ANY_PACKET,
    )


def _refused(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=None, section=_SECTION)


def _rejection(status: int, warning: tuple[int, str]) -> SdesAnswer:
    return SdesAnswer(sdp=None, rejection=PlainRejection(status=status, warning=warning))
