"""Whose identity an ID payload holds: the payload itself does not say, its place does.

Source: RFC 3830 section 3, and the reading that a single ID is the sender's peer only if it names him.
"""

from __future__ import annotations

from dataclasses import dataclass

from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.acceptance import Acceptance, Tolerance
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.registry import ErrorNo, IdType, PayloadType

SECTION = "RFC 3830 section 6.7"
SUPPORTED_ID_TYPES = frozenset({IdType.NAI, IdType.URI})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The two identities as a message transports them; None where it does not."""

    idi: Identity | None
    idr: Identity | None


def identity_of(text: str) -> Identity:
    """An ID payload for an identity: a URI where it has a scheme, an NAI otherwise."""
    scheme, colon, _rest = text.partition(":")
    kind = IdType.URI if colon and "@" not in scheme else IdType.NAI
    return Identity(id_type=kind, data=text.encode())


def text_of(identity: Identity) -> str:
    """The identity as text.

    No URI and no NAI has line ends, control or formatting characters; in a header or on a screen they would say more
    than a name.
    Raises: PeerError with Invalid ID (7) for another ID type or octets that are no printable UTF-8. # [3830-6.7-2]
    """
    if identity.id_type not in SUPPORTED_ID_TYPES:
        raise _invalid(f"identities of type {identity.id_type} are not supported")
    try:
        text = identity.data.decode()
    except UnicodeDecodeError:
        raise _invalid("an identity is not UTF-8 text") from None
    if not text.isprintable():
        raise _invalid("an identity has characters that can't be printed")
    return text


def names(identity: Identity, own: Identity) -> bool:
    """Whether an ID payload names that party."""
    return canonical_identity(text_of(identity)) == canonical_identity(text_of(own))


def parties_of_i_message(message: Message, own: Identity) -> Parties:
    """IDi and IDr of an I_MESSAGE: the first and the second ID.

    A single one is IDi, unless it names the receiver or comes behind the certificate that stands for IDi.
    """
    ids = message.all(Identity)
    if len(ids) > 2:
        raise _invalid("an I_MESSAGE has at most two identities")
    if len(ids) == 2:
        return Parties(idi=ids[0], idr=ids[1])
    if ids and (names(ids[0], own) or _behind_certificate(message)):
        return Parties(idi=None, idr=ids[0])
    return Parties(idi=ids[0] if ids else None, idr=None)


def _behind_certificate(message: Message) -> bool:
    kinds = [payload.payload_type for payload in message.payloads]
    return PayloadType.CERT in kinds and kinds.index(PayloadType.CERT) < kinds.index(PayloadType.ID)


def parties_of_dh_answer(message: Message) -> Parties:
    """IDi and IDr of an R_MESSAGE that repeats IDi: the last ID and the one before it."""
    ids = message.all(Identity)
    return Parties(idi=ids[-1] if ids else None, idr=ids[0] if len(ids) > 1 else None)


def addressed_parties(message: Message, own: Identity, acceptance: Acceptance) -> Parties:
    """The parties of such an R_MESSAGE, of which IDi must be what we are called, octet for octet: an answer to
    somebody else proves nothing.

    Raises: PeerError with Invalid ID (7).
    """
    ids, parties = message.all(Identity), parties_of_dh_answer(message)
    if parties.idi == own:
        return parties
    if len(ids) == 2 and ids[0] == own and acceptance.lets(Tolerance.IDENTITIES_SWAPPED):
        return Parties(idi=own, idr=ids[1])
    if len(ids) < 2 and acceptance.lets(Tolerance.IDI_MISSING):
        return Parties(idi=None, idr=ids[0] if ids else None)
    raise _invalid("the answer is for another Initiator")


def check_holder(responder: Identity | None, holder: str | None) -> None:
    """Who answers under a key that one party holds is that party; None for keys that several hold.

    Raises: PeerError with Invalid ID (7).
    """
    if holder is None or responder is None:
        return
    if canonical_identity(text_of(responder)) != canonical_identity(holder):
        raise _invalid(f"{text_of(responder)} answers under the key of {holder}")


def _invalid(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.INVALID_ID, section=SECTION)
