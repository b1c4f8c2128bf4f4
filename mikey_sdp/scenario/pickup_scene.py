"""A group pickup as a run: one INVITE, forked by a proxy to many phones, each of which answers before it is taken.

Source: RFC 5197 section 5.2.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from mikey_sdp.clock import Micros
from mikey_sdp.drivers.sim import simulate
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.wishes import Expectations
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.nodes.commands import Call
from mikey_sdp.nodes.config import Answering, Contact, EarlyAnswers, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Action, Address, Event, Link, NetworkPlan, Node, TimedCommand
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, ServerConfig, Service
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.mode_cases import ALICE, ModeCase
from mikey_sdp.scenario.pickup_cast import PICKUP, Holdings, target_address, target_identity, target_name
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.trace import AnyRecord

CALLER: Final = "alice"
WINNER: Final = target_name(1)
_CALLER_AT: Final = Address("192.0.2.1", 5060)
_PROXY_AT: Final = Address("192.0.2.100", 5060)
_MS: Final = 1_000
_EARLY_US: Final = 100 * _MS
_RING_US: Final = 150 * _MS
_TAKEN_US: Final = 3_000 * _MS
_PACKETS: Final = 5
_END_US: Final = Micros(60_000 * _MS)


class Way(enum.StrEnum):
    """What the caller makes of the answers in provisional responses: security preconditions have it work on all of
    them before any phone rings; or it works on none before media comes from there or the call is taken."""

    PRECONDITIONS = "preconditions"
    ON_MEDIA = "on media"


Around = Callable[[], AbstractContextManager[object]]
"""What to do around the work of the caller, every time that it has some."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A node with something around each of its turns."""

    node: Node
    around: Around

    @property
    def name(self) -> str:
        """The node's."""
        return self.node.name

    @property
    def addresses(self) -> Sequence[Address]:
        """The node's."""
        return self.node.addresses

    def handle(self, event: Event, now_us: Micros) -> list[Action]:
        """The node's turn."""
        with self.around():
            return self.node.handle(event, now_us)


def options_of(case: ModeCase, targets: int) -> Options:
    """How everybody exchanges keys: messages for the group are taken by each phone, and all answers are looked at."""
    return Options(
        choices=Choices(dh_group=case.dh_group),
        limits=Limits(answers=max(Limits().answers, 2 * targets)),
        answers_for=frozenset({PICKUP}),
    )


def play(case: ModeCase, held: Holdings, way: Way, around: Around) -> list[AnyRecord]:
    """Run a pickup: every phone answers in a provisional response, and the first one then takes the call."""
    targets = len(held.targets)
    plan = NetworkPlan(
        nodes=(
            Watched(_caller(case, held, way), around),
            _proxy(targets),
            *(_target(case, held, way, number) for number in range(1, targets + 1)),
        ),
        commands=(TimedCommand(at_us=Micros(0), node=CALLER, command=Call("group")),),
        signalling=Link(delay_us=20 * _MS),
        media=Link(delay_us=20 * _MS),
        epoch_unix_us=EPOCH_UNIX_US,
        end_us=_END_US,
    )
    return simulate(plan)


def _caller(case: ModeCase, held: Holdings, way: Way) -> UserAgent:
    targets = len(held.targets)
    phones = {
        target_name(number): Contact(uri=f"sip:{target_name(number)}@example.com", address=target_address(number))
        for number in range(1, targets + 1)
    }
    return _phone(
        case,
        way,
        targets,
        name=CALLER,
        identity=ALICE,
        address=_CALLER_AT,
        contacts={"group": Contact(uri=PICKUP, address=_PROXY_AT), **phones},
        credentials=held.caller,
        accepts_retarget=True,
        early_answers=EarlyAnswers.ON_MEDIA if way is Way.ON_MEDIA else EarlyAnswers.AT_ONCE,
        expects=Expectations(forking=True, answers=targets),
    )


def _target(case: ModeCase, held: Holdings, way: Way, number: int) -> UserAgent:
    name = target_name(number)
    return _phone(
        case,
        way,
        len(held.targets),
        name=name,
        identity=target_identity(case, number),
        address=target_address(number),
        contacts={CALLER: Contact(uri=ALICE, address=_CALLER_AT)},
        credentials=held.targets[number - 1],
        answering=Answering(
            ringing_after_us=_RING_US,
            early_media_after_us=_EARLY_US if way is Way.ON_MEDIA else None,
            decide_after_us=_TAKEN_US if name == WINNER else None,
        ),
    )


def _phone(case: ModeCase, way: Way, targets: int, *, name: str, **settings: Any) -> UserAgent:
    return UserAgent(
        UserAgentConfig(
            name=name,
            modes=[case.mode],
            streams=Streams(packets=_PACKETS),
            preconditions=Strength.MANDATORY if way is Way.PRECONDITIONS else None,
            options=options_of(case, targets),
            entropy=SeededEntropy(f"pickup|{name}|chance".encode()),
            seed=f"pickup|{name}".encode(),
            epoch_unix_us=EPOCH_UNIX_US,
            **settings,
        )
    )


def _proxy(targets: int) -> Proxy:
    places = []
    for number in range(1, targets + 1):
        at = target_address(number)
        places.append(Destination(uri=f"sip:{target_name(number)}@{at.host}:{at.port}"))
    return Proxy(
        ServerConfig(
            name="proxy",
            address=_PROXY_AT,
            domains=("example.com",),
            services={PICKUP: Service(destinations=tuple(places), forking=Forking.PARALLEL)},
            seed=b"pickup|proxy",
            epoch_unix_us=EPOCH_UNIX_US,
        )
    )
