"""The page docs/errors.md, as text: a pure function of the causes.

`python -m tests.exchange.errors.table` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import ErrorNo
from tests.exchange.errors import content, first_checks
from tests.exchange.errors.cause import ALL, ENVELOPED, Told, others

PAGE: Final = Path(__file__).parents[3] / "docs" / "errors.md"
CAUSES: Final = (*first_checks.CAUSES, *content.CAUSES)
NO_CAUSE: Final[Mapping[ErrorNo, Mapping[str, tuple[Mode, ...]]]] = {
    ErrorNo.AUTH_FAILURE: {"nothing is authenticated": (Mode.NULL,)},
    ErrorNo.INVALID_MAC: {"no payload names a MAC": (Mode.DHSIGN,)},
    ErrorNo.INVALID_EA: {"no payload names an encryption": (Mode.DHSIGN, Mode.ECMQV)},
    ErrorNo.INVALID_HA: {
        "a hash function is named by CHASH only, which has no place in these messages; that of a signature is not "
        "named": others(*ENVELOPED)
    },
    ErrorNo.INVALID_DH: {
        "there is no half-key": (Mode.PSK, Mode.NULL, Mode.RSA, Mode.RSA_R),
        "a point in PKE that is on no curve is an envelope key that does not decrypt, 0: more would be an oracle": (
            Mode.ECIES,
        ),
    },
    ErrorNo.INVALID_CERT: {"there is no certificate": (Mode.PSK, Mode.NULL, Mode.DHHMAC)},
    ErrorNo.UNSUPPORTED_MESSAGE_TYPE: {
        "RFC 4738 defines it for messages of its own that can't be read; others are 12": others(Mode.RSA_R)
    },
}
"""Why no message of a mode causes a number."""
NUMBERS: Final = tuple(ErrorNo(number) for number in range(14))

_SAID: Final = {
    Told.PROVED: "told, with a proof that it was us",
    Told.STRANGER: "told, without a proof",
    Told.NOTHING: "told nothing",
    Told.FOUND_IN_ANSWER: "found in the answer",
}
_INTRODUCTION: Final = """# Errors

Written by `python -m tests.exchange.errors.table` from the causes that `tests/exchange/test_error_table.py` runs; don't
edit.

Which Error no of RFC 3830 section 6.12 and RFC 4738 section 3.9.2 a faulty message of each mode is refused with, and
what its sender hears:

- **P**: he proved himself, and gets an Error message with the mode's own proof (V; in DHSIGN, RSA-R and ECMQV SIGN; in
  DHHMAC the MAC of a KEMAC; in DHSAML's second round V). For 9 and 10 it has the policies that we run.
- **S**: he has not proved himself (yet), and gets an Error message without a proof, which is a hint to him. In NULL
  and in DHSAML's first round there is no other. Fields that name what is not run here are looked at before the dear
  checks.
- **n**: he gets nothing by MIKEY; SIP's refusal is all that he sees. `ResponderSetup.report_unauthenticated` makes the
  numbers 0, 1 and 8 an **S** too, as far as T could be read.
- **a**: only an answer can have it. The Initiator refuses it and tells nobody; other answers are still welcome.
- A number without any of them can't be caused; the reason stands below.

Who sends more signed messages than `Limits` allows is refused without a number and without an Error message, and so is
an answer too many. An answer that belongs to nothing that was sent gets no Error message either.
"""


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, *_overview()]
    for number in NUMBERS:
        lines += ["", f"## {int(number)} {number.label}", "", "| mode | cause | its sender is |", "| --- | --- | --- |"]
        for cause in CAUSES:
            if cause.number == number:
                lines += _rows(cause.text, [(mode, _SAID[cause.told_in(mode)]) for mode in cause.modes])
        for text, modes in NO_CAUSE.get(number, {}).items():
            lines.append(f"| {_names(modes)} | none: {text} | |")
    return "\n".join([*lines, ""])


def _overview() -> Iterable[str]:
    yield "| mode | " + " | ".join(str(int(number)) for number in NUMBERS) + " |"
    yield "| --- |" + " --- |" * len(NUMBERS)
    for mode in ALL:
        yield f"| {mode.value} | " + " | ".join(_cell(mode, number) for number in NUMBERS) + " |"


def _cell(mode: Mode, number: ErrorNo) -> str:
    told = {cause.told_in(mode) for cause in CAUSES if cause.number == number and mode in cause.modes}
    return " ".join(kind.value for kind in Told if kind in told)


def _rows(text: str, said: Sequence[tuple[Mode, str]]) -> Iterable[str]:
    for what in dict.fromkeys(what for _, what in said):
        yield f"| {_names(mode for mode, heard in said if heard == what)} | {text} | {what} |"


def _names(modes: Iterable[Mode]) -> str:
    named = tuple(modes)
    return "all" if set(named) == set(ALL) else ", ".join(mode.value for mode in ALL if mode in named)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[1])}")
