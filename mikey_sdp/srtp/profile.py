"""Which SRTP policies our transforms can run, and how libsrtp names them.

AES-CM-128 with HMAC-SHA-1 and AES-GCM are run by libsrtp through pylibsrtp. Everything else that a policy can ask for
is refused by name, so that no stream is ever protected in another way than was agreed.
Source: RFC 3711 sections 4, 5 and 8.2, RFC 7714 sections 12 and 14.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pylibsrtp import Policy

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.registry import ErrorNo, SrtpAuthAlg, SrtpEncrAlg
from mikey_sdp.mikey.srtp_policy import SrtpParameters

SECTION: Final = "RFC 3830 section 6.10.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One combination of transforms as it is run.

    Units: `tag_octets` and `rtcp_tag_octets` count what follows the MKI, which is nothing for AEAD ciphers: their tag
    belongs to the ciphertext (RFC 7714 section 8.2).
    Keeps: `trailer_octets`, by how much protection lengthens an RTP packet without MKI.
    """

    name: str
    libsrtp: int
    tag_octets: int
    rtcp_tag_octets: int
    trailer_octets: int


_CM_80: Final = SrtpParameters()
_CM_32: Final = SrtpParameters(tag_octets=4)
_GCM_128: Final = SrtpParameters(
    encr_alg=SrtpEncrAlg.AES_GCM, auth_alg=SrtpAuthAlg.NULL, auth_key_octets=0, salt_octets=12, tag_octets=0
)
_GCM_256: Final = SrtpParameters(
    encr_alg=SrtpEncrAlg.AES_GCM,
    encr_key_octets=32,
    auth_alg=SrtpAuthAlg.NULL,
    auth_key_octets=0,
    salt_octets=12,
    tag_octets=0,
)

SUPPORTED: Final[tuple[SrtpParameters, ...]] = (_CM_80, _GCM_128, _GCM_256, _CM_32)
"""What we can run, best liked first: the default of SRTP, AEAD, last the short tag that RFC 3711 advises against."""

_PROFILES: Final[Mapping[SrtpParameters, Profile]] = MappingProxyType(
    {
        _CM_80: Profile(
            name="AES_CM_128_HMAC_SHA1_80",
            libsrtp=Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
            tag_octets=10,
            rtcp_tag_octets=10,
            trailer_octets=10,
        ),
        _CM_32: Profile(
            name="AES_CM_128_HMAC_SHA1_32",
            libsrtp=Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
            tag_octets=4,
            rtcp_tag_octets=10,  # SRTCP never gets less than 80 bits: RFC 3711 section 5.2
            trailer_octets=4,
        ),
        _GCM_128: Profile(
            name="AEAD_AES_128_GCM",
            libsrtp=Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
            tag_octets=0,
            rtcp_tag_octets=0,
            trailer_octets=16,
        ),
        _GCM_256: Profile(
            name="AEAD_AES_256_GCM",
            libsrtp=Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
            tag_octets=0,
            rtcp_tag_octets=0,
            trailer_octets=16,
        ),
    }
)


def profile_of(parameters: SrtpParameters) -> Profile:
    """How a policy is run.

    Raises: PeerError with Invalid SPpar (10), naming the parameters that can't be had, for every other policy: F8, NULL
    or switched-off encryption or authentication, other key, salt and tag lengths, a key derivation rate, a prefix.
    """
    profile = _PROFILES.get(parameters)
    if profile is not None:
        return profile
    nearest = min(SUPPORTED, key=lambda supported: _distance(supported, parameters))
    wrong = ", ".join(_said(name, parameters, nearest) for name in nearest.differences(parameters))
    raise PeerError(f"no SRTP transform for {wrong}", mikey_error=ErrorNo.INVALID_SPPAR, section=SECTION)


def profile_for(sa: DataSa) -> Profile:
    """How the stream of a Data SA is run, its key and salt having the lengths that its policy says.

    Raises: PeerError with Invalid SPpar (10).
    """
    profile = profile_of(sa.parameters)
    for what, have, want in (
        ("master key", len(sa.master_key), sa.parameters.encr_key_octets),
        ("master salt", len(sa.master_salt), sa.parameters.salt_octets),
    ):
        if have != want:
            raise PeerError(
                f"the {what} of crypto session {sa.cs_id} has {have} octets; its policy asks for {want}",
                mikey_error=ErrorNo.INVALID_SPPAR,
                section=SECTION,
            )
    return profile


def _distance(supported: SrtpParameters, asked: SrtpParameters) -> tuple[bool, int]:
    return supported.encr_alg != asked.encr_alg, len(supported.differences(asked))


def _said(name: str, asked: SrtpParameters, nearest: SrtpParameters) -> str:
    return f"{name} {getattr(asked, name)} (nearest supported: {getattr(nearest, name)})"
