"""Other people's programs: found or missed by name, never taken for granted.

A test that needs one asks with `need`; without it the test is skipped and says what is missing, or fails where
MIKEY_SDP_LIVE=required says that everything must be there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.interop.dissector import LIMIT_S, Dissector
from tests.interop.scene import Play, played

SYSTEM_PYTHON: Final = "/usr/bin/python3"

_INSTALL: Final = {
    "tshark": "apt-get install tshark",
    "editcap": "apt-get install tshark",
    "text2pcap": "apt-get install tshark",
    "kamailio": "apt-get install kamailio",
    "sipp": "apt-get install sip-tester",
    "baresip": "apt-get install baresip-core",
    "linphonec": "apt-get install linphone-cli",
    "setpriv": "apt-get install util-linux",
    "pjsua2": "pip install pjsua2-python",
    "gstreamer": "apt-get install python3-gi gir1.2-gst-plugins-base-1.0",
}
_GSTREAMER_PROBE: Final = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstSdp', '1.0'); "
    "from gi.repository import Gst, GstSdp; GstSdp.MIKEYMessage"
)

Need = Callable[[str], str]


def _has_gstreamer() -> bool:
    if not os.access(SYSTEM_PYTHON, os.X_OK):
        return False
    probe = [SYSTEM_PYTHON, "-W", "ignore", "-c", _GSTREAMER_PROBE]
    return subprocess.run(probe, capture_output=True, timeout=LIMIT_S, check=False).returncode == 0


def _where(program: str) -> str | None:
    if program == "gstreamer":
        return SYSTEM_PYTHON if _has_gstreamer() else None
    if program == "pjsua2":
        return sys.executable if importlib.util.find_spec("pjsua2") else None
    return shutil.which(program)


@pytest.fixture(scope="session")
def need() -> Need:
    """`need("tshark")` gives the path of the program, or ends the test with what would bring it."""
    known: dict[str, str | None] = {}

    def find(program: str) -> str:
        if program not in known:
            known[program] = _where(program)
        path = known[program]
        if path is not None:
            return path
        missing = f"{program} is missing; {_INSTALL[program]} brings it"
        if os.environ.get("MIKEY_SDP_LIVE") == "required":
            pytest.fail(missing)
        pytest.skip(missing)

    return find


@pytest.fixture
def tshark(need: Need, tmp_path: Path) -> Dissector:
    """tshark, where it is there."""
    return Dissector(need("tshark"), tmp_path)


@pytest.fixture
def play(need: Need, tmp_path: Path) -> Play:
    """Run a test around a Kamailio, where that is there."""
    need("kamailio")
    return partial(played, tmp_path)
