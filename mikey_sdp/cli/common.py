"""What commands share: exit statuses, reading inputs, and secrets that never stand on the command line."""

from __future__ import annotations

import binascii
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.secret import Secret

HELD: Final = 0
FAILED: Final = 1
USED_WRONGLY: Final = 2
NOTHING_FOUND: Final = 3

MAX_INPUT_OCTETS: Final = 1 << 29
MAX_SECRET_OCTETS: Final = 1 << 16
PLACES_OF_SECRETS: Final = "@FILE, - for standard input, or keyring:SERVICE/USER"

_KEYRING: Final = "keyring:"
_PEM: Final = b"-----BEGIN "
_NAMES_OF_NULL: Final = ("null", "unprotected")
_PRINTABLE: Final = frozenset(range(32, 127))


class ModeChoice(click.Choice):  # type: ignore[type-arg]  # generic in its stubs, in older releases not at all
    """The modes by their names in letters of any size. The unprotected one goes by both of its names: `NULL`, as the
    standards call it, and `unprotected`, as scenario files do."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(tuple(names), case_sensitive=False)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the command knows it."""
        return str(super().convert(self.known_as(str(value)), param, ctx))

    def known_as(self, name: str) -> str:
        """A name as it stands in the list, itself where it doesn't."""
        wanted = {name.lower(), *(_NAMES_OF_NULL if name.lower() in _NAMES_OF_NULL else ())}
        return next((known for known in map(str, self.choices) if known.lower() in wanted), name)


class StandardInput:
    """Standard input, which only one option or argument of a command can have."""

    def __init__(self) -> None:
        self._taken_by = ""

    def read(self, taker: str, *, most: int = MAX_INPUT_OCTETS) -> bytes:
        """All octets of it.

        Raises: UsageError when something else has read it already, or where it is longer than `most`.
        """
        if self._taken_by:
            raise UsageError(f"standard input can't be both {self._taken_by} and {taker}; put one of them into a file")
        self._taken_by = taker
        if sys.stdin.isatty():
            sys.stderr.write(f"Reading {taker} from the terminal; end it with Ctrl-D.\n")
        return _bounded(sys.stdin.buffer.read(most + 1), most, taker)


def read_file(path: Path, *, most: int = MAX_INPUT_OCTETS) -> bytes:
    """All octets of a file.

    Raises: UsageError where it can't be read or is longer than `most`.
    """
    try:
        with path.open("rb") as file:
            return _bounded(file.read(most + 1), most, str(path))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class GivenSecret:
    """A secret that the user pointed to, and how what he pointed to was read."""

    secret: Secret
    read_as: str


def read_secret(spec: str, option: str, standard_input: StandardInput) -> GivenSecret:
    """The secret that an option points to: `@FILE`, `-`, or `keyring:SERVICE/USER`.

    A file with octets that are no text is the secret, all of it. Of a text the first line counts: hex where it has
    only hexadecimal digits, else base64 where it is that, else the text itself; `hex:`, `base64:` or `text:` in front
    of it settles which.
    Raises: UsageError for a secret given in place, and for a place that holds none; BackendUnavailable.
    """
    return secret_of(read_secret_octets(spec, option, standard_input), option)


def read_secret_octets(spec: str, option: str, standard_input: StandardInput) -> bytes:
    """All that lies where an option points to, for secrets with a form of their own, such as PEM.

    Raises: UsageError for a secret given in place, and for a place that can't be read; BackendUnavailable.
    """
    if spec == "-":
        return standard_input.read(f"the secret of {option}", most=MAX_SECRET_OCTETS)
    if spec.startswith("@"):
        return read_file(Path(spec[1:]), most=MAX_SECRET_OCTETS)
    if spec.startswith(_KEYRING):
        return _from_keyring(spec.removeprefix(_KEYRING)).encode()
    if os.path.lexists(spec):
        raise UsageError(f"{option} takes the name of a file with an @ before it; did you mean {option} @{spec}?")
    raise UsageError(
        f"{option} does not take the secret itself: a command line is kept in the shell's history and shown to every "
        f"user of the machine. Give {PLACES_OF_SECRETS}"
    )


def secret_of(octets: bytes, option: str) -> GivenSecret:
    """The secret that a file's octets stand for.

    Raises: UsageError where there is none.
    """
    if octets.lstrip().startswith(_PEM):
        raise UsageError(f"{option} takes a secret as it is, and this is a PEM text; a private key goes with --key")
    is_text = all(octet in _PRINTABLE or octet in b"\t\r\n" for octet in octets)
    read_as, secret = _of_line(octets.split(b"\n", 1)[0].strip(), option) if is_text else ("raw octets", octets)
    if not secret:
        raise UsageError(f"the secret of {option} is empty")
    return GivenSecret(Secret(secret), read_as)


def _of_line(line: bytes, option: str) -> tuple[str, bytes]:
    way, colon, rest = line.partition(b":")
    named = way.decode("ascii") if colon else ""
    if named in _WAYS:
        secret = _WAYS[named](rest.strip())
        if secret is None:
            raise UsageError(f"the secret of {option} is not the {named} that it says it is")
        return named, secret
    found = ((name, read(line)) for name, read in _WAYS.items())
    return next((name, secret) for name, secret in found if secret is not None)


def _hex(line: bytes) -> bytes | None:
    return bytes.fromhex(line.decode("ascii")) if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})*", line) else None


def _base64(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        return None


_WAYS: Final[dict[str, Callable[[bytes], bytes | None]]] = {"hex": _hex, "base64": _base64, "text": lambda line: line}
"""How a line can be read, in the order in which it is tried."""


def _from_keyring(place: str) -> str:
    service, slash, user = place.rpartition("/")
    if not slash or not service or not user:
        raise UsageError(f"{_KEYRING}{place} names no entry; it takes the form {_KEYRING}SERVICE/USER")
    secret = keyring_call("get_password", service, user)
    if secret is None:
        raise UsageError(f"the keyring has no entry for service {service!r} and user {user!r}")
    return str(secret)


def keyring_call(function: str, *arguments: str) -> object:
    """One call to the OS keyring.

    Raises: BackendUnavailable where the library is missing; UsageError where the keyring refuses.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise BackendUnavailable("the keyring library", install="pip install 'mikey_sdp[keyring]'") from None
    try:
        return getattr(keyring, function)(*arguments)
    except keyring.errors.KeyringError as error:
        raise UsageError(f"the keyring does not answer: {str(error) or type(error).__name__}") from None


def _bounded(octets: bytes, most: int, what: str) -> bytes:
    if len(octets) > most:
        raise UsageError(f"{what} has more than {most} octets")
    return octets
