"""A whole `*.call.yaml` file as a value."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from mikey_sdp.scenario.expect import Expectation
from mikey_sdp.scenario.network import Network
from mikey_sdp.scenario.parts import NewName, Part
from mikey_sdp.scenario.schema import Party
from mikey_sdp.scenario.steps import Step
from mikey_sdp.scenario.units import Duration


class Scenario(Part, frozen=True, kw_only=True):
    """A scripted call: its parties on one time line, what they do, and what must come of it."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    shows: Annotated[
        str, Meta(min_length=1, max_length=400, description="What the run demonstrates, and where it is written.")
    ]
    parties: Annotated[dict[NewName, Party], Meta(min_length=1, max_length=200)]
    network: Network = Network()
    steps: Annotated[tuple[Step, ...], Meta(max_length=1000)] = ()
    expect: Annotated[tuple[Expectation, ...], Meta(max_length=1000)] = ()
    seed: Annotated[Annotated[int, Meta(ge=0)], Meta(description="Another number, other keys, draws and losses.")] = 0
    ends: Annotated[
        Duration | UnsetType, Meta(description="When the run stops; long after the last step if left out.")
    ] = UNSET
