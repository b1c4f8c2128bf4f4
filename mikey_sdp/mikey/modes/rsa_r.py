"""RSA-R: the Initiator asks with a signature, the Responder makes the keys and encrypts them to his certificate.

Source: RFC 4738.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.usage import Purpose, check_purpose
from mikey_sdp.mikey.crypto.envelope import fresh_envelope_key, seal, unseal
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.answer import filled_ssrcs, missing, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, check_rand, offer_header, offer_payloads
from mikey_sdp.mikey.modes.key_transport import CACHED, check_seal, opened_keys, pke_of, sealed_keys
from mikey_sdp.mikey.modes.roles import identity_of, text_of
from mikey_sdp.mikey.modes.signing import (
    ProofBySign,
    Signer,
    check_sign,
    close_with_sign,
    decryption_key,
    own_certificates,
    proof_expected,
    signed_request,
    signer_of,
)
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, ExtensionType
from mikey_sdp.mikey.srtp_policy import SrtpParameters

SECTION: Final = "RFC 4738 section 3"


def _appended(idi: Identity, idr: Identity, request: InitiatorSetup | Request) -> bytes:
    """IDi || IDr || T, which SIGNr covers without their being sent again. # [4738-3.6-20]"""
    return idi.data + idr.data + request.timestamp.value_octets


class RsaRInitiator:
    """The end of an RSA-R exchange that speaks first: HDR, T, [RAND], [IDi|CERTi], [IDr], {SP}, SIGNi."""

    mode: Final = Mode.RSA_R
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: CertificateCredential) -> None:
        self._setup = setup
        self._credential = credential
        certificates = own_certificates(credential, setup.choices)  # [4738-3.4-13] [4738-3.4-15]
        header = offer_header(setup, DataType.RSA_R_I_MSG, v=True)  # [4738-3.4-3]
        self.message: Final[Message] = close_with_sign(
            header, offer_payloads(setup, certificates), credential=credential, choices=setup.choices
        )

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, T, [IDr|CERTr], [SP], KEMAC, PKE, SIGNr.

        Whom it comes from is proved before the private key is put to work.
        Raises: DecodeError, PeerError; without an Error no where the RFC wants silence.
        """
        setup, credential = self._setup, self._credential
        proof = proof_expected(setup, credential)
        answer = read_answer(octets, self.message, setup.timestamp, DataType.RSA_R_R_MSG, proof)
        _check_rand_and_policies(answer, setup)
        named = answer.find(Identity)
        signer = signer_of(answer, text_of(named) if named else "", credential, setup.now)
        idr = named or identity_of(signer.identity)
        check_sign(answer, signer, setup.choices, appended=_appended(setup.own, idr, setup))
        return self._opened(answer, signer, idr)

    def _opened(self, answer: Message, signer: Signer, idr: Identity) -> Established:
        setup = self._setup
        kemac, pke = push.kemac_of(answer), pke_of(answer)
        check_seal(kemac)
        envelope_key = unseal(decryption_key(self._credential), pke.data, setup.entropy, oaep=setup.choices.oaep)
        keys = setup.bundle.context.message_keys(envelope_key)
        csb_id = setup.bundle.csb_id
        sent = opened_keys(answer, kemac, keys, csb_id=csb_id, timestamp=setup.timestamp)
        if sent.sender != idr:
            raise PeerError("the encrypted IDr is not the signer", mikey_error=ErrorNo.INVALID_ID, section=SECTION)
        if not sent.keys:
            raise missing("a key")
        bundle = setup.bundle.updated(keys=sent.keys, own=False).with_ssrcs(filled_ssrcs(self.message, answer))
        bundle = replace(bundle, envelope_key=envelope_key if pke.cache in CACHED else None)
        return Established(mode=self.mode, bundle=bundle, peer=signer.identity)


def _check_rand_and_policies(answer: Message, setup: InitiatorSetup) -> None:
    """A RAND comes from one end only, and the policy is one that was offered; else silence. # [4738-3.7-1]"""
    if answer.find(Rand) is not None:
        raise _ignore("the answer brings a RAND although the offer had one")
    if any(extension.ext_type == ExtensionType.CSB_ID for extension in answer.all(GeneralExtension)):
        raise _ignore("the answer brings a CSB ID of its own, as for a group")  # [4738-3.6-6]
    for sp in answer.all(SecurityPolicy):
        offered = setup.bundle.policies.get(sp.policy_no)
        if offered is None or SrtpParameters.from_payload(sp) != offered:  # [4738-3.7-3]
            raise _ignore("the answer has a policy that was not offered")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """An RSA-R I_MESSAGE whose signature holds."""

    request: Request
    setup: ResponderSetup
    credential: CertificateCredential
    signer: Signer

    @property
    def error_proof(self) -> ProofBySign:
        """Our signature."""
        return ProofBySign(credential=self.credential, choices=self.setup.choices, signer_known=lambda: None)

    def accept(self) -> Response:
        """Choose a policy, make the keys, and always answer. # [4738-3.5-1] [4738-3.4-4]"""
        request, setup, choices = self.request, self.setup, self.setup.choices
        chosen = _chosen_policy(request.message, setup)
        bundle = self._bundle(chosen)
        envelope_key = fresh_envelope_key(setup.entropy)
        kemac = sealed_keys(
            bundle.context.message_keys(envelope_key),
            encr_alg=EncrAlg.AES_CM_128,
            csb_id=bundle.csb_id,
            timestamp=request.timestamp,
            sender=setup.own,
            key_data=bundle.keys,
        )
        data = seal(self.signer.encryption_key, envelope_key, setup.entropy, oaep=choices.oaep)  # [4738-3.6-18]
        payloads = (
            request.timestamp,
            *(() if request.message.find(Rand) else (Rand(octets=bundle.rand),)),  # [4738-3.6-8] [4738-3.6-9]
            setup.own,
            *own_certificates(self.credential, choices),  # [4738-3.6-11] [4738-3.6-13]
            *(parameters.to_payload(number) for number, parameters in chosen.items()),  # [4738-3.6-15]
            kemac,
            EnvelopeKey(cache=choices.cache, data=data),
        )
        reply = close_with_sign(
            answer_header(request, bundle, DataType.RSA_R_R_MSG),
            payloads,
            credential=self.credential,
            choices=choices,
            appended=_appended(request.initiator, setup.own, request),
        )
        if choices.cache in CACHED:
            bundle = replace(bundle, envelope_key=envelope_key)
        established = Established(mode=Mode.RSA_R, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)

    def _bundle(self, chosen: Mapping[int, SrtpParameters]) -> Bundle:
        request, setup = self.request, self.setup
        header = request.message.header
        rand = request.message.find(Rand)
        parameters = next(iter(chosen.values()))
        bundle = Bundle(
            csb_id=header.csb_id,
            prf_func=header.prf_func,
            rand=rand.octets if rand else fresh_rand(setup.entropy),
            sessions=header.sessions,
            policies=chosen,
            keys=setup.fresh_keys(parameters, None),
            own=True,
        ).with_ssrcs(request.envelope.ssrcs)
        request.envelope.approve(bundle)
        return bundle


