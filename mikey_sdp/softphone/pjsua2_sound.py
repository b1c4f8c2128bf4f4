"""Ear and mouth of the command-line telephone: sound devices where there are any, else a tone, a file or nothing."""

from __future__ import annotations

from typing import Any

from mikey_sdp.softphone.phone_plan import PhonePlan
from mikey_sdp.softphone.pjsua2_native import pj


class Sound:
    """What a call hears from us and what we do with what it says.

    Keeps: `devices`, whether microphone and loudspeaker of the machine are used.
    Raises: pj.Error for files that can't be used.
    """

    def __init__(self, endpoint: Any, plan: PhonePlan) -> None:
        self._manager = endpoint.audDevManager()
        self._source = self._made_source(plan)
        self._sink = self._made_sink(plan)
        wanted = not plan.silent and (self._source is None or self._sink is None)
        self.devices = wanted and len(self._manager.enumDev2()) > 0
        if not self.devices:
            self._manager.setNullDev()

    def connect(self, media: Any) -> None:
        """Join an audio stream to both."""
        source, sink = self._source, self._sink
        if source is None and self.devices:
            source = self._manager.getCaptureDevMedia()
        if sink is None and self.devices:
            sink = self._manager.getPlaybackDevMedia()
        if source is not None:
            source.startTransmit(media)
        if sink is not None:
            media.startTransmit(sink)

    def _made_source(self, plan: PhonePlan) -> Any:
        if plan.play is not None:
            player = pj.AudioMediaPlayer()
            player.createPlayer(str(plan.play))
            return player
        if plan.tone is None:
            return None
        tone, tones = pj.ToneDesc(), pj.ToneDescVector()
        tone.freq1, tone.on_msec, tone.off_msec = plan.tone, 1_000, 0
        tones.append(tone)
        generator = pj.ToneGenerator()
        generator.createToneGenerator()
        generator.play(tones, True)
        return generator

    def _made_sink(self, plan: PhonePlan) -> Any:
        if plan.record is None:
            return None
        recorder = pj.AudioMediaRecorder()
        recorder.createRecorder(str(plan.record))
        return recorder
