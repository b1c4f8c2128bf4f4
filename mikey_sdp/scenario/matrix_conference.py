"""Shared-key conferencing in the matrix, as calls through a focus: who may begin, what two steps bring, and who reads
what when members change.

The focus is the caller of the other situations. It relays what a member sends to all others as it came, so that only a
key that all have in common is of use; nothing is said by itself. Nobody's policy is asked whether his mode goes with a
conference unless the choice is left to it: what comes of a mode that does not is to be seen.
Source: RFC 5197 section 5.4, RFC 3830 sections 2.1 and 8, RFC 4738 section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations, Recipient
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.nodes.commands import Call, Command, HangUp, ReKey
from mikey_sdp.nodes.config import Contact, Streams
from mikey_sdp.nodes.contract import TimedCommand
from mikey_sdp.policy import Conference
from mikey_sdp.scenario.matrix_cast import CALLER, Role, address, cast
from mikey_sdp.scenario.matrix_judge import judge
from mikey_sdp.scenario.matrix_outcome import Outcome
from mikey_sdp.scenario.matrix_scene import DOMAIN, MS, Scene, carrier_of
from mikey_sdp.scenario.mode_cases import ALICE, ModeCase
from mikey_sdp.secret import SeededEntropy

FOCUS: Final = CALLER
MEMBERS: Final = ("member1", "member2", "member3")
STRANGER: Final = "member4"
"""Somebody who holds what a member holds, and is none."""
_SAYS: Final = Streams(packets=5)
_HOSTS: Final = 31
_PAUSING: Final = Streams(packets=8, interval_us=400 * MS)
"""Speech with pauses, in which keys can change, or those who are there: at 900 ms one joins, at 1800 ms another
leaves."""
_JOINS_MS: Final = 900
_LEAVES_MS: Final = 1_800
_TOLD_MS: Final = 30
"""How soon members who have to ask for the key hear that there is another one, from whom a conference tells such
things."""
_SECOND_STEP_MS: Final = 1_000
_BOTH_ROUNDS_MS: Final = 200
_MEDIA_US: Final = 30 * MS
"""How long a packet is on its way: longer than an ACK, so that what who called says meets everybody in the conference
who called when he did."""

Spoken = tuple[int, str, Command]
"""At which millisecond who does what."""


def baseline(case: ModeCase, name: str) -> Outcome:
    """The focus calls, and pushes the key where the mode can do that; in RSA-R the members call and ask for it."""
    asked = case.mode is Mode.RSA_R and not case.free_choice
    return _conference(case, name, _members_call() if asked else _focus_calls())


def other_way_round(case: ModeCase, name: str) -> Outcome:
    """Who waited begins: members call with keys of their own, and in RSA-R the focus calls."""
    asked = case.mode is Mode.RSA_R and not case.free_choice
    return _conference(case, name, _focus_calls() if asked else _members_call())


def offerless(case: ModeCase, name: str) -> Outcome:
    """As the other way round, but whoever calls leaves the offer to the other side, and with it the part of the
    Initiator."""
    asked = case.mode is Mode.RSA_R and not case.free_choice
    return _conference(case, name, _focus_calls(offerless=True) if asked else _members_call(offerless=True))


def two_steps(case: ModeCase, name: str) -> Outcome:
    """First a Diffie-Hellman call with each member, whose TGK is the pre-shared key under which the focus then pushes
    the key of all in another call; SAML-assisted Diffie-Hellman has a second round for that in the same call."""
    if case.mode is Mode.DHSAML:
        choices = Choices(dh_group=case.dh_group, saml=SamlChoices(round_2=RoundTwo.GROUP))
        return _conference(
            case,
            name,
            _focus_calls(),
            options={"choices": choices},
            phones={"streams": _PAUSING},
            counts_from_us=_BOTH_ROUNDS_MS * MS,
        )
    first = [(0, FOCUS, Call(_first_call(member))) for member in MEMBERS]
    over = [(400, FOCUS, HangUp(member)) for member in MEMBERS]
    second = [(_SECOND_STEP_MS, FOCUS, Call(member)) for member in MEMBERS]
    return _conference(
        case,
        name,
        [*first, *over, *second],
        options={"choices": Choices(dh_group=case.dh_group, tgk_as_psk=True)},
        phones={"modes": [case.mode, Mode.PSK]},
        contacts={_first_call(member): _in_mode(case, member) for member in MEMBERS},
        counts_from_us=_SECOND_STEP_MS * MS,
    )


def join_and_leave(case: ModeCase, name: str) -> Outcome:
    """Two talk; then one joins, and one leaves: each time the focus makes a new key for those who are there."""
    first, second, third = MEMBERS
    asked = case.mode is Mode.RSA_R and not case.free_choice
    joins = (third, Call(FOCUS)) if asked else (FOCUS, Call(third))
    spoken: list[Spoken] = [
        *((_members_call if asked else _focus_calls)((first, second))),
        (_JOINS_MS, *joins),
        (_LEAVES_MS, second, HangUp(FOCUS)),
    ]
    if asked:
        spoken += [(_JOINS_MS + _TOLD_MS, member, ReKey(FOCUS)) for member in (first, second)]
        spoken += [(_LEAVES_MS + _TOLD_MS, member, ReKey(FOCUS)) for member in (first, third)]
    return _conference(case, name, spoken, phones={"streams": _PAUSING})


def _focus_calls(members: Iterable[str] = MEMBERS, *, offerless: bool = False) -> list[Spoken]:
    return [(0, FOCUS, Call(member, offerless=offerless)) for member in members]


def _members_call(members: Iterable[str] = MEMBERS, *, offerless: bool = False) -> list[Spoken]:
    return [(0, member, Call(FOCUS, offerless=offerless)) for member in members]


def _conference(
    case: ModeCase,
    name: str,
    spoken: Iterable[Spoken],
    *,
    phones: Mapping[str, Any] | None = None,
    **more: Any,
) -> Outcome:
    weighed = case.free_choice or case.mode is Mode.RSA_R
    scene = Scene(
        name=name,
        case=case,
        actors=cast(case, dict(_roles())),
        answers=MEMBERS,
        phones={
            "streams": _SAYS,
            "hears_all": True,
            "expects": Expectations(conference=Conference.MEMBER) if weighed else NOTHING_SPECIAL,
            **(phones or {}),
        },
        caller={
            "streams": Streams(packets=0),
            "hears_all": False,
            "expects": Expectations(conference=Conference.FOCUS) if case.free_choice else NOTHING_SPECIAL,
        },
        commands=[TimedCommand(at_us=Micros(at * MS), node=who, command=command) for at, who, command in spoken],
        group=_group(),
        media_us=_MEDIA_US,
        **more,
    )
    return judge(scene.play())


def _roles() -> Iterator[tuple[str, Role]]:
    yield FOCUS, Role(identity=ALICE, host=1)
    for number, member in enumerate((*MEMBERS, STRANGER)):
        yield member, Role(identity=f"sip:{member}@{DOMAIN}", host=_HOSTS + number, knows_caller=True)


def _group() -> GroupKeys:
    admitted = {f"sip:{member}@{DOMAIN}" for member in MEMBERS}
    return GroupKeys(ALICE, admits=admitted.__contains__, entropy=SeededEntropy(b"matrix|group"))


def _first_call(member: str) -> str:
    return f"{member}, first call"


def _in_mode(case: ModeCase, member: str) -> Contact:
    """The member as somebody whom a call in that mode is for, whatever else is possible with him."""
    place = address(dict(_roles())[member].host)
    uri = f"sip:{member}@{DOMAIN}"
    return Contact(
        uri=uri,
        address=place,
        transport=carrier_of(case),
        phone=place,
        recipients=(Recipient(peer=uri, mode=case.mode),),
    )
