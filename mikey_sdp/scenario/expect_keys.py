"""What a `*.call.yaml` file may expect of keys: who holds which, and who could make them."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from mikey_sdp.scenario.parts import AnyName, Part, PartyName

Parties = Annotated[tuple[PartyName, ...], Meta(min_length=1)]
Knowers = Annotated[dict[PartyName, Annotated[tuple[AnyName, ...], Meta(min_length=1)]], Meta(min_length=1)]


class KeysExpected(Part, frozen=True, kw_only=True):
    """Who holds which media keys; keys are compared by fingerprint."""

    some_of: ClassVar[frozenset[str]] = frozenset(
        {
            "agreed",
            "different",
            "shared",
            "changed",
            "none at",
            "none with",
            "unknown to",
            "known to",
            "forward secret",
            "not forward secret",
            "private",
        }
    )

    agreed: Annotated[
        tuple[PartyName, PartyName] | UnsetType, Meta(description="What one sends with, the other receives with.")
    ] = UNSET
    different: Annotated[tuple[PartyName, ...], Meta(min_length=2)] | UnsetType = UNSET
    shared: Annotated[
        Annotated[tuple[PartyName, ...], Meta(min_length=2)] | UnsetType,
        Meta(description="Each of these ends with the keys that all of them have, as in a conference."),
    ] = UNSET
    changed: Annotated[Parties | UnsetType, Meta(description="Keys were replaced by re-keying at these.")] = UNSET
    none_at: Annotated[Parties | UnsetType, Meta(description="These installed no key at all.")] = UNSET
    none_with: Annotated[
        Annotated[dict[PartyName, Parties], Meta(min_length=1)] | UnsetType,
        Meta(description="The party named installed no key for media with these."),
    ] = UNSET
    unknown_to: Annotated[
        Knowers | UnsetType,
        Meta(
            description="No key of the party named follows from all that those listed hold, and all that passes where "
            "they and anybody else can listen."
        ),
    ] = UNSET
    known_to: Annotated[
        Knowers | UnsetType,
        Meta(description="Some key of the party named does, for each of those listed, who proves it on its packets."),
    ] = UNSET
    forward_secret: Annotated[
        Parties | UnsetType,
        Meta(description="No key of these follows from a recording of everything and all secrets that leak later."),
    ] = UNSET
    not_forward_secret: Annotated[Parties | UnsetType, Meta(description="Some key of each of these does.")] = UNSET
    private: Annotated[
        tuple[PartyName, PartyName] | UnsetType,
        Meta(description="Nobody else in the file can make a key of the first for media with the second."),
    ] = UNSET
