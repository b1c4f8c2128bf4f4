"""Running the program as a user does, in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mikey_sdp.cli.main import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What one call of the program left behind."""

    status: int
    out: str
    err: str
    raw: bytes


Program = Callable[..., Ran]


class _Terminalless(io.TextIOWrapper):
    def isatty(self) -> bool:
        return False


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Program:
    """`program("decode", "x", stdin=b"...")` calls `mikey-sdp decode x`; anything but an exit fails the test."""

    def call(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", _Terminalless(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as left:
            main(arguments)
        captured = capsysbinary.readouterr()
        status = left.value.code
        if not isinstance(status, int):
            raise TypeError(f"the program left with {status!r}")
        return Ran(status, captured.out.decode(errors="replace"), captured.err.decode(), captured.out)

    return call
