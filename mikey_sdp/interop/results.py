"""What a line is answered with: keys in hex, messages in base64, errors by kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mikey_sdp.errors import (
    BackendUnavailable,
    DecodeError,
    MikeySdpError,
    PeerError,
    PolicyRefused,
    UsageError,
)
from mikey_sdp.interop.values import to_base64
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.registry import KeyDataType

Result = dict[str, Any]
MAX_KEYS: Final = 4096
"""How many keys one answer lists; a message of 7 kB can ask for 65,000."""
_TGKS: Final = frozenset({KeyDataType.TGK, KeyDataType.TGK_SALT})


class SecretsDontFit(MikeySdpError):
    """A recorded exchange that the given secrets do not open."""


KINDS: Final[Mapping[type[MikeySdpError], str]] = MappingProxyType(
    {
        DecodeError: "decode",
        PeerError: "peer",
        PolicyRefused: "policy",
        SecretsDontFit: "secrets",
        BackendUnavailable: "unavailable",
        UsageError: "usage",
    }
)
"""The kinds of failure: malformed octets, an unacceptable message, a rule of ours, secrets that open nothing, a
library that is missing, and a line that makes no sense."""


def keys_of(bundle: Bundle) -> Result:
    """The keys of a CSB: its (first) TGK, null where TEKs were sent, and what SRTP is given for each crypto session
    and key.

    Raises: PolicyRefused for more keys than any call has use for.
    """
    if len(bundle.sessions) * len(bundle.keys) > MAX_KEYS:
        raise PolicyRefused("at-most-4096-keys", f"the message asks for {len(bundle.sessions) * len(bundle.keys)} keys")
    tgk = next((key.key for key in bundle.keys if key.key_type in _TGKS), None)
    return {
        "tgk": None if tgk is None else tgk.reveal().hex(),
        "rand": bundle.rand.hex(),
        "csb_id": bundle.csb_id,
        "cs": [_crypto_session(sa) for cs_id in bundle.cs_ids for sa in bundle.data_sas(cs_id)],
    }


def _crypto_session(sa: DataSa) -> Result:
    return {
        "cs_id": sa.cs_id,
        "ssrc": sa.ssrc,
        "roc": sa.roc,
        "policy": sa.policy_no,
        "tek": sa.master_key.reveal().hex(),
        "salt": sa.master_salt.reveal().hex(),
        "mki": sa.mki.hex(),
    }


def failure(error: MikeySdpError) -> Result:
    """What a line gets that could not be carried out."""
    kind = next((name for cls, name in KINDS.items() if isinstance(error, cls)), "usage")
    number, reply = (error.mikey_error, error.reply) if isinstance(error, PeerError | DecodeError) else (None, None)
    return {
        "ok": False,
        "error": {
            "kind": kind,
            "text": str(error),
            "mikey_error": None if number is None else int(number),
            "reply": to_base64(reply),
        },
    }
