"""`mikey-sdp interop`: MIKEY exchanges by JSON lines on standard input and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final

import click

from mikey_sdp.interop import MAX_LINE_OCTETS, Session
from mikey_sdp.system import system_clock

_CHUNK_OCTETS: Final = 1 << 16


@click.command("interop")
def interop() -> None:
    """Run MIKEY exchanges by JSON lines, so that another implementation can be tested against this one.

    Reads one JSON object a line from standard input, such as

    \b
      {"cmd": "init", "mode": "PSK", "psk": "000102030405060708090a0b0c0d0e0f"}

    and writes the answer as one line to standard output at once: an I_MESSAGE here. The commands are init, respond,
    complete, update, keys, open, parse, prf and modes; docs/interop.md tells all of their fields. Answers hold keys
    in clear, so use keys that are made for tests.

    Ends with the input. A line that can't be carried out gets an answer that says why, and the next one is read.
    """
    session = Session(clock=system_clock, entropy=os.urandom)
    for line in lines(sys.stdin.buffer):
        sys.stdout.write(session.answer(line) + "\n")
        sys.stdout.flush()


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream. Of one that is too long no more is kept than shows that it is."""
    while line := stream.readline(MAX_LINE_OCTETS + 2):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_CHUNK_OCTETS)
        yield line.rstrip(b"\r\n")
