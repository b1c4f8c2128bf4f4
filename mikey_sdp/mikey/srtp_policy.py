"""The SRTP policy of a crypto session: what an SP payload says, with the defaults of SRTP for what it leaves out.

Source: RFC 3830 section 6.10.1, RFC 3711 section 8.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Self

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.payloads.sp import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import ErrorNo, FecOrder, ProtType, SrtpAuthAlg, SrtpEncrAlg, SrtpParam, SrtpPrf
from mikey_sdp.wire import OpenEnum

SECTION: Final = "RFC 3830 section 6.10.1"
MAX_VALUE_OCTETS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpParameters:
    """The transforms of one SRTP stream, every parameter filled in. # [3830-6.10.1-2]

    `auth_key_octets` and `tag_octets` speak of SRTP: SRTCP keeps 20 and 10 where these are shorter.
    Units: lengths in octets; `key_derivation_rate` in packets (the rate itself, not its logarithm).
    """

    encr_alg: SrtpEncrAlg = SrtpEncrAlg.AES_CM
    encr_key_octets: int = 16
    auth_alg: SrtpAuthAlg = SrtpAuthAlg.HMAC_SHA_1
    auth_key_octets: int = 20
    salt_octets: int = 14
    prf: SrtpPrf = SrtpPrf.AES_CM
    key_derivation_rate: int = 0
    srtp_encryption: bool = True
    srtcp_encryption: bool = True
    fec_order: FecOrder = FecOrder.FEC_SRTP
    srtp_authentication: bool = True
    tag_octets: int = 10
    prefix_octets: int = 0

    @classmethod
    def from_payload(cls, policy: SecurityPolicy) -> Self:
        """What an SP payload asks for.

        Raises: PeerError with Invalid SP (9) for another security protocol, Invalid SPpar (10) for a parameter that is
        unknown, stands twice or has an impossible value.
        """
        if policy.prot_type != ProtType.SRTP:
            raise PeerError(
                f"security protocol {policy.prot_type} is not supported",
                mikey_error=ErrorNo.INVALID_SP,
                section="RFC 3830 section 6.10",
            )
        values: dict[str, object] = {}
        for param in policy.params:
            name, read = _reading_of(param)
            if name in values:
                raise _refused(f"policy parameter {name} stands twice in policy {policy.policy_no}")
            values[name] = read(name, param.value)
        return cls(**values)  # type: ignore[arg-type]

    def to_payload(self, policy_no: int) -> SecurityPolicy:
        """The SP payload that says this; parameters at their SRTP default are left out, which means the same."""
        told = [
            PolicyParam(type=kind, value=_number(int(getattr(self, name))))
            for kind, (name, _read) in _PARAMS.items()
            if getattr(self, name) != getattr(DEFAULT_SRTP, name)
        ]
        return SecurityPolicy(policy_no=policy_no, prot_type=ProtType.SRTP, params=tuple(told))

    def differences(self, other: SrtpParameters) -> tuple[str, ...]:
        """The names of the parameters in which two policies differ, for a refusal to name."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


def _number(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def _refused(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_SPPAR, section=SECTION)


def _integer(name: str, value: bytes) -> int:
    if not 1 <= len(value) <= MAX_VALUE_OCTETS:
        raise _refused(f"policy parameter {name} has {len(value)} octets instead of 1 to {MAX_VALUE_OCTETS}")
    return int.from_bytes(value, "big")


def _switch(name: str, value: bytes) -> bool:
    number = _integer(name, value)
    if number > 1:
        raise _refused(f"policy parameter {name} is {number}; it can only be 0 (off) or 1 (on)")  # [3830-6.10.1-8]
    return bool(number)


def _one_of(registry: type[OpenEnum]) -> Callable[[str, bytes], OpenEnum]:
    def read(name: str, value: bytes) -> OpenEnum:
        number = _integer(name, value)
        if number >= 1 << registry.bits or not registry(number).known:
            raise _refused(f"policy parameter {name} is {number}, which names nothing")
        return registry(number)

    return read


_Reading = tuple[str, Callable[[str, bytes], object]]
_PARAMS: Final[Mapping[SrtpParam, _Reading]] = MappingProxyType(
    {
        SrtpParam.ENCRYPTION_ALGORITHM: ("encr_alg", _one_of(SrtpEncrAlg)),
        SrtpParam.SESSION_ENCR_KEY_LENGTH: ("encr_key_octets", _integer),
        SrtpParam.AUTHENTICATION_ALGORITHM: ("auth_alg", _one_of(SrtpAuthAlg)),
        SrtpParam.SESSION_AUTH_KEY_LENGTH: ("auth_key_octets", _integer),
        SrtpParam.SESSION_SALT_KEY_LENGTH: ("salt_octets", _integer),
        SrtpParam.SRTP_PRF: ("prf", _one_of(SrtpPrf)),
        SrtpParam.KEY_DERIVATION_RATE: ("key_derivation_rate", _integer),
        SrtpParam.SRTP_ENCRYPTION: ("srtp_encryption", _switch),
        SrtpParam.SRTCP_ENCRYPTION: ("srtcp_encryption", _switch),
        SrtpParam.FEC_ORDER: ("fec_order", _one_of(FecOrder)),
        SrtpParam.SRTP_AUTHENTICATION: ("srtp_authentication", _switch),
        SrtpParam.AUTHENTICATION_TAG_LENGTH: ("tag_octets", _integer),
        SrtpParam.SRTP_PREFIX_LENGTH: ("prefix_octets", _integer),
    }
)


def _reading_of(param: PolicyParam) -> _Reading:
    try:
        return _PARAMS[SrtpParam(param.type)]
    except (KeyError, ValueError):
        raise _refused(f"policy parameter type {int(param.type)} is not supported") from None


DEFAULT_SRTP: Final = SrtpParameters()
