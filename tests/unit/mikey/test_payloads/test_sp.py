"""SP: parameters within their length, whatever they mean."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import PayloadType, ProtType, SrtpParam
from tests.unit.mikey.golden import HEADER, check_golden, refuse


def params(*pairs: tuple[int, str]) -> tuple[PolicyParam, ...]:
    return tuple(PolicyParam(type=kind, value=bytes.fromhex(value)) for kind, value in pairs)


@pytest.mark.requirement("3830-6.10-1", "3830-6.10-3", "3830-6.10-4")
@pytest.mark.parametrize(
    ("payload", "payload_hex"),
    [
        (SecurityPolicy(policy_no=0), "00 00 00 0000"),
        (
            SecurityPolicy(policy_no=7, params=params((0, "01"), (1, "10"), (2, "01"))),
            "00 07 00 0009 00 01 01 01 01 10 02 01 01",
        ),
        (
            SecurityPolicy(policy_no=255, prot_type=ProtType(9), params=params((200, ""), (6, "00010000"))),
            "00 ff 09 0008 c8 00 06 04 00010000",
        ),
        (
            SecurityPolicy(policy_no=1, prot_type=ProtType.TESLA, params=params((3, "00"), (3, "01"))),
            "00 01 01 0006 03 01 00 03 01 01",
        ),
    ],
    ids=["empty", "three", "unknown", "repeated"],
)
def test_golden(payload: SecurityPolicy, payload_hex: str) -> None:
    check_golden(payload, payload_hex)


@pytest.mark.requirement("3830-6.10-1")
def test_three_one_octet_parameters_make_fourteen_octets() -> None:
    policy = SecurityPolicy(policy_no=1, params=params((0, "01"), (1, "10"), (2, "01")))
    assert Message.build(HEADER, [policy]).spans[0].octets == 14
    assert Message.build(HEADER, [SecurityPolicy(policy_no=1)]).spans[0].octets == 5


@pytest.mark.requirement("3830-6.10.1-1")
def test_every_srtp_parameter_survives() -> None:
    every = tuple(PolicyParam(type=kind.value, value=bytes([kind.value])) for kind in SrtpParam)
    assert [param.type for param in every] == list(range(21))
    payload = SecurityPolicy(policy_no=1, params=every)
    check_golden(payload, "00 01 00 003f" + "".join(f"{number:02x} 01 {number:02x}" for number in range(21)))


@pytest.mark.requirement("3830-6.10-4")
@pytest.mark.parametrize(
    ("length", "inner"),
    [
        ("0005", "00 01 01 01 01 10"),
        ("0007", "00 01 01 01 01 10"),
        ("0006", "00 02 01 01 01 10"),
        ("0006", "00 00 01 01 01 10"),
        ("0006", "00 01 01 01 02 10"),
        ("0001", "00"),
    ],
    ids=["shortened", "lengthened", "first longer", "first shorter", "over the end", "half a parameter"],
)
def test_a_parameter_must_end_within_the_policy(length: str, inner: str) -> None:
    error = refuse(PayloadType.SP, f"00 01 00 {length} {inner}")
    assert error.field.startswith("SP")


@pytest.mark.requirement("3830-6.10-2")
def test_two_policies_of_one_message_do_not_share_a_number() -> None:
    with pytest.raises(UsageError, match="Policy no of its own"):
        Message.build(HEADER, [SecurityPolicy(policy_no=3), SecurityPolicy(policy_no=3, params=params((0, "01")))])


@pytest.mark.parametrize(
    "policy",
    [
        SecurityPolicy(policy_no=256),
        SecurityPolicy(policy_no=1, params=(PolicyParam(type=256, value=b""),)),
        SecurityPolicy(policy_no=1, params=(PolicyParam(type=1, value=bytes(256)),)),
        SecurityPolicy(policy_no=1, params=(PolicyParam(type=1, value=bytes(255)),) * 256),
    ],
    ids=["policy no", "type", "value", "all values"],
)
def test_what_does_not_fit_is_not_cut(policy: SecurityPolicy) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        Message.build(HEADER, [policy])
