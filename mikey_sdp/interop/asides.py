"""The commands that belong to no end: explain a message, run the PRF, say what this build can do."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Final

from mikey_sdp.clock import Clock
from mikey_sdp.dissect.explain import explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.interop.commands import Parse, Prf
from mikey_sdp.interop.results import Result
from mikey_sdp.interop.values import MAX_LABEL_OCTETS, octets_of_base64, octets_of_hex
from mikey_sdp.mikey.acceptance import Profile, Tolerance
from mikey_sdp.mikey.bundle import MAX_KEY_OCTETS
from mikey_sdp.mikey.crypto.curves import CURVES
from mikey_sdp.mikey.crypto.groups import GROUPS
from mikey_sdp.mikey.crypto.prf import PRFS, mikey_1
from mikey_sdp.mikey.crypto.signatures import EC_TYPES, RSA_TYPES
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.wire import OpenEnum

_LIBRARIES: Final = {Mode.ECMQV: "Crypto", Mode.DHSAML: "signxml"}


def parse(words: Parse, clock: Clock) -> Result:
    """The message as `decode --json` prints it."""
    found = Found(where=Where(), octets=octets_of_base64(words.message, "message"), origin="message")
    now = clock().unix_us(near_unix_us=_NEAR_US)
    return {"messages": [one.fields() for one in explain([found], now_unix_us=now)]}


_NEAR_US: Final = 1_800_000_000_000_000
"""A moment of the present NTP era, or of the next one as long as that is nearer."""


def prf(words: Prf) -> Result:
    """MIKEY-1 of an inkey and a label.

    Raises: UsageError.
    """
    inkey = octets_of_hex(words.inkey, "inkey", most=MAX_KEY_OCTETS)
    label = octets_of_hex(words.label, "label", most=MAX_LABEL_OCTETS)
    return {"out": mikey_1(inkey, label, words.bits).hex()}


def modes() -> Result:
    """Modes, groups, curves, signatures, PRFs, profiles and tolerances, by number and name."""
    return {
        "modes": [
            {
                "mode": row.mode.value,
                "data_type": int(row.data_type),
                "answer_type": int(row.answer_type),
                "initiator_makes_keys": row.pushes,
                "updates": row.updates,
                "available": row.mode not in _LIBRARIES or find_spec(_LIBRARIES[row.mode]) is not None,
            }
            for row in MODES.values()
        ],
        "dh_groups": _points(GROUPS),
        "ecc_curves": _points(CURVES),
        "s_types": _points(sorted(RSA_TYPES | EC_TYPES)),
        "prfs": _points(PRFS),
        "profiles": [profile.value for profile in Profile],
        "tolerances": [tolerance.value for tolerance in Tolerance],
    }


def _points(points: Iterable[OpenEnum]) -> list[Result]:
    return [{"no": int(point), "name": point.label} for point in points]
