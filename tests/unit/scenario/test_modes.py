"""The words of a scenario file name what the toolkit can do, no more and no less."""

from __future__ import annotations

from typing import get_args

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.composition import COMPOSITIONS
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.modes import table
from mikey_sdp.mikey.saml import SamlCredential
from mikey_sdp.scenario.modes import CERTIFIED_KEYS, CREDENTIALS, DH_GROUPS, MODES, PAYLOADS
from mikey_sdp.scenario.network import PayloadWord
from mikey_sdp.scenario.schema import Credentials, GroupWord, ModeWord


def test_every_mode_has_a_word() -> None:
    assert set(MODES.values()) == set(table.MODES)
    assert set(MODES) == set(get_args(ModeWord))


def test_every_mode_needs_a_credential_that_the_schema_knows() -> None:
    assert CREDENTIALS.keys() == MODES.keys()
    assert set(CREDENTIALS.values()) == set(Credentials.__struct_fields__)
    certified = {mode for mode, credential in CREDENTIALS.items() if credential == "certificate"}
    assert certified - CERTIFIED_KEYS.keys() == {"dhsign"}


def test_a_mode_takes_the_credential_of_its_row() -> None:
    kinds = {
        "psk": PskCredential,
        "unprotected": NullCredential,
        "certificate": CertificateCredential,
        "saml": SamlCredential,
    }
    for word, mode in MODES.items():
        assert table.MODES[mode].credential is kinds[CREDENTIALS[word]]


def test_every_group_that_a_file_may_name_can_be_had() -> None:
    assert DH_GROUPS.keys() == set(get_args(GroupWord))
    assert all(group_of(group) is not None for group in DH_GROUPS.values())


def test_every_payload_that_a_mode_may_have_can_be_tampered_with() -> None:
    assert PAYLOADS.keys() == set(get_args(PayloadWord))
    in_messages = {
        payload.label
        for row in table.MODES.values()
        for data_type in (row.data_type, row.answer_type)
        for payload in COMPOSITIONS[data_type].times
    }
    assert in_messages <= set(PAYLOADS.values())
