"""What is typed into the command-line telephone, and what it says: words only, no telephone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mikey_sdp.endpoint import KeySet
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.report.printable import printable
from mikey_sdp.sip import Uri, identity

MAX_LINE: Final = 2_000
_FINGERPRINT: Final = 8


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: the words behind it, those in brackets may be left out, and what it does."""

    takes: str
    does: str

    @property
    def least(self) -> int:
        """How many words it needs."""
        return len([word for word in self.takes.split() if not word.startswith("[")])

    @property
    def most(self) -> int:
        """How many words it takes."""
        return len(self.takes.split())


VERBS: Final[Mapping[str, Verb]] = MappingProxyType(
    {
        "call": Verb("URI [IDENTITY]", "call somebody; IDENTITY is who has to answer, where the URI is only a place"),
        "answer": Verb("", "take the call that comes in"),
        "hold": Verb("", "let the other end wait"),
        "resume": Verb("", "go on with a call on hold"),
        "transfer": Verb("URI", "have the other end call somebody else"),
        "rekey": Verb("", "agree on new keys"),
        "hangup": Verb("", "end the call, or turn it down"),
        "status": Verb("", "tell how the call goes"),
        "help": Verb("", "list these commands"),
        "quit": Verb("", "hang up and leave"),
    }
)
"""Every command of the telephone."""
_ALSO: Final = {"hang": "hangup", "bye": "hangup", "dial": "call", "unhold": "resume", "exit": "quit", "?": "help"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command as it was typed, its URIs in full."""

    verb: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packets:
    """What a call's sound came to."""

    sent: int = 0
    received: int = 0
    lost: int = 0

    def plus(self, *, sent: int, received: int, lost: int) -> Packets:
        """The sum with what another stream of the call counted."""
        return Packets(sent=self.sent + sent, received=self.received + received, lost=self.lost + lost)

    def __str__(self) -> str:
        return f"{self.sent} packets sent, {self.received} received, {self.lost} lost"


def typed(line: str) -> Typed | None:
    """The command that a line stands for, None for an empty one.

    Raises: UsageError, for any other line.
    """
    if len(line) > MAX_LINE:
        raise UsageError(f"a command has at most {MAX_LINE} letters")
    verb, *words = line.split() or [""]
    if not verb:
        return None
    name = _ALSO.get(verb.lower(), verb.lower())
    if verb.lower() == "hang" and words[:1] == ["up"]:
        del words[0]
    if name not in VERBS:
        near = difflib.get_close_matches(name, VERBS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(VERBS)}"
        raise UsageError(f"there is no command {printable(verb[:40])!r}; {hint}")
    needed = VERBS[name]
    if not needed.least <= len(words) <= needed.most:
        raise UsageError(f"{name} is used as: {name} {needed.takes}".rstrip() + ("" if needed.takes else " (alone)"))
    return Typed(verb=name, words=tuple(map(uri_of, words)))


def uri_of(text: str) -> str:
    """A SIP URI in full; `bob@example.com` is short for one.

    Raises: UsageError.
    """
    full = text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}"
    try:
        uri = Uri.parse(full)
        identity(full)
    except DecodeError as error:
        raise UsageError(
            f"{printable(text[:80])!r} is no SIP URI such as sip:bob@example.com: {error.reason}"
        ) from None
    return uri.text


def keys_line(keys: KeySet) -> str:
    """Mode, peer and keys of a call in one line, keys by their fingerprints."""
    return f"{keys.mode} with {keys.peer} ({_proof(keys)}), keys {' '.join(fingerprints(keys)) or 'none'}"


def fingerprints(keys: KeySet) -> list[str]:
    """What is sent and received under, for the first m= line in use; the other end has the same the other way round."""
    for line in keys.media.values():
        directions = (("out", line.send), ("in", line.receive))
        return [f"{way} {sa.master_key.fingerprint()[:_FINGERPRINT]}" for way, sas in directions for sa in sas]
    return []


def warnings_on(keys: KeySet) -> list[str]:
    """What somebody who uses these keys had better know."""
    told = [*map(str, keys.tolerated), *keys.advice]
    if keys.mode is Mode.NULL:
        told.append("MIKEY NULL: whoever reads the signalling has these keys")
    return [printable(one) for one in told]


def help_lines() -> Iterable[str]:
    """The list of commands."""
    width = max(len(f"{name} {verb.takes}") for name, verb in VERBS.items())
    return [f"  {f'{name} {verb.takes}':<{width}}  {verb.does}" for name, verb in VERBS.items()]


def _proof(keys: KeySet) -> str:
    if keys.mode is Mode.NULL:
        return "claimed only"
    return "proved" if keys.live else "not yet proved"
