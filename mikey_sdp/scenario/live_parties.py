"""The parties of a live run that other programs play: what each needs to know, taken from the plan of our own nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from mikey_sdp.drivers.outside import Outside
from mikey_sdp.drivers.outside_edge import EdgedPhone, EdgeSetup
from mikey_sdp.drivers.outside_phones import PlainPhone
from mikey_sdp.drivers.outside_pjsua2 import KeyedPhone, KeyedPlan
from mikey_sdp.drivers.phones import Media, Phone, PhonePlan
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.phones_sipp import Sipp, SippScript
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import vacate
from mikey_sdp.drivers.tone import write_tone
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, PskCredential
from mikey_sdp.nodes.contract import Address, NetworkPlan, Transport
from mikey_sdp.nodes.session_body import MAX_STREAMS
from mikey_sdp.scenario.build_servers import uri_of
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.meetings import Meetings
from mikey_sdp.scenario.modes import MODES
from mikey_sdp.scenario.reading import calls_of, identity_of, offered_modes
from mikey_sdp.scenario.routes import first_hop
from mikey_sdp.scenario.schema import Party
from mikey_sdp.scenario.sense_outside import outsiders_of
from mikey_sdp.scenario.units import micros

_SECOND_US: Final = 1_000_000
_HOME: Final = "127.0.0.1"
_EDGE_PORTS: Final = 8  # for two calls
_TRIES: Final = 50


def parties_played(
    scenario: Scenario, plan: NetworkPlan, ports: Ports, credentials: Mapping[str, Sequence[Credential]], folder: Path
) -> dict[str, Outside]:
    """Who plays each party that is no node of ours; `credentials` are those of all parties, `folder` is for the files
    of the programs."""
    meetings = Meetings(scenario)
    at = {node.name: node.addresses for node in plan.nodes}
    played: dict[str, Outside] = {}
    for name, party in outsiders_of(scenario).items():
        sip, rtp = at[name][:2]
        for line in range(MAX_STREAMS):  # some programs take ports for more lines than the call has
            vacate(Address(rtp.host, rtp.port + 2 * line), Transport.MEDIA, ports=ports)
        hop = _first_hop(scenario, name, {one: addresses[0] for one, addresses in at.items()})
        answer_s = None if party.answers.answer is None else micros(party.answers.answer) / _SECOND_US
        if party.kind == "pjsua2":
            keyed = KeyedPlan(
                name=name,
                identity=uri_of(identity_of(scenario, name)),
                sip=sip,
                rtp=rtp,
                peer=next(iter(meetings.partners(name)), ""),
                first_hop=hop,
                modes=_modes(party),
                answer_s=answer_s,
                credentials=_words(credentials[name]),
                uris={called: uri_of(called) for caller, called in calls_of(scenario) if caller == name},
            )
            played[name] = KeyedPhone(keyed, ports)
        else:
            identity = uri_of(identity_of(scenario, name))
            alone = party.kind == "sipp" and hop is None
            tone = None if party.kind == "sipp" else write_tone(folder / f"{name}.wav")
            phone = PhonePlan(name=name, sip=sip, rtp=rtp, outbound=hop, identity=identity, answers=alone, tone=tone)
            if party.security == "mikey":
                held = _files(credentials[name])
                played[name] = _edged(party, phone, held, ports, folder / name, answer_s)
            else:
                played[name] = PlainPhone(_phone(party, phone, folder), ports, answer_s=answer_s)
    return played


class _Held(NamedTuple):
    """Credentials as words of an edge's configuration, and the files that these name."""

    account: dict[str, str]
    peers: dict[str, str]
    files: dict[str, str]


def _edged(
    party: Party, plan: PhonePlan, held: _Held, ports: Ports, folder: Path, answer_s: float | None
) -> EdgedPhone:
    """A phone behind an edge: the party's address is the edge's. Both meet where baresip's media comes from whatever
    host it is told to use."""
    inner, home = ports.sip(_HOME, Transport.UDP, Transport.TCP), _home(ports)
    first = ports.media(_HOME, _EDGE_PORTS // 2, rtcp=True).port
    for port in range(first, first + _EDGE_PORTS):
        vacate(Address(_HOME, port), Transport.MEDIA, ports=ports)
    setup = EdgeSetup(
        identity=plan.identity,
        network=plan.sip,
        inner=inner,
        home=home,
        proxy=plan.outbound,
        media=Media.SDES,
        media_ports=(first, first + _EDGE_PORTS - 1),
        modes=_modes(party),
        account=held.account,
        peers=held.peers,
        files=held.files,
    )
    user = plan.identity.removeprefix("sip:").partition("@")[0]
    rtp = ports.media(_HOME, rtcp=True)
    behind = replace(plan, name=user, sip=home, rtp=rtp, outbound=inner, media=Media.SDES)
    phone = PlainPhone(_phone(party, behind, folder.parent), ports, answer_s=answer_s)
    return EdgedPhone(setup, phone, folder, ports)


def _home(ports: Ports) -> Address:
    """An address for a phone whose next port is free too, since baresip takes that for TLS.

    Raises: UsageError where there is none.
    """
    for _ in range(_TRIES):
        home = ports.sip(_HOME, Transport.UDP, Transport.TCP)
        with suppress(UsageError):
            vacate(Address(home.host, home.port + 1), Transport.TCP, ports=None)
            return home
    raise UsageError(f"{_HOME} has no two ports left side by side")


def _files(held: Sequence[Credential]) -> _Held:
    words = _words(held)
    found = _Held({}, {}, {})
    for number, (peer, key) in enumerate(words.get("psk", {}).items()):
        file = f"peer-{number}.psk"
        found.files[file] = key
        if peer == ANY_PEER:
            found.account["psk"] = f'"@{file}"'
        else:
            found.peers[peer] = file
    if "cert" in words:
        found.files["own.pem"], found.files["own.key"] = words["cert"], words["key"]
        found.files["trust.pem"] = "".join(words["trust"])
        found.account.update(certificate='"own.pem"', key='"@own.key"', trust='["trust.pem"]')
    return found


def _phone(party: Party, plan: PhonePlan, folder: Path) -> Phone:
    if party.kind == "sipp":
        return Sipp(plan, folder, SippScript(rings_ms=micros(party.answers.answer or "0s") // 1000))
    return Baresip(plan, folder) if party.kind == "baresip" else Linphone(plan, folder)


def _modes(party: Party) -> tuple[str, ...] | None:
    modes = offered_modes(party)
    return None if modes is None else tuple(MODES[mode].value for mode in modes)


def _first_hop(scenario: Scenario, caller: str, addresses: Mapping[str, Address]) -> Address | None:
    """Where the calls of a party go first; it has one partner only, so that they all go there."""
    for origin, called in sorted(calls_of(scenario)):
        if origin == caller:
            server, phone = first_hop(scenario, caller, called)
            return addresses[server or phone]
    return None


def _words(held: Sequence[Credential]) -> dict[str, Any]:
    """Credentials as the pjsua2 worker takes them on its standard input."""
    words: dict[str, Any] = {}
    for one in held:
        if isinstance(one, PskCredential):
            words.setdefault("psk", {})[one.peer] = one.key.reveal().hex()
        elif isinstance(one, CertificateCredential):
            key = one.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            words["cert"] = "".join(map(_pem, one.certificates))
            words["key"] = key.decode("ascii")
            words["trust"] = [_pem(anchor) for anchor in one.trust.anchors]
            words["known"] = [_pem(known) for known in one.trust.known]
    return words


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
