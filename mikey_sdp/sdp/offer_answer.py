"""Where MIKEY and SDP meet: which message keys which m= line, the list of protocols, profiles, offers and answers.

Nothing here knows keys or exchanges; whoever makes or takes MIKEY messages (one leg of a call) asks these functions
where they stand and what they must say.
Source: RFC 4567 sections 3.1, 4.1, 7 and 7.1; RFC 3264.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.registry import ErrorNo, ExtensionType
from mikey_sdp.sdp.key_mgmt import (
    MIKEY,
    KeyMgmt,
    KeyMgmtLine,
    governing_lines,
    identifier_list,
    insert_key_mgmt,
    key_mgmt_lines,
    remove_key_mgmt,
    replace_key_mgmt,
    why_ignored,
)
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.sdp.media import media_lines, secure_profile, with_profile
from mikey_sdp.sdp.protocols import OfferedProtocol

LevelChoice = Literal["session", "media"]
SECTION: Final = "RFC 4567 section 4.1"
CS_PER_MEDIA: Final = 2


class CsPair(NamedTuple):
    """The CS IDs of one m= line: the stream that the MIKEY Initiator sends, and the one that the Responder sends."""

    initiator: int
    responder: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedLevel:
    """One MIKEY message's place in a description.

    Keeps: `media`, the m= lines that it keys; `positions`, how many m= lines count for CS IDs (all of them at session
    level, so that IDs stay when lines are rejected; one at media level).
    """

    level: Level
    media: tuple[int, ...]
    positions: int

    def cs_pair(self, media: int) -> CsPair:
        """The two CS IDs of an m= line: 1 and 2 for the first, 3 and 4 for the second. # [4567-7.1-4]"""
        index = media if self.level is None else 0
        return CsPair(CS_PER_MEDIA * index + 1, CS_PER_MEDIA * index + 2)

    def sessions(
        self, own_ssrcs: Mapping[int, int], policy_no: int = 0, *, theirs: int | None = None
    ) -> tuple[SrtpIdEntry, ...]:
        """The crypto sessions of an Initiator's map: his SSRCs where he knows them, 0 elsewhere, or `theirs`, one more
        for each m= line, where the Responder is not to choose.

        # [4738-3.4-5] [4738-3.4-6]
        """
        entries: list[SrtpIdEntry] = []
        for index in range(self.positions):
            media = index if self.level is None else self.level
            entries += [
                SrtpIdEntry(policy_no=policy_no, ssrc=own_ssrcs.get(media, 0), roc=0),
                SrtpIdEntry(policy_no=policy_no, ssrc=0 if theirs is None else theirs + index, roc=0),
            ]
        return tuple(entries)

    def responder_ssrcs(self, own_ssrcs: Mapping[int, int]) -> dict[int, int]:
        """A Responder's SSRCs by CS ID, one for each stream of his: 0 where he does not know it."""
        indexes = range(self.positions)
        media = indexes if self.level is None else (self.level,)
        return {CS_PER_MEDIA * index + 2: own_ssrcs.get(line, 0) for index, line in zip(indexes, media, strict=True)}


def secured(sd: SessionDescription) -> SessionDescription:
    """The description with every RTP stream under its secure profile; other streams stay as they are."""
    for line in media_lines(sd):
        if not line.is_rejected:
            sd = with_profile(sd, line.level, secure_profile(line.profile))
    return sd


def levels_for_offer(
    sd: SessionDescription, choice: LevelChoice, apart: Collection[int] = ()
) -> tuple[KeyedLevel, ...]:
    """Where an offer's MIKEY messages go, and what each keys.

    `apart` names m= lines that have a message of their own beside the session's.
    Raises: UsageError where there is nothing to key.
    """
    keyed = [line.level for line in media_lines(sd) if line.takes_keys]
    if not keyed:
        raise UsageError("the SDP has no RTP stream that could be secured")
    alone = keyed if choice == "media" else [media for media in keyed if media in apart]
    together = tuple(media for media in keyed if media not in alone)
    levels = [KeyedLevel(level=media, media=(media,), positions=1) for media in alone]
    if choice == "session":
        levels.insert(0, KeyedLevel(level=None, media=together, positions=len(sd.media)))
    return tuple(levels)


def own_ssrcs(sd: SessionDescription) -> dict[int, int]:
    """The SSRC that a description announces for each m= line, the first where there are several."""
    return {line.level: line.ssrcs[0] for line in media_lines(sd) if line.ssrcs}


