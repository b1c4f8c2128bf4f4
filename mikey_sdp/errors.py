"""The toolkit's exceptions, one class a fault.

Who is to blame decides the class: the octets (`DecodeError`), the peer (`PeerError`), our own rules (`PolicyRefused`),
the caller (`UsageError`), a scenario file (`ScenarioError`) or the installation (`BackendUnavailable`). No text of
theirs ever holds key material.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MikeySdpError(Exception):
    """Whatever this toolkit raises on purpose; anything else that escapes it is a bug."""


class DecodeError(MikeySdpError):
    """Octets or text that are malformed: where reading stopped, at which field, and by which rule.

    Units: `offset`, `wanted` and `left` count octets from the start of what was handed in (for text, characters).
    Keeps: `partial`, what had been read before the fault (the payloads of a MIKEY message, say); `mikey_error` and
    `reply` as `PeerError` has them, where the octets were a MIKEY message to us.
    """

    def __init__(
        self,
        reason: str,
        *,
        offset: int,
        field: str,
        section: str,
        wanted: int | None = None,
        left: int | None = None,
        partial: Sequence[object] = (),
    ) -> None:
        self.reason = reason
        self.offset = offset
        self.field = field
        self.section = section
        self.wanted = wanted
        self.left = left
        self.partial = tuple(partial)
        self.mikey_error: int | None = None
        self.reply: bytes | None = None
        super().__init__(reason)

    def __str__(self) -> str:
        need = "" if self.wanted is None else f" (wanted {self.wanted}, left {self.left})"
        return f"at offset {self.offset}, {self.field}: {self.reason}{need} [{self.section}]"


class PeerError(MikeySdpError):
    """A well-formed message that is not acceptable; knows what the peer is to be told, if anything.

    Keeps: `mikey_error`, the Error no of RFC 3830 section 6.12, or None where silence is right; `reply`, the octets of
    a MIKEY Error message to send, or None; `advisory`, true when the peer reported the fault without proving itself.
    """

    def __init__(
        self,
        reason: str,
        *,
        mikey_error: int | None,
        section: str = "RFC 3830 section 6.12",
        reply: bytes | None = None,
        advisory: bool = False,
    ) -> None:
        self.reason = reason
        self.mikey_error = mikey_error
        self.section = section
        self.reply = reply
        self.advisory = advisory
        super().__init__(reason)

    def __str__(self) -> str:
        number = "silent" if self.mikey_error is None else f"MIKEY error {self.mikey_error}"
        return f"{self.reason} ({number}) [{self.section}]"


class PolicyRefused(MikeySdpError):
    """Something the standards allow and our own rules don't: names the rule and the facts it looked at."""

    def __init__(self, rule: str, reason: str, *, facts: Mapping[str, object] | None = None) -> None:
        self.rule = rule
        self.reason = reason
        self.facts = dict(facts or {})
        super().__init__(reason)

    def __str__(self) -> str:
        facts = "; ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.reason} (rule {self.rule}{'; ' + facts if facts else ''})"


class UsageError(MikeySdpError):
    """The calling program asked for something that makes no sense; the text says what to do instead."""


class ScenarioError(MikeySdpError):
    """A scenario file that can't be used: which file, which line, which path inside it, and the nearest valid word."""

    def __init__(
        self, reason: str, *, file: str, line: int | None = None, path: str = "", hint: str | None = None
    ) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        self.path = path
        self.hint = hint
        super().__init__(reason)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f": {self.path}" if self.path else ""
        hint = f" (did you mean {self.hint!r}?)" if self.hint else ""
        return f"{place}{path}: {self.reason}{hint}"


class BackendUnavailable(MikeySdpError):
    """A library or program that this task needs is not installed; names what brings it."""

    def __init__(self, what: str, *, install: str) -> None:
        self.what = what
        self.install = install
        super().__init__(f"{what} is not available; install it with: {install}")
