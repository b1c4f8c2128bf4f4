"""Security descriptions: keys that stand in a session description as they are, one a=crypto line each.

Source: RFC 4568 sections 4, 6 and 9.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import Entropy, Secret

SUITE: Final = "AES_CM_128_HMAC_SHA1_80"
"""What is offered."""
SUITES: Final[Mapping[str, SrtpParameters]] = MappingProxyType(
    {SUITE: SrtpParameters(), "AES_CM_128_HMAC_SHA1_32": SrtpParameters(tag_octets=4)}
)
"""The crypto suites that are taken; both have a master key of 16 octets and a salt of 14."""
SECTION: Final = "RFC 4568 section 9.1"

_KEY_OCTETS: Final = 16
_BOTH_OCTETS: Final = 30
_LINE: Final = re.compile(r"(?P<tag>[0-9]{1,9}) +(?P<suite>[A-Za-z0-9_]+) +(?P<keys>[^ ]+)(?P<more>(?: .*)?)")
_INLINE: Final = re.compile(r"inline:([A-Za-z0-9+/]{40})")
_PLAIN_KEY: Final = re.compile(r"[^;|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crypto:
    """The key under which whoever wrote the description sends one stream.

    Wire: a=crypto:tag suite inline:base64(master key 16 octets | master salt 14 octets).
    Source: RFC 4568 sections 6.1 and 9.2.
    """

    tag: int
    suite: str
    key: Secret
    salt: Secret

    @classmethod
    def fresh(cls, entropy: Entropy, *, tag: int = 1, suite: str = SUITE) -> Self:
        """A key of chance."""
        return cls(tag=tag, suite=suite, key=Secret(entropy(_KEY_OCTETS)), salt=Secret(entropy(14)))

    @property
    def attribute(self) -> str:
        """The attribute, with the key for all to read."""
        both = base64.b64encode(self.key.reveal() + self.salt.reveal()).decode()
        return f"crypto:{self.tag} {self.suite} inline:{both}"

    @property
    def parameters(self) -> SrtpParameters:
        """The SRTP transforms that the suite stands for."""
        return SUITES[self.suite]


def cryptos(sd: SessionDescription, level: int) -> tuple[Crypto, ...]:
    """The a=crypto lines of an m= line that can be used, best liked first.

    A suite that we don't have, several keys, a lifetime, an MKI and session parameters leave a line out: to take it all
    the same would be to protect media in another way than is said.
    Raises: DecodeError for a line that is none, for a key that is none, and for a tag that stands there twice.
    """
    found: list[Crypto] = []
    tags: set[int] = set()
    for position in sd.section(level).positions("a", "crypto"):
        match = _LINE.fullmatch(sd.section(level).lines[position].argument)
        if match is None:
            raise _fault(sd, level, position, "not of the form tag suite key")
        tag = int(match["tag"])
        if tag in tags:
            raise _fault(sd, level, position, f"the tag {tag} stands there twice")
        tags.add(tag)
        if match["suite"] not in SUITES or match["more"].strip() or not _PLAIN_KEY.fullmatch(match["keys"]):
            continue
        inline = _INLINE.fullmatch(match["keys"])
        if inline is None:
            raise _fault(sd, level, position, f"no key of {_BOTH_OCTETS} octets in base64")
        both = base64.b64decode(inline[1])
        key, salt = Secret(both[:_KEY_OCTETS]), Secret(both[_KEY_OCTETS:])
        found.append(Crypto(tag=tag, suite=match["suite"], key=key, salt=salt))
    return tuple(found)


def _fault(sd: SessionDescription, level: int, position: int, reason: str) -> DecodeError:
    return sd.fault(reason, level, position, column=len("a=crypto:"), field="a=crypto", section=SECTION)
