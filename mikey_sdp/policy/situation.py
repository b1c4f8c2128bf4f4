"""A situation in the words of whoever asks: what is at hand and what is wanted, from which the facts follow.

Source: RFC 5197 section 5.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mikey_sdp.policy.facts import Conference, Facts

KeyKind = Literal["rsa", "ec"]
ModeName = Literal["PSK", "NULL", "RSA", "DHSIGN", "DHHMAC", "RSA-R", "ECIES", "ECMQV", "DHSAML"]
Count = Annotated[int, Meta(ge=1, le=10_000)]
Octets = Annotated[int, Meta(ge=1, le=65_535)]


class Situation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What a caller has and wants; without a field, it has or wants none of it.

    Keeps: `psk`, a key shared with the peer; `own_certificate` and `peer_certificate` (known beforehand), by the kind
    of their keys; `assertion`, one of our SIP domain; `unprotected`, MIKEY NULL is permitted; `modes`, narrow the
    choice to these, which is also how experimental modes are asked for; `rejected`, what the peer has refused already;
    `max_octets`, how large the message may be, which counts once the modes are measured.
    """

    psk: bool = False
    own_certificate: KeyKind | None = None
    peer_certificate: KeyKind | None = None
    assertion: bool = False
    unprotected: bool = False
    modes: tuple[ModeName, ...] | None = None
    rejected: tuple[ModeName, ...] = ()
    secure_carrier: bool = False
    forward_secrecy: bool = False
    both_contribute: bool = False
    forking: bool = False
    retargeting: bool = False
    early_media: bool = False
    conference: Conference = Conference.NONE
    answers: Count = 1
    max_octets: Octets | None = None

    @property
    def facts(self) -> Facts:
        """The same as the selection policy reads it."""
        return Facts(
            credentials=self._possible(),
            secure_carrier=self.secure_carrier,
            forward_secrecy=self.forward_secrecy,
            both_contribute=self.both_contribute,
            forking=self.forking,
            retargeting=self.retargeting,
            early_media=self.early_media,
            conference=self.conference,
            allowed=None if self.modes is None else frozenset(self.modes),
            answers=self.answers,
            octets=self.max_octets,
        )

    def _possible(self) -> frozenset[str]:
        """The modes that what is at hand makes possible."""
        held = {
            "PSK": self.psk,
            "DHHMAC": self.psk,
            "NULL": self.unprotected,
            "DHSIGN": self.own_certificate is not None,
            "RSA-R": self.own_certificate == "rsa",
            "RSA": self.own_certificate == "rsa" and self.peer_certificate == "rsa",
            "ECIES": self.own_certificate == "ec" and self.peer_certificate == "ec",
            "ECMQV": self.own_certificate == "ec",
            "DHSAML": self.assertion,
        }
        return frozenset(mode for mode, possible in held.items() if possible)
