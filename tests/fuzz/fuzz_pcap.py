"""Fuzz the reading of captures: `python -m tests.fuzz.fuzz_pcap CORPUS_DIR -max_total_time=60`.

Frames of any capture are trawled for MIKEY as `decode` does it; the only error is a DecodeError that says where.
"""

from __future__ import annotations

from mikey_sdp.dissect.capture import is_capture
from mikey_sdp.dissect.trawl import from_capture
from mikey_sdp.errors import DecodeError
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/dissect/capture.py",
    "mikey_sdp/dissect/packets.py",
    "mikey_sdp/dissect/fragments.py",
    "mikey_sdp/dissect/flows.py",
    "mikey_sdp/dissect/envelope.py",
    "mikey_sdp/dissect/trawl.py",
]


def one_input(data: bytes) -> None:
    """Read `data` as a capture file."""
    is_capture(data)
    try:
        findings = from_capture(data)
    except DecodeError as error:
        if not (0 <= error.offset <= len(data) and error.field and error.section):
            raise AssertionError(f"an error that does not say where: {error}") from error
        return
    assert findings.found or findings.notes
    for found in findings.found:
        assert found.where.frame is not None
        assert len(found.octets) <= len(data)


if __name__ == "__main__":
    under_atheris(one_input)
