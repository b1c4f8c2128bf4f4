"""The bodies of tests/data/sdp: session descriptions in the shape of what real products send."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "data" / "sdp"
BODIES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.sdp"))}
