"""What the README shows is what happens."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mikey_sdp.cli.main import COMMANDS, main
from mikey_sdp.mikey.modes.table import MODES

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
    (program,) = blocks("python")
    assert len(program.splitlines()) == 10
    printed = io.StringIO()
    made: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "README.md", "exec"), made)
    assert printed.getvalue() == "b'hello, Bob'\n"
    assert program.rstrip().endswith(f"# {printed.getvalue().strip()}")
    assert b"hello" not in made["srtp"]  # type: ignore[operator]
    assert made["keys"].peer == made["BOB"]  # type: ignore[attr-defined]


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
    words: Mapping[int, str] = {
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
    }
    number = len(list((ROOT / "scenarios").glob("*.call.yaml")))
    assert f"`scenarios/` has {words[number]} to start from" in README
