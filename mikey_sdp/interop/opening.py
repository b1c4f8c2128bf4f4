"""`open`: TGK and TEKs of a recorded exchange, from the secrets of either end."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from mikey_sdp.dissect.known import Known, with_key
from mikey_sdp.dissect.open import Opener
from mikey_sdp.dissect.opened import Check
from mikey_sdp.errors import UsageError
from mikey_sdp.interop.commands import Open
from mikey_sdp.interop.results import Result, SecretsDontFit, keys_of
from mikey_sdp.interop.values import octets_of_base64, secret_of_hex
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import DhValue

_HINT: Final = (
    "these secrets open no exchange of this mode: PSK takes psk; RSA and ECIES the Responder's key, RSA-R the "
    "Initiator's, or env_key; DHSIGN and DHHMAC dh_private of either end; ECMQV and DHSAML its key and dh_private"
)


def open_recorded(words: Open) -> Result:
    """The keys of an exchange, and which checks held; a check that could not be made is not named.

    Raises: DecodeError; SecretsDontFit where no keys come out; UsageError.
    """
    offer = Message.decode(octets_of_base64(words.i_message, "i_message"))
    named = {"I_MESSAGE": offer}
    if words.r_message is not None:
        named["R_MESSAGE"] = Message.decode(octets_of_base64(words.r_message, "r_message"))
    _check_group(words, offer)
    known = Known(
        psk=secret_of_hex(words.psk, "psk"),
        envelope_key=secret_of_hex(words.env_key, "env_key"),
        dh_private=secret_of_hex(words.dh_private, "dh_private"),
    )
    if not isinstance(words.key, UnsetType):
        known = _with_key(known, words.key)
    opener = Opener(tuple(named.values()), known)
    opened = {name: opener.open(message) for name, message in named.items()}
    checks = [(f"{name}: {check.name}", check) for name, one in opened.items() if one for check in one.checks]
    bundle = next((one.bundle for one in reversed(opened.values()) if one and one.bundle), None)
    if bundle is None:
        raise SecretsDontFit(_why_nothing_opens(checks))
    return {**keys_of(bundle), "verified": {name: check.held for name, check in checks if check.held is not None}}


def _with_key(known: Known, pem: str) -> Known:
    try:
        return with_key(known, pem)
    except UsageError as error:
        raise UsageError(f"key: {error}") from None


def _check_group(words: Open, offer: Message) -> None:
    """The messages say in which group their values are; a caller who thinks otherwise has another private value."""
    value = offer.find(DhValue)
    if not isinstance(words.group, UnsetType) and value is not None and words.group != value.group:
        raise UsageError(f"the exchange is in group {int(value.group)}, not {words.group}")


def _why_nothing_opens(checks: list[tuple[str, Check]]) -> str:
    failed = [f"{name}: {check.reason}" for name, check in checks if not check.held]
    return "; ".join(failed) or _HINT
