"""Tones that phones play to each other, and how much of a tone a recording holds."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path
from typing import Final

RATE: Final = 8_000
_BLOCK: Final = 400


def write_tone(path: Path, hertz: int, *, seconds: float = 20.0) -> Path:
    """A WAV file with one tone, as phones can play it."""
    samples = array("h", (int(8_000 * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(int(seconds * RATE))))
    with wave.open(str(path), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(samples.tobytes())
    return path


def samples_of(path: Path) -> tuple[array[int], int]:
    """The samples of the first channel, and how many there are in a second."""
    with wave.open(str(path), "rb") as read:
        assert read.getsampwidth() == 2
        samples = array("h", read.readframes(read.getnframes()))
        return samples[:: read.getnchannels()], read.getframerate()


def share_of(samples: array[int], rate: int, hertz: int) -> float:
    """How much of the power is in one tone: 1 for nothing else (Goertzel's algorithm)."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    energy = before * before + last * last - turn * before * last
    return 2 * energy / (len(samples) * power)


def seconds_of(path: Path, hertz: int) -> float:
    """For how long a recording holds that tone and hardly anything else, counted in blocks of 50 ms."""
    samples, rate = samples_of(path)
    size = _BLOCK * rate // RATE
    blocks = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    return sum(size / rate for block in blocks if share_of(block, rate, hertz) > 0.9)
