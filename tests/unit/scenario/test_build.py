"""From a scenario to a plan: credentials that fit together, addresses, links, losses, times."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from mikey_sdp.errors import ScenarioError
from mikey_sdp.mikey.certificates import covers
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.nodes.attackers import Eavesdropper, KeyMgmtStripper, Replayer
from mikey_sdp.nodes.commands import Call, Cancel, HangUp, Hold, ReKey, Resume
from mikey_sdp.nodes.config import Reaction, UserAgentConfig
from mikey_sdp.nodes.contract import Address, Link, NetworkPlan, Transport
from mikey_sdp.nodes.injecting import Injector
from mikey_sdp.nodes.line_changing import LineChanger
from mikey_sdp.nodes.tampering import Tamperer
from mikey_sdp.policy import Conference
from mikey_sdp.scenario import build as building
from mikey_sdp.scenario.build import build
from mikey_sdp.scenario.engine import run
from mikey_sdp.scenario.load import load, loads
from mikey_sdp.scenario.schema import Party
from mikey_sdp.secret import Secret
from mikey_sdp.trace import AttackMade
from tests.unit.scenario.given import GOOD, changed, scenario


def plan(text: str) -> NetworkPlan:
    return build(scenario(text))


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> dict[str, UserAgentConfig]:
    """The configurations of the user agents that are built, by name."""
    found: dict[str, UserAgentConfig] = {}
    real = building.node_of

    def recording(party: Party, config: UserAgentConfig) -> object:
        found[config.name] = config
        return real(party, config)

    monkeypatch.setattr(building, "node_of", recording)
    return found


def keys(config: UserAgentConfig) -> dict[str, Secret]:
    """A party's pre-shared keys, by the peer's name."""
    psks = [credential for credential in config.credentials if isinstance(credential, PskCredential)]
    return {psk.peer.removeprefix("sip:").partition("@")[0]: psk.key for psk in psks}


def parties(*lines: str) -> str:
    named = "".join(f"  {line}\n" for line in lines)
    return f"name: N\nshows: S\nparties:\n{named}"


def test_every_two_parties_share_a_key_of_their_own(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {credentials: psk}", "b: {credentials: psk}", "c: {credentials: psk}", "d:"))
    assert keys(configs["a"]).keys() == {"b", "c"}
    assert keys(configs["a"])["b"] == keys(configs["b"])["a"]
    assert keys(configs["a"])["b"] != keys(configs["a"])["c"]
    assert keys(configs["d"]) == {}


def test_a_label_names_the_key(configs: dict[str, UserAgentConfig]) -> None:
    plan(
        parties(
            "a: {credentials: {psk: {label: team}}}",
            "b: {credentials: {psk: {label: team}}}",
            "c: {credentials: {psk: {label: others}}}",
        )
    )
    assert keys(configs["a"])["b"] == keys(configs["b"])["a"] == keys(configs["a"])["c"]
    assert keys(configs["a"])["c"] != keys(configs["c"])["a"]


def test_a_key_can_be_kept_for_some(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {credentials: {psk: {shared with: [b]}}}", "b: {credentials: psk}", "c: {credentials: psk}"))
    assert keys(configs["a"]).keys() == {"b"}
    assert keys(configs["b"]).keys() == {"a", "c"}
    assert keys(configs["c"]).keys() == {"b"}


def test_a_party_can_hold_a_key_that_the_other_has_lost(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {credentials: {psk: {shared with: [b]}}}", "b: {credentials: none}"))
    assert keys(configs["a"]).keys() == {"b"}
    assert configs["b"].credentials == []


def test_name_and_seed_decide_the_keys(configs: dict[str, UserAgentConfig]) -> None:
    found = []
    for text in (
        GOOD,
        GOOD,
        changed("name: A call", "name: Another"),
        changed("name: A call", "name: A call\nseed: 1"),
    ):
        plan(text)
        found.append((keys(configs["alice"])["bob"].reveal(), configs["alice"].seed))
    assert found[0] == found[1]
    assert len({key for key, _ in found}) == len({seed for _, seed in found}) == 3
    assert configs["alice"].seed != configs["bob"].seed


@pytest.mark.parametrize("octets", [b"\x00" * 32, b"00" * 32 + b"\n"])
def test_a_key_comes_from_a_file(octets: bytes, tmp_path: Path, configs: dict[str, UserAgentConfig]) -> None:
    (tmp_path / "k").write_bytes(octets)
    file = tmp_path / "x.call.yaml"
    file.write_text(parties("a: {credentials: {psk: {key file: k}}}", "b: {credentials: psk}"))
    build(load(file))
    assert keys(configs["a"])["b"] == Secret(bytes(32))


@pytest.mark.parametrize(
    ("octets", "reason"), [(None, "can't be read"), (b"short", "has 5"), (b"\0" * 1025, "has 1025")]
)
def test_a_key_file_that_is_no_good_is_an_error_at_its_line(octets: bytes | None, reason: str, tmp_path: Path) -> None:
    if octets is not None:
        (tmp_path / "k").write_bytes(octets)
    text = parties("a: {credentials: {psk: {key file: k}}}", "b: {credentials: psk}")
    with pytest.raises(ScenarioError, match=reason) as refused:
        build(loads(text.encode(), file=str(tmp_path / "x.call.yaml")))
    assert (refused.value.line, refused.value.path) == (4, "parties.a.credentials.psk.key file")


def test_offers_narrow_the_modes(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {credentials: [psk, unprotected], offers: unprotected}", "b: {credentials: [psk, unprotected]}"))
    assert [mode.value for mode in configs["a"].modes or ()] == ["NULL"]
    assert configs["b"].modes is None
    assert any(isinstance(credential, NullCredential) for credential in configs["a"].credentials)


def test_the_group_of_offers_reaches_the_agent(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {dh group: p-256}", "b:"))
    groups = [configs[name].options.choices.dh_group for name in "ab"]  # type: ignore[union-attr]
    assert groups == [DhGroup.ECP_P_256, DhGroup.OAKLEY_5]


def test_a_certificate_stands_beside_other_credentials(configs: dict[str, UserAgentConfig]) -> None:
    plan(parties("a: {credentials: [psk, certificate]}", "b: {credentials: psk}", "c: {credentials: certificate}"))
    kinds = {name: [type(credential) for credential in configs[name].credentials] for name in "abc"}
    assert kinds == {
        "a": [PskCredential, CertificateCredential],
        "b": [PskCredential],
        "c": [CertificateCredential],
    }
    (held,) = configs["c"].credentials
    assert isinstance(held, CertificateCredential)
    assert covers(held.certificates[0], configs["c"].identity)
    assert held.trust.certificate_of(configs["a"].identity) is not None


def test_answers_clock_and_media_reach_the_agent(configs: dict[str, UserAgentConfig]) -> None:
    plan(
        parties(
            "a: {answers: {ringing: null, answer: null}, clock: {behind: 2s}, media: [audio, video]}",
            "b: {answers: {reject: 486, answer: 3s}, clock: {ahead: 1s}, key-mgmt level: media, other protocols: [x]}",
            "c: {answers: {ignore: true}, talks: {packets: 7, every: 10ms}, security: none}",
        )
    )
    a, b, c = (configs[name] for name in "abc")
    assert (a.answering.ringing_after_us, a.answering.decide_after_us, a.clock_skew_us) == (None, None, -2_000_000)
    assert a.streams.kinds == ("audio", "video")
    assert (b.answering.reaction, b.answering.status, b.answering.decide_after_us) == (Reaction.REJECT, 486, 3_000_000)
    assert (b.clock_skew_us, b.level, b.other_protocols[0][0]) == (1_000_000, "media", "x")
    assert (c.answering.reaction, c.streams.packets, c.streams.interval_us) == (Reaction.IGNORE, 7, 10_000)
    assert c.security == "none"


def test_addresses_are_for_documentation_and_contacts_know_the_transport(configs: dict[str, UserAgentConfig]) -> None:
    plan(changed("  attackers:", "  transport: tls\n  attackers:"))
    assert configs["alice"].address == Address("192.0.2.1", 5060)
    assert configs["alice"].contacts["bob"].address == Address("192.0.2.2", 5060)
    assert {contact.transport for contact in configs["alice"].contacts.values()} == {Transport.TLS}


def test_links_differ_where_the_file_says_so() -> None:
    text = changed(
        "delay: {signalling: 20ms}",
        "delay: {signalling: 20ms, media: 1ms}\n  loss: {media: 5%}\n"
        "  links: [{between: [alice, bob], delay: {signalling: 2ms}, reorder: {media: 50%}}]",
    )
    made = plan(text)
    assert made.signalling == Link(delay_us=20_000)
    assert made.media == Link(delay_us=1_000, loss=0.05)
    own = (Link(delay_us=2_000), Link(loss=0.05, reorder=0.5))
    assert made.links == {("alice", "bob"): own, ("bob", "alice"): own}


def test_losses_count_from_one_in_the_file_and_from_zero_in_the_plan() -> None:
    lose = "lose: [{from: alice, to: bob, messages: [1, 3]}, {from: alice, to: bob, messages: [7]}]"
    assert plan(changed("delay:", f"{lose}\n  delay:")).lose == {("alice", "bob"): frozenset({0, 2, 6})}


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("replay: {}", Replayer),
        ("strip: mikey", KeyMgmtStripper),
        ("tamper: {}", Tamperer),
        ("mikey lines: {remove: 1}", LineChanger),
        ("inject: {to: alice, keys of: bob}", Injector),
        ("eavesdrop: true", Eavesdropper),
    ],
)
def test_attackers_sit_at_their_taps(act: str, kind: type[object]) -> None:
    made = plan(changed("replay: {after: 2s}", act))
    assert made.taps == {frozenset({"alice", "bob"}): "mallory"}
    assert isinstance(made.nodes[-1], kind)


def tampered(tamper: str) -> list[str]:
    """What somebody on the path says that he did in two calls."""
    call = "  - {at: 0s, alice: {call: bob}}\n"
    text = changed("replay: {after: 2s}", f"tamper: {tamper}").replace(call, call + call.replace("0s", "1s"))
    return [record.text for record in run(scenario(text)).records if isinstance(record, AttackMade)]


def test_the_octet_that_is_tampered_with_is_the_one_in_the_file() -> None:
    (first, second) = tampered("{payload: KEMAC, octet: 3}")
    assert first == second
    assert first.endswith(", in KEMAC")
    where = int(first.split()[2])
    assert int(tampered("{payload: KEMAC, octet: 5}")[0].split()[2]) == where + 2
    assert tampered("{payload: general extension}")[0].endswith(", in General Ext.")
    assert [one.rpartition(" ")[2] for one in tampered("{}")] == ["HDR", "T"]
    assert tampered("{in: answers, payload: V}")[0].endswith(", in V")
    assert tampered("{in: answers, payload: SIGN}") == []


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("remove: 1", "removed MIKEY line 1 of the 1"),
        ("corrupt: 1", "corrupted MIKEY line 1 of the 1"),
    ],
)
def test_lines_are_changed_as_the_file_says(lines: str, told: str) -> None:
    text = changed("replay: {after: 2s}", f"mikey lines: {{{lines}}}")
    texts = [record.text for record in run(scenario(text)).records if isinstance(record, AttackMade)]
    assert [text.partition(" in an")[0] for text in texts] == [told]


@pytest.mark.parametrize(
    ("inject", "told"),
    [
        ("to: alice, packets: 3", "sent 3 media packets behind those that passed, captured ones,"),
        ("to: alice, keys of: alice, packets: 4", "his own under the keys of alice,"),
        ("to: bob, keys of: bob, ssrc: the same", "sent 10 media packets behind those that passed, his own"),
    ],
)
def test_media_is_injected_as_the_file_says(inject: str, told: str) -> None:
    result = run(scenario(changed("replay: {after: 2s}", f"inject: {{{inject}}}")))
    (text,) = [record.text for record in result.records if isinstance(record, AttackMade)]
    assert told in text


def test_commands_come_in_the_order_of_the_file() -> None:
    steps = "".join(
        f"  - {{at: {at}s, alice: {{{word}: bob}}}}\n"
        for at, word in enumerate(("call", "cancel", "re-key", "hold", "resume", "hang up"))
    )
    made = plan(parties("alice:", "bob:") + f"steps:\n{steps}")
    assert [timed.command for timed in made.commands] == [
        kind("bob") for kind in (Call, Cancel, ReKey, Hold, Resume, HangUp)
    ]
    assert [timed.at_us for timed in made.commands] == [at * 1_000_000 for at in range(6)]


def test_the_run_ends_when_told_or_long_after_the_last_step() -> None:
    assert plan(changed("name: A call", "name: A call\nends: 10s")).end_us == 10_000_000
    assert plan(GOOD).end_us > 3_000_000 + 32_000_000


def test_a_focus_owns_a_key_for_those_whom_the_file_names(configs: dict[str, UserAgentConfig]) -> None:
    """And a mixer, which shares another key with each, owns none."""
    text = """
        name: x
        shows: y
        parties:
          focus: {credentials: psk, conference: {members: [ann]}, expects: {conference: focus}}
          mixer: {credentials: psk, conference: {media: mixed}}
          ann: {credentials: psk, expects: {conference: member}}
          ben: {credentials: psk}
        steps: [{at: 0s, focus: {call: ann}}]
        expect: [{call: {from: focus, answered by: ann}}]
    """
    built = build(loads(textwrap.dedent(text).encode(), file="x.call.yaml"))
    assert [type(node).__name__ for node in built.nodes] == ["Focus", "Focus", "UserAgent", "UserAgent"]
    group = configs["focus"].group
    assert group is not None
    assert group.address == "sip:focus@example.com"
    assert (group.lets_in("sip:ann@example.com"), group.lets_in("sip:ben@example.com")) == (True, False)
    assert configs["mixer"].group is None
    assert configs["ann"].expects.conference is Conference.MEMBER
    assert configs["focus"].expects.conference is Conference.FOCUS
