"""SP: how the streams that refer to it are to be protected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.registry import PayloadType, ProtType
from mikey_sdp.wire import Reader, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyParam:
    """One parameter of a policy; what its type means, the security protocol tells (`SrtpParam` for SRTP).

    Wire: Type 8 | Length 8 | Value.
    """

    type: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy(Payload):
    """One security policy. What it leaves out takes the default of the security protocol.

    Wire: Next payload 8 | Policy no 8 | Prot type 8 | Policy param length 16 | parameters one after the other.
    Keeps: parameters in the order received, repeated and unknown ones too.
    Source: RFC 3830 section 6.10.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.SP
    section: ClassVar[str] = "RFC 3830 section 6.10"

    policy_no: int
    prot_type: ProtType = ProtType.SRTP
    params: tuple[PolicyParam, ...] = ()

    @classmethod
    def decode(cls, reader: Reader) -> tuple[SecurityPolicy, PayloadType]:
        """Read the payload. The parameters must end where Policy param length says."""
        next_payload = reader.code(PayloadType, "SP Next payload")
        policy_no = reader.u8("SP Policy no")
        prot_type = reader.code(ProtType, "SP Prot type")
        inner = reader.sub(reader.u16("SP Policy param length"), "SP Policy param")
        params = []
        while inner.left:  # [3830-6.10-4]
            kind = inner.u8("SP param Type")
            params.append(PolicyParam(type=kind, value=inner.take(inner.u8("SP param Length"), "SP param Value")))
        return cls(policy_no=policy_no, prot_type=prot_type, params=tuple(params)), next_payload

    def encode(self, writer: Writer, next_payload: PayloadType) -> None:
        """Append the payload."""
        params = Writer()
        for param in self.params:
            params.u8(param.type, "SP param Type")
            params.prefixed(param.value, "SP param Value", length_octets=1)
        writer.u8(next_payload, "SP Next payload")
        writer.u8(self.policy_no, "SP Policy no")
        writer.u8(self.prot_type, "SP Prot type")
        writer.prefixed(params.getvalue(), "SP Policy param", length_octets=2)
