"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mikey_sdp import CertificateCredential, NullCredential, Options, PskCredential, Secret
from mikey_sdp.cli.main import COMMANDS, main
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES, Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import SamlCredential
from tests.exchange.asserted import asserted, with_assertion
from tests.pki import Authority, at, ec_key, rsa_key

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def table(first_column: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    _, found, rest = README.partition(f"| {first_column} |")
    assert found
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_program_has_ten_lines_and_decrypts_a_packet() -> None:
    program, _ = blocks("python")
    assert len(program.splitlines()) == 10
    printed = io.StringIO()
    made: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "README.md", "exec"), made)
    assert printed.getvalue() == "b'hello, Bob'\n"
    assert program.rstrip().endswith(f"# {printed.getvalue().strip()}")
    assert b"hello" not in made["srtp"]  # type: ignore[operator]
    assert made["keys"].peer == made["BOB"]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Way:
    """How the program is run in a mode: what stands instead of its shared key, and how it is asked for."""

    mode: Mode
    key: str = ""
    choices: Choices = DEFAULT_CHOICES


WAYS = [
    *(Way(mode, "ec" if mode in (Mode.ECIES, Mode.ECMQV) else "rsa") for mode in MODES),
    Way(Mode.DHSIGN, "ec", Choices(dh_group=DhGroup.ECP_P_256)),
    Way(Mode.DHHMAC, choices=Choices(dh_group=DhGroup.ECP_P_256)),
]


def long_lived() -> dict[str, datetime]:
    """The program runs on the system's clock, so certificates have to hold for as long as anybody runs it."""
    return {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2090, 1, 1, tzinfo=UTC)}


def credentials_of(way: Way, own: str, peer: str) -> Credential:
    kind = MODES[way.mode].credential
    if kind is PskCredential:
        return PskCredential(peer, Secret(bytes(range(16))))
    if kind is NullCredential:
        return NullCredential(peer)
    authority = Authority.create("Example root", **long_lived())
    if kind is SamlCredential:
        server = authority.issue("dns:example.com", **long_lived())
        ends = [at(moment) for moment in long_lived().values()]
        vouched = with_assertion(asserted(own), own, server=server, not_before=ends[0], not_on_or_after=ends[1])
        return replace(vouched, issuers=(server.certificate,))
    mine, theirs = (
        authority.issue(name, key=rsa_key(name) if way.key == "rsa" else ec_key(name), **long_lived())
        for name in (own, peer)
    )
    return CertificateCredential.from_pem(mine.pem, mine.key_pem, trust=[authority.pem], known=[theirs.pem])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.mode}-{way.key}-{way.choices.dh_group.name}")
def test_the_program_runs_in_every_mode(way: Way) -> None:
    program, _ = blocks("python")
    changes = {
        f"[PskCredential({peer}, KEY)]": f"[HELD[{peer}]], modes=[MODE], options=OPTIONS" for peer in ("ALICE", "BOB")
    }
    if way.mode is Mode.NULL:
        changes |= {
            f"{word}={name}": f"{word}={name}, secure_carrier=True"
            for word, name in (("to", "BOB"), ("caller", "ALICE"))
        }
    for before, after in changes.items():
        assert program.count(before) == 1
        program = program.replace(before, after)
    alice, bob = "sip:alice@example.com", "sip:bob@example.com"
    made: dict[str, object] = {
        "MODE": way.mode,
        "OPTIONS": Options(choices=way.choices),
        "HELD": {bob: credentials_of(way, alice, bob), alice: credentials_of(way, bob, alice)},
    }
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "README.md", "exec"), made)
    assert printed.getvalue() == "b'hello, Bob'\n"
    assert b"hello" not in made["srtp"]  # type: ignore[operator]
    assert (made["offer"].mode, made["keys"].mode, made["answer"].keys.mode) == (way.mode,) * 3  # type: ignore[attr-defined]
    assert (made["keys"].peer, made["answer"].keys.peer) == (bob, alice)  # type: ignore[attr-defined]


def test_the_lines_about_certificates_make_an_end_that_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, program = blocks("python")
    authority = Authority.create("Example root", **long_lived())
    mine = authority.issue("sip:alice@example.com", key=rsa_key("alice"), **long_lived())
    for name, text in (("alice.pem", mine.pem), ("alice.key", mine.key_pem), ("root.pem", authority.pem)):
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    made: dict[str, object] = {}
    exec(compile(program, "README.md", "exec"), made)
    sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
    assert made["alice"].offer(sdp, to="sip:bob@example.com").mode is Mode.RSA_R  # type: ignore[attr-defined]


def test_the_output_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = next(block for block in blocks("console") if block.startswith("$ mikey-sdp run "))
    command, _, output = shown.partition("\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as left:
        main(command.removeprefix("$ mikey-sdp ").split())
    assert left.value.code == 0
    assert capsys.readouterr().out == output


def test_every_command_is_listed() -> None:
    listed = {row[0].strip("`").removeprefix("mikey-sdp ") for row in table("command")}
    assert listed == set(COMMANDS)


def test_the_modes_with_both_ends_are_those_of_the_table_of_modes() -> None:
    rows = table("mode")
    implemented = {row[0].partition(",")[0] for row in rows if row[1] == "both ends"}
    assert implemented == {mode.value for mode in MODES}


def test_every_link_leads_somewhere() -> None:
    for page in (README, (ROOT / "ARCHITECTURE.md").read_text(), (ROOT / "docs/decisions/README.md").read_text()):
        base = ROOT / "docs/decisions" if page.startswith("# Decisions") else ROOT
        targets = [target for target in re.findall(r"\]\(([^)#]+)\)", page) if "://" not in target]
        assert targets
        assert [target for target in targets if not (base / target).exists()] == []


def test_every_make_target_named_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ )make ([a-z]+)", README))
    assert named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_the_number_of_scenarios_is_right() -> None:
    number = len(list((ROOT / "scenarios").glob("*.call.yaml")))
    assert f"`scenarios/` has {number} to start from" in README
