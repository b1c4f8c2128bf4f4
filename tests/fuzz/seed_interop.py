"""Writes the seeds of `fuzz_interop.py` into corpus/interop: `python -m tests.fuzz.seed_interop`.

A whole exchange in each mode, an update, what is asked on the side, and lines that are wrong in one way each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mikey_sdp.mikey.modes.contract import Mode
from tests.exchange.pair import ALICE, BOB
from tests.fuzz.fuzz_interop import LAST, PLANTED
from tests.unit.interop.conversation import words_of
from tests.unit.interop.test_exchanges import SPOKEN

FOLDER = Path(__file__).parent / "corpus" / "interop"
MESSAGE = LAST.decode()


def line(cmd: str, **words: Any) -> str:
    """One command."""
    return json.dumps({"cmd": cmd, **words})


def exchange(number: int) -> list[str]:
    """A whole exchange of one case; a second round where the mode has one."""
    case = SPOKEN[number]
    ours, theirs = words_of(case, ALICE, BOB), words_of(case, BOB, ALICE)
    if "psk" in ours:
        ours, theirs = {**ours, "psk": PLANTED}, {**theirs, "psk": PLANTED}
    lines = [
        line("init", sid="a", **ours),
        line("respond", sid="b", message=MESSAGE, **theirs),
        line("complete", sid="a", message=MESSAGE),
    ]
    if case.mode is Mode.DHSAML:
        return [*lines, line("respond", sid="b", message=MESSAGE), line("complete", sid="a", message=MESSAGE)]
    return lines


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    psk = {"mode": "PSK", "identity": ALICE, "peer": BOB, "psk": PLANTED}
    seeds = {f"exchange-{SPOKEN[number].name}": exchange(number) for number in range(len(SPOKEN))}
    seeds |= {
        "update": [*exchange(0), line("update", sid="a", new_keys=True), line("respond", sid="b", message=MESSAGE)],
        "keys": [line("init", v=0, **psk), line("keys")],
        "open": [line("init", **psk), line("open", i_message=MESSAGE, r_message=None, psk=PLANTED)],
        "open-wrong": [line("init", **psk), line("open", i_message=MESSAGE, psk="00" * 16)],
        "parse": [line("init", **psk), line("parse", message=MESSAGE)],
        "asides": [line("prf", inkey="aa" * 16, label="bb", bits=160), line("modes")],
        "everything": [
            line(
                "init",
                cs=[{"ssrc": 1, "roc": 2, "policy": 3}],
                policies=[{"no": 3, "params": {"1": "10"}}],
                tgk_len=32,
                csb_id=5,
                profile="compat",
                now=1_782_864_000,
                secure_carrier=True,
                c=1,
                s_type=0,
                key_type=0,
                salt=True,
                dh_group=0,
                round2=0,
                **psk,
            ),
            line("respond", message=MESSAGE, ssrcs={"2": 7}, **{**psk, "identity": BOB, "peer": ALICE}),
        ],
        "tek": [line("init", key_type=2, salt=True, **psk), line("init", key_type=3, **psk)],
        "more-wrong-2": [
            line("init", policies=[{"no": 0, "params": {}}, {"no": 0, "params": {}}], **psk),
            line("init", policies=[{"no": 0, "params": {"1": "ffffffff"}}], **psk),
            line("init", mode="RSA", psk=PLANTED),
            line("init", assertion="<x/>"),
            line("init"),
        ],
        "wrong": [
            "{",
            "[]",
            line("ini"),
            line("init", pks="00"),
            line("init", psk="zz"),
            line("init", mode="psk", psk=PLANTED),
            line("prf", inkey="", label="", bits=7),
            line("respond", message="AAAA"),
        ],
        "more-wrong": [
            line("init", policies=[{"no": 0, "params": {"x": "00"}}], **psk),
            line("init", cs=[{"policy": 9}], **psk),
            line("init", key="-----BEGIN PRIVATE KEY-----"),
            line("init", cert="x", key="y", trust=["z"]),
            line("complete", message="AAAA"),
            line("update", sid="nobody"),
            line("keys", sid="s" * 300),
            line("open", i_message="AAAA"),
        ],
    }
    for number in range(len(SPOKEN)):
        case = SPOKEN[number]
        said = words_of(case, ALICE, BOB)
        unsaid = {word: value for word, value in said.items() if word not in ("mode", "identity")}
        seeds[f"unsaid-{case.name}"] = [line("init", **unsaid), line("init", **{**unsaid, "key": None})]
    for name, lines in seeds.items():
        (FOLDER / name).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
