"""A scenario to the plan that a driver runs: nodes, addresses, keys, links and commands.

Everything follows from the file: keys and entropy come from the scenario's name and seed, addresses from the ranges
that are kept for documentation (RFC 5737), and the wall clock starts at a fixed moment.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Final

from msgspec import UNSET

from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.core import Options
from mikey_sdp.mikey.credentials import MIN_PSK_OCTETS, Credential, NullCredential, PskCredential
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.nodes import commands
from mikey_sdp.nodes.config import Answering, Contact, Reaction, Security, Streams, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Link, NetworkPlan, Node, TimedCommand, Transport
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.scenario.build_attackers import attacker_node
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.load import Loaded
from mikey_sdp.scenario.modes import DH_GROUPS, MODES, SECOND_ROUNDS
from mikey_sdp.scenario.network import Attacker, LinkBetween
from mikey_sdp.scenario.pki import certificate_credentials
from mikey_sdp.scenario.saml import saml_credentials
from mikey_sdp.scenario.schema import Party, SharedKey
from mikey_sdp.scenario.sense import command_of, credentials_of, offered_modes
from mikey_sdp.scenario.source import Source
from mikey_sdp.scenario.units import fraction_of, micros
from mikey_sdp.secret import Secret, SeededEntropy

EPOCH_UNIX_US: Final = 1_767_225_600_000_000
"""The wall clock at the start of every run: 2026-01-01T00:00:00Z."""

_SETTLE_US: Final = 40_000_000  # longer than the transaction timers of RFC 3261, so that every call comes to an end
_SIP_PORT: Final = 5060
_KEY_OCTETS: Final = 32
_MAX_KEY_FILE_OCTETS: Final = 1024
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_COMMANDS: Final = {
    "call": commands.Call,
    "hang_up": commands.HangUp,
    "cancel": commands.Cancel,
    "re_key": commands.ReKey,
    "hold": commands.Hold,
    "resume": commands.Resume,
}


def build(loaded: Loaded) -> NetworkPlan:
    """The plan of a scenario.

    Raises: ScenarioError where a key file can't be used.
    """
    scenario = loaded.scenario
    builder = _Builder(scenario, loaded.source)
    agents = [builder.agent(name, party) for name, party in scenario.parties.items()]
    attackers = [builder.attacker(name, attacker) for name, attacker in scenario.network.attackers.items()]
    network = scenario.network
    return NetworkPlan(
        nodes=(*agents, *attackers),
        commands=_commands(scenario),
        signalling=_link(scenario, None, "signalling"),
        media=_link(scenario, None, "media"),
        links={
            direction: (_link(scenario, link, "signalling"), _link(scenario, link, "media"))
            for link in network.links
            for direction in (link.between, (link.between[1], link.between[0]))
        },
        lose=_losses(scenario),
        taps={frozenset(attacker.between): name for name, attacker in network.attackers.items()},
        seed=int.from_bytes(builder.octets("network", 8), "big"),
        epoch_unix_us=EPOCH_UNIX_US,
        end_us=Micros(_end_us(scenario)),
    )


class _Builder:
    """Makes the nodes of one scenario."""

    def __init__(self, scenario: Scenario, source: Source) -> None:
        self._scenario = scenario
        self._source = source
        self._transport = Transport(scenario.network.transport.upper())
        self._contacts = {
            name: Contact(uri=f"sip:{name}@example.com", address=self._address(at), transport=self._transport)
            for at, name in enumerate(scenario.parties)
        }
        certified = {name: credentials_of(party).certificate for name, party in scenario.parties.items()}
        identities = {name: contact.uri for name, contact in self._contacts.items()}
        self._certified = certificate_credentials(certified, identities, self.octets)
        asserted = {name: credentials_of(party).saml for name, party in scenario.parties.items()}
        self._asserted = saml_credentials(asserted, identities, self.octets, now_unix_us=EPOCH_UNIX_US)

    def octets(self, purpose: str, count: int) -> bytes:
        """Octets that belong to a purpose in this scenario, the same in every run."""
        return SeededEntropy(f"{self._scenario.name}|{self._scenario.seed}|{purpose}".encode())(count)

    @staticmethod
    def _address(at: int) -> Address:
        return Address(f"192.0.2.{at + 1}", _SIP_PORT)

    def agent(self, name: str, party: Party) -> Node:
        """The user agent of a party."""
        modes = offered_modes(party)
        contact = self._contacts[name]
        return UserAgent(
            UserAgentConfig(
                name=name,
                identity=contact.uri,
                address=contact.address,
                transport=self._transport,
                contacts=self._contacts,
                credentials=self._credentials(name, party),
                modes=None if modes is None else [MODES[mode] for mode in modes],
                security=Security(party.security),
                level=party.level,
                other_protocols=tuple(
                    (protocol, self.octets(f"{name}|{protocol}", 24)) for protocol in party.other_protocols
                ),
                answering=_answering(party),
                streams=Streams(kinds=party.media, packets=party.talks.packets, interval_us=micros(party.talks.every)),
                options=Options(choices=_choices(party)),
                seed=self.octets(f"party|{name}", 32),
                epoch_unix_us=EPOCH_UNIX_US,
                clock_skew_us=_skew_us(party),
            )
        )

    def attacker(self, name: str, attacker: Attacker) -> Node:
        """The node of an attacker."""
        at = list(self._scenario.network.attackers).index(name)
        address = Address(f"198.51.100.{at + 1}", _SIP_PORT)
        return attacker_node(name, attacker, address, seed=self.octets(f"attacker|{name}", 32))

    def _credentials(self, name: str, party: Party) -> list[Credential]:
        held: list[Credential] = []
        credentials = credentials_of(party)
        if credentials.psk is not UNSET:
            peers = [other for other in self._scenario.parties if other != name and self._holds_for(name, other)]
            held += [PskCredential(self._contacts[peer].uri, self._key(name, peer, credentials.psk)) for peer in peers]
        if credentials.unprotected is not UNSET:
            held.append(NullCredential())
        if name in self._certified:
            held.append(self._certified[name])
        if name in self._asserted:
            held.append(self._asserted[name])
        return held

    def _holds_for(self, name: str, peer: str) -> bool:
        """Whether a party that holds a psk holds one for that peer."""
        own, theirs = (credentials_of(self._scenario.parties[party]).psk for party in (name, peer))
        if own is not UNSET and own.shared_with is not UNSET:
            return peer in own.shared_with
        return theirs is not UNSET and (theirs.shared_with is UNSET or name in theirs.shared_with)

    def _key(self, name: str, other: str, psk: SharedKey) -> Secret:
        if psk.key_file is not UNSET:
            return self._key_from_file(name, psk.key_file)
        purpose = f"label|{psk.label}" if psk.label is not UNSET else f"pair|{'|'.join(sorted((name, other)))}"
        return Secret(self.octets(f"psk|{purpose}", _KEY_OCTETS))

    def _key_from_file(self, name: str, file: str) -> Secret:
        """The key in a file, whose name counts from the scenario file's folder: hex digits, or else raw octets."""
        path = ("parties", name, "credentials", "psk", "key file")
        try:
            with open(FilePath(self._source.file).parent / file, "rb") as stream:
                octets = stream.read(_MAX_KEY_FILE_OCTETS + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
            raise self._source.error(path, f"the key file can't be read: {reason}") from None
        text = octets.strip()
        key = bytes.fromhex(text.decode("ascii")) if _HEX.fullmatch(text) else octets
        if not MIN_PSK_OCTETS <= len(key) <= _MAX_KEY_FILE_OCTETS:
            bounds = f"{MIN_PSK_OCTETS} to {_MAX_KEY_FILE_OCTETS}"
            raise self._source.error(path, f"a key has {bounds} octets, this has {len(key)}")
        return Secret(key)


def _choices(party: Party) -> Choices:
    saml = SamlChoices(round_2=SECOND_ROUNDS[party.second_round])
    return Choices(dh_group=DH_GROUPS[party.dh_group], saml=saml)


def _answering(party: Party) -> Answering:
    answers = party.answers
    reaction = Reaction.ANSWER
    if answers.ignore:
        reaction = Reaction.IGNORE
    elif answers.reject is not UNSET:
        reaction = Reaction.REJECT
    return Answering(
        reaction=reaction,
        ringing_after_us=None if answers.ringing is None else micros(answers.ringing),
        decide_after_us=None if answers.answer is None else micros(answers.answer),
        status=answers.reject if answers.reject is not UNSET else 486,
    )


def _skew_us(party: Party) -> int:
    if party.clock is UNSET:
        return 0
    if party.clock.ahead is not UNSET:
        return micros(party.clock.ahead)
    return -micros(party.clock.behind) if party.clock.behind is not UNSET else 0


def _link(scenario: Scenario, link: LinkBetween | None, what: str) -> Link:
    """How the network treats signalling or media, in general or between two parties."""
    network = scenario.network
    delay, jitter, loss, reorder = (
        getattr(network if link is None or getattr(link, word) is UNSET else link, word)
        for word in ("delay", "jitter", "loss", "reorder")
    )
    return Link(
        delay_us=micros(getattr(delay, what)),
        jitter_us=micros(getattr(jitter, what)),
        loss=fraction_of(getattr(loss, what)),
        reorder=fraction_of(getattr(reorder, what)),
    )


def _losses(scenario: Scenario) -> dict[tuple[str, str], frozenset[int]]:
    """The scripted losses, counted from 0 as drivers do."""
    lost: dict[tuple[str, str], frozenset[int]] = {}
    for lose in scenario.network.lose:
        direction = (lose.from_, lose.to)
        lost[direction] = lost.get(direction, frozenset()) | {number - 1 for number in lose.messages}
    return lost


def _commands(scenario: Scenario) -> tuple[TimedCommand, ...]:
    return tuple(
        TimedCommand(at_us=Micros(micros(step.at)), node=name, command=_COMMANDS[word](other))
        for step in scenario.steps
        for name, (word, other) in ((name, command_of(command)) for name, command in step.commands.items())
    )


def _end_us(scenario: Scenario) -> int:
    """When the run stops: as the file says, or when the last call has had time to be set up, talk and end."""
    if scenario.ends is not UNSET:
        return micros(scenario.ends)
    last = max((micros(step.at) for step in scenario.steps), default=0)
    answers = max((micros(party.answers.answer or "0s") for party in scenario.parties.values()), default=0)
    talk = max((party.talks.packets * micros(party.talks.every) for party in scenario.parties.values()), default=0)
    replay = max(
        (micros(attacker.replay.after) for attacker in scenario.network.attackers.values() if attacker.replay),
        default=0,
    )
    return last + answers + talk + replay + _SETTLE_US
