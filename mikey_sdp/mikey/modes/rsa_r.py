"""RSA-R, the Initiator: asks with a signature for keys that the Responder makes and encrypts to his certificate.

Source: RFC 4738 sections 3.4 and 3.7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.envelope import unseal
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.crypto.signatures import verify
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.answer import check_kept, missing, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode
from mikey_sdp.mikey.modes.csb import check_rand, offer_header, offer_payloads
from mikey_sdp.mikey.modes.key_transport import (
    SentKeys,
    check_seal,
    opened_keys,
    pke_of,
    with_envelope_key,
)
from mikey_sdp.mikey.modes.quota import AnswerQuota
from mikey_sdp.mikey.modes.recipients import decryption_key
from mikey_sdp.mikey.modes.roles import identity_of, text_of
from mikey_sdp.mikey.modes.signing import (
    Signer,
    close_with_sign,
    own_certificates,
    proof_expected,
    signer_of,
)
from mikey_sdp.mikey.modes.tolerant import policy_of
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import KeyDataTransport
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sign import Signature
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.readings import Coverage, verify_one
from mikey_sdp.mikey.registry import DataType, ErrorNo, ExtensionType, MapType
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 4738 section 3"


def appended(idi: Identity, idr: Identity, timestamp: Timestamp) -> bytes:
    """IDi || IDr || T, which SIGNr covers without their being sent again. # [4738-3.6-20]"""
    return idi.data + idr.data + timestamp.value_octets


