"""Departing messages, made with real keys: what an honest end sent is taken apart, changed and closed again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.signing import close_with_sign
from mikey_sdp.mikey.payloads import Identity, KeyData, KeyDataTransport, Payload, Timestamp, encode_key_data
from mikey_sdp.mikey.registry import EncrAlg, MacAlg
from tests.exchange.ends import certificate_credential
from tests.exchange.pair import ALICE, BOB

MAC_OCTETS = 20


def tag(keys: MessageKeys, covered: bytes) -> bytes:
    return hmac.new(keys.auth_key.reveal(), covered, hashlib.sha1).digest()


def value_of(message: Message) -> bytes:
    """The TS value of a message."""
    stamp = message.find(Timestamp)
    assert stamp is not None
    return stamp.value_octets


def whole(message: Message, payload: Payload) -> bytes:
    """A payload as transported."""
    span = message.span(payload)
    return message.octets[span.offset : span.end]


def with_v(answer: Message, keys: MessageKeys, appended: bytes) -> bytes:
    """An answer that ends in V, whose V covers what is appended behind it."""
    before = answer.octets[:-MAC_OCTETS]
    return before + tag(keys, before + appended)


def with_names(answer: Message, keys: MessageKeys, sent: Message) -> bytes:
    """An answer with a V as the standard has it."""
    return with_v(answer, keys, ALICE.encode() + BOB.encode() + value_of(sent))


def with_mac(message: Message, keys: MessageKeys) -> bytes:
    """A message that ends in KEMAC, with a right MAC."""
    before = message.octets[:-MAC_OCTETS]
    return before + tag(keys, before)


def signed(message: Message, own: str, peer: str, key: str) -> bytes:
    """A message that ends in SIGN, with a right signature."""
    credential = certificate_credential(own, peer, key)
    payloads = message.payloads[:-1]
    return close_with_sign(message.header, payloads, credential=credential, choices=DEFAULT_CHOICES).octets


def rebuilt(message: Message, change: Callable[[list[Payload]], list[Payload]]) -> Message:
    """The message with other payloads; its last one is left alone and proves nothing yet."""
    return Message.build(message.header, (*change(list(message.payloads[:-1])), message.payloads[-1]))


def without(*kinds: type[Payload]) -> Callable[[list[Payload]], list[Payload]]:
    return lambda payloads: [payload for payload in payloads if not isinstance(payload, kinds)]


def also(*more: Payload) -> Callable[[list[Payload]], list[Payload]]:
    return lambda payloads: [*payloads, *more]


def later(payloads: list[Payload]) -> list[Payload]:
    """Payloads whose T is one second later."""
    return [
        replace(payload, value=payload.value + (1 << 32)) if isinstance(payload, Timestamp) else payload
        for payload in payloads
    ]


def swapped(payloads: list[Payload]) -> list[Payload]:
    """Payloads whose two identities have changed places."""
    identities = [payload for payload in payloads if isinstance(payload, Identity)]
    turned = iter(identities[::-1])
    return [next(turned) if isinstance(payload, Identity) else payload for payload in payloads]


def in_clear(message: Message, *keys: KeyData, change: Callable[[list[Payload]], list[Payload]]) -> Message:
    """An unprotected message that carries those keys."""
    kemac = KeyDataTransport(encr_alg=EncrAlg.NULL, encr_data=encode_key_data(keys), mac_alg=MacAlg.NULL, mac=b"")
    return Message.build(message.header, (*change(list(message.payloads[:-1])), kemac))