def sending_media(sd: SessionDescription) -> frozenset[int]:
    """The m= lines on which whoever wrote the description sends."""
    return frozenset(line.level for line in media_lines(sd) if line.direction.sends)


def place_lines(
    sd: SessionDescription, levels: Sequence[KeyedLevel], others: Sequence[OfferedProtocol], *, messages: int = 1
) -> tuple[SessionDescription, str]:
    """The description with so many empty MIKEY lines wherever messages are to stand, other protocols behind them, in
    order of preference # [4567-4.1.2-12]; and the list of identifiers that every message must authenticate.
    # [4567-4.1.2-1]"""
    sd = without_mikey(sd)
    kmpids = [MIKEY] * messages + [other.kmpid for other in others]
    for keyed in levels:
        sd = insert_key_mgmt(sd, keyed.level, [KeyMgmt(kmpid=kmpid, data=b"") for kmpid in kmpids])
    identifiers = identifier_list(sd)
    for keyed in levels:
        for other in others:
            sd = fill_line(sd, keyed.level, other.message(identifiers), other.kmpid)
    return sd, identifiers


def without_mikey(sd: SessionDescription) -> SessionDescription:
    """The description without any MIKEY line, as a body that is used again for a new offer must be."""
    for level in (None, *range(len(sd.media))):
        sd = remove_key_mgmt(sd, level, MIKEY)
    return sd


def line_at(sd: SessionDescription, level: Level, kmpid: str, number: int) -> KeyMgmtLine:
    """The line of that level and protocol which has this number, from 0."""
    return [line for line in key_mgmt_lines(sd) if line.level == level and line.kmpid == kmpid][number]


def fill_line(
    sd: SessionDescription, level: Level, data: bytes, kmpid: str = MIKEY, *, number: int = 0
) -> SessionDescription:
    """The description with one line of that level and protocol holding this message. # [4567-4.1.1-3]"""
    return replace_key_mgmt(sd, line_at(sd, level, kmpid, number), KeyMgmt(kmpid=kmpid, data=data))


def identifiers_extension(identifiers: str) -> GeneralExtension:
    """The General Extension by which an offer's MIKEY message authenticates the list. # [4567-7-2]"""
    return GeneralExtension(ext_type=ExtensionType.SDP_IDS, data=identifiers.encode())


def judge_identifiers(sd: SessionDescription) -> Callable[[Message], None]:
    """The check that an authentic message lists exactly the protocols of the offer that carried it. # [4567-7-3]

    What it returns raises PeerError when a line was removed, added or moved on the way. # [4567-7-4]
    """
    offered = identifier_list(sd)

    def judge(message: Message) -> None:
        lists = [e.data for e in message.all(GeneralExtension) if e.ext_type == ExtensionType.SDP_IDS]
        if len(lists) != 1:
            raise _bidding_down(f"the message has {len(lists)} lists of protocols instead of one")
        if lists[0] != offered.encode():
            said = lists[0].decode("ascii", "replace")
            raise _bidding_down(
                f"the offer lists {offered!r}, its author wrote {said!r}: a line was changed on the way"
            )

    return judge


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLevel:
    """A MIKEY message that came in a description, and what it keys there."""

    keyed: KeyedLevel
    line: KeyMgmtLine


def received_levels(sd: SessionDescription) -> tuple[ReceivedLevel, ...]:
    """The MIKEY messages of an offer or answer to hand on, each with the m= lines that it keys. # [4567-4.1.2-9]

    At one level the first line counts: several are no means to negotiate inside MIKEY. # [4567-4.1.2-16]
    A stream with a message of its own takes nothing from the session's. # [4567-3.1-3]
    Raises: DecodeError.
    """
    media = media_lines(sd)
    firsts: dict[Level, KeyMgmtLine] = {}
    for line in key_mgmt_lines(sd):
        if line.kmpid == MIKEY and why_ignored(line, media) is None:
            firsts.setdefault(line.level, line)
    governing = governing_lines(sd)
    return tuple(
        ReceivedLevel(
            keyed=KeyedLevel(
                level=line.level,
                media=tuple(index for index, lines in enumerate(governing) if line in lines),
                positions=len(media) if line.level is None else 1,
            ),
            line=line,
        )
        for line in firsts.values()
    )


