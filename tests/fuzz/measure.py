"""How many lines of a decoder its seeds reach: `python -m tests.fuzz.measure NAME` prints JSON.

A process of its own, so that the lines which run at import are seen too, whatever has been imported before.
"""

from __future__ import annotations

import json
import sys

import coverage

from tests.fuzz.harnesses import ROOT, find_harnesses


def measure(name: str) -> dict[str, dict[str, object]]:
    """Per decoder file: how many statements there are, and the lines that no seed reaches."""
    (harness,) = (harness for harness in find_harnesses() if harness.name == name)
    meter = coverage.Coverage(data_file=None, config_file=False, include=[str(ROOT / "mikey_sdp" / "*")])
    meter.start()
    one_input, files = harness.load()
    for path in harness.seed_files():
        one_input(path.read_bytes())
    meter.stop()
    found: dict[str, dict[str, object]] = {}
    for file in files:
        _, statements, _, missing, _ = meter.analysis2(str(ROOT / file))
        found[file] = {"statements": len(statements), "missing": missing}
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
