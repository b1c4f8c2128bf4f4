"""SAML-assisted Diffie-Hellman, the second round: proof of liveness, a group's key, or a stronger key.

It is a request and an answer of their own, on the CSB that the first round opened, under the T of the first round.
Source: RFC 5197 section 3.6, whose figures decision note 11 completes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.acceptance import Acceptance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.keys import next_mki
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import filled_ssrcs, read_answer
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup, Response
from mikey_sdp.mikey.modes.csb import answer_header, check_rand, context_of, offer_header
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.dhsaml_seal import Contents, check_contents, close_with_contents, contents_of
from mikey_sdp.mikey.modes.dhsaml_secrets import Direction, message_keys, strengthened
from mikey_sdp.mikey.modes.error_proof import ProofByV
from mikey_sdp.mikey.modes.roles import text_of
from mikey_sdp.mikey.payloads.general_ext import GeneralExtension
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.validity import ANY_PACKET, KeyValidity, SpiValidity
from mikey_sdp.mikey.registry import DataType, EncrAlg, ErrorNo, ExtensionType, KeyDataType

SECTION: Final = "RFC 5197 section 3.6"


class FurtherInitiator:
    """The end that opened the CSB: HDR, T, KEMAC.

    The bundle of its setup has other keys than the CSB before where we own the group that the second round is for;
    these and the bundle's RAND are sent then.
    Raises: UsageError where no second round is due, or where keys are given that it has no use for.
    """

    mode: Final = Mode.DHSAML
    early_bundle: Final = None

    def __init__(self, setup: InitiatorSetup) -> None:
        before, due = setup.previous, setup.previous.continuation if setup.previous else None
        if before is None or due is None or not due.initiated:
            raise UsageError("no second round of an exchange of ours is due")
        self._setup, self._before, self._due = setup, before, due
        self._said = _ours(setup, before, due)
        header = replace(offer_header(setup, DataType.DHSAML_I_MSG_2, v=True), csb_id=before.csb_id)
        self.message: Final[Message] = close_with_contents(
            header,
            (due.timestamp, *setup.extensions),
            self._said,
            keys=message_keys(due, header, Direction.I_MSG_2),
            timestamp=due.timestamp,
            encr_alg=EncrAlg.AES_CM_128,
            appended=due.transcript,
        )

    def complete(self, octets: bytes) -> Established:
        """Take the answer: HDR, T, KEMAC. It can be made by the one Responder only whom the first round was done with.

        Raises: DecodeError, PeerError.
        """
        due, sent = self._due, self.message
        keys = message_keys(due, sent.header, Direction.R_MSG_2)
        proof = ProofByV(keys=keys, idi=b"", idr=b"")
        answer = read_answer(
            octets, sent, due.timestamp, DataType.DHSAML_R_MSG_2, proof, Acceptance(self._setup.profile)
        )
        check_contents(answer, keys=keys, appended=due.transcript + sent.octets)
        said = contents_of(answer, keys=keys, timestamp=due.timestamp)
        before = replace(self._before, sessions=sent.header.sessions)
        after = after_round_two(before, due, first=self._said, second=said, own=self._said)
        if said.keys:
            after = replace(after, csb_id=csb_id_of(answer))
        bundle = after.with_ssrcs(filled_ssrcs(sent, answer))
        return Established(mode=self.mode, bundle=bundle, peer=due.peer)


def _ours(setup: InitiatorSetup, before: Bundle, due: Continuation) -> Contents:
    if setup.bundle.keys == before.keys:
        return Contents(rand=due.own_rand)
    if due.round_2 is not RoundTwo.GROUP or not setup.bundle.own:
        raise UsageError("keys are given in a second round for a group only, by its owner")
    return Contents(rand=setup.bundle.rand, keys=setup.bundle.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherOffer:
    """An authentic I_MSG_2: whoever sent the first message is there now, and has the key of his assertion."""

    request: Request
    setup: ResponderSetup
    before: Bundle
    due: Continuation = field(repr=False)

    @property
    def error_proof(self) -> ProofByV:
        """V with the keys of our message."""
        keys = message_keys(self.due, self.request.message.header, Direction.R_MSG_2)
        return ProofByV(keys=keys, idi=b"", idr=b"")

    def accept(self) -> Response:
        """Answer, with the group's key where that is ours to give."""
        request, due, message = self.request, self.due, self.request.message
        header = message.header
        theirs = contents_of(message, keys=message_keys(due, header, Direction.I_MSG_2), timestamp=due.timestamp)
        ours, csb_id = Contents(rand=due.own_rand), header.csb_id
        extensions: tuple[GeneralExtension, ...] = ()
        if due.round_2 is RoundTwo.GROUP and not theirs.keys:
            group = self._group()
            ours, csb_id = Contents(rand=group.rand, keys=group.keys), group.csb_id
            extensions = (GeneralExtension.of_csb_id(csb_id),)
        before = self.before.updated(sessions=header.sessions or None)
        after = replace(after_round_two(before, due, first=theirs, second=ours, own=ours), csb_id=csb_id)
        bundle = after.with_ssrcs(request.envelope.ssrcs)
        request.envelope.approve(bundle)
        answer = replace(answer_header(request, bundle, DataType.DHSAML_R_MSG_2), csb_id=header.csb_id)
        reply = close_with_contents(
            answer,
            (due.timestamp, *extensions),
            ours,
            keys=message_keys(due, header, Direction.R_MSG_2),
            timestamp=due.timestamp,
            encr_alg=EncrAlg.AES_CM_128,
            appended=due.transcript + message.octets,
        )
        established = Established(mode=Mode.DHSAML, bundle=bundle, peer=due.peer)
        return Response(established=established, reply=reply.octets)

    def _group(self) -> Bundle:
        group = self.setup.groups(text_of(self.setup.own))
        if group is None or not group.lets_in(self.due.peer):
            raise PeerError(
                f"{self.due.peer} asks for a group's key and gets none",
                mikey_error=ErrorNo.UNSPECIFIED,
                section=SECTION,
            )
        return group.bundle


