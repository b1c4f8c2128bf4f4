"""The c= line: addresses, groups with their time to live and number, and what is none."""

from __future__ import annotations

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.sdp.connection import Connection


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("IN IP4 192.0.2.1", Connection(address_type="IP4", address="192.0.2.1")),
        ("IN IP4 192.0.2.1 ", Connection(address_type="IP4", address="192.0.2.1")),
        ("IN IP4 host.example.com", Connection(address_type="IP4", address="host.example.com")),
        ("IN IP6 2001:db8::1", Connection(address_type="IP6", address="2001:db8::1")),
        ("IN IP4 233.252.0.1/127", Connection(address_type="IP4", address="233.252.0.1", ttl=127)),
        ("IN IP4 233.252.0.1/127/3", Connection(address_type="IP4", address="233.252.0.1", ttl=127, count=3)),
        ("IN IP6 ff15::101", Connection(address_type="IP6", address="ff15::101")),
        ("IN IP6 ff15::101/3", Connection(address_type="IP6", address="ff15::101", count=3)),
        ("ATM NSAP 47.0091", Connection(address_type="NSAP", address="47.0091")),
    ],
)
def test_each_form(value: str, expected: Connection) -> None:
    assert Connection.parse(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "IN", "IN IP4", "IN IP4 ", "IN  IP4 192.0.2.1", "IN IP4 192.0.2.1/", "IN IP4 192.0.2.1/x", "IN IP4 a b"],
)
def test_other_forms_are_refused(value: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Connection.parse(value)
    assert (caught.value.field, caught.value.section) == ("c", "RFC 4566 section 5.7")


@pytest.mark.parametrize(
    ("address", "unspecified", "multicast"),
    [
        ("0.0.0.0", True, False),
        ("::", True, False),
        ("192.0.2.1", False, False),
        ("2001:db8::1", False, False),
        ("233.252.0.1", False, True),
        ("ff15::101", False, True),
        ("host.invalid", False, False),
    ],
)
def test_holds_and_groups_are_told_from_hosts(address: str, unspecified: bool, multicast: bool) -> None:
    connection = Connection(address_type="IP4", address=address)
    assert (connection.is_unspecified, connection.is_multicast) == (unspecified, multicast)
