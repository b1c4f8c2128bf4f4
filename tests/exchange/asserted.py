"""SAML assertions for Alice, Bob and others, by a SIP domain that both trust."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from mikey_sdp.mikey.crypto.groups import PrivateValue, group_of
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import SamlCredential, issue
from tests.pki import MOMENT, Authority, Holder, at

HOUR = timedelta(hours=1)


@lru_cache
def sip_server(domain: str = "example.com", name: str = "") -> Holder:
    """The server of a SIP domain, with the key that it signs assertions with."""
    return Authority.create("Authority of SIP servers").issue(f"dns:{domain}", subject=name or None)


def private_value(seed: str, group: DhGroup) -> PrivateValue:
    octets = hashlib.sha256(seed.encode()).digest()
    return group_of(group).private(octets[1:])  # below the order of P-256 whatever they are


@lru_cache
def assertion(user: str, group: DhGroup, key: PrivateValue, **changed: Any) -> bytes:
    """An assertion about a user's key, good for three hours around the moment of the tests."""
    server = changed.pop("server", None) or sip_server(user.partition("@")[2])
    given: dict[str, Any] = {
        "issuer": f"sip:{user.partition('@')[2]}",
        "issuer_key": server.key,
        "issuer_certificate": server.certificate,
        "subject": user,
        "group": group,
        "public": key.public,
        "not_before": at(MOMENT - HOUR),
        "not_on_or_after": at(MOMENT + 3 * HOUR),
        "assertion_id": "_a1",
        "issue_instant": at(MOMENT - HOUR),
    }
    return issue(**{**given, **changed})


@lru_cache
def asserted(user: str, group: DhGroup = DhGroup.ECP_P_256) -> SamlCredential:
    """A user's key and assertion, and trust in the SIP server of the domain."""
    key = private_value(user, group)
    return SamlCredential(
        assertion=assertion(user, group, key), group=group, key=key, issuers=(sip_server().certificate,)
    )


def with_assertion(credential: SamlCredential, user: str, **changed: Any) -> SamlCredential:
    """The same key under another assertion."""
    return replace(credential, assertion=assertion(user, credential.group, credential.key, **changed))
