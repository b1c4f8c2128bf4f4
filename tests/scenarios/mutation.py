"""Break one protection at a time, in a copy of the project: the scenarios named for it must fail, and say where.

`python -m tests.scenarios.mutation` first runs all named scenarios unbroken, then for each row of `MUTATIONS` its own.
A break that a named scenario passes, or fails for something else than what is named here, fails the script.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.sabotage import NotBreakable, broken, copy_project
from tests.scenarios.twins import CALLEES

PROGRAM: Final = "from mikey_sdp.cli.main import main; main()"
REFUSED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One protection, the text that carries it, what stands there instead, and who notices.

    Keeps: `noticed_by`, by scenario texts that the failed expectations must hold, each in one of them.
    """

    what: str
    file: str
    old: str
    new: str
    noticed_by: Mapping[str, tuple[str, ...]]


MUTATIONS: Final = (
    Mutation(
        what="the check of V, by which a Responder proves that it has the keys",
        file="mikey_sdp/mikey/modes/verification.py",
        old="        verify_mac(v.auth_alg, keys, octets, v.mac, section=SECTION)\n",
        new="        del octets\n",
        noticed_by={
            "tampered-answers": ("attack: by by-psk,", "attack: by by-rsa,", "attack: by by-ecies,"),
            "callees-with-bad-certificates": ("key management failed: at ecmqv, with thief-ec,", "keys: none at"),
        },
    ),
    Mutation(
        what="the check of the SDP IDs, the protected list of key management protocols",
        file="mikey_sdp/endpoint/answering.py",
        old="        judge_identifiers(offer)(message)\n",
        new="        judge_identifiers(offer)\n",
        noticed_by={"bidding-down": ("attack: by mallory,", "key management failed: at bob,", "keys: none at bob")},
    ),
    Mutation(
        what="the derivation of TEKs, for each branch from the TGK of that branch",
        file="mikey_sdp/mikey/crypto/derive.py",
        old="return Secret(self.prf(tgk.reveal(), label_of(constant, cs_id, self.csb_id, self.rand), bits))",
        new="return Secret(self.prf(bytes(16), label_of(constant, cs_id, self.csb_id, self.rand), bits))",
        noticed_by={
            "fork-signed-dh": (
                "keys: different bob-desk and bob-mobile",
                "keys: unknown to bob-mobile",
                "keys: forward secret bob-mobile",
            ),
            "retarget-signed-dh": ("keys: agreed alice and carol, unknown to alice bob and proxy, forward secret",),
        },
    ),
    Mutation(
        what="the SSRC binding, by which no two branches with one key send under one SSRC",
        file="mikey_sdp/endpoint/settling.py",
        old="    if ssrc and cs_id in answered and before.sessions[cs_id - 1].ssrc == ssrc:\n",
        new="    if ssrc and cs_id in answered and not before.sessions:\n",
        noticed_by={"two-time-pad": ("keys: none with alice mobile,", "key management failed: at alice, with mobile,")},
    ),
    Mutation(
        what="the replay cache",
        file="mikey_sdp/mikey/replay.py",
        old="if _hash(message) in self._hashes:",
        new="if not message:",
        noticed_by={
            "replayed-invite": ("key management failed: at bob, mikey error 1,",),
            "replays": tuple(f"at {callee}, with {caller}, mikey error 1," for caller, callee in CALLEES.items()),
        },
    ),
    Mutation(
        what="the SSRC binding, by which a receiver takes the streams that were agreed on and no other",
        file="mikey_sdp/srtp/receiver.py",
        old="        if len(self._streams) >= self._max_ssrcs:\n",
        new="        if self._max_ssrcs < 1:\n",
        noticed_by={"fork-loser-injects": ("from bob-mobile, to alice, sent 50, decrypted 50, undecryptable 10",)},
    ),
)


def failures(tree: Path, scenarios: Iterable[str]) -> dict[str, list[str]]:
    """What each of these scenarios fails in that copy, by its name; a file that can't be used fails as a whole."""
    files = [f"scenarios/{name}.call.yaml" for name in scenarios]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "run", "--json", *files],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout or done.returncode >= REFUSED:
        raise SystemExit(f"mutation: the runs ended with {done.returncode}\n{done.stderr[-3000:]}")
    return {
        Path(run["file"]).name.partition(".")[0]: [
            verdict["expectation"] for verdict in run["verdicts"] if not verdict["held"]
        ]
        for run in json.loads(done.stdout)["runs"]
    }


def faults_of(row: Mutation, tree: Path) -> list[str]:
    """Break, run the named scenarios, mend; what none of them noticed."""
    try:
        with broken(tree, row.file, row.old, row.new):
            failed = failures(tree, row.noticed_by)
    except NotBreakable as error:
        return [str(error)]
    return [
        f"{name} does not fail: {text}"
        for name, texts in row.noticed_by.items()
        for text in texts
        if not any(text in expectation for expectation in failed[name])
    ]


def main() -> int:
    """Break all protections, or those in whose description a given word stands; 0 when each was noticed."""
    parser = argparse.ArgumentParser(prog="tests.scenarios.mutation", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="WORD", help="break these only")
    only = parser.parse_args().only
    rows = [row for row in MUTATIONS if not only or any(word in row.what for word in only)]
    started = time.monotonic()
    noticed = 0
    with tempfile.TemporaryDirectory(prefix="mikey_sdp_mutation_") as folder:
        tree = copy_project(Path(folder, "copy"))
        named = dict.fromkeys(name for row in rows for name in row.noticed_by)
        before = {name: failed for name, failed in failures(tree, named).items() if failed}
        if before:
            raise SystemExit(f"mutation: scenarios fail before anything is broken: {before}")
        for row in rows:
            faults = faults_of(row, tree)
            noticed += not faults
            print(f"{'FAIL' if faults else 'ok  '} {row.what}: {', '.join(row.noticed_by)}")
            for fault in faults:
                print(f"       {fault}")
    print(f"{noticed} of {len(rows)} breaks were noticed, in {time.monotonic() - started:.0f} s")
    return 0 if noticed == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
