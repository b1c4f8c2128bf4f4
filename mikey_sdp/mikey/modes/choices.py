"""What the exchanges leave to the end that uses them.

Source: RFC 3830 sections 3.2, 3.3, 4.2.6, 4.2.7 and 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.payloads import CertificateStyle
from mikey_sdp.mikey.crypto.groups import GROUPS
from mikey_sdp.mikey.modes.saml_choices import DEFAULT_SAML_CHOICES, SamlChoices
from mikey_sdp.mikey.registry import CacheIndicator, DhGroup, HashFunc, SignType


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How one end makes its messages where the RFCs offer several ways.

    Keeps: `dh_group`, of the Diffie-Hellman modes # [3830-4.2.7-1]; `sign_type`, None for the usual one of the key;
    `sign_hash`, of RSA signatures that we make (those of EC keys follow from the curve); `sign_hashes`, those that we
    accept; `certificates`, how much of the own chain goes into a message, which decides its size;
    `certificate_url`, where the own certificate can be had, for the style URL; `certificate_hash`, name the Responder's
    certificate by CHASH; `oaep`, encrypt envelope keys by RSAES-OAEP instead of PKCS#1 v1.5; `cache`, what the other
    end may do with an envelope key # [3830-6.3-3]; `tgk_as_psk`, whether the TGK that a Diffie-Hellman exchange made is
    the pre-shared key of later exchanges between the two, such as those that bring a group's key: both ends must agree
    on it (RFC 5197 section 3.3), since RFC 3830 caches envelope keys only; `saml`, those of SAML-assisted
    Diffie-Hellman.
    Raises: UsageError for a group that is not implemented.
    """

    dh_group: DhGroup = DhGroup.OAKLEY_5
    sign_type: SignType | None = None
    sign_hash: HashFunc = HashFunc.SHA_1
    sign_hashes: tuple[HashFunc, ...] = (HashFunc.SHA_1, HashFunc.SHA_256)
    certificates: CertificateStyle = CertificateStyle.LEAF
    certificate_url: str | None = None
    certificate_hash: bool = False
    oaep: bool = False
    cache: CacheIndicator = CacheIndicator.CACHE_FOR_CSB
    tgk_as_psk: bool = False
    saml: SamlChoices = DEFAULT_SAML_CHOICES

    def __post_init__(self) -> None:
        if self.dh_group not in GROUPS:
            raise UsageError(f"Diffie-Hellman group {self.dh_group} is not implemented")
        if not self.sign_hashes:
            raise UsageError("name at least one hash of signatures to accept")


DEFAULT_CHOICES: Final = Choices()
