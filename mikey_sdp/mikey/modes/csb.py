"""What every mode does with the CSB of a message: find it, open it, update it, and name it in headers.

Source: RFC 3830 sections 3, 4.5 and 6.1.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.derive import MIN_RAND_OCTETS, KeyContext
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.answer import missing
from mikey_sdp.mikey.modes.contract import InitiatorSetup, Request, ResponderSetup
from mikey_sdp.mikey.modes.tolerant import policies_without_sp, policy_of, with_salts
from mikey_sdp.mikey.payloads.cert import Certificate
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.registry import DataType, ErrorNo, MapType, ProtType
from mikey_sdp.mikey.srtp_policy import SrtpParameters

SECTION: Final = "RFC 3830 section 3"


def offer_header(setup: InitiatorSetup, data_type: DataType, *, v: bool) -> Header:
    """The header of an I_MESSAGE: the CSB with all its crypto sessions."""
    return Header(
        data_type=data_type,
        v=v,
        prf_func=setup.bundle.prf_func,
        csb_id=setup.bundle.csb_id,
        map_type=MapType.SRTP_ID,
        sessions=setup.bundle.sessions,
    )


def offer_payloads(setup: InitiatorSetup, certificates: tuple[Certificate, ...] = ()) -> tuple[Payload, ...]:
    """T, [RAND], IDi, {CERTi}, [IDr], {SP}, {General Extension}.

    RAND stands in the first message of a CSB only # [3830-3-2] [3830-4.5-5]; an update repeats the SP payloads that
    are new.
    """
    bundle, previous = setup.bundle, setup.previous
    known: Mapping[int, SrtpParameters] = previous.policies if previous else {}
    return (
        setup.timestamp,
        *(() if previous else (Rand(octets=bundle.rand),)),
        setup.own,
        *certificates,
        *((setup.peer,) if setup.peer else ()),
        *(p.to_payload(number) for number, p in bundle.policies.items() if known.get(number) != p),
        *setup.extensions,
    )


def answer_header(request: Request, bundle: Bundle, data_type: DataType) -> Header:
    """The header of an R_MESSAGE, with our SSRCs filled in where the Initiator sent a map."""
    return Header(
        data_type=data_type,
        v=False,
        prf_func=request.message.header.prf_func,
        csb_id=bundle.csb_id,
        map_type=MapType.SRTP_ID,
        sessions=bundle.sessions if request.message.header.sessions else (),
    )


def previous_of(request: Request, setup: ResponderSetup, *, derives: bool = True) -> Bundle | None:
    """The CSB that a message updates; None for the first message of a CSB.

    `derives` is False for a message that keeps its RAND, if it has one, from being put to any use.
    Raises: PeerError with Unspecified error (12) where RAND and what we know of the CSB don't fit together.
    """
    message = request.message
    known = setup.bundles.get(request.peer, message.header.csb_id)
    rand = message.find(Rand)
    if rand is None and known is None:  # [3830-3-2] [3830-4.5-3]
        if derives or not request.acceptance.lets(Tolerance.RAND_MISSING):
            raise missing("a RAND, which the first message of a CSB needs")
        return None
    if rand is not None and known is not None:
        if rand.octets == known.rand and request.acceptance.lets(Tolerance.RAND_IN_UPDATE):
            return known
        raise PeerError(
            f"CSB {message.header.csb_id:08x} exists, and an update brings no RAND",
            mikey_error=ErrorNo.UNSPECIFIED,
            section="RFC 3830 section 4.5",
        )
    if rand is not None:
        check_rand(rand)
    return known


def check_rand(rand: Rand) -> None:
    """Refuse a RAND that is too short to make keys fresh.

    Raises: PeerError with Unspecified error (12).
    """
    if len(rand.octets) < MIN_RAND_OCTETS // 2:
        raise PeerError(
            f"a RAND of {len(rand.octets)} octets is too short", mikey_error=ErrorNo.UNSPECIFIED, section=SECTION
        )


def context_of(request: Request, previous: Bundle | None) -> KeyContext:
    """What enters the derivations for a message, from its own RAND or the CSB's.

    Raises: PeerError with Invalid PRF (2) for a function that is not implemented, or not the CSB's.
    """
    header = request.message.header
    if previous is not None:
        if header.prf_func != previous.prf_func:
            raise PeerError(
                f"an update can't change the PRF func to {header.prf_func}",
                mikey_error=ErrorNo.INVALID_PRF,
                section="RFC 3830 section 4.5",
            )
        return previous.context
    rand = request.message.find(Rand)
    return KeyContext(csb_id=header.csb_id, rand=rand.octets if rand else b"", prf=prf_of(header.prf_func))


def policies_in(
    message: Message, setup: ResponderSetup, acceptance: Acceptance, read_elsewhere: Container[ProtType] = ()
) -> Mapping[int, SrtpParameters]:
    """The SRTP policies of a message by number, all of which can be run here; of the protocols `read_elsewhere` the
    mode takes care itself.

    Raises: PeerError with Invalid SP or SPpar (9, 10).
    """
    payloads = [sp for sp in message.all(SecurityPolicy) if sp.prot_type not in read_elsewhere]
    policies = {sp.policy_no: policy_of(sp, acceptance) for sp in payloads}
    for parameters in policies.values():
        setup.accept(parameters)
    return policies


def bundle_of(
    request: Request,
    previous: Bundle | None,
    keys: tuple[KeyData, ...],
    setup: ResponderSetup,
    *,
    read_elsewhere: Container[ProtType] = (),
) -> Bundle:
    """The CSB that an authentic message opens or updates, with our SSRCs, approved by whoever runs its streams.

    Raises: PeerError.
    """
    message = request.message
    header = message.header
    acceptance = request.acceptance
    policies = policies_in(message, setup, acceptance, read_elsewhere)
    if previous is None and not policies:
        policies = policies_without_sp(header, keys, acceptance)
    keys = with_salts(keys, {**(previous.policies if previous else {}), **policies}, acceptance)
    if previous is not None:
        bundle = previous.updated(sessions=header.sessions or None, policies=policies, keys=keys, own=False)
    else:
        rand = message.find(Rand)
        bundle = Bundle(
            csb_id=header.csb_id,
            prf_func=header.prf_func,
            rand=rand.octets if rand else b"",
            sessions=header.sessions,
            policies=policies,
            keys=keys,
            own=False,
        )
    bundle = bundle.with_ssrcs(request.envelope.ssrcs)
    request.envelope.approve(bundle)
    return bundle
