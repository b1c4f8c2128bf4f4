"""Bodies of real products pass untouched, and securing them touches exactly the lines listed here by hand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mikey_sdp.sdp.key_mgmt import KeyMgmt, governing_lines, insert_key_mgmt, key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import media_lines, plain_profile, secure_profile, with_profile
from tests.unit.sdp.bodies import BODIES

OFFER = KeyMgmt(kmpid="mikey", data=b"\x01\x00\x05")
KEY_LINE = b"a=key-mgmt:mikey AQAF"


@dataclass(frozen=True, slots=True)
class Touched:
    """Line numbers of the body as it is: m= lines with an RTP profile, and lines behind which a key line goes."""

    profiles: tuple[int, ...]
    session: int
    media: tuple[int, ...]


TOUCHED = {
    "border_controller_answer": Touched((7, 12, 13), 6, (7, 13)),
    "camera_describe": Touched((11, 19, 24), 8, ()),
    "collaboration_client": Touched((30,), 6, (8, 30)),
    "conference_bridge": Touched((8, 19, 31, 38), 7, (9, 20, 32, 38)),
    "desk_phone": Touched((6,), 5, (6,)),
    "door_station_oneway": Touched((7, 11), 5, (7, 11)),
    "fax_t38": Touched((16,), 5, ()),
    "gateway_cut_short": Touched((6,), 5, (6,)),
    "hold_old_style": Touched((6,), 5, (7,)),
    "ipv6_phone": Touched((6,), 5, (6,)),
    "legacy_key_line": Touched((7, 11), 6, (8, 11)),
    "mcptt_group": Touched((7,), 6, (9,)),
    "pbx_lf_only": Touched((6,), 5, (6,)),
    "room_mixed_line_ends": Touched((7, 10), 5, (7, 10)),
    "sap_announcement": Touched((17, 19), 13, (18, 22)),
    "softphone_baresip": Touched((7, 19), 5, (8, 20)),
    "softphone_linphone": Touched((10, 24), 5, (10, 24)),
    "softphone_pjsip": Touched((7,), 5, (9,)),
    "webrtc_gateway": Touched((), 4, ()),
}
each_body = pytest.mark.parametrize("name", BODIES)


def expected(body: bytes, profiles: tuple[int, ...], behind: tuple[int, ...]) -> bytes:
    """The body with those m= lines secured and a key line, ended like the line before it, behind those lines."""
    out: list[bytes] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        out.append(line.replace(b" RTP/AVP", b" RTP/SAVP", 1) if number in profiles else line)
        if number in behind:
            out.append(KEY_LINE + (b"\r" if line.endswith(b"\r") else b""))
    return b"\n".join(out)


def secured(body: bytes) -> SessionDescription:
    sd = SessionDescription.parse(body)
    for media in media_lines(sd):
        sd = with_profile(sd, media.level, secure_profile(media.profile))
    return sd


def undone(sd: SessionDescription, secure_before: set[int]) -> SessionDescription:
    for media in media_lines(sd):
        if media.level not in secure_before:
            sd = with_profile(sd, media.level, plain_profile(media.profile))
    for line in reversed(key_mgmt_lines(sd)):
        if line.data == OFFER.data:
            sd = sd.without_lines(line.level, [line.position])
    return sd


def secure_levels(body: bytes) -> set[int]:
    return {media.level for media in media_lines(SessionDescription.parse(body)) if media.is_secure}


def test_every_body_has_its_row() -> None:
    assert list(BODIES) == sorted(TOUCHED)


@each_body
def test_a_body_passes_untouched(name: str) -> None:
    body = BODIES[name]
    sd = SessionDescription.parse(body)
    assert sd.octets == body
    assert SessionDescription.parse(str(sd)).octets == body


@each_body
def test_securing_at_session_level_changes_the_listed_lines_and_can_be_undone(name: str) -> None:
    body, touched = BODIES[name], TOUCHED[name]
    sd = insert_key_mgmt(secured(body), None, [OFFER])
    assert sd.octets == expected(body, touched.profiles, (touched.session,))
    assert undone(sd, secure_levels(body)).octets == body


@each_body
def test_securing_at_media_level_changes_the_listed_lines_and_can_be_undone(name: str) -> None:
    body, touched = BODIES[name], TOUCHED[name]
    sd = secured(body)
    for media in media_lines(sd):
        if media.takes_keys:
            sd = insert_key_mgmt(sd, media.level, [OFFER])
    assert sd.octets == expected(body, touched.profiles, touched.media)
    assert undone(sd, secure_levels(body)).octets == body


@each_body
def test_no_plain_stream_of_a_body_is_keyed(name: str) -> None:
    sd = insert_key_mgmt(SessionDescription.parse(BODIES[name]), None, [OFFER])
    keyed = {level for level, lines in enumerate(governing_lines(sd)) if lines}
    assert keyed == ({0} if name == "collaboration_client" else set())
