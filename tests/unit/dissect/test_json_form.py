"""The form of what `decode --json` prints, for every kind of message, whole or broken."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from mikey_sdp.dissect.explain import explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.dissect.known import Known
from mikey_sdp.secret import Secret
from tests.samples import PSK, VECTORS

SEEDS = Path(__file__).parents[2] / "fuzz" / "corpus" / "mikey"


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """An object with these fields and no other."""


class CodePoint(_Strict):
    value: int
    name: str


class Place(_Strict):
    level: Literal["session", "media"] | None
    media: int | None
    frame: int | None


class Session(_Strict):
    cs_id: int
    policy_no: int
    ssrc: int
    roc: int


class HeaderForm(_Strict):
    data_type: CodePoint
    v: Literal[0, 1]
    prf_func: CodePoint
    csb_id: int
    cs_id_map_type: CodePoint
    cs: list[Session]


class RemarkForm(_Strict):
    severity: Literal["note", "warning", "error"]
    text: str
    section: str


class ErrorForm(_Strict):
    reason: str
    offset: int
    field: str
    section: str


class CheckForm(_Strict):
    name: str
    held: bool | None
    reason: str
    section: str


class DataSaForm(_Strict):
    cs_id: int
    ssrc: int
    roc: int
    policy_no: int
    mki: str
    tek_len: int
    tek_fingerprint: str
    salt_len: int
    salt_fingerprint: str


class OpenedForm(_Strict):
    checks: list[CheckForm]
    data_sas: list[DataSaForm]


class MessageForm(_Strict):
    where: Place
    octets: int
    header: HeaderForm | None
    payloads: list[dict[str, Any]]
    remarks: list[RemarkForm]
    error: ErrorForm | msgspec.UnsetType = msgspec.UNSET
    opened: OpenedForm | msgspec.UnsetType = msgspec.UNSET


def check_values(value: Any) -> None:
    """Code points are value and name; all else is numbers, text, lists and objects of these."""
    if isinstance(value, dict):
        if "value" in value and "name" in value:
            msgspec.convert(value, CodePoint)
        for name, inner in value.items():
            assert name == name.lower()
            check_values(inner)
    elif isinstance(value, list):
        for inner in value:
            check_values(inner)
    else:
        assert isinstance(value, int | str)


EVERYTHING = {path.name: path.read_bytes() for path in sorted(SEEDS.iterdir())}
EVERYTHING |= {f"vector {name}": bytes.fromhex(VECTORS["psk_exchange"][name]) for name in ("i_message", "r_message")}
EVERYTHING["rfc 4567"] = base64.b64decode(VECTORS["rfc4567_example_offer"])


@pytest.mark.parametrize("psk", [None, Secret(PSK)], ids=["plain", "opened"])
@pytest.mark.parametrize("octets", EVERYTHING.values(), ids=EVERYTHING)
def test_every_message_has_the_agreed_form(octets: bytes, psk: Secret | None) -> None:
    (one,) = explain([Found(where=Where(), octets=octets, origin="here")], known=Known(psk=psk), now_unix_us=0)
    printed = msgspec.json.decode(msgspec.json.encode(one.fields()))
    form = msgspec.convert(printed, MessageForm)
    end = 0
    for payload in form.payloads:
        assert payload["type"] == payload["type"].upper()
        assert payload["offset"] >= end
        end = payload["offset"] + payload["octets"]
        check_values(payload)
    assert end <= form.octets == len(octets)
    assert (form.error is msgspec.UNSET) == (one.message is not None)
