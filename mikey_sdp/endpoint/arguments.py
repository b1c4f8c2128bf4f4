"""What the calling program hands to an end, looked at before anything is done with it.

A type checker finds such mistakes; a program without one would get an offer that lacks what it asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, get_args

from cryptography import x509

from mikey_sdp.endpoint.core import Options
from mikey_sdp.endpoint.wishes import Expectations, Recipient
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.identity import covers, identities
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.policy import Conference
from mikey_sdp.sdp.offer_answer import LevelChoice
from mikey_sdp.sdp.protocols import OfferedProtocol

LEVELS: Final = get_args(LevelChoice)


def check_identity(name: str, value: object) -> None:
    """Raises: UsageError for what is no identity."""
    check_text(name, value)
    if not value or not str(value).isprintable():
        raise UsageError(f"{name} is a SIP URI such as sip:alice@example.com, or an NAI; {value!r} is neither")


def check_text(name: str, value: object) -> None:
    """Raises: UsageError for what is no text."""
    if not isinstance(value, str):
        raise UsageError(f"{name} is text, not {type(value).__name__}")


def check_level(level: object) -> None:
    """Raises: UsageError for anything but the two levels that SDP has."""
    if level not in LEVELS:
        raise UsageError(f"level is {' or '.join(map(repr, LEVELS))}, not {level!r}")


def check_wishes(expects: object, others: Iterable[object], recipients: Iterable[object]) -> None:
    """Raises: UsageError for expectations, protocols and recipients that are none."""
    if not isinstance(expects, Expectations):
        raise UsageError(f"expects takes Expectations, not {type(expects).__name__}")
    if not isinstance(expects.conference, Conference):
        raise UsageError(f"Expectations: conference takes one of Conference, not {expects.conference!r}")
    _check_each("other_protocols", others, OfferedProtocol)
    _check_each("recipients", recipients, Recipient)


def modes_of(name: str, given: Iterable[Mode] | None) -> frozenset[Mode] | None:
    """The modes that were given, by themselves or by their names.

    Raises: UsageError for what is no mode.
    """
    if given is None:
        return None
    if isinstance(given, str):
        raise UsageError(f"{name} takes several modes, such as [Mode.PSK]; {given!r} is text")
    try:
        return frozenset(map(Mode, given))
    except ValueError as error:
        raise UsageError(f"{name}: {error}; there are {', '.join(Mode)}") from None


def check_options(options: Options) -> None:
    """Raises: UsageError for options that nothing would come of."""
    for option in fields(Options):
        value, usual = getattr(options, option.name), option.default
        if isinstance(usual, bool | Profile) and not isinstance(value, type(usual)):
            raise UsageError(f"Options: {option.name} takes {type(usual).__name__}, not {value!r}")
    if options.accepts is not None:
        modes_of("Options: accepts", options.accepts)
    if isinstance(options.answers_for, str):
        raise UsageError("Options: answers_for takes several identities, such as frozenset({'sip:sales@example.com'})")


def check_credentials(identity: str, given: Iterable[Any], options: Options) -> tuple[Credential, ...]:
    """The credentials of an end, each of which can be one, and names it.

    Raises: UsageError.
    """
    held = tuple(given)
    for credential in held:
        if not isinstance(getattr(credential, "peer", None), str):
            raise UsageError(f"credentials takes such as PskCredential, not {type(credential).__name__}")
        if isinstance(credential, CertificateCredential) and credential.names_owner:
            _check_named(credential, (identity, *options.answers_for))
    return held


def _check_named(credential: CertificateCredential, own: tuple[str, ...]) -> None:
    """No peer believes a certificate that is about somebody else, so that it is not shown to any."""
    encryption = () if credential.encryption is None else (credential.encryption.certificate,)
    for certificate in (credential.certificates[0], *encryption):
        if not any(covers(certificate, one) for one in own):
            found = _names(certificate)
            raise UsageError(f"the own certificate does not name {own[0]} in its subjectAltName; it names {found}")


def _names(certificate: x509.Certificate) -> str:
    return ", ".join(identities(certificate)[:8]) or "no user"


def _check_each(name: str, given: Iterable[object], kind: type[object]) -> None:
    for one in given:
        if not isinstance(one, kind):
            raise UsageError(f"{name} takes {kind.__name__}, not {type(one).__name__}")
