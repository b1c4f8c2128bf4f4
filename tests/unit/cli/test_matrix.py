"""`mikey-sdp matrix`: the tables as text and as JSON."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mikey_sdp.cli import matrix
from mikey_sdp.cli.common import HELD, USED_WRONGLY
from mikey_sdp.cli.main import _run
from mikey_sdp.cli.matrix_pages import MatrixPages
from mikey_sdp.dissect.known import NOTHING
from mikey_sdp.dissect.open import Opener
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.message import Message
from mikey_sdp.report.matrix_run import MatrixRun
from mikey_sdp.scenario import matrix as matrix_tables
from mikey_sdp.scenario import matrix_words
from mikey_sdp.scenario.matrix import MATRIX_CASES, measure_matrix
from mikey_sdp.trace import Matrix, MessageSent
from tests.unit.report.tables import TABLES


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """What the command says of tables that are given."""

    def run(*arguments: str, tables: Matrix = TABLES) -> tuple[int, str]:
        monkeypatch.setattr(matrix, "_watched", lambda _cases, _calls, _keep: tables)
        status = _run(["matrix", *arguments])
        return status, capsys.readouterr().out

    return run


def lines(text: str, start: str) -> list[list[str]]:
    return [line.split("  ") for line in text.splitlines() if line.startswith(start)]


def test_a_cell_says_how_it_came_out_and_what_is_printed_where_that_is_something_else(printed) -> None:
    _, text = printed()
    words = [word.strip() for word in lines(text, "PSK")[0] if word.strip()]
    assert words == ["PSK", "yes", "open", "no / Yes", "yes / blank", "yes"]
    assert "  PSK, retarget: measured no, printed 'Yes'" in text
    assert "  PSK, redirect: measured yes, printed blank" in text


def test_the_other_tables(printed) -> None:
    _, text = printed()
    second, third = ([word.strip() for word in line if word.strip()] for line in lines(text, "PSK")[1:])
    assert second == ["PSK", "yes", "no", "?", "Both / Initiator", "nobody"]
    assert third == ["PSK", "Yes", "45", "yes", "1", "165 + 83", "12 + 7"]
    assert "retarget/baseline" in text
    assert "better: RSA-R" in text


def test_keys_without_a_rand_of_the_initiator_are_told_below_the_second_table(printed) -> None:
    _, text = printed()
    assert "Where the Initiator of PSK sends no RAND: keys made by Responder." in text


def test_conditions_are_told_when_asked_for(printed) -> None:
    assert "mobile reads it" not in printed()[1]
    _, text = printed("--conditions")
    assert "PSK/secure-forking/baseline" in text
    assert "    mobile reads it" in text


def test_a_missing_library_is_told(printed) -> None:
    status, text = printed()
    assert status == USED_WRONGLY
    assert "not measured: pycryptodome is not available" in text
    whole = Matrix(table1=TABLES.table1[:1], table2=TABLES.table2, table3=TABLES.table3, policy=())
    assert printed(tables=whole)[0] == HELD


def test_json_has_the_tables_by_their_names(printed) -> None:
    _, text = printed("--json")
    found = json.loads(text)
    assert set(found) == {"table1", "table2", "table3", "policy"}
    psk = found["table1"][0]
    assert psk["mode"] == "PSK"
    assert psk["cells"]["secure-forking"] == {
        "printed": "",
        "works": True,
        "secure": False,
        "agrees": True,
        "conditions": [
            {
                "condition": "baseline",
                "works": True,
                "secure": False,
                "run": "PSK/secure-forking/baseline",
                "notes": ["mobile reads it"],
            }
        ],
    }
    assert found["table2"][0]["manual-keys"] is True
    assert found["table2"][0]["key-generation"] == "Both"
    assert found["table2"][0]["printed"]["pfs"] == "No"
    assert found["table3"][0]["group-keying"] is True


def test_a_mode_is_measured_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def few(cases: object, clock: object, **more: object) -> Matrix:
        return measure_matrix([case for case in cases if not case.variant], clock, **more)  # type: ignore[attr-defined]

    monkeypatch.setattr(matrix, "measure_matrix", few)
    assert _run(["matrix", "--mode", "null", "--calls", "1", "--json"]) == HELD
    found = json.loads(capsys.readouterr().out)
    assert [one["mode"] for one in found["table1"]] == ["NULL"]


def test_pages_of_the_tables_and_of_every_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    columns = ("secure-forking", "shared-key-conference")
    few = {column: matrix_words.CONDITIONS[column] for column in columns}
    monkeypatch.setattr(matrix_tables, "CONDITIONS", few)
    monkeypatch.setattr(matrix_tables, "SITUATIONS", {column: matrix_tables.SITUATIONS[column] for column in few})
    written = []
    for folder in (tmp_path / "deep" / "pages", tmp_path / "again"):
        assert _run(["matrix", "--mode", "null", "--calls", "1", "--html", str(folder)]) == HELD
        written.append({file.name: file.read_text() for file in folder.iterdir()})
    pages = written[0]
    index = pages.pop("index.html")
    assert {f'href="{name}"' in index for name in pages} == {True}
    assert {'href="index.html"' in page for page in pages.values()} == {True}
    linked = set(re.findall(r'href="([^"#]+)"', index))
    assert linked == set(pages)
    desk = pages["null-secure-forking-baseline-desk-answers.html"]
    assert "Who else could read it" in desk
    assert "Ladder" in desk
    assert "Ladder" in pages["null-shared-key-conference-baseline.html"]
    once, again = ({name: page for name, page in one.items() if name.startswith("null-")} for one in written)
    assert once == again
    capsys.readouterr()


def test_no_page_shows_a_key_that_crossed_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In NULL the key stands in the message; the page has neither the message nor the key in any form."""
    case = next(case for case in MATRIX_CASES if case.word == "unprotected")
    kept: list[MatrixRun] = []
    pages = MatrixPages(str(tmp_path))

    def keep(name: str, run: MatrixRun) -> None:
        kept.append(run)
        pages.keep(name, run)

    matrix_tables.cell(case, "retarget", keep)
    sent = [record.octets for run in kept for record in run.result.records if isinstance(record, MessageSent)]
    found = {text.decode() for octets in sent for text in re.findall(rb"key-mgmt:mikey (\S+)", octets)}
    bundles = {text: matrix_bundles(base64.b64decode(text)) for text in found}
    carrying = {text: key.key.reveal() for text, opened in bundles.items() for one in opened for key in one.keys}
    shown = "".join(file.read_text() for file in tmp_path.iterdir())
    assert carrying
    assert not [text for text in carrying if text in shown]
    assert not [key for key in carrying.values() if key.hex() in shown or base64.b64encode(key).decode() in shown]


def test_a_folder_that_can_t_be_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    assert _run(["matrix", "--mode", "null", "--html", str(tmp_path / "taken")]) == USED_WRONGLY
    assert "can't be made a folder" in capsys.readouterr().err


def matrix_bundles(octets: bytes) -> list[Bundle]:
    message = Message.decode(octets)
    opened = Opener([message], NOTHING).open(message)
    return [opened.bundle] if opened is not None and opened.bundle is not None else []


def test_a_mode_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["matrix", "--mode", "SDES"]) == USED_WRONGLY
    assert "SDES" in capsys.readouterr().err