class RsaRInitiator:
    """The end of an RSA-R exchange that speaks first: HDR, T, [RAND], [IDi|CERTi], [IDr], {SP}, SIGNi."""

    mode: Final = Mode.RSA_R
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup, credential: CertificateCredential) -> None:
        if setup.group:  # [4738-3.2-2] [4738-3.4-7]
            setup = replace(setup, bundle=replace(setup.bundle, sessions=(), policies={}, keys=()))
        self._setup = setup
        self._credential = credential
        self._answers = AnswerQuota(setup.limits)
        certificates = own_certificates(credential, setup.choices)  # [4738-3.4-13] [4738-3.4-15]
        payloads = offer_payloads(setup, certificates)  # [4738-3.4-9] [4738-5.1-1]
        if setup.group:  # its RAND would count for nothing
            payloads = tuple(payload for payload in payloads if not isinstance(payload, Rand))
        header = offer_header(setup, DataType.RSA_R_I_MSG, v=True)  # [4738-3.4-3]
        self.message: Final[Message] = close_with_sign(header, payloads, credential=credential, choices=setup.choices)

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder: HDR, [GenExt(CSB_ID)], T, [RAND], [IDr|CERTr], [SP], KEMAC, PKE, SIGNr.

        Whom it comes from is proved before the private key is put to work.
        Raises: DecodeError, PeerError; without an Error no where the RFC wants silence.
        """
        setup, credential = self._setup, self._credential
        acceptance = Acceptance(setup.profile)
        proof = proof_expected(setup, credential, self._answers)
        answer = read_answer(octets, self.message, setup.timestamp, DataType.RSA_R_R_MSG, proof, acceptance)
        terms = self._terms_of(answer, acceptance)
        self._answers.spend()
        named = answer.find(Identity)
        signer = signer_of(answer, text_of(named) if named else "", credential, setup.now)
        idr = named or identity_of(signer.identity)
        self._check_signature(answer, signer, idr, acceptance)
        kemac, pke = push.kemac_of(answer), pke_of(answer)
        check_seal(kemac)
        envelope_key = unseal(decryption_key(credential), pke.data, setup.entropy, oaep=setup.choices.oaep)
        sent = self._opened(answer, kemac, envelope_key, terms, acceptance)
        if sent.sender != idr:
            raise PeerError("the encrypted IDr is not the signer", mikey_error=ErrorNo.INVALID_ID, section=SECTION)
        if not sent.keys:
            raise missing("a key")
        bundle = with_envelope_key(replace(terms, keys=sent.keys, own=False), envelope_key, pke.cache)
        return Established(mode=self.mode, bundle=bundle, peer=signer.identity, tolerated=acceptance.tolerated)

    def _terms_of(self, answer: Message, acceptance: Acceptance) -> Bundle:
        if self._setup.group:
            return _terms_of_group(answer, self._setup, acceptance)
        return _terms_of_call(answer, self.message, self._setup, acceptance)

    def _check_signature(self, answer: Message, signer: Signer, idr: Identity, acceptance: Acceptance) -> None:
        """Verify SIGNr over the octets as received.

        Deviation: RFC 4738 section 3.6 leaves out the whole SIGN payload, RFC 3830 section 5.2 the signature
        alone; both are accepted, and the result names the former.
        Raises: PeerError with Auth failure (0).
        """
        setup, sign = self._setup, answer.find(Signature)
        if sign is None:
            raise missing("a signature")
        whole = answer.octets[: len(answer.octets) - len(sign.signature)]
        shorter = answer.octets[: answer.span(sign).offset]
        names = appended(setup.own, idr, setup.timestamp)
        t = setup.timestamp.value_octets
        others = (
            Coverage(octets=shorter + names, needs=(Tolerance.SIGNR_WITHOUT_SIGN_PAYLOAD,)),
            Coverage(octets=whole + t, needs=(Tolerance.SIGNR_WITHOUT_IDENTITIES,)),
            Coverage(octets=whole, needs=(Tolerance.SIGNR_OVER_MESSAGE,)),
        )

        def check(covered: bytes) -> None:
            verify(signer.key, sign.sign_type, setup.choices.sign_hashes, covered, sign.signature)

        verify_one(whole + names, others, acceptance, check)

    def _opened(
        self,
        answer: Message,
        kemac: KeyDataTransport,
        envelope_key: Secret,
        terms: Bundle,
        acceptance: Acceptance,
    ) -> SentKeys:
        """The keys, whichever CSB ID the Responder made the envelope with: the new one of a group counts everywhere.

        # [4738-3.6-5]
        """
        contexts = [terms.context]
        if self._setup.group and acceptance.allows(Tolerance.GROUP_ENVELOPE_OF_HDR):
            contexts.append(replace(terms.context, csb_id=answer.header.csb_id))
        for context in contexts[:-1]:
            try:
                return self._opened_under(context, answer, kemac, envelope_key)
            except PeerError as fault:
                if fault.mikey_error != ErrorNo.AUTH_FAILURE:
                    raise
        sent = self._opened_under(contexts[-1], answer, kemac, envelope_key)
        if len(contexts) > 1:
            acceptance.take(Tolerance.GROUP_ENVELOPE_OF_HDR)
        return sent

    def _opened_under(
        self, context: KeyContext, answer: Message, kemac: KeyDataTransport, envelope_key: Secret
    ) -> SentKeys:
        keys = context.message_keys(envelope_key)
        return opened_keys(answer, kemac, keys, csb_id=context.csb_id, timestamp=self._setup.timestamp)


def _new_csb_id(answer: Message) -> int | None:
    """The CSB ID that a Responder gives a group."""
    extensions = answer.all(GeneralExtension)
    return next((item.csb_id for item in extensions if item.ext_type == ExtensionType.CSB_ID), None)


def _policies_in(answer: Message, acceptance: Acceptance) -> dict[int, SrtpParameters]:
    return {sp.policy_no: policy_of(sp, acceptance) for sp in answer.all(SecurityPolicy)}


def _terms_of_call(answer: Message, sent: Message, setup: InitiatorSetup, acceptance: Acceptance) -> Bundle:
    """The CSB between two, but for its keys: ours, with the streams that the Responder filled in or added.

    Raises: PeerError; without an Error no for a RAND from both ends # [4738-3.7-1], and for policies that were not
    offered # [4738-3.7-3].
    """
    offered, stated = setup.bundle.policies, _policies_in(answer, acceptance)
    if answer.find(Rand) is not None and not acceptance.lets(Tolerance.RAND_IN_ANSWER):
        raise _ignore("the answer brings a RAND although the offer had one")
    if _new_csb_id(answer) is not None:
        raise _ignore("the answer brings a CSB ID of its own, as for a group")  # [4738-3.6-6]
    if offered and any(offered.get(number) != parameters for number, parameters in stated.items()):
        raise _ignore("the answer has a policy that was not offered")
    if offered and not stated and not acceptance.lets(Tolerance.ANSWER_WITHOUT_POLICY):  # [4738-3.6-15]
        raise _ignore("the answer states no policy although the offer had some")
    return replace(setup.bundle, policies={**stated, **offered}, sessions=_sessions_in(answer, sent))


def _sessions_in(answer: Message, sent: Message) -> tuple[SrtpIdEntry, ...]:
    """Our crypto sessions with the SSRCs that were missing, and those of the Responder behind them. # [4738-3.6-2]"""
    ours, theirs = sent.header.sessions, answer.header.sessions
    if not theirs:
        return ours
    if answer.header.map_type != MapType.SRTP_ID:
        raise _ignore(f"the answer has a map of type {answer.header.map_type}")
    check_kept(ours, theirs)
    kept = (replace(mine, ssrc=its.ssrc) for mine, its in zip(ours, theirs, strict=False))
    return (*kept, *theirs[len(ours) :])


def _terms_of_group(answer: Message, setup: InitiatorSetup, acceptance: Acceptance) -> Bundle:
    """The CSB that all members of a group share, but for its keys: everything of it comes from the Responder.

    # [4738-3.6-3] [4738-3.6-5]
    Raises: PeerError, without an Error no where the answer lacks its CSB ID, its RAND or its policies. # [4738-3.5-8]
    """
    csb_id, rand, policies = _new_csb_id(answer), answer.find(Rand), _policies_in(answer, acceptance)
    if csb_id is None or rand is None or not policies:
        raise _ignore("the answer lacks the CSB ID, the RAND or the policy of the group")
    check_rand(rand)
    prf_of(answer.header.prf_func)
    return replace(
        setup.bundle,
        csb_id=csb_id,
        prf_func=answer.header.prf_func,
        rand=rand.octets,
        sessions=answer.header.sessions,
        policies=policies,
    )


def _ignore(reason: str) -> PeerError:
    """The RFC wants such an answer dropped without a word."""
    return PeerError(reason, mikey_error=None, section="RFC 4738 section 3.7")
