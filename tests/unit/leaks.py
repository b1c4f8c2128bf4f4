"""Looking for key material where it must not be: the forms in which octets get printed, and all objects in reach."""

from __future__ import annotations

import base64
import gc
import pprint
import types
from collections.abc import Iterable, Iterator

from mikey_sdp.secret import Secret

SHORTEST_OCTETS = 8
"""Shorter values (an MKI, an empty salt) turn up by chance and are no keys."""
_NOT_STATE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.FrameType, types.CodeType)


def forms(octets: bytes) -> set[str]:
    """Every way in which octets could have been printed: hex, base64 at each alignment, numbers, Python's own form."""
    hexes = octets.hex()
    pairs = [hexes[place : place + 2] for place in range(0, len(hexes), 2)]
    words = [hexes, *(separator.join(pairs) for separator in (" ", ":", "-", "\\x", ", 0x"))]
    words += [repr(octets)[2:-1], octets.decode("latin-1")]
    words += [separator.join(map(str, octets)) for separator in (",", ", ", " ")]
    for text in (base64.b32encode(octets).decode().rstrip("="), str(int.from_bytes(octets, "big"))):
        words.append(text)
    for lead in range(3):
        # What stands before a key shifts its base64; the digits that hang on the neighbours are cut off.
        encoded = base64.b64encode(bytes(lead) + octets).decode().rstrip("=")
        inner = encoded[(0, 2, 3)[lead] : -1]
        words += [inner, inner.replace("+", "-").replace("/", "_")]
    return {form for word in words for form in (word, word.upper() if word.startswith(hexes[:2]) else word)}


class Leaks:
    """Holds the planted keys and looks for them in text."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        # Zeros stand in for an envelope key that does not open, and are in every text as the digit 0.
        self.secrets = {octets for octets in secrets if len(octets) >= SHORTEST_OCTETS and any(octets)}
        self._forms = {form: octets for octets in self.secrets for form in forms(octets)}

    def found_in(self, text: str | bytes) -> list[str]:
        """The planted keys that the text shows, each in the form in which it does."""
        shown = text.decode("latin-1") if isinstance(text, bytes) else text
        return [form for form in self._forms if form in shown]


def reachable(roots: Iterable[object]) -> Iterator[object]:
    """Every object that can be reached from the roots, each once; classes, functions and modules are left out."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, _NOT_STATE):
            continue
        seen.add(id(found))
        yield found
        if not isinstance(found, Secret):
            waiting += gc.get_referents(found)


def planted(roots: Iterable[object]) -> set[bytes]:
    """The octets of every Secret in reach."""
    return {found.reveal() for found in reachable(roots) if isinstance(found, Secret)}


def printed_forms(thing: object) -> Iterator[str]:
    """Every way in which a program may come to print an object."""
    yield repr(thing)
    yield str(thing)
    yield pprint.pformat(thing)
    if isinstance(thing, Secret):
        yield f"{thing:>40}"
        yield f"{thing!s}{thing!r}"
