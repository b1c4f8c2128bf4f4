"""The two sides of an edge as its configuration gives them: where it takes SIP, and TLS there."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mikey_sdp.drivers.sockets import TlsContexts
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import Interface
from mikey_sdp.report.printable import printable
from mikey_sdp.softphone.edge_faults import Path
from mikey_sdp.softphone.edge_places import Listener, Server, literal_of, say, server_of
from mikey_sdp.softphone.edge_reading import Reading
from mikey_sdp.softphone.edge_words import FileWords, TlsWords


class NamingContext(ssl.SSLContext):
    """TLS as the one who connects, to addresses: whoever was looked up by name has to prove the name.

    Keeps: `names`, by the address that was found.
    Source: RFC 5922 section 7.3.
    """

    names: dict[str, str]

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """One connection's TLS, as the event loop asks for it."""
        expected = self.names.get(server_hostname, server_hostname) if isinstance(server_hostname, str) else None
        return super().wrap_bio(incoming, outgoing, server_side, expected, session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Where the edge takes SIP on either side, whom it sends what the phone says, and how it speaks TLS if it does."""

    phone: tuple[Interface, ...]
    network: tuple[Interface, ...]
    proxy: Server | None
    tls: TlsContexts | None


def sides(words: FileWords, reading: Reading) -> Sides:
    """Both sides, which share no address."""
    phone = _listeners(words.phone.listen, ("phone", "listen"), reading, {})
    taken = dict.fromkeys((one.address for one in phone), "phone.listen")
    network = _listeners(words.network.listen, ("network", "listen"), reading, taken)
    path: Path = ("network", "proxy")
    proxy = reading.attempt(path, server_of, words.network.proxy)
    if proxy is not None and network and proxy.transport not in {one.transport for one in network}:
        reading.faults.note(path, f"nothing in network.listen speaks {proxy.transport.lower()}, as the proxy does")
    over_tls = any(one.transport is Transport.TLS for one in (*phone, *network))
    return Sides(
        phone=_interfaces(phone, ("phone", "listen"), reading),
        network=_interfaces(network, ("network", "listen"), reading),
        proxy=proxy,
        tls=_tls(words.tls, reading) if over_tls else None,
    )


def _listeners(places: list[str], path: Path, reading: Reading, taken: Mapping[Address, str]) -> list[Listener]:
    if not places:
        reading.faults.note(path, "expected at least one place such as 'udp:127.0.0.1:5060'")
    found: list[Listener] = []
    for number, place in enumerate(places):
        one = reading.attempt((*path, number), literal_of, place)
        if one is None:
            continue
        if one in found:
            reading.faults.note((*path, number), f"{one} stands here twice")
        if one.address in taken:
            reading.faults.note((*path, number), f"{one} is in {taken[one.address]} too; each side has its own port")
        found.append(one)
    return found


def _interfaces(listeners: Iterable[Listener], path: Path, reading: Reading) -> tuple[Interface, ...]:
    """The transports by address; TLS has one of its own."""
    by_address: dict[Address, tuple[Transport, ...]] = {}
    for one in listeners:
        by_address[one.address] = (*by_address.get(one.address, ()), one.transport)
    for address, transports in by_address.items():
        if Transport.TLS in transports and Transport.TCP in transports:
            reading.faults.note(path, f"{say(Transport.TLS, address)} needs a port of its own, apart from tcp")
    return tuple(Interface(address=address, transports=transports) for address, transports in by_address.items())


def _tls(words: TlsWords, reading: Reading) -> TlsContexts | None:
    if words.certificate is None or words.key is None:
        missing = "certificate" if words.certificate is None else "key"
        reading.faults.note(("tls", missing), "is missing; listening for TLS takes a certificate and its key, as files")
        return None
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate, key = reading.file(words.certificate), reading.file(words.key.removeprefix("@"))
    try:
        # Without a password the library would ask for that of an encrypted key at the terminal.
        server.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        reading.faults.note(("tls", "certificate"), f"certificate and key can't be used: {_why(error)}")
    return TlsContexts(server=server, client=_client(words, reading))


def naming_context() -> NamingContext:
    """One that believes nobody yet, and takes no certificate for another name than that which was asked for."""
    context = NamingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.names = {}
    return context


def _client(words: TlsWords, reading: Reading) -> NamingContext:
    """The authorities of the file are believed, else those of the machine."""
    context = naming_context()
    if not words.trust:
        context.load_default_certs()
    for number, name in enumerate(words.trust):
        try:
            context.load_verify_locations(reading.file(name))
        except (OSError, ValueError) as error:
            reading.faults.note(("tls", "trust", number), f"{name[:80]!r} can't be used: {_why(error)}")
    return context


def _why(error: OSError | ValueError) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(said)
