"""MIKEY key management (RFC 3830) for SIP and SDP: the names that an application needs.

Everything is loaded on first use. Only here do a system clock and the system's entropy come in by default.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mikey_sdp.endpoint.core import Options as Options
    from mikey_sdp.endpoint.wishes import Expectations as Expectations
    from mikey_sdp.endpoint.wishes import Recipient as Recipient
    from mikey_sdp.errors import BackendUnavailable as BackendUnavailable
    from mikey_sdp.errors import DecodeError as DecodeError
    from mikey_sdp.errors import MikeySdpError as MikeySdpError
    from mikey_sdp.errors import PeerError as PeerError
    from mikey_sdp.errors import PolicyRefused as PolicyRefused
    from mikey_sdp.errors import ScenarioError as ScenarioError
    from mikey_sdp.errors import UsageError as UsageError
    from mikey_sdp.mikey.acceptance import Profile as Profile
    from mikey_sdp.mikey.certificates.credential import CertificateCredential as CertificateCredential
    from mikey_sdp.mikey.certificates.trust import Trust as Trust
    from mikey_sdp.mikey.credentials import NullCredential as NullCredential
    from mikey_sdp.mikey.credentials import PskCredential as PskCredential
    from mikey_sdp.mikey.message import Message as Message
    from mikey_sdp.mikey.modes.choices import Choices as Choices
    from mikey_sdp.mikey.modes.contract import Mode as Mode
    from mikey_sdp.mikey.srtp_policy import SrtpParameters as SrtpParameters
    from mikey_sdp.policy.facts import Conference as Conference
    from mikey_sdp.secret import Secret as Secret
    from mikey_sdp.system import Endpoint as Endpoint

_HOMES: Final = {
    "Endpoint": "mikey_sdp.system",
    "BackendUnavailable": "mikey_sdp.errors",
    "DecodeError": "mikey_sdp.errors",
    "MikeySdpError": "mikey_sdp.errors",
    "PeerError": "mikey_sdp.errors",
    "PolicyRefused": "mikey_sdp.errors",
    "ScenarioError": "mikey_sdp.errors",
    "UsageError": "mikey_sdp.errors",
    "Profile": "mikey_sdp.mikey.acceptance",
    "CertificateCredential": "mikey_sdp.mikey.certificates.credential",
    "NullCredential": "mikey_sdp.mikey.credentials",
    "PskCredential": "mikey_sdp.mikey.credentials",
    "Message": "mikey_sdp.mikey.message",
    "Choices": "mikey_sdp.mikey.modes.choices",
    "Mode": "mikey_sdp.mikey.modes.contract",
    "Options": "mikey_sdp.endpoint.core",
    "Expectations": "mikey_sdp.endpoint.wishes",
    "Recipient": "mikey_sdp.endpoint.wishes",
    "Conference": "mikey_sdp.policy.facts",
    "SrtpParameters": "mikey_sdp.mikey.srtp_policy",
    "Secret": "mikey_sdp.secret",
    "Trust": "mikey_sdp.mikey.certificates.trust",
}

__version__: Final = "0.1.0"
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'mikey_sdp' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
