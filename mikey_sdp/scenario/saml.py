"""The SAML assertions of a scenario: one SIP server, and a key and an assertion for each party that holds one.

Like certificates they follow from the scenario's name and seed and are made without chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from mikey_sdp.clock import NtpTime
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.saml import SamlCredential, issue
from mikey_sdp.scenario.modes import DH_GROUPS
from mikey_sdp.scenario.pki import OctetSource, sip_server
from mikey_sdp.scenario.schema import Asserted
from mikey_sdp.secret import Secret

_KEY_OCTETS: Final = 23  # below the order of every group whatever they are
_MINUTE_US: Final = 60_000_000
_ISSUED_BEFORE_US: Final = 60 * _MINUTE_US
_EXPIRED_BEFORE_US: Final = 10 * _MINUTE_US
_GOOD_FOR_US: Final = 24 * 60 * _MINUTE_US


class _StolenAssertion(SamlCredential):
    """What an impostor holds: an assertion that anybody can read, and a private value of his own."""

    def __post_init__(self) -> None:
        """Look at nothing."""


def saml_credentials(
    asked: Mapping[str, Asserted | UnsetType],
    identities: Mapping[str, str],
    octets: OctetSource,
    *,
    now_unix_us: int,
) -> dict[str, SamlCredential]:
    """The credential of each party that holds an assertion, by its name. Everybody trusts the domain's own server.

    Units: `now_unix_us` is the moment at which the run starts.
    Raises: BackendUnavailable.
    """
    return {
        name: _credential(asserted, name, identities, octets, now_unix_us)
        for name, asserted in asked.items()
        if asserted is not UNSET
    }


def private_octets(name: str, asserted: Asserted, octets: OctetSource) -> Secret:
    """The private value of a party's assertion."""
    return Secret(octets(f"saml|{name}|{asserted.group}", _KEY_OCTETS))


def _credential(
    asserted: Asserted, name: str, identities: Mapping[str, str], octets: OctetSource, now_unix_us: int
) -> SamlCredential:
    subject = identities[name if asserted.names is UNSET else asserted.names]
    domain = subject.rpartition("@")[2]
    group = DH_GROUPS[asserted.group]
    key = group_of(group).private(private_octets(name, asserted, octets).reveal())
    certificate, issuer_key = sip_server(domain, asserted.issuer, octets, now_unix_us=now_unix_us)
    issued = NtpTime.from_unix_us(now_unix_us - _ISSUED_BEFORE_US)
    end_us = now_unix_us - _EXPIRED_BEFORE_US if asserted.expired else now_unix_us + _GOOD_FOR_US
    xml = issue(
        issuer=f"sip:{domain}",
        issuer_key=issuer_key,
        issuer_certificate=certificate,
        subject=subject,
        group=group,
        public=key.public,
        not_before=issued,
        not_on_or_after=NtpTime.from_unix_us(end_us),
        assertion_id=f"_{octets(f'saml|{name}|id', 16).hex()}",
        issue_instant=issued,
    )
    issuers = (sip_server(domain, "own", octets, now_unix_us=now_unix_us)[0],)
    if asserted.stolen:
        other = group_of(group).private(octets(f"saml|{name}, an impostor|{asserted.group}", _KEY_OCTETS))
        return _StolenAssertion(assertion=xml, group=group, key=other, issuers=issuers)
    return SamlCredential(assertion=xml, group=group, key=key, issuers=issuers)
