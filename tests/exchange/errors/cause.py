"""What a cell of the table of errors is made of."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.registry import ErrorNo
from tests.exchange.ends import CASES, Case, Ends
from tests.exchange.errors.faulty import Attempt

CAROL: Final = "sip:carol@example.com"
ALL: Final = tuple(MODES)
MACED: Final = (Mode.PSK, Mode.DHHMAC)
SIGNED: Final = (Mode.RSA, Mode.DHSIGN, Mode.RSA_R, Mode.ECIES, Mode.ECMQV)
ENVELOPED: Final = (Mode.RSA, Mode.ECIES)
DIFFIE_HELLMAN: Final = (Mode.DHSIGN, Mode.DHHMAC)
WITHOUT_PROOF: Final = (Mode.NULL, Mode.DHSAML)
"""NULL proves nothing, and in DHSAML's first round the Initiator can't check a proof yet."""


class Told(enum.Enum):
    """What the sender of a faulty message gets to hear; the value is its sign in the table."""

    PROVED = "P"
    STRANGER = "S"
    NOTHING = "n"
    FOUND_IN_ANSWER = "a"


@dataclass(frozen=True)
class Cause:
    """One way to be refused with one number, in some modes; `further` where it is in a second round's message."""

    number: ErrorNo
    modes: tuple[Mode, ...]
    text: str
    told: Told
    make: Callable[[Ends], Attempt]
    further: bool = False

    def told_in(self, mode: Mode) -> Told:
        """What the sender hears in that mode."""
        return Told.STRANGER if self.told is Told.PROVED and mode in WITHOUT_PROOF and not self.further else self.told


def case_of(mode: Mode, *, further: bool = False) -> Case:
    """The case of a mode that the table is about: the first, and for second rounds the first that has one."""
    return next(case for case in CASES if case.mode is mode and (not further or case.choices.saml.round_2))


def others(*modes: Mode) -> tuple[Mode, ...]:
    """All modes but these."""
    return tuple(mode for mode in ALL if mode not in modes)
