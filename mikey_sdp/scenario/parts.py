"""What all structures of a scenario file are made of: mappings, names, counts and statuses."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta


def party_name(text: str) -> str:
    """A name that a scenario gives to a party, a server, an attacker or an address.

    Raises: ValueError that says what a name looks like.
    """
    if re.fullmatch(r"[a-z][a-z0-9-]{0,31}", text, re.ASCII) is None:
        raise ValueError(f"{text!r} is no name; a name is a small letter, then small letters, digits and hyphens")
    if text == "at":
        raise ValueError("a party can't be called 'at', which tells the time of a step")
    return text


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=lambda name: name.replace("_", " ")):
    """A mapping of a scenario file.

    Where it holds exactly one of several words, its structure lists them in `one_of`, where it holds at least one of
    them, in `some_of`; where it holds names of the file's own choice beside fixed words, `names_in` says which field
    collects them.
    """

    one_of: ClassVar[frozenset[str]] = frozenset()
    some_of: ClassVar[frozenset[str]] = frozenset()
    names_in: ClassVar[str | None] = None


_NAME: Final = r"^[a-z][a-z0-9-]{0,31}$"
NewName = Annotated[
    str, Meta(pattern=_NAME, description="A name: small letters, digits and hyphens.", extra={"reads": party_name})
]
PartyName = Annotated[str, Meta(pattern=_NAME, description="The name of a party.", extra={"refers": "party"})]
AttackerName = Annotated[str, Meta(pattern=_NAME, description="The name of an attacker.", extra={"refers": "attacker"})]
NodeName = Annotated[
    str, Meta(pattern=_NAME, description="The name of a party or a server.", extra={"refers": "party or server"})
]
ServerName = Annotated[
    str, Meta(pattern=_NAME, description="The name of a proxy, which is also a registrar.", extra={"refers": "proxy"})
]
AnyName = Annotated[
    str,
    Meta(
        pattern=_NAME,
        description="The name of a party, a server or an attacker.",
        extra={"refers": "party, server or attacker"},
    ),
]
CalledName = Annotated[
    str,
    Meta(
        pattern=_NAME,
        description="The name of a party, or of an address that a server knows.",
        extra={"refers": "party or address"},
    ),
]
PlaceName = Annotated[
    str,
    Meta(
        pattern=_NAME,
        description="The name of a party, of an address that another server knows, or of a server, which stands for "
        "the same address there.",
        extra={"refers": "party, address or server"},
    ),
]
ModeWord = Literal["psk", "unprotected", "dhhmac", "rsa", "rsa-r", "dhsign", "ecies", "ecmqv", "dhsaml"]
Status = Annotated[int, Meta(ge=300, le=699, description="A SIP status that ends a request without success.")]
Amount = Annotated[int, Meta(ge=0, le=1_000_000)]
