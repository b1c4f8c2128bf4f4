"""What a run of the matrix came to: whether the call worked, and whether its keys stayed with its members."""

from __future__ import annotations

from collections.abc import Iterator

from mikey_sdp.mikey.modes.table import row_of_message
from mikey_sdp.report.matrix_run import MatrixRun
from mikey_sdp.scenario.attack import Seen
from mikey_sdp.scenario.matrix_cast import CALLER
from mikey_sdp.scenario.matrix_hearing import Hearing
from mikey_sdp.scenario.matrix_outcome import Outcome, checked, outcome_of, verdicts_of
from mikey_sdp.scenario.matrix_scene import Played
from mikey_sdp.scenario.matrix_secrecy import attempts, calls, no_pads, own_keys, unread
from mikey_sdp.trace import Verdict


def judge(played: Played, *, late: bool = False) -> Outcome:
    """Works: the phones that were meant to answer did, and every packet that counts was decrypted when it arrived, or
    with `late` when its keys did. In a conference everybody hears everybody, and all have one key.

    Raises: NothingShown.
    """
    hearing = Hearing.of(played) if played.scene.group is not None else None
    tried = tuple(attempts(played, calls(played) if hearing is None else hearing.conversations()))
    heard = _decrypted(played, late=late) if hearing is None else hearing.understood()
    use = (*_answered(played), *heard)
    secrecy = (*unread(tried), *(own_keys(played) if hearing is None else ()), *no_pads(played))
    scene = played.scene
    parties = (*scene.actors, *(server.name for server in scene.servers))
    result = verdicts_of(scene.name, parties, (*use, *secrecy), played.records, commands=len(scene.commands))
    chosen = _chosen(played) if scene.case.free_choice else ""
    return outcome_of(MatrixRun(result=result, attempts=tried), use=use, secrecy=secrecy, chosen=chosen)


def _chosen(played: Played) -> str:
    """The mode of the last offer that the caller made or got."""
    offered = [row_of_message(message) for message in Seen.of(played.capture.at(CALLER)).messages]
    modes = [str(row.mode) for row in offered if row is not None]
    return modes[-1] if modes else ""


def _answered(played: Played) -> Iterator[Verdict]:
    for name in played.scene.answers:
        faults = () if name in played.confirmed else (f"{name} did not become a party to the call",)
        yield from checked(f"{name} becomes a party to the call", faults)


def _decrypted(played: Played, *, late: bool) -> Iterator[Verdict]:
    """Both ways together: what all answering phones sent, and what the caller sent."""
    phones = [name for name in played.scene.actors if name != CALLER]
    for senders, takers in ((phones, [CALLER]), ([CALLER], phones)):
        sent = sum(stream.packets for name in senders for stream in played.counted(name, "sent"))
        received = [stream for name in takers for stream in played.counted(name, "received")]
        opened = sum(stream.decrypted + (stream.decrypted_late if late else 0) for stream in received)
        whom = " and ".join(takers if takers == [CALLER] else played.scene.answers)
        faults = []
        if not sent:
            faults.append(f"nobody sent anything to {whom}")
        elif opened < sent:
            faults.append(f"{sent - opened} of {sent} packets to {whom} were not decrypted")
        when = "when its keys are there" if late else "when it arrives"
        yield from checked(f"every packet to {whom} is decrypted {when}", faults)
