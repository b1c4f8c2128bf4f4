"""What a remark is, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from mikey_sdp.dissect.found import Found
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.registry import DataType

Severity = Literal["note", "warning", "error"]

I_MESSAGES: Final = frozenset(
    {
        DataType.PRE_SHARED,
        DataType.PUBLIC_KEY,
        DataType.DH_INIT,
        DataType.DHHMAC_INIT,
        DataType.RSA_R_I_MSG,
        DataType.ECMQV_I_MSG,
        DataType.DHSAML_I_MSG_1,
        DataType.DHSAML_I_MSG_2,
    }
)
R_MESSAGES: Final = frozenset(
    {
        DataType.PSK_VER_MSG,
        DataType.PK_VER_MSG,
        DataType.DH_RESP,
        DataType.DHHMAC_RESP,
        DataType.RSA_R_R_MSG,
        DataType.ECMQV_R_MSG,
        DataType.DHSAML_R_MSG_1,
        DataType.DHSAML_R_MSG_2,
    }
)
ASKING_BY_V: Final = frozenset({DataType.PRE_SHARED, DataType.PUBLIC_KEY})
"""The messages in which V asks for an answer; the exchanges of the others always have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that a reader of the message should know, and the text that says why.

    Keeps: `severity`: a note explains, a warning is about what weakens keys or often goes wrong, an error is what a
    strict peer refuses.
    """

    severity: Severity
    text: str
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A message with what is around it.

    Keeps: `repeated`, whether an earlier message of the same input has the same octets; `now_unix_us`, the moment that
    the caller calls now, None where he names none.
    """

    message: Message
    found: Found
    repeated: bool = False
    now_unix_us: int | None = None

    @property
    def is_offer(self) -> bool:
        """Whether an Initiator wrote it."""
        return self.message.header.data_type in I_MESSAGES

    @property
    def is_answer(self) -> bool:
        """Whether a Responder wrote it, accepting."""
        return self.message.header.data_type in R_MESSAGES


def note(text: str, section: str) -> Remark:
    """A remark that explains."""
    return Remark(severity="note", text=text, section=section)


def warning(text: str, section: str) -> Remark:
    """A remark about a weakness or a frequent mistake."""
    return Remark(severity="warning", text=text, section=section)


def error(text: str, section: str) -> Remark:
    """A remark about what a strict peer refuses."""
    return Remark(severity="error", text=text, section=section)
