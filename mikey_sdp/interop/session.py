"""The conversation: a line in, a line out, whatever the line is.

Nothing here reads input, a clock or chance; all three are handed in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET

from mikey_sdp.clock import Clock
from mikey_sdp.errors import MikeySdpError, UsageError
from mikey_sdp.interop import asides
from mikey_sdp.interop.commands import (
    KINDS,
    Command,
    Complete,
    CryptoSession,
    End,
    Init,
    Keys,
    Modes,
    Open,
    Parse,
    Policy,
    Prf,
    Respond,
    Update,
    words_of,
)
from mikey_sdp.interop.opening import open_recorded
from mikey_sdp.interop.party import Party
from mikey_sdp.interop.results import Result, failure
from mikey_sdp.interop.settings import Settings
from mikey_sdp.secret import Entropy

MAX_LINE_OCTETS: Final = 1 << 20
MAX_PARTIES: Final = 1000
MAX_SID_CHARACTERS: Final = 256
_SHOWN: Final = 40
_MOST_SHOWN: Final = 200
_UNKNOWN_WORD: Final = re.compile(r"Object contains unknown field `([^`]*)`(?: - at `\$([^`]*)`)?")
_VALUE: Final = re.compile(r"Invalid enum value (?:'.*'|[^ ]*)", re.DOTALL)


_S = TypeVar("_S", bound=msgspec.Struct)


class _AnyCommand(msgspec.Struct, frozen=True):
    cmd: str


class Session:
    """One conversation; its ends live as long as it does.

    Keeps: at most 1,000 ends by sid.
    """

    def __init__(self, *, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._parties: dict[str, Party] = {}

    def answer(self, line: str | bytes) -> str:
        """The answer to one line, itself one line without its end. Any line at all gets one."""
        try:
            command = read(line)
            result: Result = {"ok": True, **_ACTS[type(command)](self, command)}
        except MikeySdpError as error:
            result = failure(error)
        return msgspec.json.encode(result).decode()

    def _init(self, words: Init) -> Result:
        sid = self._sid(words)
        party = Party(settings=self._settings(words))
        result = party.init(words)
        self._parties[sid] = party
        return result

    def _respond(self, words: Respond) -> Result:
        sid = self._sid(words)
        party = self._parties.get(sid)
        settings = self._settings(words if party is None else _over(party.settings.words, words))
        party = party or Party(settings=settings)
        result = party.respond(words, settings)
        self._parties[sid] = party
        return result

    def _complete(self, words: Complete) -> Result:
        return self._party(words.sid).complete(words)

    def _update(self, words: Update) -> Result:
        return self._party(words.sid).update(words)

    def _keys(self, words: Keys) -> Result:
        return self._party(words.sid).keys()

    def _open(self, words: Open) -> Result:
        return open_recorded(words)

    def _parse(self, words: Parse) -> Result:
        return asides.parse(words, self._clock)

    def _prf(self, words: Prf) -> Result:
        return asides.prf(words)

    def _modes(self, _words: Modes) -> Result:
        return asides.modes()

    def _settings(self, words: End) -> Settings:
        return Settings(words, self._clock, self._entropy)

    def _sid(self, words: End) -> str:
        sid = words.sid if isinstance(words.sid, str) else ""
        if len(sid) > MAX_SID_CHARACTERS:
            raise UsageError(f"a sid has at most {MAX_SID_CHARACTERS} characters")
        if sid not in self._parties and len(self._parties) >= MAX_PARTIES:
            raise UsageError(f"{MAX_PARTIES} sids are in use, the most there can be; use one of them again")
        return sid

    def _party(self, sid: str) -> Party:
        party = self._parties.get(sid)
        if party is None:
            raise UsageError(f"there is no end of sid {sid[:_SHOWN]!r}; init or respond makes one")
        return party


_ACTS: Final[Mapping[type[Command], Callable[[Session, Any], Result]]] = MappingProxyType(
    {
        Init: Session._init,
        Respond: Session._respond,
        Complete: Session._complete,
        Update: Session._update,
        Keys: Session._keys,
        Open: Session._open,
        Parse: Session._parse,
        Prf: Session._prf,
        Modes: Session._modes,
    }
)
"""Who carries out which command."""


def _over(before: End, now: Respond) -> End:
    """The words of an end, those given now in the place of what they were."""
    return End(
        **{
            word: given if (given := getattr(now, word)) is not UNSET else getattr(before, word)
            for word in words_of(End)
        }
    )


def read(line: str | bytes) -> Command:
    """The command that a line is.

    Raises: UsageError, which names what is wrong and the nearest right word, and repeats no value.
    """
    if len(line) > MAX_LINE_OCTETS:
        raise UsageError(f"a line has at most {MAX_LINE_OCTETS} octets")
    word = _decoded(line, _AnyCommand).cmd
    kind = KINDS.get(word)
    if kind is None:
        raise UsageError(f"there is no command {_short(word)!r}{_nearest(word, tuple(KINDS))}")
    return _decoded(line, kind)


def _decoded(line: str | bytes, kind: type[_S]) -> _S:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.ValidationError as error:
        raise UsageError(_said(str(error), kind)) from None
    except (msgspec.DecodeError, UnicodeError):
        raise UsageError("the line is not one JSON object in UTF-8") from None
    except RecursionError:
        raise UsageError("the line is nested too deeply") from None


def _said(text: str, kind: type[msgspec.Struct]) -> str:
    unknown = _UNKNOWN_WORD.fullmatch(text)
    if unknown is None:
        return _short(_VALUE.sub("another value than those allowed", text), most=_MOST_SHOWN)
    word, place = unknown.group(1), unknown.group(2) or ""
    owner = next((part for name, part in _PARTS.items() if place.startswith(name)), kind)
    where = f" in {place[1:]}" if place else ""
    return f"there is no field {_short(word)!r}{where}{_nearest(word, words_of(owner))}"


_PARTS: Final[Mapping[str, type[msgspec.Struct]]] = {".cs[": CryptoSession, ".policies[": Policy}


def _nearest(word: str, words: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word[:_SHOWN], words, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(words)}"


def _short(text: str, *, most: int = _SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
