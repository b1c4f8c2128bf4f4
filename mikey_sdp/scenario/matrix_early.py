"""The situations of RFC 5197 section 5.1 as runs: media that comes before the answer, by both definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.nodes.config import Speaks
from mikey_sdp.scenario.matrix_cast import ROLES, cast
from mikey_sdp.scenario.matrix_judge import judge
from mikey_sdp.scenario.matrix_outcome import Outcome
from mikey_sdp.scenario.matrix_scene import MS, Scene, answers_after
from mikey_sdp.scenario.mode_cases import ModeCase
from mikey_sdp.sdp.preconditions import Strength


def _early_media(
    case: ModeCase, name: str, *, late: bool = False, phones: Mapping[str, Any] | None = None, **answering: Any
) -> Outcome:
    """One phone, which the caller reaches itself."""
    signalling_us, media_us = answering.pop("signalling_us", 40 * MS), answering.pop("media_us", 10 * MS)
    scene = Scene(
        name=name,
        case=case,
        actors=cast(case, {name: ROLES[name] for name in ("alice", "bob")}),
        ways={"bob": "bob"},
        answers=("bob",),
        answering={"bob": answers_after(500, **answering)},
        phones=phones or {},
        signalling_us=signalling_us,
        media_us=media_us,
        expects=Expectations(early_media=True),
    )
    return judge(scene.play(), late=late)


def before_any_answer(case: ModeCase, name: str) -> Outcome:
    """Media comes as soon as the offer is taken, long before anything of that is said."""
    return _early_media(case, name, speaks=Speaks.OFFERED)


def preconditions(case: ModeCase, name: str) -> Outcome:
    """The same, but both ends insist on keys before anything is heard (RFC 5027)."""
    both = {"preconditions": Strength.MANDATORY, "supported": ("100rel", "replaces", "precondition")}
    return _early_media(case, name, speaks=Speaks.OFFERED, phones=both)


def buffered(case: ModeCase, name: str) -> Outcome:
    """The same, and the caller keeps what comes until it has keys."""
    return _early_media(case, name, speaks=Speaks.OFFERED, late=True)


def answer_in_183(case: ModeCase, name: str) -> Outcome:
    """A provisional response brings the answer, on a way that is no slower than the media's."""
    more: dict[str, Any] = {"early_media_after_us": 50 * MS, "signalling_us": 10 * MS, "media_us": 20 * MS}
    return _early_media(case, name, speaks=Speaks.ANSWERED, **more)


def reliable_183(case: ModeCase, name: str) -> Outcome:
    """A provisional response brings the answer, and media waits for its PRACK."""
    return _early_media(case, name, early_media_after_us=50 * MS, reliable=True)
