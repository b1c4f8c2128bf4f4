"""The table of modes: a new mode is a file of its own and one row here.

Source: RFC 5197 section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, CredentialStore, NullCredential, PskCredential
from mikey_sdp.mikey.crypto.curves import is_supported
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import ecies as ecies_mode
from mikey_sdp.mikey.modes import rsa as rsa_mode
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup, Mode, ModeResponder
from mikey_sdp.mikey.modes.dhhmac import DhhmacInitiator, DhhmacResponder
from mikey_sdp.mikey.modes.dhsaml import DhsamlInitiator
from mikey_sdp.mikey.modes.dhsaml_responder import DhsamlResponder, vouches_for_time
from mikey_sdp.mikey.modes.dhsaml_round2 import FurtherInitiator
from mikey_sdp.mikey.modes.dhsign import DhsignInitiator, DhsignResponder
from mikey_sdp.mikey.modes.ecmqv import EcmqvInitiator, EcmqvResponder
from mikey_sdp.mikey.modes.null import NullInitiator, NullResponder
from mikey_sdp.mikey.modes.psk import PskInitiator, PskResponder
from mikey_sdp.mikey.modes.public_key import PublicKeyInitiator, PublicKeyResponder
from mikey_sdp.mikey.modes.rsa_r import RsaRInitiator
from mikey_sdp.mikey.modes.rsa_r_responder import RsaRResponder
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.registry import DataType, EncrAlg, MacAlg
from mikey_sdp.mikey.saml import SamlCredential


def _always(_credential: Any, _peer: str) -> bool:
    return True


def _any_message(_message: Message) -> bool:
    return True


def _never(_message: Message, _choices: Choices) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRow:
    """One mode: which credential it takes, how its two ends are made, and how its I_MESSAGE is told.

    Keeps: `answer_type`, the data type of its R_MESSAGE; `fits`, whether a credential of the right kind allows the mode
    with that peer; `recognises` and `recognises_answer`, whether a message of the row's data type is of this mode;
    `pushes`, whether the Initiator makes the keys; `updates`, whether the mode has messages that update a CSB; `group`,
    whether one key can serve several Responders # [3830-3.3-9]; `further_type` and `further_answer_type`, the data
    types of a second round, where a mode has one; `vouches_for_time`, whether something else than the clock shows that
    a message is no replay; `mandatory`, whether RFC 3830 has everybody who implements it implement the mode (sections
    3.1, 3.2 and 3.3), None for modes that it does not know.
    """

    mode: Mode
    data_type: DataType
    answer_type: DataType
    credential: type[Credential]
    initiate: Callable[[InitiatorSetup, Any, bool], Initiator]
    responder: ModeResponder
    fits: Callable[[Any, str], bool] = _always
    recognises: Callable[[Message], bool] = _any_message
    recognises_answer: Callable[[Message], bool] = _any_message
    pushes: bool = False
    updates: bool = True
    group: bool = False
    further_type: DataType | None = None
    further_answer_type: DataType | None = None
    vouches_for_time: Callable[[Message, Choices], bool] = _never
    mandatory: bool | None = None


def _is_unprotected(message: Message) -> bool:
    kemac = message.find(KeyDataTransport)
    return kemac is not None and kemac.encr_alg == EncrAlg.NULL and kemac.mac_alg == MacAlg.NULL


def _proves_nothing(message: Message) -> bool:
    verification = message.find(Verification)
    return verification is not None and verification.auth_alg == MacAlg.NULL


def _has_rsa_key(credential: CertificateCredential, _peer: str) -> bool:
    return isinstance(credential.key, rsa.RSAPrivateKey)


def _has_curve_key(credential: CertificateCredential, _peer: str) -> bool:
    return isinstance(credential.key, ec.EllipticCurvePrivateKey) and is_supported(credential.key.curve)


def _dhsaml(setup: InitiatorSetup, credential: SamlCredential, _secure: bool) -> Initiator:
    due = setup.previous is not None and setup.previous.continuation is not None
    return FurtherInitiator(setup) if due else DhsamlInitiator(setup, credential)


MODES: Final[Mapping[Mode, ModeRow]] = MappingProxyType(
    {
        row.mode: row
        for row in (
            ModeRow(
                mode=Mode.PSK,
                data_type=DataType.PRE_SHARED,
                answer_type=DataType.PSK_VER_MSG,
                credential=PskCredential,
                initiate=lambda setup, credential, _secure: PskInitiator(setup, credential),
                responder=PskResponder(),
                recognises=lambda message: not _is_unprotected(message),
                recognises_answer=lambda message: not _proves_nothing(message),
                pushes=True,
                group=True,
                mandatory=True,  # [3830-3.1-9]
            ),
            ModeRow(
                mode=Mode.NULL,
                data_type=DataType.PRE_SHARED,
                answer_type=DataType.PSK_VER_MSG,
                credential=NullCredential,
                initiate=lambda setup, credential, secure: NullInitiator(setup, credential, secure_carrier=secure),
                responder=NullResponder(),
                recognises=_is_unprotected,
                recognises_answer=_proves_nothing,
                pushes=True,
                group=True,
            ),
            ModeRow(
                mode=Mode.RSA,
                data_type=DataType.PUBLIC_KEY,
                answer_type=DataType.PK_VER_MSG,
                credential=CertificateCredential,
                initiate=lambda setup, credential, _secure: PublicKeyInitiator(Mode.RSA, setup, credential),
                responder=PublicKeyResponder(Mode.RSA),
                fits=rsa_mode.fits,
                recognises=rsa_mode.recognises,
                pushes=True,
                group=True,
                mandatory=True,  # [3830-3.2-14]
            ),
            ModeRow(
                mode=Mode.DHSIGN,
                data_type=DataType.DH_INIT,
                answer_type=DataType.DH_RESP,
                credential=CertificateCredential,
                initiate=lambda setup, credential, _secure: DhsignInitiator(setup, credential),
                responder=DhsignResponder(),
                mandatory=False,
            ),
            ModeRow(
                mode=Mode.DHHMAC,
                data_type=DataType.DHHMAC_INIT,
                answer_type=DataType.DHHMAC_RESP,
                credential=PskCredential,
                initiate=lambda setup, credential, _secure: DhhmacInitiator(setup, credential),
                responder=DhhmacResponder(),
            ),
            ModeRow(
                mode=Mode.RSA_R,
                data_type=DataType.RSA_R_I_MSG,
                answer_type=DataType.RSA_R_R_MSG,
                credential=CertificateCredential,
                initiate=lambda setup, credential, _secure: RsaRInitiator(setup, credential),
                responder=RsaRResponder(),
                fits=_has_rsa_key,
                updates=False,
            ),
            ModeRow(
                mode=Mode.ECIES,
                data_type=DataType.PUBLIC_KEY,
                answer_type=DataType.PK_VER_MSG,
                credential=CertificateCredential,
                initiate=lambda setup, credential, _secure: PublicKeyInitiator(Mode.ECIES, setup, credential),
                responder=PublicKeyResponder(Mode.ECIES),
                fits=ecies_mode.fits,
                recognises=ecies_mode.recognises,
                pushes=True,
                group=True,
            ),
            ModeRow(
                mode=Mode.ECMQV,
                data_type=DataType.ECMQV_I_MSG,
                answer_type=DataType.ECMQV_R_MSG,
                credential=CertificateCredential,
                initiate=lambda setup, credential, _secure: EcmqvInitiator(setup, credential),
                responder=EcmqvResponder(),
                fits=_has_curve_key,
            ),
            ModeRow(
                mode=Mode.DHSAML,
                data_type=DataType.DHSAML_I_MSG_1,
                answer_type=DataType.DHSAML_R_MSG_1,
                credential=SamlCredential,
                initiate=_dhsaml,
                responder=DhsamlResponder(),
                updates=False,
                further_type=DataType.DHSAML_I_MSG_2,
                further_answer_type=DataType.DHSAML_R_MSG_2,
                vouches_for_time=vouches_for_time,
            ),
        )
    }
)


def row_of_message(message: Message) -> ModeRow | None:
    """The mode of an I_MESSAGE; None where no row recognises it."""
    data_type = message.header.data_type
    rows = (row for row in MODES.values() if data_type in (row.data_type, row.further_type) and row.recognises(message))
    return next(rows, None)


def row_of_answer(message: Message) -> ModeRow | None:
    """The mode of an R_MESSAGE; None where no row recognises it."""
    data_type = message.header.data_type
    rows = (
        row
        for row in MODES.values()
        if data_type in (row.answer_type, row.further_answer_type) and row.recognises_answer(message)
    )
    return next(rows, None)


def modes_with(credentials: CredentialStore, peer: str) -> frozenset[Mode]:
    """The modes that the credentials at hand make possible with a peer."""
    return frozenset(
        mode
        for mode, row in MODES.items()
        if (credential := credentials.find(row.credential, peer)) is not None and row.fits(credential, peer)
    )
