from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.sdp.media import Direction
from mikey_sdp.sdp.preconditions import SecurityPrecondition, Strength, either, security_preconditions

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
BOTH, OUT, IN, NONE = Direction.SENDRECV, Direction.SENDONLY, Direction.RECVONLY, Direction.INACTIVE


def read(*attributes: str) -> SecurityPrecondition | None:
    lines = "".join(f"a={attribute}\r\n" for attribute in attributes)
    (found,) = security_preconditions(SessionDescription.parse(f"{HEAD}m=audio 4000 RTP/SAVP 0\r\n{lines}"))
    return found


@pytest.mark.requirement("5027-3-4", "5027-3-6")
@pytest.mark.parametrize("strength", Strength)
@pytest.mark.parametrize(("word", "way"), [("none", NONE), ("send", OUT), ("recv", IN), ("sendrecv", BOTH)])
def test_what_is_written_is_read(strength: Strength, word: str, way: Direction) -> None:
    lines = (f"curr:sec e2e {word}", f"des:sec {strength} e2e sendrecv", f"conf:sec e2e {word}")
    said = SecurityPrecondition(current=way, send=strength, recv=strength, confirm=way)
    assert read(*lines) == said
    assert said.attributes == lines


def test_each_way_may_matter_differently() -> None:
    lines = ("curr:sec e2e send", "des:sec mandatory e2e send", "des:sec optional e2e recv")
    said = read(*lines)
    assert said == SecurityPrecondition(current=OUT, send=Strength.MANDATORY, recv=Strength.OPTIONAL)
    assert said.attributes == lines
    assert said.is_met


@pytest.mark.requirement("5027-3-5")
def test_other_types_and_segments_say_nothing() -> None:
    assert read() is None
    assert read("curr:qos e2e none", "des:qos mandatory e2e sendrecv") is None
    assert read("curr:sec local none", "des:sec mandatory remote sendrecv") is None


@pytest.mark.parametrize(
    "line",
    [
        "curr:sec",
        "curr:sec e2e",
        "curr:sec e2e up",
        "curr:sec now e2e send",
        "des:sec e2e send",
        "des:sec must e2e send",
        "des:sec mandatory e2e",
        "conf:sec e2e send recv",
    ],
)
def test_what_nobody_can_mean_is_refused(line: str) -> None:
    with pytest.raises(DecodeError) as raised:
        read("curr:sec e2e none", line)
    assert raised.value.field == line.partition(":")[0]
    assert raised.value.offset == len(f"{HEAD}m=audio 4000 RTP/SAVP 0\r\na=curr:sec e2e none\r\n")


@pytest.mark.requirement("5027-3-1")
@pytest.mark.parametrize(
    ("current", "send", "recv", "met"),
    [
        (BOTH, "mandatory", "mandatory", True),
        (IN, "mandatory", "mandatory", False),
        (IN, "optional", "mandatory", True),
        (OUT, "optional", "mandatory", False),
        (NONE, "optional", "none", True),
    ],
)
def test_it_is_met_when_all_that_is_mandatory_is_agreed(current: Direction, send: str, recv: str, met: bool) -> None:
    said = SecurityPrecondition(current=current, send=Strength(send), recv=Strength(recv))
    assert said.is_met is met


@pytest.mark.requirement("5027-3-11", "5027-4-2")
def test_the_answer_swaps_the_ways_raises_the_strength_and_asks_to_be_told() -> None:
    offer = SecurityPrecondition(send=Strength.OPTIONAL, recv=Strength.NONE)
    assert offer.answered(IN) == SecurityPrecondition(current=IN, send=Strength.NONE, recv=Strength.MANDATORY)
    both = SecurityPrecondition(send=Strength.OPTIONAL, recv=Strength.OPTIONAL)
    assert both.answered(IN) == SecurityPrecondition(current=IN, confirm=BOTH)


def test_what_the_offerer_can_receive_the_answerer_can_send() -> None:
    assert SecurityPrecondition(current=IN).answered(IN) == SecurityPrecondition(current=BOTH)


def test_a_refusal_says_that_it_failed() -> None:
    assert SecurityPrecondition().failed().attributes[1] == "des:sec failure e2e sendrecv"


def test_ways_add_up() -> None:
    assert either() is NONE
    assert either(OUT, IN) is BOTH
    assert either(NONE, IN) is IN
