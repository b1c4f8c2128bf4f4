"""What may stand in a line: one structure a command, and the words of each, so that errors can name the right ones.

Units: `now` in seconds since 1970; `tgk_len` in octets; `bits` in bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Uint8 = Annotated[int, Meta(ge=0, le=0xFF)]
Uint32 = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Seconds = Annotated[float, Meta(ge=0, le=253_402_300_799)]
"""Up to the year 9999."""
Bits = Annotated[int, Meta(ge=8, le=8192, multiple_of=8)]
Flag = Literal[0, 1]
MAX_SESSIONS: Final = 255
"""The crypto sessions that fit a header."""
MAX_POLICIES: Final = 256
MAX_CERTIFICATES: Final = 64


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="cmd"):
    """Any command; a line is one of those below. Shows which words it has and not what they say, some being secrets."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._given())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(word, ...) for word in self._given()]

    def _given(self) -> Iterator[str]:
        return (word for word in words_of(type(self)) if getattr(self, word) is not UNSET)


class CryptoSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One crypto session of an offer; an SSRC of 0 is one that is not known yet."""

    ssrc: Uint32 = 0
    roc: Uint32 = 0
    policy: Uint8 = 0


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One SRTP policy: parameters by the decimal number of their type, values in hex; none are SRTP's defaults."""

    no: Uint8
    params: dict[str, str] = {}


class End(Command, frozen=True, kw_only=True):
    """What init and respond say of the end that they speak for."""

    sid: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET
    identity: str | UnsetType = UNSET
    peer: str | UnsetType | None = UNSET
    psk: str | UnsetType = UNSET
    cert: str | Annotated[list[str], Meta(max_length=MAX_CERTIFICATES)] | UnsetType = UNSET
    key: str | UnsetType = UNSET
    peer_cert: str | UnsetType = UNSET
    trust: Annotated[list[str], Meta(max_length=MAX_CERTIFICATES)] | UnsetType = UNSET
    cs: Annotated[list[CryptoSession], Meta(max_length=MAX_SESSIONS)] | UnsetType = UNSET
    policies: Annotated[list[Policy], Meta(max_length=MAX_POLICIES)] | UnsetType = UNSET
    dh_group: Uint8 | UnsetType = UNSET
    tgk_len: Annotated[int, Meta(ge=16, le=512)] | UnsetType = UNSET
    v: Flag | UnsetType = UNSET
    csb_id: Uint32 | UnsetType = UNSET
    profile: Literal["strict", "compat"] | UnsetType = UNSET
    now: Seconds | UnsetType = UNSET
    secure_carrier: bool | UnsetType = UNSET
    c: Literal[0, 1, 2] | UnsetType = UNSET
    s_type: Annotated[int, Meta(ge=0, le=15)] | UnsetType = UNSET
    key_type: Literal[0, 1, 2, 3] | UnsetType = UNSET
    salt: bool | UnsetType = UNSET
    assertion: str | UnsetType = UNSET
    assertion_trust: Annotated[list[str], Meta(max_length=MAX_CERTIFICATES)] | UnsetType = UNSET
    round2: Literal[0, 1, 2, 3] | UnsetType = UNSET


class Init(End, frozen=True, kw_only=True, tag="init"):
    """Be the Initiator: make an I_MESSAGE."""


class Respond(End, frozen=True, kw_only=True, tag="respond"):
    """Be the Responder: take an I_MESSAGE."""

    message: str
    ssrcs: dict[str, Uint32] = {}


class Complete(Command, frozen=True, kw_only=True, tag="complete"):
    """Be the Initiator: take an R_MESSAGE."""

    sid: str = ""
    message: str


class Update(Command, frozen=True, kw_only=True, tag="update"):
    """Update the CSB of an end that has one, with new keys or with those that it has."""

    sid: str = ""
    new_keys: bool = True


class Keys(Command, frozen=True, kw_only=True, tag="keys"):
    """Show the keys of an end."""

    sid: str = ""


class Open(Command, frozen=True, kw_only=True, tag="open"):
    """Open a recorded exchange with the secrets of one of its ends."""

    i_message: str
    r_message: str | None = None
    psk: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    env_key: str | UnsetType = UNSET
    dh_private: str | UnsetType = UNSET
    group: Uint8 | UnsetType = UNSET


class Parse(Command, frozen=True, kw_only=True, tag="parse"):
    """Explain a message."""

    message: str


class Prf(Command, frozen=True, kw_only=True, tag="prf"):
    """Run MIKEY's PRF."""

    inkey: str
    label: str
    bits: Bits


class Modes(Command, frozen=True, kw_only=True, tag="modes"):
    """List what this build can do."""


AnyCommand = Init | Respond | Complete | Update | Keys | Open | Parse | Prf | Modes
KINDS: Final[dict[str, type[Command]]] = {
    str(kind.__struct_config__.tag): kind for kind in (Init, Respond, Complete, Update, Keys, Open, Parse, Prf, Modes)
}
"""Every command by its word; a new one is a structure above and a row in the session."""


def words_of(kind: type[Struct]) -> tuple[str, ...]:
    """The words that may stand in a structure."""
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))
