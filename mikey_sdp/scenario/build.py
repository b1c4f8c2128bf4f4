"""A scenario to the plan that a driver runs: nodes, addresses, keys, links and commands.

Everything but addresses on real sockets follows from the file: keys and entropy come from the scenario's name and
seed, and the wall clock starts at a fixed moment, unless whoever builds the plan names another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from msgspec import UNSET

from mikey_sdp.clock import Micros
from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.wishes import Expectations, Recipient
from mikey_sdp.nodes import commands
from mikey_sdp.nodes.config import Contact, EarlyAnswers, EarlyOffers, Keeps, Security, UserAgentConfig
from mikey_sdp.nodes.contract import Link, NetworkPlan, Node, TimedCommand, Transport
from mikey_sdp.policy import Conference
from mikey_sdp.scenario.build_attackers import attacker_node, empty_loot, key_log_of
from mikey_sdp.scenario.build_behaviour import answering_of, options_of, skew_us_of, streams_of
from mikey_sdp.scenario.build_conference import group_of, node_of
from mikey_sdp.scenario.build_credentials import Holdings
from mikey_sdp.scenario.build_servers import contacts_of, server_nodes, uri_of
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.load import Loaded
from mikey_sdp.scenario.modes import MODES
from mikey_sdp.scenario.network import Attacker, LinkBetween
from mikey_sdp.scenario.pki import START_UNIX_US
from mikey_sdp.scenario.reading import command_of, identity_of, offered_modes, servers_of
from mikey_sdp.scenario.schema import Party
from mikey_sdp.scenario.sites import DocumentationSites, Sites
from mikey_sdp.scenario.source import Source
from mikey_sdp.scenario.steps import Command
from mikey_sdp.scenario.units import fraction_of, micros
from mikey_sdp.scenario.witness import Witness
from mikey_sdp.sdp.preconditions import Strength
from mikey_sdp.secret import SeededEntropy

EPOCH_UNIX_US: Final = START_UNIX_US
"""The wall clock at the start of every run in which only our own nodes take part."""

_SETTLE_US: Final = 40_000_000  # longer than the transaction timers of RFC 3261, so that every call comes to an end
_SECOND_US: Final = 1_000_000
_COMMANDS: Final = {
    "call": commands.Call,
    "hang_up": commands.HangUp,
    "cancel": commands.Cancel,
    "re_key": commands.ReKey,
    "hold": commands.Hold,
    "resume": commands.Resume,
}


def build(
    loaded: Loaded,
    *,
    witness: Witness | None = None,
    sites: Sites | None = None,
    epoch_unix_us: int = EPOCH_UNIX_US,
) -> NetworkPlan:
    """The plan of a scenario; `witness` gets to know the secrets of all parties, `sites` says where everybody is, at
    addresses kept for documentation if left out; `epoch_unix_us` is the wall clock at its start.

    Raises: ScenarioError where a key file can't be used.
    """
    scenario = loaded.scenario
    builder = _Builder(scenario, loaded.source, witness, sites or DocumentationSites(), epoch_unix_us)
    agents = [builder.agent(name, party) for name, party in scenario.parties.items()]
    servers = server_nodes(scenario, builder.contacts, builder.servers, builder.octets, epoch_unix_us=epoch_unix_us)
    attackers = [builder.attacker(name, attacker) for name, attacker in scenario.network.attackers.items()]
    network = scenario.network
    return NetworkPlan(
        nodes=(*agents, *servers, *attackers),
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
        epoch_unix_us=epoch_unix_us,
        end_us=Micros(_end_us(scenario)),
    )


class _Builder:
    """Makes the nodes of one scenario."""

    def __init__(
        self, scenario: Scenario, source: Source, witness: Witness | None, sites: Sites, epoch_unix_us: int
    ) -> None:
        self._scenario = scenario
        self._sites = sites
        self._epoch_unix_us = epoch_unix_us
        self._witness = witness
        self._loot: Final = empty_loot(scenario.network)
        self._transport = Transport(scenario.network.transport.upper())
        self._phones: Final = {name: sites.phone(at) for at, name in enumerate(scenario.parties)}
        self.servers: Final = {name: sites.server(at) for at, name in enumerate(servers_of(scenario))}
        self.contacts: Final = {
            name: Contact(uri=uri_of(identity_of(scenario, name)), address=site.address, transport=self._transport)
            for name, site in self._phones.items()
        }
        self._holdings: Final = Holdings(scenario, source, self.octets, now_unix_us=epoch_unix_us)

    def octets(self, purpose: str, count: int) -> bytes:
        """Octets that belong to a purpose in this scenario, the same in every run."""
        return SeededEntropy(f"{self._scenario.name}|{self._scenario.seed}|{purpose}".encode())(count)

    def agent(self, name: str, party: Party) -> Node:
        """The user agent of a party."""
        modes = offered_modes(party)
        contact = self.contacts[name]
        credentials = self._holdings.of(name)
        seed = self.octets(f"party|{name}", 32)
        if self._witness is not None:
            self._witness.credentials[name] = credentials
            self._witness.assertions |= self._holdings.assertion_of(name)
        config = UserAgentConfig(
            name=name,
            identity=contact.uri,
            address=contact.address,
            transport=self._transport,
            contacts=self._contacts_of(name, party),
            media_port=self._phones[name].media_port,
            credentials=credentials,
            modes=None if modes is None else [MODES[mode] for mode in modes],
            security=Security(party.security),
            level=party.level,
            other_protocols=tuple(
                (protocol, self.octets(f"{name}|{protocol}", 24)) for protocol in party.other_protocols
            ),
            answering=answering_of(party),
            streams=streams_of(party),
            options=self._options_of(party),
            supported=party.supports,
            session_expires_s=micros(party.session_expires) // _SECOND_US,
            early_answers=EarlyAnswers(party.early_answers),
            keeps=Keeps(party.keeps),
            follows_redirects=party.follows_redirects,
            tries_other_modes=party.tries_other_modes,
            preconditions=None if party.preconditions is UNSET else Strength(party.preconditions),
            early_offers=EarlyOffers(party.early_offers),
            accepts_retarget=party.accepts_retarget,
            takes_referrals=party.takes_referrals,
            clock_from_registrar=party.clock_from_registrar,
            names_peer=party.names_peer,
            expects=Expectations(
                forking=party.expects.forking,
                retargeting=party.expects.retargeting,
                early_media=party.expects.early_media,
                answers=party.expects.answers,
                conference=Conference(party.expects.conference),
            ),
            group=group_of(name, party, self.contacts, self.octets),
            responder_ssrc=None if party.responder_ssrc is UNSET else party.responder_ssrc,
            buffer_packets=party.buffer,
            entropy=None if self._witness is None else self._witness.entropy(name, seed + b"|mikey"),
            key_log=key_log_of(name, self._witness, self._loot),
            seed=seed,
            epoch_unix_us=self._epoch_unix_us,
            clock_skew_us=skew_us_of(party),
        )
        return node_of(party, config)

    def _options_of(self, party: Party) -> Options:
        """A party's options; no keys go by MKI where pjsua2, whose SRTP can't write one, takes part."""
        plays = any(one.kind == "pjsua2" for one in self._scenario.parties.values())
        return replace(options_of(party), mki_octets=0) if plays else options_of(party)

    def _contacts_of(self, name: str, party: Party) -> dict[str, Contact]:
        contacts = contacts_of(self._scenario, name, self.contacts, self.servers)
        for called, recipients in party.messages_for.items():
            messages = tuple(
                Recipient(peer=self.contacts[one].uri, certificate=self._holdings.certificate_of(one))
                for one in recipients
            )
            contacts[called] = replace(contacts[called], recipients=messages)
        return contacts

    def attacker(self, name: str, attacker: Attacker) -> Node:
        """The node of an attacker."""
        address = self._sites.attacker(list(self._scenario.network.attackers).index(name))
        hosts = {party: contact.address.host for party, contact in self.contacts.items()}
        seed = self.octets(f"attacker|{name}", 32)
        return attacker_node(name, attacker, address, seed=seed, hosts=hosts, keys=self._loot)


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
        TimedCommand(at_us=Micros(micros(step.at)), node=name, command=_command(command))
        for step in scenario.steps
        for name, command in step.commands.items()
    )


def _command(command: Command) -> object:
    if command.transfer:
        asked = command.transfer
        return commands.Transfer(asked.call_with, asked.to, asked.attended)
    if command.register:
        return commands.Register(command.register.at, micros(command.register.for_) // _SECOND_US)
    if command.call_without_offer:
        return commands.Call(command.call_without_offer, offerless=True)
    word, other = command_of(command)
    return _COMMANDS[word](other)


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