def check_offer_is_keyed(sd: SessionDescription, levels: Sequence[ReceivedLevel]) -> None:
    """Refuse an offer that has no MIKEY message for a stream that needs keys. # [4567-4.1.2-17]

    Raises: PeerError.
    """
    keyed = {media for received in levels for media in received.keyed.media}
    for line in media_lines(sd):
        if line.takes_keys and line.level not in keyed:
            raise PeerError(
                f"no MIKEY message in the offer keys m= line {line.level + 1} ({line.kind})",
                mikey_error=None,
                section=SECTION,
            )


def check_offer_stays_secure(sd: SessionDescription, secured_lines: Collection[int]) -> None:
    """Refuse an offer that takes the security off a stream that has it, or brings keys and no stream to use them on.

    Whoever can change a description on its way can write RTP/AVP; its keys would be right and its media in the clear.
    Raises: PeerError. # [4567-8-5]
    """
    lines = [line for line in media_lines(sd) if not line.is_rejected]
    plain = [line for line in lines if secure_profile(line.profile) != line.profile]
    for line in plain:
        if line.level in secured_lines:
            raise PeerError(
                f"the offer turns m= line {line.level + 1} into {line.profile}", mikey_error=None, section=SECTION
            )
    if plain and not any(line.takes_keys for line in lines):
        raise PeerError("the offer has keys and plain RTP streams only", mikey_error=None, section=SECTION)


def check_reply_stays_secure(offer: SessionDescription, reply: SessionDescription) -> None:
    """Refuse an offer whose secure streams our body would answer under another profile.

    Raises: PeerError. # [4567-8-5]
    """
    for its, mine in zip(media_lines(offer), media_lines(reply), strict=True):
        if its.takes_keys and not mine.is_rejected and mine.profile != its.profile:
            raise PeerError(
                f"m= line {its.level + 1} is offered as {its.profile} and can't be answered as {mine.profile}",
                mikey_error=None,
                section=SECTION,
            )


def answered(offer: SessionDescription, body: SessionDescription) -> SessionDescription:
    """The answerer's own body under the profiles of the offer, line by line, free of key management.

    Raises: UsageError where the body does not answer the offer line by line (RFC 3264 section 6).
    """
    ours, theirs = media_lines(body), media_lines(offer)
    if len(ours) != len(theirs) or any(a.kind != b.kind for a, b in zip(ours, theirs, strict=True)):
        raise UsageError("the answer's SDP must have the m= lines of the offer, in the same order and of the same kind")
    body = without_mikey(body)
    for mine, its in zip(ours, theirs, strict=True):
        if its.is_secure and secure_profile(mine.profile) == its.profile:
            body = with_profile(body, mine.level, its.profile)
    return body


def insert_message(sd: SessionDescription, level: Level, data: bytes) -> SessionDescription:
    """An answer with a MIKEY message at the level of the offer's. # [4567-4.1.1-11]"""
    return insert_key_mgmt(sd, level, [KeyMgmt(kmpid=MIKEY, data=data)])


def check_answer_profiles(offer: SessionDescription, answer: SessionDescription) -> tuple[int, ...]:
    """The m= lines of an answer that are in use and stay under the secure profile that was offered.

    Raises: PeerError where the answer leaves a stream unprotected # [4567-8-5] or does not fit the offer.
    """
    sent, came = media_lines(offer), media_lines(answer)
    if len(sent) != len(came):
        raise PeerError(
            f"the answer has {len(came)} m= lines, the offer {len(sent)}",
            mikey_error=None,
            section="RFC 3264 section 6",
        )
    in_use = []
    for mine, its in zip(sent, came, strict=True):
        if not mine.takes_keys or its.is_rejected:
            continue
        if its.profile != mine.profile:
            raise PeerError(
                f"the answer turns m= line {mine.level + 1} from {mine.profile} into {its.profile}",
                mikey_error=None,
                section=SECTION,
            )
        in_use.append(mine.level)
    return tuple(in_use)


def parse(text: str, what: str) -> SessionDescription:
    """A peer's description as lines.

    Raises: DecodeError that says which body it was.
    """
    try:
        return SessionDescription.parse(text)
    except DecodeError as fault:
        fault.field = f"{what}: {fault.field}"
        raise


def _bidding_down(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.UNSPECIFIED, section="RFC 4567 section 4.1.4")