def further_offer(request: Request, setup: ResponderSetup) -> FurtherOffer:
    """Verify the MAC of an I_MSG_2. The CSB, its T and the keys name the exchange, which has one second round.

    Raises: PeerError: Unspecified error (12) where none is due, Invalid TS (1), Auth failure (0).
    """
    before = _pending(request, setup)
    due = before.continuation if before else None
    if before is None or due is None or due.initiated:
        raise PeerError(
            f"no second round is due under CSB {request.message.header.csb_id:08x}",
            mikey_error=ErrorNo.UNSPECIFIED,
            section=SECTION,
        )
    if request.timestamp != due.timestamp:
        raise PeerError("T is not that of the first round", mikey_error=ErrorNo.INVALID_TS, section=SECTION)
    context_of(request, before)
    keys = message_keys(due, request.message.header, Direction.I_MSG_2)
    check_contents(request.message, keys=keys, appended=due.transcript)
    setup.quota.proved(due.peer, request.now)
    return FurtherOffer(request=replace(request, peer=due.peer), setup=setup, before=before, due=due)


def _pending(request: Request, setup: ResponderSetup) -> Bundle | None:
    """The CSB with that peer; where the carrier names nobody, the only one under that CSB ID that waits for more."""
    csb_id = request.message.header.csb_id
    if request.peer:
        return setup.bundles.get(request.peer, csb_id)
    waiting = [one for one in setup.bundles if one.csb_id == csb_id and one.continuation is not None]
    return waiting[0] if len(waiting) == 1 else None


def after_round_two(before: Bundle, due: Continuation, *, first: Contents, second: Contents, own: Contents) -> Bundle:
    """The CSB when both have spoken.

    Raises: PeerError with Unspecified error (12) for keys where none belong, for a group with no key or two, and for a
    RAND that is too short.
    """
    brings = [contents for contents in (first, second) if contents.keys]
    if len(brings) != (1 if due.round_2 is RoundTwo.GROUP else 0):
        raise PeerError(
            f"a second round for {due.round_2.name.lower()} in which {len(brings)} ends send keys",
            mikey_error=ErrorNo.UNSPECIFIED,
            section=SECTION,
        )
    for contents in (first, second):
        check_rand(Rand(octets=contents.rand))
    after = replace(before, continuation=None, unproved=False)
    if brings:
        return replace(after.updated(keys=brings[0].keys, own=brings[0] is own), rand=brings[0].rand)
    if due.round_2 is RoundTwo.STRENGTHEN:
        return after.updated(keys=(_stronger(before.keys[0], first.rand, second.rand),), own=False)
    return after


def _stronger(tgk: KeyData, rand_3: bytes, rand_4: bytes) -> KeyData:
    """The next TGK, under the next name where keys have names, so that packets tell the two apart."""
    validity: KeyValidity = ANY_PACKET
    if isinstance(tgk.validity, SpiValidity):
        validity = SpiValidity(spi=next_mki((tgk,), len(tgk.validity.spi)))
    return KeyData(key_type=KeyDataType.TGK, key=strengthened(tgk.key, rand_3, rand_4), salt=None, validity=validity)


def csb_id_of(answer: Message) -> int:
    """The CSB ID that all members of a group share; the exchange's own where the answer has no other."""
    shared = [one for one in answer.all(GeneralExtension) if one.ext_type == ExtensionType.CSB_ID]
    return shared[0].csb_id if shared else answer.header.csb_id
