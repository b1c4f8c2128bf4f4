"""The table of modes: a new mode is a file of its own and one row here.

Source: RFC 5197 section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from mikey_sdp.mikey.credentials import Credential, NullCredential, PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup, Mode, ModeResponder
from mikey_sdp.mikey.modes.null import NullInitiator, NullResponder
from mikey_sdp.mikey.modes.psk import PskInitiator, PskResponder
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.registry import DataType, EncrAlg, MacAlg


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRow:
    """One mode: which credential it takes, how its two ends are made, and how its I_MESSAGE is told.

    Keeps: `recognises`, whether an I_MESSAGE of the row's data type is of this mode; `group`, whether one key can
    serve several Responders # [3830-3.3-9].
    """

    mode: Mode
    data_type: DataType
    credential: type[Credential]
    initiate: Callable[[InitiatorSetup, Any, bool], Initiator]
    responder: ModeResponder
    recognises: Callable[[Message], bool]
    group: bool


def _is_unprotected(message: Message) -> bool:
    kemac = message.find(KeyDataTransport)
    return kemac is not None and kemac.encr_alg == EncrAlg.NULL and kemac.mac_alg == MacAlg.NULL


MODES: Final[Mapping[Mode, ModeRow]] = MappingProxyType(
    {
        row.mode: row
        for row in (
            ModeRow(
                mode=Mode.PSK,
                data_type=DataType.PRE_SHARED,
                credential=PskCredential,
                initiate=lambda setup, credential, _secure: PskInitiator(setup, credential),
                responder=PskResponder(),
                recognises=lambda message: not _is_unprotected(message),
                group=True,
            ),
            ModeRow(
                mode=Mode.NULL,
                data_type=DataType.PRE_SHARED,
                credential=NullCredential,
                initiate=lambda setup, credential, secure: NullInitiator(setup, credential, secure_carrier=secure),
                responder=NullResponder(),
                recognises=_is_unprotected,
                group=True,
            ),
        )
    }
)


def row_of_message(message: Message) -> ModeRow | None:
    """The mode of an I_MESSAGE; None where no row recognises it."""
    return next(
        (row for row in MODES.values() if row.data_type == message.header.data_type and row.recognises(message)),
        None,
    )
