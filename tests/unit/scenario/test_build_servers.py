"""From the servers of a file to nodes that know where everybody is, and to the first hop of every call."""

from __future__ import annotations

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, PskCredential
from mikey_sdp.nodes.config import Contact
from mikey_sdp.nodes.contract import Address, NetworkPlan
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service
from mikey_sdp.nodes.redirect import RedirectServer
from mikey_sdp.nodes.server import SipServer
from mikey_sdp.scenario.build import build
from mikey_sdp.scenario.build_servers import contacts_of, uri_of
from mikey_sdp.scenario.reading import servers_of
from mikey_sdp.scenario.witness import Witness
from tests.unit.scenario.given import scenario

TEXT = """\
name: N
shows: S
parties:
  alice: {credentials: [psk, certificate]}
  desk: {identity: bob, credentials: [psk, certificate]}
  mobile: {identity: bob, credentials: {psk: {}, certificate: {same as: desk}}}
  carol: {credentials: {psk: {label: team, of group: true}}}
network:
  proxies:
    edge: {stands before: [alice], record route: true}
    core:
      bob: {fork: serial, to: [{at: mobile, q: 0.25, after: 2s}, desk], patience: 5s, follow redirects: true}
      office: {retarget: carol}
      home: {to: [redirect-server]}
  redirect server: {home: [{at: bob, q: 0.7}, mobile, carol]}
"""


def plan(text: str = TEXT, witness: Witness | None = None) -> NetworkPlan:
    return build(scenario(text), witness=witness)


def server(name: str, text: str = TEXT) -> SipServer:
    (found,) = (node for node in plan(text).nodes if node.name == name)
    assert isinstance(found, SipServer)
    return found


def services(name: str) -> dict[str, Service]:
    return {uri.removeprefix("sip:"): service for uri, service in server(name).config.services.items()}


def test_every_server_has_a_node_and_an_address_of_its_own() -> None:
    kinds = {node.name: type(node) for node in plan().nodes if isinstance(node, SipServer)}
    assert kinds == {"edge": Proxy, "core": Proxy, "redirect-server": RedirectServer}
    assert [server(name).config.address.host for name in kinds] == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]


def test_an_address_is_served_as_the_file_says() -> None:
    service = services("core")["bob@example.com"]
    assert service == Service(
        destinations=(
            Destination(uri="sip:mobile@192.0.2.3:5060", q=250, after_us=2_000_000),
            Destination(uri="sip:desk@192.0.2.2:5060"),
        ),
        forking=Forking.SERIAL,
        follow_redirects=True,
        patience_us=5_000_000,
    )
    assert services("core")["office@example.com"].retarget == "sip:carol@example.com"
    assert services("core")["home@example.com"].destinations == (Destination(uri="sip:home@203.0.113.3:5060"),)
    assert server("edge").config.record_route
    assert not server("core").config.record_route


def test_what_the_file_does_not_say_is_passed_on() -> None:
    assert services("edge")["bob@example.com"].destinations == (Destination(uri="sip:bob@203.0.113.2:5060"),)
    assert services("edge")["carol@example.com"].destinations == (Destination(uri="sip:carol@192.0.2.4:5060"),)
    assert "desk@example.com" not in services("edge")


def test_a_redirect_server_tells_users_by_name_and_phones_by_place() -> None:
    assert services("redirect-server")["home@example.com"].destinations == (
        Destination(uri="sip:bob@example.com", q=700),
        Destination(uri="sip:mobile@192.0.2.3:5060"),
        Destination(uri="sip:carol@example.com"),
    )


def test_over_tls_places_say_so() -> None:
    (place,) = (
        server("edge", TEXT.replace("network:", "network:\n  transport: tls"))
        .config.services["sip:carol@example.com"]
        .destinations
    )
    assert place.uri == "sip:carol@192.0.2.4:5060;transport=tls"


def test_a_contact_is_an_identity_behind_a_next_hop() -> None:
    loaded = scenario(TEXT).scenario
    phones = _phones()
    servers = {name: Address(f"203.0.113.{at}", 5060) for at, name in enumerate(servers_of(loaded), start=1)}
    found = contacts_of(loaded, "alice", phones, servers)
    assert (found["bob"].uri, found["bob"].address.host, found["bob"].phone) == (
        "sip:bob@example.com",
        "203.0.113.1",
        None,
    )
    assert (found["carol"].address.host, found["carol"].phone) == ("203.0.113.1", Address("192.0.2.4", 5060))
    assert found["desk"] == phones["desk"]
    assert found["core"].address.host == "203.0.113.2"
    assert contacts_of(loaded, "carol", phones, servers)["bob"].address.host == "203.0.113.2"
    assert list(found).index("bob") < list(found).index("desk")


def _phones() -> dict[str, Contact]:
    return {
        name: Contact(uri=uri_of(user), address=Address(f"192.0.2.{at}", 5060))
        for at, (name, user) in enumerate(
            [("alice", "alice"), ("desk", "bob"), ("mobile", "bob"), ("carol", "carol")], start=1
        )
    }


def test_credentials_belong_to_users() -> None:
    witness = Witness()
    plan(witness=witness)
    keys = {
        name: {one.peer: one.key for one in held if isinstance(one, PskCredential)}
        for name, held in witness.credentials.items()
    }
    bob, alice = "sip:bob@example.com", "sip:alice@example.com"
    assert keys["alice"][bob] == keys["desk"][alice] == keys["mobile"][alice]
    assert bob not in keys["desk"]
    assert list(keys["carol"]) == [ANY_PEER]
    certified = {
        name: next((one for one in held if isinstance(one, CertificateCredential)), None)
        for name, held in witness.credentials.items()
    }
    assert certified["mobile"] is not None
    assert certified["desk"] is not None
    assert certified["mobile"].certificates == certified["desk"].certificates
    assert certified["mobile"].key is certified["desk"].key
    assert certified["carol"] is None
