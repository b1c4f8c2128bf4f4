from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.payloads.sp import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import ErrorNo, ProtType, SrtpAuthAlg, SrtpEncrAlg, SrtpParam, SrtpPrf
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.profile import SUPPORTED, profile_for, profile_of
from mikey_sdp.srtp.session import SrtpReceiver, SrtpSender
from tests.unit.srtp.given import CM_80, GCM_128, sa

REFUSED = [
    ({"encr_alg": SrtpEncrAlg.AES_F8}, "encr_alg"),
    ({"encr_alg": SrtpEncrAlg.NULL}, "encr_alg"),
    ({"encr_alg": SrtpEncrAlg.ARIA_CTR}, "encr_alg"),
    ({"encr_alg": SrtpEncrAlg(250)}, "encr_alg"),
    ({"encr_key_octets": 24}, "encr_key_octets"),
    ({"encr_key_octets": 32}, "encr_key_octets"),
    ({"auth_alg": SrtpAuthAlg.NULL}, "auth_alg"),
    ({"auth_alg": SrtpAuthAlg.RCCM1}, "auth_alg"),
    ({"auth_key_octets": 16}, "auth_key_octets"),
    ({"salt_octets": 12}, "salt_octets"),
    ({"prf": SrtpPrf.SEED_CTR}, "prf"),
    ({"key_derivation_rate": 16}, "key_derivation_rate"),
    ({"srtp_encryption": False}, "srtp_encryption"),
    ({"srtcp_encryption": False}, "srtcp_encryption"),
    ({"srtp_authentication": False}, "srtp_authentication"),
    ({"tag_octets": 0}, "tag_octets"),
    ({"tag_octets": 8}, "tag_octets"),
    ({"tag_octets": 16}, "tag_octets"),
    ({"prefix_octets": 4}, "prefix_octets"),
    ({"encr_alg": SrtpEncrAlg.AES_GCM}, "auth_alg"),
]


@pytest.mark.parametrize(("change", "named"), REFUSED)
def test_what_cannot_be_run_is_refused_by_name_with_error_10(change, named) -> None:
    asked = replace(CM_80, **change)
    for refuse in (profile_of, lambda p: SrtpSender([sa(parameters=p)]), lambda p: SrtpReceiver([sa(parameters=p)])):
        with pytest.raises(PeerError, match=named) as caught:
            refuse(asked)
        assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR == 10


@pytest.mark.parametrize(
    ("change", "named"), [({"salt_octets": 14}, "salt_octets"), ({"encr_key_octets": 24}, "encr_key_octets")]
)
def test_a_refusal_compares_with_the_same_cipher(change, named) -> None:
    with pytest.raises(PeerError, match=rf"no SRTP transform for {named} \d+ \(nearest supported: \d+\)"):
        profile_of(replace(GCM_128, **change))


def test_every_supported_policy_runs_and_the_default_of_srtp_is_liked_best() -> None:
    assert SUPPORTED[0] == SrtpParameters()
    names = [profile_of(parameters).name for parameters in SUPPORTED]
    assert names == ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_32"]


def test_supported_policies_survive_the_way_through_an_error_message() -> None:
    for number, parameters in enumerate(SUPPORTED):
        assert SrtpParameters.from_payload(parameters.to_payload(number)) == parameters


@pytest.mark.requirement("3830-6.10.1-6")
def test_another_prf_than_aes_cm_in_an_sp_payload_is_refused() -> None:
    param = PolicyParam(type=SrtpParam.SRTP_PRF, value=b"\x01")
    policy = SecurityPolicy(policy_no=0, prot_type=ProtType.SRTP, params=(param,))
    with pytest.raises(PeerError) as caught:
        profile_of(SrtpParameters.from_payload(policy))
    assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR


@pytest.mark.parametrize(("part", "octets"), [("master_key", 15), ("master_key", 32), ("master_salt", 12)])
def test_key_and_salt_have_the_lengths_of_the_policy(part, octets) -> None:
    with pytest.raises(PeerError, match=f"{part.replace('_', ' ')} of crypto session 1 has {octets} octets") as caught:
        profile_for(replace(sa(), **{part: Secret(bytes(octets))}))
    assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR


def test_a_stream_that_runs_already_is_refused_with_error_10() -> None:
    for refuse in (SrtpSender, SrtpReceiver):
        with pytest.raises(PeerError, match="rollover counter 7") as caught:
            refuse([sa(roc=7)])
        assert caught.value.mikey_error == ErrorNo.INVALID_SPPAR
