"""Who owns which address, and which way a datagram takes between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mikey_sdp.drivers.pipe import Pipe
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, NetworkPlan, Node


class Party:
    """A node in the run, with what the driver keeps for it.

    Keeps: `timers`, for each running timer the sequence number of the event that ends it; `media_routes`, the routes
    that its media took before; `events`, how many it has handled.
    """

    __slots__ = ("events", "handle", "media_routes", "name", "node", "signalling_routes", "timers")

    def __init__(self, node: Node) -> None:
        self.node: Final = node
        self.name: Final = node.name
        self.handle: Final = node.handle
        self.timers: Final[dict[str, int]] = {}
        self.media_routes: Final[dict[Address, Route]] = {}
        self.signalling_routes: Final[dict[Address, Route]] = {}
        self.events = 0


class Route:
    """The way from one address to another: through which pipe, to whom, and past whose tap.

    Keeps: `to` is None where no party owns the destination.
    """

    __slots__ = ("pipe", "source", "tap", "to", "to_name")

    def __init__(self, *, source: Address, to: Party | None, to_name: str, pipe: Pipe, tap: Party | None) -> None:
        self.source: Final = source
        self.to: Final = to
        self.to_name: Final = to_name
        self.pipe: Final = pipe
        self.tap: Final = tap


class Topology:
    """The plan's parties, addresses, links and taps, checked once and then looked up.

    Raises: UsageError for a plan that contradicts itself: a name or an address twice, an unknown node.
    """

    def __init__(self, plan: NetworkPlan) -> None:
        self._plan: Final = plan
        self.parties: Final[dict[str, Party]] = {}
        self._owners: Final[dict[Address, Party]] = {}
        self._pipes: Final[dict[tuple[str, str, bool], Pipe]] = {}
        for node in plan.nodes:
            self._add(Party(node))
        self._check_names("a command", (command.node for command in plan.commands))
        self._check_names("a link", (name for pair in plan.links for name in pair))
        self._check_names("a loss script", (name for pair in plan.lose for name in pair))
        self._check_names("a tap", (name for pair in plan.taps for name in pair))
        self._check_names("a tap", plan.taps.values())

    def _add(self, party: Party) -> None:
        if party.name in self.parties:
            raise UsageError(f"two nodes are called {party.name!r}: give each a name of its own")
        self.parties[party.name] = party
        for address in party.node.addresses:
            if address in self._owners:
                owner = self._owners[address].name
                raise UsageError(f"{party.name!r} and {owner!r} both claim {address.host}:{address.port}")
            self._owners[address] = party

    def _check_names(self, where: str, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.parties:
                known = ", ".join(self.parties)
                raise UsageError(f"{where} names the node {name!r}, which the plan doesn't have; it has: {known}")

    def route(self, sender: Party, source: Address, destination: Address, *, media: bool) -> Route:
        """The way a datagram of `sender` takes.

        Who forwards under another party's address takes that party's link; an address that nobody owns counts as the
        sender's own.
        """
        routes = sender.media_routes if media else sender.signalling_routes
        known = routes.get(destination)
        if known is None or known.source != source:
            known = routes[destination] = self._route(sender, source, destination, media)
        return known

    def _route(self, sender: Party, source: Address, destination: Address, media: bool) -> Route:
        origin = self._owners.get(source, sender)
        to = self._owners.get(destination)
        to_name = f"{destination.host}:{destination.port}" if to is None else to.name
        tap_name = self._plan.taps.get(frozenset((origin.name, to_name)))
        tap = None if tap_name is None or tap_name == sender.name else self.parties[tap_name]
        return Route(source=source, to=to, to_name=to_name, pipe=self._pipe(origin.name, to_name, media), tap=tap)

    def _pipe(self, origin: str, to: str, media: bool) -> Pipe:
        pipe = self._pipes.get((origin, to, media))
        if pipe is None:
            plan = self._plan
            signalling_link, media_link = plan.links.get((origin, to), (plan.signalling, plan.media))
            pipe = Pipe(
                media_link if media else signalling_link,
                seed=f"{plan.seed}|{origin}|{to}|{'media' if media else 'signalling'}",
                lose=frozenset() if media else plan.lose.get((origin, to), frozenset()),
            )
            self._pipes[origin, to, media] = pipe
        return pipe
