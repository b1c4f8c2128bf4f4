"""A tone as a file, for phones that send what a file holds."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path
from typing import Final

_RATE: Final = 8_000
_LOUDNESS: Final = 8_000


def write_tone(path: Path, *, hertz: int = 440, seconds: int = 5) -> Path:
    """Write a WAV file with a sine tone, 8,000 samples a second, and give back where it is."""
    step = 2 * math.pi * hertz / _RATE
    samples = array("h", (round(_LOUDNESS * math.sin(step * at)) for at in range(seconds * _RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())
    return path
