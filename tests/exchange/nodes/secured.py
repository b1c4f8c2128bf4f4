"""Phones with keys behind a proxy: alice calls bob, who has two devices; every mode that tests of branches compare."""

from __future__ import annotations

from collections.abc import Sequence

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.nodes.config import Answering, Contact, Streams, UserAgentConfig
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Forking, Service
from mikey_sdp.nodes.user_agent import UserAgent
from mikey_sdp.trace import AnyRecord, KeysInstalled, MediaCounted
from tests.exchange.ends import NOW_US, authority, certified
from tests.exchange.nodes.phones import MS, shared_key, uri
from tests.exchange.nodes.servers import BOB, RINGS, address, at, config

ALICE = uri("alice")
EPOCH = {"epoch_unix_us": NOW_US}
FORKED_MODES = (Mode.PSK, Mode.DHSIGN, Mode.RSA_R)


def credentials(mode: Mode, own: str, *peers: str) -> list[Credential]:
    """What somebody needs to run a mode with each of these."""
    if MODES[mode].credential is PskCredential:
        names = [(peer, [one.split("@")[0].removeprefix("sip:") for one in (own, peer)]) for peer in peers]
        return [PskCredential(peer, shared_key(*both)) for peer, both in names]
    known = tuple(certified(peer, "rsa").certificate for peer in peers)
    mine = certified(own, "rsa")
    return [
        CertificateCredential((mine.certificate,), mine.key, Trust(anchors=(authority().certificate,), known=known))
    ]


def device(
    name: str,
    mode: Mode,
    answering: Answering | None = None,
    *,
    identity: str = BOB,
    peers: Sequence[str] = (ALICE,),
    by: str = "proxy",
    **settings: object,
) -> UserAgent:
    """A phone of bob's, or of whom `identity` says."""
    contacts = {
        "bob": Contact(uri=BOB, address=address(by)),
        **{other: Contact(uri=BOB, address=address(other)) for other in ("desk", "mobile") if other != name},
        "carol": Contact(uri=uri("carol"), address=address("carol")),
        "alice": Contact(uri=ALICE, address=address("alice")),
    }
    contacts.pop(name, None)
    values: dict[str, object] = {
        "name": name,
        "identity": identity,
        "address": address(name),
        "contacts": contacts,
        "credentials": credentials(mode, identity, *peers),
        "modes": [mode],
        "answering": answering or RINGS,
        "streams": Streams(packets=20),
        "seed": name.encode(),
        **EPOCH,
    }
    return UserAgent(UserAgentConfig(**(values | settings)))  # type: ignore[arg-type]


def caller(mode: Mode, *, peers: Sequence[str] = (BOB,), **settings: object) -> UserAgent:
    """Alice."""
    return device("alice", mode, identity=ALICE, peers=peers, **settings)


def forking(*names: str, way: Forking = Forking.PARALLEL, **service: object) -> Proxy:
    """A proxy that tries these devices for bob."""
    bob = Service(destinations=tuple(at(name) for name in names), forking=way, **service)  # type: ignore[arg-type]
    return Proxy(config(services={BOB: bob}, **EPOCH))


def early(after_ms: int = 100, decide_ms: int | None = 1_000, **more: object) -> Answering:
    """Rings, sends early media from a 183 on, and answers."""
    decide = None if decide_ms is None else decide_ms * MS
    settings: dict[str, object] = {"ringing_after_us": 50 * MS, "decide_after_us": decide, **more}
    return Answering(early_media_after_us=after_ms * MS, **settings)  # type: ignore[arg-type]


def received(records: Sequence[AnyRecord], party: str = "alice") -> dict[str, str]:
    """By the other end: packets that came, decrypted on arrival and late, and not on arrival."""
    return {
        record.peer: f"{record.packets}: {record.decrypted} + {record.decrypted_late} late, {record.undecryptable} not"
        for record in records
        if isinstance(record, MediaCounted) and record.party == party and record.direction == "received"
    }


def sent(records: Sequence[AnyRecord], party: str) -> int:
    """How many packets a party sent."""
    return sum(
        record.packets
        for record in records
        if isinstance(record, MediaCounted) and record.party == party and record.direction == "sent"
    )


def keys_of(records: Sequence[AnyRecord], party: str, peer: str, direction: str) -> set[str]:
    """The fingerprints of the keys that a party came to use with a peer, one way."""
    return {
        record.fingerprint
        for record in records
        if isinstance(record, KeysInstalled)
        and (record.party, record.peer, record.direction) == (party, peer, direction)
    }
