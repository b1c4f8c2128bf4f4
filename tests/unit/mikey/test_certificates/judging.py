"""Two roots, one of them trusted, and the two verdicts on a chain."""

from __future__ import annotations

import re

import pytest
from cryptography import x509

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.certificates import (
    Purpose,
    Trust,
    verify_chain,
)
from mikey_sdp.mikey.registry import ErrorNo
from tests.pki import (
    MOMENT,
    Authority,
    Holder,
    at,
)

ALICE = "sip:alice@example.com"
NOW = at(MOMENT)
ROOT = Authority.create("root")
OTHER = Authority.create("other root")
TRUST = Trust(anchors=(ROOT.certificate,))


def verified(
    *chain: x509.Certificate, trust: Trust = TRUST, now: NtpTime = NOW, purpose: Purpose = Purpose.SIGN
) -> x509.Certificate:
    return verify_chain(trust, chain, now=now, purpose=purpose)


def refused(
    *chain: x509.Certificate,
    because: str,
    trust: Trust = TRUST,
    now: NtpTime = NOW,
    purpose: Purpose = Purpose.SIGN,
) -> None:
    with pytest.raises(PeerError, match=re.escape(because)) as caught:
        verify_chain(trust, chain, now=now, purpose=purpose)
    assert caught.value.mikey_error == ErrorNo.INVALID_CERT


def as_authority(holder: Holder) -> Authority:
    return Authority(certificate=holder.certificate, key=holder.key)
