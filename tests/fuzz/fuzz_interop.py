"""Fuzz the interop endpoint: `python -m tests.fuzz.fuzz_interop CORPUS_DIR -max_total_time=60`.

An input is a conversation, one line a command; `$LAST` in a line stands for the message that the endpoint gave last.
Every line must get one line of JSON: what was asked for, or a failure of a known kind that repeats no secret.
"""

from __future__ import annotations

import json

from mikey_sdp.clock import NtpTime
from mikey_sdp.interop import Session
from mikey_sdp.secret import SeededEntropy
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/interop/asides.py",
    "mikey_sdp/interop/commands.py",
    "mikey_sdp/interop/session.py",
    "mikey_sdp/interop/settings.py",
]
MAX_LINES = 8
LAST = b"$LAST"
KINDS = frozenset({"usage", "decode", "peer", "policy", "secrets", "unavailable"})
NOW = NtpTime.from_unix_us(1_782_864_000_000_000)  # 2026-07-01T00:00:00Z
PLANTED = "c0ffee00c0ffee11c0ffee22c0ffee33"
"""A pre-shared key that seeds use; no failure may repeat it."""
AS_PSK = f'"psk": "{PLANTED}"'.encode()


def one_input(data: bytes) -> None:
    """Hold the conversation, and look at every answer."""
    session = Session(clock=lambda: NOW, entropy=SeededEntropy(b"fuzz"))
    last = b""
    for line in data.split(b"\n")[:MAX_LINES]:
        text = session.answer(line.replace(LAST, last))
        assert "\n" not in text
        answer = json.loads(text)
        if answer["ok"]:
            message = answer.get("message")
            last = message.encode() if isinstance(message, str) else last
            continue
        error = answer["error"]
        assert set(error) == {"kind", "text", "mikey_error", "reply"}
        assert error["kind"] in KINDS
        if PLANTED.encode() not in line.replace(AS_PSK, b""):  # where a name belongs it is quoted back
            assert PLANTED not in error["text"]


if __name__ == "__main__":
    under_atheris(one_input)
