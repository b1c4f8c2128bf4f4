"""A run behind a cell of the matrix, as values: what a page of it shows beside the trace."""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.trace import RunResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What somebody who is no member of a call made of it.

    Keeps: `who` tried, and the `members` of the call; `secrets`, how many he holds, and `messages`, how many MIKEY
    messages he read; `derived`, the fingerprints of the keys that he made of both, and `opened`, of those the ones that
    decrypted a packet of the call.
    """

    who: str
    members: tuple[str, ...]
    secrets: int
    messages: int
    derived: tuple[str, ...]
    opened: tuple[str, ...]

    @property
    def said(self) -> str:
        """Whose words are at stake."""
        return " and ".join(filter(None, (", ".join(self.members[:-1]), self.members[-1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRun:
    """A run of the matrix: its trace and verdicts, and every attempt to read it."""

    result: RunResult
    attempts: tuple[Attempt, ...] = ()
