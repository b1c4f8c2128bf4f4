"""The focus of a scenario's conference, and the key that it gives to its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET

from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.nodes.config import Contact, UserAgentConfig
from mikey_sdp.nodes.contract import Node
from mikey_sdp.nodes.focus import Focus, Passing
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.scenario.schema import Party
from mikey_sdp.secret import SeededEntropy


def node_of(party: Party, config: UserAgentConfig) -> Node:
    """A phone, or a focus where the party conducts a conference."""
    if party.conference is UNSET:
        return UserAgent(config)
    return Focus(config, passing=Passing(party.conference.media))


def group_of(
    name: str, party: Party, contacts: Mapping[str, Contact], octets: Callable[[str, int], bytes]
) -> GroupKeys | None:
    """The key of a conference, for who conducts one in which there is a key for all."""
    if party.conference is UNSET or party.conference.media == "mixed":
        return None
    members = contacts if party.conference.members is UNSET else party.conference.members
    admitted = {canonical_identity(contacts[member].uri) for member in members}
    return GroupKeys(
        contacts[name].uri,
        admits=admitted.__contains__,
        entropy=SeededEntropy(octets(f"group|{name}", 32)),
        streams=len(party.media),
    )
