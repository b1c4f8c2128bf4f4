"""What the command-line telephone is set up with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mikey_sdp.softphone.edge_places import Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePlan:
    """Where it listens, how it calls, and what it has for ears and mouth.

    Keeps: `proxy`, the SIP server that all its calls go through; `auto_answer`, whether it takes every call at once;
    `allow_plain`, whether it talks without keys where there are none; `tone`, a frequency in Hz instead of the
    microphone; `play`, a WAV file instead of it; `record`, a WAV file instead of the loudspeaker; `silent`, no sound
    devices.
    """

    listen: tuple[Listener, ...]
    proxy: str = ""
    auto_answer: bool = False
    allow_plain: bool = False
    tone: int | None = None
    play: Path | None = None
    record: Path | None = None
    silent: bool = False

    @property
    def places(self) -> str:
        """Where it listens, to be read."""
        return ", ".join(map(str, self.listen))
