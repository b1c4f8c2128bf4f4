"""The words of a scenario file for modes and Diffie-Hellman groups, and what a party must hold to offer a mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.registry import DhGroup, PayloadType
from mikey_sdp.nodes.tampering import HEADER

MODES: Final[Mapping[str, Mode]] = {
    "psk": Mode.PSK,
    "unprotected": Mode.NULL,
    "dhhmac": Mode.DHHMAC,
    "rsa": Mode.RSA,
    "rsa-r": Mode.RSA_R,
    "dhsign": Mode.DHSIGN,
    "ecies": Mode.ECIES,
    "ecmqv": Mode.ECMQV,
    "dhsaml": Mode.DHSAML,
}
"""The modes by the words of a scenario file."""

CREDENTIALS: Final[Mapping[str, str]] = {
    "psk": "psk",
    "unprotected": "unprotected",
    "dhhmac": "psk",
    "rsa": "certificate",
    "rsa-r": "certificate",
    "dhsign": "certificate",
    "ecies": "certificate",
    "ecmqv": "certificate",
    "dhsaml": "saml",
}
"""The credential that each mode works with."""

CERTIFIED_KEYS: Final[Mapping[str, str]] = {"rsa": "rsa", "rsa-r": "rsa", "ecies": "ec", "ecmqv": "ec"}
"""The kind of certified key that a mode works with; DHSIGN takes either."""

DH_GROUPS: Final[Mapping[str, DhGroup]] = {
    "oakley-1": DhGroup.OAKLEY_1,
    "oakley-2": DhGroup.OAKLEY_2,
    "oakley-5": DhGroup.OAKLEY_5,
    "modp-2048": DhGroup.MODP_2048,
    "modp-3072": DhGroup.MODP_3072,
    "p-192": DhGroup.ECP_P_192,
    "p-224": DhGroup.ECP_P_224,
    "p-256": DhGroup.ECP_P_256,
    "p-384": DhGroup.ECP_P_384,
    "p-521": DhGroup.ECP_P_521,
}
"""The Diffie-Hellman groups by the words of a scenario file."""

SECOND_ROUNDS: Final[Mapping[str, RoundTwo]] = {
    "none": RoundTwo.NONE,
    "liveness": RoundTwo.LIVENESS,
    "group key": RoundTwo.GROUP,
    "stronger key": RoundTwo.STRENGTHEN,
}
"""What the second round of dhsaml is for, by the words of a scenario file."""

PAYLOADS: Final[Mapping[str, str | None]] = {
    "each": None,
    HEADER: HEADER,
    **{
        kind.label: kind.label
        for kind in (
            *(PayloadType.KEMAC, PayloadType.PKE, PayloadType.DH, PayloadType.SIGN, PayloadType.T, PayloadType.ID),
            *(PayloadType.CERT, PayloadType.CHASH, PayloadType.V, PayloadType.SP, PayloadType.RAND, PayloadType.ERR),
            PayloadType.ECCPT,
        )
    },
    "general extension": PayloadType.GENERAL_EXT.label,
}
"""The parts of a message that can be tampered with, by the words of a scenario file; None for each in turn."""