def _chosen_policy(message: Message, setup: ResponderSetup) -> Mapping[int, SrtpParameters]:
    """The offered policies that the crypto sessions use, all of which must run here. # [4738-3.5-5] [4738-3.4-19]

    Raises: PeerError with Invalid SPpar (10).
    """
    policies = {sp.policy_no: SrtpParameters.from_payload(sp) for sp in message.all(SecurityPolicy)}
    used = {entry.policy_no for entry in message.header.sessions} or set(policies)
    chosen = {number: parameters for number, parameters in policies.items() if number in used}
    if not chosen:
        raise PeerError("the offer has no policy", mikey_error=ErrorNo.INVALID_SPPAR, section="RFC 4738 section 3.4")
    for parameters in chosen.values():
        setup.accept(parameters)
    return chosen


class RsaRResponder:
    """The end of an RSA-R exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> KeyRequest:
        """Verify certificate and signature.

        Raises: PeerError.
        """
        header, rand = request.message.header, request.message.find(Rand)
        prf_of(header.prf_func)
        if rand is not None:
            check_rand(rand)
        signed = signed_request(request, setup)
        request = signed.request
        if setup.bundles.get(request.peer, header.csb_id) is not None:
            raise PeerError(f"CSB {header.csb_id:08x} exists already", mikey_error=ErrorNo.UNSPECIFIED, section=SECTION)
        check_purpose(signed.signer.certificate, Purpose.ENCRYPT)
        return KeyRequest(request=request, setup=setup, credential=signed.credential, signer=signed.signer)


def _ignore(reason: str) -> PeerError:
    """The RFC wants such an answer dropped without a word."""
    return PeerError(reason, mikey_error=None, section="RFC 4738 section 3.7")
