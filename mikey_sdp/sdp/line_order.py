"""Several MIKEY messages at one level of an offer, and how one of them vouches for those that are preferred to it.

The list of identifiers (RFC 4567 section 4.1.4) reads `mikey;mikey` whichever of two lines comes first and whatever
they say. So each message of such an offer holds a hash of all key management lines before its own as well: whoever
passes over those knows that they are what their author wrote, in his order.
Source: RFC 5197 section 5.2, which leaves the behaviour open; RFC 3830 section 6.15.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.registry import ErrorNo, ExtensionType
from mikey_sdp.sdp.key_mgmt import MIKEY, KeyMgmt, KeyMgmtLine, key_mgmt_lines
from mikey_sdp.sdp.lines import SessionDescription

_MARK: Final = b"mikey-sdp line order "


def order_extension(sd: SessionDescription, line: KeyMgmtLine) -> GeneralExtension:
    """The extension by which the message of that line vouches for the lines before it.

    Wire: Vendor ID | `mikey-sdp line order ` | SHA-256 of the attributes before the line, a line feed behind each.
    """
    return GeneralExtension(ext_type=ExtensionType.VENDOR_ID, data=_MARK + _digest_before(sd, line))


def judge_order(sd: SessionDescription, line: KeyMgmtLine) -> Callable[[Message], None]:
    """The check that an authentic message stands behind the very lines behind which its author put it.

    Without the extension a message can be the first of its level only, since nothing vouches for what was passed over.
    What it returns raises PeerError with Unspecified error (12).
    """

    def judge(message: Message) -> None:
        said = [
            extension.data
            for extension in message.all(GeneralExtension)
            if extension.ext_type == ExtensionType.VENDOR_ID and extension.data.startswith(_MARK)
        ]
        if not said:
            if line != mikey_lines_at(sd, line)[0]:
                raise _changed("nothing vouches for the MIKEY lines before the one that is for us")
        elif said != [_MARK + _digest_before(sd, line)]:
            raise _changed("a MIKEY line before this one was removed, moved or changed on the way")

    return judge


def mikey_lines_at(sd: SessionDescription, line: KeyMgmtLine) -> tuple[KeyMgmtLine, ...]:
    """All MIKEY lines of a line's level, in order of preference."""
    return tuple(one for one in key_mgmt_lines(sd) if one.level == line.level and one.kmpid == MIKEY)


def _digest_before(sd: SessionDescription, line: KeyMgmtLine) -> bytes:
    lines = key_mgmt_lines(sd)
    found = sha256()
    for one in lines[: lines.index(line)]:
        found.update(KeyMgmt(kmpid=one.kmpid, data=one.data).attribute.encode() + b"\n")
    return found.digest()


def _changed(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.UNSPECIFIED, section="RFC 4567 section 4.1.4")
