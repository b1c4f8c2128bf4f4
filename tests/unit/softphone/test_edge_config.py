"""An edge's configuration: the example is in order, and each mistake is told with its place and the right word."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates import fingerprint
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.edge_contract import PeerRule, PhoneMedia, Side
from mikey_sdp.secret import Secret
from mikey_sdp.softphone.edge_config import EdgeConfigError, EdgeSettings, load
from mikey_sdp.softphone.edge_example import EXAMPLE
from mikey_sdp.softphone.edge_places import Server, literal_of, server_of
from tests import pki

ROOT = pki.Authority.create("root")
KEY = bytes(range(16))
LEAST = """
[phone]
listen = ["udp:127.0.0.1:5062"]
[network]
listen = ["udp:127.0.0.1:5060"]
[[accounts]]
identity = "sip:alice@example.com"
psk = "@alice.psk"
"""


@dataclass
class Places:
    """Secrets by where they lie."""

    held: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def secret(self, place: str, name: str) -> Secret:
        return Secret(self.octets(place, name))

    def octets(self, place: str, name: str) -> bytes:
        self.asked.append(place)
        if place not in self.held:
            raise UsageError(f"nothing for {name}")
        return self.held[place]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places({f"@{tmp_path / 'alice.psk'}": KEY, "keyring:mikey/bob": KEY[::-1]})


@pytest.fixture
def read(tmp_path: Path, places: Places):
    """The settings that a text makes."""

    def reading(text: str) -> EdgeSettings:
        file = tmp_path / "edge.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, places)

    return reading


@pytest.fixture
def faults(read):
    """What is wrong with a text, one line each, without the name of the file."""

    def found(text: str) -> list[str]:
        with pytest.raises(EdgeConfigError) as error:
            read(text)
        return [str(fault) for fault in error.value.faults]

    return found


def changed(old: str, new: str) -> str:
    assert old in LEAST
    return LEAST.replace(old, new)


def test_the_example_is_in_order_as_it_stands(read) -> None:
    settings = read(EXAMPLE)
    assert settings.node.accounts[0].phone is PhoneMedia.SDES
    assert settings.proxy == Server(transport=Transport.UDP, host="proxy.example.com", port=5060)
    both = (Transport.UDP, Transport.TCP)
    assert settings.listens == {Address("127.0.0.1", 5062): both, Address("192.0.2.10", 5060): both}
    assert settings.media_hosts == {Side.PHONE: "127.0.0.1", Side.NETWORK: "192.0.2.10"}
    assert settings.ports == (20_000, 20_999)


def test_every_word_of_the_example_that_is_commented_out_is_a_word(tmp_path, places, faults) -> None:
    lines = [
        line[2:] if line.startswith("# ") and (" = " in line or "[[" in line) else line for line in EXAMPLE.splitlines()
    ]
    told = faults("\n".join(lines))
    assert not [line for line in told if "unknown word" in line or "TOML" in line]


def test_the_least_that_is_needed(read) -> None:
    settings = read(LEAST)
    [account] = settings.node.accounts
    assert account.identity == "sip:alice@example.com"
    assert account.credentials == (PskCredential(ANY_PEER, Secret(KEY)),)
    assert (account.modes, settings.proxy, settings.node.peers, settings.tls) == (None, None, (), None)
    assert settings.log.level == logging.INFO
    assert settings.node.limits.ring_us == 180_000_000


def test_secrets_are_looked_for_from_the_folder_of_the_file(read, places, tmp_path) -> None:
    read(LEAST)
    assert places.asked == [f"@{tmp_path / 'alice.psk'}"]


def test_a_key_of_a_peer_comes_before_that_for_everybody(read) -> None:
    text = LEAST + '[[peers]]\nidentity = "SIP:bob@Example.com"\npsk = "keyring:mikey/bob"\nplain = true\n'
    settings = read(text)
    assert settings.node.accounts[0].credentials == (
        PskCredential("sip:bob@example.com", Secret(KEY[::-1])),
        PskCredential(ANY_PEER, Secret(KEY)),
    )
    assert settings.node.peers == (PeerRule(match="sip:bob@example.com", plain=True),)


def test_what_is_allowed_with_a_domain_and_with_everybody(read) -> None:
    text = LEAST + '[[peers]]\nidentity = "example.com"\nretarget = true\n[[peers]]\nidentity = "*"\nplain = true\n'
    assert read(text).node.peers == (PeerRule(match="example.com", retarget=True), PeerRule(match="*", plain=True))


def test_an_account_may_differ_from_the_others(read) -> None:
    text = LEAST.replace("psk =", 'media = "plain"\ncontact = "sip:alice@127.0.0.1:5070"\npsk =')
    [account] = read(text).node.accounts
    assert (account.phone, account.contact) == (PhoneMedia.PLAIN, "sip:alice@127.0.0.1:5070")


def test_certificates_of_accounts_and_of_peers(read, tmp_path, places) -> None:
    alice, bob = (ROOT.issue(f"sip:{name}@example.com") for name in ("alice", "bob"))
    (tmp_path / "alice.pem").write_text(alice.pem)
    (tmp_path / "bob.pem").write_text(bob.pem)
    (tmp_path / "root.pem").write_text(ROOT.pem)
    places.held[f"@{tmp_path / 'alice.key'}"] = alice.key_pem.encode()
    text = (
        changed('psk = "@alice.psk"', 'certificate = "alice.pem"\nkey = "@alice.key"\ntrust = ["root.pem"]')
        + '[[peers]]\nidentity = "sip:bob@example.com"\ncertificate = "bob.pem"\n'
    )
    [credential] = read(text).node.accounts[0].credentials
    assert isinstance(credential, CertificateCredential)
    assert credential.certificates == (alice.certificate,)
    assert credential.trust.anchors == (ROOT.certificate,)
    assert credential.trust.pins == {fingerprint(bob.certificate)}
    assert credential.trust.known == (bob.certificate,)


def test_modes_in_any_letters(read) -> None:
    assert read(LEAST + '[policy]\nmodes = ["dhsign", "Psk"]').node.accounts[0].modes == (Mode.DHSIGN, Mode.PSK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("phone = 3", "phone: expected a table, got a whole number"),
        (
            LEAST.replace("listen", "lisen", 1),
            "phone.lisen: unknown word; expected one of listen, media (did you mean 'listen'?)",
        ),
        (
            changed("psk =", "pks ="),
            "accounts[0].pks: unknown word; expected one of identity, psk, "
            "certificate, key, trust, media, contact (did you mean 'psk'?)",
        ),
        (
            LEAST + "[limits]\nringing_s = 3",
            "limits.ringing_s: unknown word; expected one of calls, ringing-s, "
            "silent-s, call-s (did you mean 'ringing-s'?)",
        ),
        (
            LEAST.replace("[phone]", '[phone]\nmedia = "sdse"'),
            "phone.media: expected one of sdes, plain, not 'sdse' (did you mean 'sdes'?)",
        ),
        (LEAST + '[limits]\ncalls = "ten"', "limits.calls: expected a whole number, got a text"),
        (LEAST + "[limits]\ncalls = 0", "limits.calls: expected a whole number >= 1"),
        (changed('identity = "sip:alice@example.com"', ""), "accounts[0].identity: is missing"),
        (
            changed("sip:alice@", "alice@"),
            "accounts[0].identity: expected a SIP URI such as 'sip:alice@example.com', not 'alice@example.com'",
        ),
        (
            changed("udp:127.0.0.1:5062", "upd:127.0.0.1:5062"),
            "phone.listen[0]: expected one of udp, tcp, tls before the first colon, not 'upd' (did you mean 'udp'?)",
        ),
        (
            changed("udp:127.0.0.1:5062", "udp:phone.local:5062"),
            "phone.listen[0]: expected an IP address to listen on, not 'phone.local'",
        ),
        (
            changed("udp:127.0.0.1:5062", "udp:127.0.0.1:70000"),
            "phone.listen[0]: 'udp:127.0.0.1:70000' can't be used: a port has 16 bits",
        ),
        (
            changed("udp:127.0.0.1:5062", "tls:127.0.0.1:5062"),
            "tls.certificate: is missing; listening for TLS takes a certificate and its key, as files",
        ),
        (
            LEAST + '[policy]\nmodes = ["DHSING"]',
            f"policy.modes[0]: expected one of {', '.join(Mode)}, not 'DHSING' (did you mean 'DHSIGN'?)",
        ),
        (
            LEAST + "[media]\nports = [20001, 20999]",
            "media.ports: expected an even first port from 1024 on and an odd last one up to 65535",
        ),
        (
            LEAST + "[media]\nports = [20000, 20099]",
            "media.ports: 100 calls (limits.calls) with one media line each take 400 ports, and these are 100",
        ),
        (
            changed('psk = "@alice.psk"', ""),
            "accounts[0]: has nothing to prove itself by; expected psk, here or with a peer, or certificate",
        ),
        (changed('psk = "@alice.psk"', 'certificate = "alice.pem"'), "accounts[0]: certificate and key come together"),
        (changed("@alice.psk", "@other.psk"), "accounts[0].psk: nothing for psk"),
        (
            changed("[network]", '[network]\nproxy = "tcp:192.0.2.1"'),
            "network.proxy: nothing in network.listen speaks tcp, as the proxy does",
        ),
        (
            changed("127.0.0.1:5060", "127.0.0.1:5062"),
            "network.listen[0]: udp:127.0.0.1:5062 is in phone.listen too; each side has its own port",
        ),
        (
            LEAST + '[[peers]]\nidentity = "not a name"\nplain = true',
            "peers[0].identity: expected a SIP URI, a domain such as 'example.com', or '*', not 'not a name'",
        ),
        (
            LEAST + LEAST[LEAST.index("[[accounts]]") :],
            "accounts[1].identity: 'sip:alice@example.com' stands here twice",
        ),
    ],
)
def test_one_mistake(faults, text: str, told: str) -> None:
    assert told in faults(text)
    assert len(faults(text)) == 1 or text.startswith("phone")


def test_a_secret_in_the_file_is_refused_and_not_repeated(faults) -> None:
    [told] = faults(changed("@alice.psk", "00112233445566778899aabbccddeeff"))
    assert told.startswith("accounts[0].psk: a secret does not stand in this file")
    assert "0011" not in told


def test_a_key_that_is_too_short(faults, places, tmp_path) -> None:
    places.held[f"@{tmp_path / 'alice.psk'}"] = KEY[:8]
    assert faults(LEAST) == ["accounts[0].psk: a pre-shared key of 8 octets is too short; make one of 16 or more"]


def test_all_mistakes_are_told_at_once(faults) -> None:
    text = LEAST.replace("udp:127.0.0.1:5062", "x").replace("@alice", "@nobody") + '[policy]\nmodes = ["a", "b"]'
    assert [line.partition(":")[0] for line in faults(text)] == [
        "phone.listen[0]",
        "policy.modes[0]",
        "policy.modes[1]",
        "accounts[0].psk",
    ]


@pytest.mark.parametrize("octets", [b"\xff", b"[phone", b"a = 1\na = 2", b"=" * 70_000, b"[" * 20_000])
def test_what_is_no_toml(tmp_path, places, octets: bytes) -> None:
    file = tmp_path / "edge.toml"
    file.write_bytes(octets)
    with pytest.raises(EdgeConfigError, match=r"edge\.toml: no TOML"):
        load(file, places)


def test_a_file_that_is_not_there(tmp_path, places) -> None:
    with pytest.raises(UsageError, match=r"edge\.toml can't be read: No such file"):
        load(tmp_path / "edge.toml", places)


@pytest.mark.parametrize("text", ["udp:127.0.0.1:5060", "tls:[::1]:5061", "tcp:[2001:db8::1]:1"])
def test_places_are_written_as_they_are_read(text: str) -> None:
    assert str(literal_of(text)) == str(server_of(text)) == text


def test_a_port_that_is_left_out_is_that_of_the_transport() -> None:
    assert [server_of(f"{word}:example.com").port for word in ("UDP", "tcp", "tls")] == [5060, 5060, 5061]
