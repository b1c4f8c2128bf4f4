"""The SIP messages that pjsua2 shows whole, read for what keying needs of them.

pjsua2 gives a message as text (`wholeMsg`), sent or received. Its own copy of a description is empty from about 1,024
octets on, so everything is read from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.media import media_lines
from mikey_sdp.sdp.offer_answer import parse
from mikey_sdp.sip.message import Message, Request, Response
from mikey_sdp.sip.values import CSeq, NameAddr, identity

MAX_MESSAGE_OCTETS: Final = 4_000
"""What this build of PJSIP sends and receives at the most: its PJSIP_MAX_PKT_LEN."""
OWN_HEADERS_OCTETS: Final = 200
"""What PJSIP adds to the headers of a request in its answer: Contact, Allow, Supported, the tag."""
REQUEST_HEAD_OCTETS: Final = 480
"""The least that PJSIP writes before the description of an INVITE, with the shortest names."""
REMEDY: Final = (
    "use a mode with shorter messages (PSK, DHHMAC), name the certificate by URL, leave out the intermediate "
    "certificates or offer fewer codecs; a call over TCP has the same limit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One SIP message as it stood on the wire.

    Keeps: `status`, None for a request; `method`, of the request that it is or answers; `caller`, the identity in From;
    `tag`, that of To, by which branches of a forked call differ; `sdp`, empty where it has no description;
    `contacts`, the URIs in Contact; `head_octets`, how long everything before the body is.
    """

    status: int | None
    method: str
    caller: str | None
    tag: str
    sdp: str = field(repr=False)
    head_octets: int
    contacts: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Seen:
        """Read what pjsua2 shows of a message.

        Raises: DecodeError.
        """
        octets = text.encode("utf-8", "surrogateescape")
        message: Request | Response = Message.parse(octets)
        kind = (message.get("Content-Type") or "").partition(";")[0].strip().lower()
        body = message.body.decode("utf-8", "surrogateescape") if kind == "application/sdp" else ""
        return cls(
            status=message.status if isinstance(message, Response) else None,
            method=CSeq.parse(message.get("CSeq") or "").method,
            caller=identity(message.get("From") or "") or None,
            tag=NameAddr.parse(message.get("To") or "").tag,
            sdp=body,
            head_octets=len(octets) - len(message.body),
            contacts=tuple(address.uri.text for value in message.all("Contact") for address in _addresses(value)),
        )


def _addresses(value: str) -> tuple[NameAddr, ...]:
    return () if value.strip() == "*" else NameAddr.parse_list(value)


def check_sent(wanted: str, left: str) -> None:
    """See that a description left with the keys and under the profiles that it was given.

    pjsua2 drops an edit that it can't parse without a word, and sends what it had.
    Raises: PolicyRefused, DecodeError.
    """
    ours, gone = parse(wanted, "our description"), parse(left, "the description that was sent")
    keys = [(line.level, line.kmpid, line.data) for line in key_mgmt_lines(ours)]
    profiles = [line.profile for line in media_lines(ours)]
    if keys != [(line.level, line.kmpid, line.data) for line in key_mgmt_lines(gone)]:
        raise PolicyRefused("sent-as-written", "the description left without the MIKEY messages that were put into it")
    if profiles != [line.profile for line in media_lines(gone)]:
        raise PolicyRefused("sent-as-written", "the description left under other profiles than were put into it")


def check_size(head_octets: int, sdp: str) -> None:
    """See that a message of that head and body can be sent by this build.

    Raises: PolicyRefused.
    """
    total = head_octets + len(sdp.encode())
    if total > MAX_MESSAGE_OCTETS:
        raise too_large(total)


def too_large(octets: int | None) -> PolicyRefused:
    """The refusal to send a message of that many octets."""
    size = f"is {octets} octets long or more" if octets else "is too long"
    return PolicyRefused(
        "message-size", f"the SIP message {size}, this build of pjsua2 sends {MAX_MESSAGE_OCTETS}: {REMEDY}"
    )
