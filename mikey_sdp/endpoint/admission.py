"""What an authentic message must still be like to be taken at its place in an offer or an answer.

Source: RFC 3830 sections 4.5 and 6.1.1, RFC 4567 sections 7.1 and 8.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from mikey_sdp.endpoint.sessions import check_runnable
from mikey_sdp.endpoint.state import LevelState
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.registry import DataType, ErrorNo
from mikey_sdp.sdp.offer_answer import CS_PER_MEDIA, KeyedLevel


def check_place(message: Message, before: LevelState | None, beside: Container[int]) -> None:
    """An update belongs where the CSB is that it updates, and comes from the end that opened it; levels share no CSB.

    Anywhere else it would put keys to a second use, or let the ends change roles under the same keys. `beside` are the
    CSB IDs of the other levels.
    Raises: PeerError with Unspecified error (12).
    """
    csb_id = message.header.csb_id
    asks_anew = message.header.data_type == DataType.RSA_R_I_MSG and (before is None or before.bundle.csb_id != csb_id)
    is_update = message.find(Rand) is None and not asks_anew  # a member of a group brings no RAND [4738-3.2-2]
    expected = before is not None and before.bundle.csb_id == csb_id and not before.initiated
    if (is_update and not expected) or csb_id in beside:
        raise PeerError(
            f"CSB {csb_id:08x} has no place here", mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 section 4.5"
        )


def check_mode(mode: Mode, beside: Iterable[LevelState], before: Iterable[LevelState]) -> None:
    """Unprotected keys stand beside no protected ones, and don't follow them.

    Raises: PeerError with Invalid MAC (3).
    """
    protected = [state.mode is not Mode.NULL for state in beside]
    bare = mode is Mode.NULL
    if bare in protected or (bare and any(state.mode is not Mode.NULL for state in before)):
        raise PeerError(
            "keys without protection can't replace or accompany protected ones",
            mikey_error=ErrorNo.INVALID_MAC,
            section="RFC 4567 section 8",
        )


def check_mode_of_update(mode: Mode, bundle: Bundle, before: LevelState | None) -> None:
    """An update is of the mode that made the CSB, or a PSK one under the envelope key that it left: another could take
    forward secrecy or authentication away from the call.

    Raises: PeerError with Invalid DT (11).
    """
    if before is None or before.bundle.csb_id != bundle.csb_id or mode is before.mode:
        return
    if mode is Mode.PSK and before.bundle.envelope_key is not None:
        return
    raise PeerError(
        f"a CSB of {before.mode} mode can't be updated by {mode}",
        mikey_error=ErrorNo.INVALID_DT,
        section="RFC 3830 section 4.5",
    )


def check_streams(bundle: Bundle, keyed: KeyedLevel, *, begun: Container[int] = ()) -> None:
    """A CSB has two crypto sessions for each m= line, all of which can be run. `begun` are lines that run already.

    Raises: PeerError.
    """
    check_count(bundle, keyed)
    for running in (True, False):
        lines = [media for media in keyed.media if (media in begun) is running]
        check_runnable(bundle, (cs_id for media in lines for cs_id in keyed.cs_pair(media)), begun=running)


def check_count(bundle: Bundle, keyed: KeyedLevel) -> None:
    """A CSB has two crypto sessions for each m= line.

    Raises: PeerError with Unspecified error (12).
    """
    wanted = CS_PER_MEDIA * keyed.positions
    if len(bundle.sessions) < wanted:
        raise PeerError(
            f"the message has {len(bundle.sessions)} crypto sessions, its m= lines need {wanted}",
            mikey_error=ErrorNo.UNSPECIFIED,
            section="RFC 4567 section 7.1",
        )


def check_own_ssrcs(sent: Sequence[SrtpIdEntry], filled: Sequence[SrtpIdEntry]) -> None:
    """A Responder fills in the SSRCs of its own streams, the even crypto sessions, and leaves ours alone. Only where we
    named no stream the map is all his.

    Raises: PeerError.
    """
    if sent and len(sent) != len(filled):
        raise PeerError(
            f"the answer has {len(filled)} crypto sessions, our streams need {len(sent)}",
            mikey_error=None,
            section="RFC 4567 section 7.1",
        )
    theirs = [entry.ssrc for entry in filled[::CS_PER_MEDIA]]
    ours = [entry.ssrc for entry in sent[::CS_PER_MEDIA]] if sent else [0] * len(theirs)
    if ours != theirs:
        raise PeerError("the answer chooses SSRCs for our streams", mikey_error=None, section="RFC 3830 section 6.1.1")
