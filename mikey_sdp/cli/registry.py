"""`mikey-sdp registry`: the code points of MIKEY, by name, number or word."""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import click
from rich.text import Text

from mikey_sdp.cli.common import HELD, NOTHING_FOUND
from mikey_sdp.cli.screen import Screen
from mikey_sdp.mikey.registry import ALL_REGISTRIES, standing
from mikey_sdp.mikey.registry.transport import TRANSPORT_NAMES

_TRANSPORT: Final = "transport"
_WIDEST_NAME: Final = 44
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One code point: its name space, its number (None for names of other protocols), and who assigned it."""

    registry: str
    number: int | None
    value: str
    name: str
    reference: str
    standing: str

    def matches(self, wish: str) -> bool:
        if _NUMBER.fullmatch(wish):
            numbers = _NUMBER.findall(self.value) if self.number is None else (str(self.number),)
            return str(int(wish, 16 if wish.startswith("0x") else 10)) in numbers
        said = (self.registry, self.name, self.value, self.reference, self.standing)
        return any(wish.casefold() in text.casefold() for text in said)


def _entries() -> Iterator[_Entry]:
    for registry, points in ALL_REGISTRIES.items():
        for point in points:
            value = f"0x{int(point):08X}" if points.bits > 16 else str(int(point))
            yield _Entry(
                registry=registry,
                number=int(point),
                value=value,
                name=point.label,
                reference=point.reference,
                standing=standing(point),
            )
    for name in TRANSPORT_NAMES:
        yield _Entry(
            registry=_TRANSPORT,
            number=None,
            value=name.value,
            name=name.label,
            reference=name.reference,
            standing="standard",
        )


@click.command("registry")
@click.argument("wishes", metavar="[NAME|NUMBER]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a code point.")
@click.pass_context
def registry(context: click.Context, wishes: tuple[str, ...], as_json: bool) -> None:
    """List the code points of MIKEY with the documents that assigned them.

    A name is looked for in name spaces, names and references, a number among the values; of several words all must
    fit. Without any, everything is listed.

    \b
      mikey-sdp registry kemac
      mikey-sdp registry 'data type' 26
      mikey-sdp registry rfc4771

    Exits 3 if nothing fits.
    """
    everything = tuple(_entries())
    found = _exactly(everything, wishes) or [one for one in everything if all(map(one.matches, wishes))]
    if as_json:
        sys.stdout.write(json.dumps([_fields(one) for one in found], indent=2) + "\n")
    elif found:
        Screen().show(_table(found))
    if not found:
        Screen(err=True).show([f"mikey-sdp registry: {_nothing(wishes, everything)}"])
    context.exit(HELD if found else NOTHING_FOUND)


def _exactly(everything: Sequence[_Entry], wishes: Sequence[str]) -> list[_Entry]:
    """Where the first wish is the whole name of a name space, only its code points are meant."""
    named = [one for one in everything if wishes and one.registry.casefold() == wishes[0].casefold()]
    return [one for one in named if all(map(one.matches, wishes[1:]))]


def _fields(entry: _Entry) -> dict[str, object]:
    return {
        "registry": entry.registry,
        "value": entry.value if entry.number is None else entry.number,
        "name": entry.name,
        "reference": entry.reference,
        "standing": entry.standing,
    }


def _table(found: Sequence[_Entry]) -> Iterator[Text]:
    name_width = min(max(len(one.name) for one in found), _WIDEST_NAME)
    for number, (registry_name, grouped) in enumerate(groupby(found, key=lambda one: one.registry)):
        if number:
            yield Text("")
        yield Text(registry_name, style="bold")
        rows = list(grouped)
        value_width = max(3, *(len(one.value) for one in rows))
        for one in rows:
            row = Text(f"  {one.value:>{value_width}}  {one.name:<{name_width}}  {one.reference}")
            yield row if one.standing == "standard" else row.append(f"  [{one.standing}]", style="yellow")


def _nothing(wishes: Sequence[str], everything: Sequence[_Entry]) -> str:
    wanted = " ".join(wishes)
    words = {word for one in everything for word in (one.registry, one.name, *_WORD.findall(one.name))}
    lowered = {word.casefold(): word for word in words}
    near = [
        repr(lowered[match])
        for wish in wishes
        for match in difflib.get_close_matches(wish.casefold(), sorted(lowered), n=3, cutoff=0.6)
    ]
    hint = f"; did you mean {' or '.join(dict.fromkeys(near))}?" if near else "; try a shorter word"
    if all(_NUMBER.fullmatch(wish) for wish in wishes):
        hint = "; numbers that nobody assigned are not listed, 241 to 255 are for private use in most name spaces"
    return f"no code point fits {wanted!r}{hint}"
