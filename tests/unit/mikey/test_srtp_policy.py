"""What an SP payload asks SRTP for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.payloads import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import ErrorNo, FecOrder, ProtType, SrtpAuthAlg, SrtpEncrAlg, SrtpParam, SrtpPrf
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters


def policy(*params: tuple[int, str], prot_type: ProtType = ProtType.SRTP) -> SecurityPolicy:
    made = tuple(PolicyParam(type=kind, value=bytes.fromhex(value)) for kind, value in params)
    return SecurityPolicy(policy_no=0, prot_type=prot_type, params=made)


def refused(made: SecurityPolicy) -> PeerError:
    with pytest.raises(PeerError) as caught:
        SrtpParameters.from_payload(made)
    return caught.value


@pytest.mark.requirement("3830-6.10.1-2")
def test_an_empty_policy_is_srtp_as_it_stands() -> None:
    assert SrtpParameters.from_payload(policy()) == SrtpParameters(
        encr_alg=SrtpEncrAlg.AES_CM,
        encr_key_octets=16,
        auth_alg=SrtpAuthAlg.HMAC_SHA_1,
        auth_key_octets=20,
        salt_octets=14,
        prf=SrtpPrf.AES_CM,
        key_derivation_rate=0,
        srtp_encryption=True,
        srtcp_encryption=True,
        fec_order=FecOrder.FEC_SRTP,
        srtp_authentication=True,
        tag_octets=10,
        prefix_octets=0,
    )


def test_every_parameter_has_its_place() -> None:
    made = SrtpParameters.from_payload(
        policy(
            (0, "02"),
            (1, "20"),
            (2, "00"),
            (3, "0010"),
            (4, "0c"),
            (5, "00"),
            (6, "01000000"),
            (7, "00"),
            (8, "00"),
            (9, "00"),
            (10, "00"),
            (11, "04"),
            (12, "05"),
        )
    )
    assert made == SrtpParameters(
        encr_alg=SrtpEncrAlg.AES_F8,
        encr_key_octets=32,
        auth_alg=SrtpAuthAlg.NULL,
        auth_key_octets=16,
        salt_octets=12,
        key_derivation_rate=1 << 24,
        srtp_encryption=False,
        srtcp_encryption=False,
        srtp_authentication=False,
        tag_octets=4,
        prefix_octets=5,
    )
    assert SrtpParameters.from_payload(made.to_payload(3)) == made


@pytest.mark.requirement("3830-6.10.1-8")
def test_what_is_on_by_default_can_be_switched_on_in_words() -> None:
    assert SrtpParameters.from_payload(policy((7, "01"), (8, "0001"), (10, "01"))) == DEFAULT_SRTP


def test_defaults_are_left_out() -> None:
    assert DEFAULT_SRTP.to_payload(1) == replace(policy(), policy_no=1)
    assert replace(DEFAULT_SRTP, tag_octets=4).to_payload(0) == policy((11, "04"))


@pytest.mark.requirement("3830-6.10-3")
@pytest.mark.parametrize("prot_type", [1, 9, 241])
def test_other_protocols_are_refused(prot_type: int) -> None:
    assert refused(policy(prot_type=ProtType(prot_type))).mikey_error == ErrorNo.INVALID_SP


@pytest.mark.requirement("3830-6.10.1-1", "3830-6.10.1-4", "3830-6.10.1-5", "3830-6.10.1-6")
@pytest.mark.parametrize(
    ("kind", "value"),
    [(200, "00"), (13, "0001"), (0, "09"), (2, "09"), (5, "03"), (0, "0100"), (0, ""), (1, "0000000010")],
)
def test_what_names_nothing_is_refused(kind: int, value: str) -> None:
    assert refused(policy((kind, value))).mikey_error == ErrorNo.INVALID_SPPAR


@pytest.mark.requirement("3830-6.10.1-7", "3830-6.10.1-8")
@pytest.mark.parametrize(("kind", "value"), [(7, "02"), (8, "ff"), (10, "0002"), (9, "01")])
def test_switches_and_orders_have_few_values(kind: int, value: str) -> None:
    assert refused(policy((kind, value))).mikey_error == ErrorNo.INVALID_SPPAR


def test_a_parameter_stands_once() -> None:
    assert "twice" in refused(policy((11, "04"), (11, "0a"))).reason


def test_differences_are_named() -> None:
    assert replace(DEFAULT_SRTP, tag_octets=4, prefix_octets=1).differences(DEFAULT_SRTP) == (
        "tag_octets",
        "prefix_octets",
    )
    assert SrtpParam.AUTHENTICATION_TAG_LENGTH == 11
