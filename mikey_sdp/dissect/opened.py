"""What opening a message told: checks that held or not, keys, and what SRTP would be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import BackendUnavailable, DecodeError, MikeySdpError, PeerError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.payloads import Payload

MAC_CHECK: Final = "MAC of KEMAC"
V_CHECK: Final = "V"
SIGN_CHECK: Final = "signature"
OWN_SIGN_CHECK: Final = "signature, by the certificate in the message"
DECRYPTION: Final = "decryption of KEMAC"
AGREEMENT: Final = "private value against DH values"
SENDER: Final = "encrypted ID against the sender"
SESSIONS: Final = "crypto sessions of the answer"
DATA_SAS: Final = "keys against policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the secrets let us verify.

    Keeps: `held`, None where something is missing to verify it; `reason`, why it did not hold.
    """

    name: str
    held: bool | None
    reason: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the secrets told about a message.

    Keeps: `key_data`, the sub-payloads of KEMAC, None where it stayed closed; `bundle`, the CSB after the message, None
    where its keys are not known; `data_sas`, what SRTP would be given.
    """

    checks: tuple[Check, ...]
    key_data: tuple[Payload, ...] | None = None
    bundle: Bundle | None = None
    data_sas: tuple[DataSa, ...] = ()

    @property
    def all_held(self) -> bool:
        """Whether everything that was to be verified was, and is right."""
        return all(check.held for check in self.checks)


class Missing(MikeySdpError):
    """Something that is needed to verify is not there."""


def checked(name: str, verify: Callable[[], object]) -> Check:
    """The verdict on what `verify` raises, or does not."""
    try:
        verify()
    except (Missing, BackendUnavailable) as missing:
        return Check(name=name, held=None, reason=str(missing))
    except (PeerError, DecodeError) as error:
        return Check(name=name, held=False, reason=error.reason, section=error.section)
    except MikeySdpError as error:
        return Check(name=name, held=False, reason=str(error))
    return Check(name=name, held=True)
