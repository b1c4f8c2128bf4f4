"""RSA-R, the Responder: makes the keys of a call, or hands out those of a group, encrypted to the Initiator's
certificate.

Source: RFC 4738 sections 3.2, 3.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.identity import covers
from mikey_sdp.mikey.crypto.envelope import fresh_envelope_key, seal
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.modes.contract import Established, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, check_rand
from mikey_sdp.mikey.modes.groups import Group
from mikey_sdp.mikey.modes.key_transport import sealed_keys, with_envelope_key
from mikey_sdp.mikey.modes.recipients import recipient_in
from mikey_sdp.mikey.modes.roles import parties_of_i_message, text_of
from mikey_sdp.mikey.modes.rsa_r import SECTION, appended
from mikey_sdp.mikey.modes.signing import (
    ProofBySign,
    Signer,
    close_with_sign,
    own_certificates,
    signed_request,
)
from mikey_sdp.mikey.modes.tolerant import policy_of
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.pke import EnvelopeKey
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo
from mikey_sdp.mikey.srtp_policy import SrtpParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRequest:
    """An RSA-R I_MESSAGE whose signature holds.

    Keeps: `recipient`, to whose key the answer is encrypted; `own`, in whose name we answer; `group`, the one that the
    request addresses, None for a call between two.
    """

    request: Request
    setup: ResponderSetup
    credential: CertificateCredential
    recipient: Signer
    own: Identity
    group: Group | None

    @property
    def error_proof(self) -> ProofBySign:
        """Our signature."""
        return ProofBySign(credential=self.credential, choices=self.setup.choices, signer_known=lambda: None)

    def accept(self) -> Response:
        """Choose a policy, make the keys or take those of the group, and always answer. # [4738-3.5-1] [4738-3.4-4]

        The header keeps the CSB ID of the request # [4738-3.6-1] and has the whole map # [4738-3.6-2].
        """
        request, choices, group = self.request, self.setup.choices, self.group
        bundle = self._bundle_of_call() if group is None else self._bundle_of_group(group)
        request.envelope.approve(bundle)
        envelope_key = fresh_envelope_key(self.setup.entropy)
        kemac = sealed_keys(
            bundle.context.message_keys(envelope_key),
            encr_alg=EncrAlg.AES_CM_128,
            csb_id=bundle.csb_id,
            timestamp=request.timestamp,
            sender=self.own,
            key_data=bundle.keys,
        )
        data = seal(self.recipient.encryption_key, envelope_key, self.setup.entropy, oaep=choices.oaep)  # [4738-3.6-18]
        brings_rand = group is not None or request.message.find(Rand) is None
        payloads = (
            *((GeneralExtension.of_csb_id(bundle.csb_id),) if group else ()),  # [4738-3.6-4] [4738-3.6-6]
            request.timestamp,
            *((Rand(octets=bundle.rand),) if brings_rand else ()),  # [4738-3.4-12] [4738-3.6-8] [4738-3.6-9]
            self.own,
            *own_certificates(self.credential, choices),  # [4738-3.6-11] [4738-3.6-13]
            *(parameters.to_payload(number) for number, parameters in bundle.policies.items()),  # [4738-3.6-15]
            kemac,
            EnvelopeKey(cache=choices.cache, data=data),
        )
        header = answer_header(request, bundle, DataType.RSA_R_R_MSG)
        reply = close_with_sign(
            replace(header, csb_id=request.message.header.csb_id, sessions=bundle.sessions),
            payloads,
            credential=self.credential,
            choices=choices,
            appended=appended(request.initiator, self.own, request.timestamp),
        )
        bundle = with_envelope_key(bundle, envelope_key, choices.cache)
        established = Established(mode=Mode.RSA_R, bundle=bundle, peer=request.peer)
        return Response(established=established, reply=reply.octets)

    def _bundle_of_call(self) -> Bundle:
        """A CSB of two: the RAND of the request where it has one # [4738-3.5-6], our keys."""
        request, setup = self.request, self.setup
        header, rand = request.message.header, request.message.find(Rand)
        chosen = self._chosen_policies()
        number, parameters = next(iter(chosen.items()))
        bundle = Bundle(
            csb_id=header.csb_id,
            prf_func=header.prf_func,
            rand=rand.octets if rand else fresh_rand(setup.entropy),
            sessions=header.sessions + self._appended_sessions(number),
            policies=chosen,
            keys=setup.fresh_keys(parameters, None),
            own=True,
        )
        return bundle.with_ssrcs(request.envelope.ssrcs)

    def _appended_sessions(self, policy_no: int) -> tuple[SrtpIdEntry, ...]:
        """Our own streams behind those of the request, so that its streams keep their CS IDs. # [4738-3.6-2]"""
        offered, ours = len(self.request.message.header.sessions), self.request.envelope.ssrcs
        return (SrtpIdEntry(policy_no=policy_no),) * (max(ours, default=0) - offered)

    def _chosen_policies(self) -> Mapping[int, SrtpParameters]:
        """The offered policies that the crypto sessions use, all of which must run here; ours where none is offered.

        # [4738-3.5-5] [4738-3.4-19]
        Raises: PeerError with Invalid SPpar (10).
        """
        message, setup = self.request.message, self.setup
        policies = {sp.policy_no: policy_of(sp, self.request.acceptance) for sp in message.all(SecurityPolicy)}
        if not policies:  # [4738-3.6-14]
            policies = dict(enumerate(setup.supported[:1]))
        used = {entry.policy_no for entry in message.header.sessions} or set(policies)
        chosen = {number: parameters for number, parameters in policies.items() if number in used}
        if not chosen:
            raise _no_policy("the offer has no policy for its crypto sessions")
        for parameters in chosen.values():
            setup.accept(parameters)
        return chosen

    def _bundle_of_group(self, group: Group) -> Bundle:
        """The CSB that every member gets: whoever asks has no part in its map, its policies and its RAND.

        Its RAND is the only one that counts. # [4738-3.4-11] [4738-3.5-7] [4738-3.5-8]
        Raises: PeerError.
        """
        message, bundle = self.request.message, group.bundle
        if message.find(SecurityPolicy) is not None:  # [4738-3.2-2]
            raise _no_policy("a member of a group proposes no policy")
        if message.header.sessions:  # [4738-5-3]
            raise _refused("a member of a group brings no crypto sessions of his own")
        if message.header.prf_func != bundle.prf_func:
            raise PeerError(
                f"the keys of the group are made with {bundle.prf_func}",
                mikey_error=ErrorNo.INVALID_PRF,
                section=SECTION,
            )
        if not group.lets_in(self.request.peer):
            raise _refused(f"{self.request.peer} is no member of the group")
        return bundle


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
            raise _refused(f"CSB {header.csb_id:08x} exists already")
        recipient = recipient_in(request.message, signed.signer, signed.credential, request.now)
        addressed = parties_of_i_message(request.message, setup.own).idr or setup.own
        return KeyRequest(
            request=request,
            setup=setup,
            credential=signed.credential,
            recipient=recipient,
            own=addressed if covers(signed.credential.certificates[0], text_of(addressed)) else setup.own,
            group=setup.groups(text_of(addressed)),
        )


def _no_policy(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_SPPAR, section="RFC 4738 section 3.4")


def _refused(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.UNSPECIFIED, section=SECTION)
