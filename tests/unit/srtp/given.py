"""Data SAs and packets for the tests of SRTP."""

from __future__ import annotations

from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, IntervalValidity, SpiValidity
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.profile import SUPPORTED
from mikey_sdp.srtp.rtp import rtp_octets

CM_80, GCM_128, GCM_256, CM_32 = SUPPORTED
KEY = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")  # RFC 3711 appendix B.3
SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
SSRC = 0xCAFEBABE


def key_octets(number: int, parameters: SrtpParameters = CM_80) -> bytes:
    return KEY if number == 0 and parameters.encr_key_octets == 16 else bytes([number]) * parameters.encr_key_octets


def salt_octets(parameters: SrtpParameters = CM_80) -> bytes:
    return SALT[: parameters.salt_octets]


def sa(
    number: int = 0,
    *,
    ssrc: int = SSRC,
    roc: int = 0,
    cs_id: int = 1,
    mki: bytes = b"",
    interval: tuple[int, int] | None = None,
    parameters: SrtpParameters = CM_80,
) -> DataSa:
    """The Data SA of master key `number`."""
    validity: object = ANY_PACKET
    if mki:
        validity = SpiValidity(spi=mki)
    if interval:
        validity = IntervalValidity(valid_from=interval[0].to_bytes(6, "big"), valid_to=interval[1].to_bytes(6, "big"))
    return DataSa(
        cs_id=cs_id,
        ssrc=ssrc,
        roc=roc,
        policy_no=0,
        parameters=parameters,
        master_key=Secret(key_octets(number, parameters)),
        master_salt=Secret(salt_octets(parameters)),
        mki=mki,
        validity=validity,  # type: ignore[arg-type]
    )


def rtp(sequence: int, *, ssrc: int = SSRC, octets: int = 20) -> bytes:
    return rtp_octets(
        payload_type=0, sequence=sequence & 0xFFFF, timestamp=160 * sequence, ssrc=ssrc, payload=b"\x5a" * octets
    )


def rtcp(ssrc: int = SSRC, *, words: int = 5) -> bytes:
    """A sender report (or what has its length) whose body is one repeated octet."""
    return bytes((0x80, 200)) + (1 + words).to_bytes(2, "big") + ssrc.to_bytes(4, "big") + b"\xa5" * (4 * words)
