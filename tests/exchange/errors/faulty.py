"""Faulty messages of any mode, authenticated anew where the fault is to be found behind the authentication."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Initiator, InitiatorSetup
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import Payload, SecurityPolicy, Timestamp
from mikey_sdp.mikey.registry import ProtType
from tests.exchange.ends import Ends, certificate_credential
from tests.exchange.pair import ALICE, BOB, changed

P = TypeVar("P", bound=Payload)
Change = Callable[[Payload], Iterable[Payload]]


@dataclass
class Attempt:
    """A message that its receiver is to refuse.

    Keeps: `octets`, the faulty ones; `genuine`, what Bob answered where the fault is in an answer.
    """

    ends: Ends
    setup: InitiatorSetup
    initiator: Initiator
    octets: bytes
    genuine: bytes = b""

    @property
    def message(self) -> Message:
        """The I_MESSAGE before anything happened to it."""
        return self.initiator.message


def untouched(ends: Ends, **changed: object) -> Attempt:
    """A message as the mode makes it, whatever differs in what the Initiator is told."""
    setup = ends.setup(**changed)
    initiator = MODES[ends.case.mode].initiate(setup, ends.alices, True)
    return Attempt(ends, setup, initiator, initiator.message.octets)


def with_octet(ends: Ends, kind: type[Payload] | None, offset: int, value: int, **changed: object) -> Attempt:
    """One octet of the header, or of a payload, has another value; the authentication is left as it was."""
    attempt = untouched(ends, **changed)
    octets = bytearray(attempt.octets)
    start = attempt.message.span(the(attempt.message, kind)).offset if kind else 0
    octets[start + offset] = value
    return replace(attempt, octets=bytes(octets))


def altered(ends: Ends, change: Change, **changed: object) -> Attempt:
    """A message with other payloads, authenticated by whoever made it."""
    attempt = untouched(ends, **changed)
    payloads = [made for payload in attempt.message.payloads for made in change(payload)]
    return replace(attempt, octets=_authenticated(attempt, payloads))


def unauthenticated(ends: Ends, change: Change) -> Attempt:
    """A message with other payloads, whose authentication is as good as none."""
    attempt = untouched(ends)
    payloads = [made for payload in attempt.message.payloads for made in change(payload)]
    return replace(attempt, octets=Message.build(attempt.message.header, payloads).octets)


def further(ends: Ends, change: Change = lambda payload: (payload,)) -> Attempt:
    """The message of a second round with other payloads, whose authentication is as good as none."""
    first = ends.run()[2].bundle
    attempt = untouched(ends, bundle=first, previous=first)
    payloads = [made for payload in attempt.message.payloads for made in change(payload)]
    return replace(attempt, octets=Message.build(attempt.message.header, payloads).octets)


def answer_altered(ends: Ends, change: Change) -> Attempt:
    """An answer with other payloads, whose authentication is as good as none."""
    attempt = _answered(ends)
    answer = Message.decode(attempt.genuine)
    payloads = [made for payload in answer.payloads for made in change(payload)]
    return replace(attempt, octets=Message.build(answer.header, payloads).octets)


def answer_with_wrong_end(ends: Ends) -> Attempt:
    """An answer whose last octet, one of its proof, is another."""
    attempt = _answered(ends)
    return replace(attempt, octets=changed(attempt.genuine, -1))


def _answered(ends: Ends) -> Attempt:
    attempt = untouched(ends)
    return replace(attempt, genuine=ends.respond(attempt.octets).reply or b"")


def signed_answer_altered(ends: Ends, change: Change) -> Attempt:
    """An answer with other payloads that Bob signed, over the identities and T as well."""
    attempt = _answered(ends)
    answer = Message.decode(attempt.genuine)
    payloads = [made for payload in answer.payloads for made in change(payload)]
    closed = close_with_sign(
        answer.header,
        tuple(payloads[:-1]),
        credential=certificate_credential(BOB, ALICE, ends.case.key),
        choices=ends.case.choices,
        appended=ALICE.encode() + BOB.encode() + the(answer, Timestamp).value_octets,
    )
    return replace(attempt, octets=closed.octets)


def _authenticated(attempt: Attempt, payloads: list[Payload]) -> bytes:
    header, alice = attempt.message.header, attempt.ends.alices
    if isinstance(alice, CertificateCredential):
        choices = attempt.setup.choices
        return close_with_sign(header, tuple(payloads[:-1]), credential=alice, choices=choices).octets
    octets = Message.build(header, payloads).octets
    if not isinstance(alice, PskCredential):
        return octets
    keys = attempt.setup.bundle.context.message_keys(alice.key)
    return octets[:-20] + hmac.digest(keys.auth_key.reveal(), octets[:-20], hashlib.sha1)


def the(message: Message, kind: type[P]) -> P:
    """The payload of that kind, which is there."""
    found = message.find(kind)
    assert found is not None
    return found


def without(*kinds: type[Payload]) -> Change:
    """Leaves payloads of these kinds out."""
    return lambda payload: () if isinstance(payload, kinds) else (payload,)


def with_fields(kind: type[Payload], **values: object) -> Change:
    """Gives other values to the fields of payloads of that kind."""
    return lambda payload: (replace(payload, **values),) if isinstance(payload, kind) else (payload,)


def with_policy(**values: object) -> Change:
    """Gives other values to the policies of SRTP."""

    def change(payload: Payload) -> Iterable[Payload]:
        ours = isinstance(payload, SecurityPolicy) and payload.prot_type == ProtType.SRTP
        return (replace(payload, **values) if ours else payload,)

    return change


def with_identity(old: str, new: str) -> Change:
    """Puts one identity in the place of another."""
    wanted = old.encode()
    return lambda payload: (
        (replace(payload, data=new.encode()),) if getattr(payload, "data", None) == wanted else (payload,)
    )
