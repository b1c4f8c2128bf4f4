"""The one attacker: from what a place saw and secrets that he holds to every key that he can make of it.

He changes nothing and breaks no cipher. What he claims he proves: a key counts where it decrypts a captured packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

from mikey_sdp.dissect import envelope
from mikey_sdp.dissect.known import NOTHING, Known
from mikey_sdp.dissect.open import Opener
from mikey_sdp.dissect.signalling import SDP_TYPE, in_envelope
from mikey_sdp.errors import DecodeError, MikeySdpError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.registry import DataType
from mikey_sdp.nodes.sdes import data_sa
from mikey_sdp.sdp.crypto import cryptos
from mikey_sdp.sdp.lines import SessionDescription
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.receiver import SrtpReceiver
from mikey_sdp.srtp.rtp import Carried, carried
from mikey_sdp.trace import Passed

MAX_SECRETS: Final = 256
"""How many secrets that turn up on the way are tried in their turn."""
_UNDER_SHARED_SECRETS: Final = (DataType.PRE_SHARED, DataType.DHHMAC_INIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody saw of calls: the MIKEY messages in their order, each once, and the packets of media.

    Keeps: `told`, keys that stood in descriptions for all to read.
    """

    messages: tuple[Message, ...]
    told: tuple[DataSa, ...] = ()
    packets: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, passed: Iterable[Passed], media: Iterable[Passed] = ()) -> Self:
        """What is in captured datagrams: every MIKEY message in every SDP in every SIP message, and the packets.

        `media` are packets that he could get hold of elsewhere.
        """
        captured = tuple(passed)
        packets = (one.octets for part in (captured, media) for one in part if one.is_media)
        signalling = tuple(dict.fromkeys(one.octets for one in captured if not one.is_media))
        return cls(
            messages=tuple(_messages(signalling)),
            told=tuple(sa for octets in signalling if b"a=crypto:" in octets for sa in _told(octets)),
            packets=tuple(octets for octets in dict.fromkeys(packets) if carried(octets) is Carried.RTP),
        )

    @classmethod
    def of_messages(cls, messages: Iterable[bytes], packets: Iterable[bytes] = ()) -> Self:
        """The same where nothing is around the messages."""
        return cls(messages=tuple(Message.decode(octets) for octets in messages), packets=tuple(packets))


def _messages(signalling: Iterable[bytes]) -> Iterator[Message]:
    """The MIKEY messages that can be read at all; a message that passes several links is one."""
    met = set()
    for octets in signalling:
        try:
            found = in_envelope(octets).found
        except DecodeError:
            continue
        for one in found:
            if one.error is not None or one.octets in met:
                continue
            met.add(one.octets)
            try:
                yield Message.decode(one.octets)
            except DecodeError:
                continue


def _told(octets: bytes) -> Iterator[DataSa]:
    """The keys of the security descriptions in one message, which go by the place of their m= line."""
    try:
        parts = envelope.read(octets).parts()
    except DecodeError:
        return
    for part in parts:
        try:
            if part.content_type.partition(";")[0].strip().lower() != SDP_TYPE:
                continue
            sd = SessionDescription.parse(part.octets)
            told = [data_sa(level + 1, one) for level in range(len(sd.media)) for one in cryptos(sd, level)]
        except DecodeError:
            continue
        yield from told


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A captured packet, and what was in it."""

    packet: bytes = field(repr=False)
    plain: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One key that the attacker made, of one crypto session.

    Keeps: `bundle`, the CSB behind it, None of a key that stood in a description; `proof`, None where no captured
    packet was protected with it.
    """

    bundle: Bundle | None
    sa: DataSa
    proof: Proof | None


def attack(seen: Seen, secrets: Sequence[Known] = ()) -> tuple[Derived, ...]:
    """Every key that follows from what was seen, with these secrets and without any, the proved ones first."""
    found: dict[str, Derived] = {}
    for bundle, sa in _keys(seen, secrets):
        name = (sa.master_key.fingerprint(), sa.master_salt.fingerprint(), sa.mki.hex())
        if "|".join(name) not in found:
            found["|".join(name)] = Derived(bundle=bundle, sa=sa, proof=_proof(sa, seen.packets))
    return tuple(sorted(found.values(), key=lambda one: one.proof is None))


def _keys(seen: Seen, secrets: Sequence[Known]) -> Iterator[tuple[Bundle | None, DataSa]]:
    for sa in seen.told:
        yield None, sa
    for bundle in _bundles(seen.messages, secrets):
        for sa in _data_sas(bundle):
            yield bundle, sa


def proved(derived: Iterable[Derived]) -> tuple[Derived, ...]:
    """Those keys that opened something."""
    return tuple(one for one in derived if one.proof is not None)


def rests_on_a_secret(derived: Derived) -> bool:
    """Whether a key would be another one if what the ends agreed on in secret were: one that would not is everybody's,
    since all else that enters it can be read."""
    if derived.bundle is None:
        return True
    changed = tuple(replace(key, key=_inverted(key.key)) for key in derived.bundle.keys)
    others = replace(derived.bundle, keys=changed).data_sas(derived.sa.cs_id)
    return all(other.master_key != derived.sa.master_key for other in others)


def _inverted(secret: Secret) -> Secret:
    return Secret(bytes(octet ^ 0xFF for octet in secret.reveal()))


def _bundles(messages: Sequence[Message], secrets: Sequence[Known]) -> Iterator[Bundle]:
    """The CSBs, opened with what is held, and with keys of one exchange that are the shared secret of a later one."""
    holds = (NOTHING, *secrets)
    later = any(message.header.data_type in _UNDER_SHARED_SECRETS for message in messages)
    tried: list[Secret] = []
    waiting = list(holds)
    while waiting:
        known = waiting.pop(0)
        opener = Opener(messages, known)
        opened = [bundle for bundle in _opened(opener, messages) if bundle.keys]
        yield from opened
        if not later:
            continue
        for secret in (*opener.envelope_keys, *(key.key for bundle in opened for key in bundle.keys)):
            if secret not in tried and len(tried) < MAX_SECRETS:
                tried.append(secret)
                waiting += [replace(one, psk=secret) for one in holds]


def _opened(opener: Opener, messages: Sequence[Message]) -> Iterator[Bundle]:
    for message in messages:
        try:
            opened = opener.open(message)
        except MikeySdpError:
            continue
        if opened is not None and opened.bundle is not None:
            yield opened.bundle


def _data_sas(bundle: Bundle) -> Iterator[DataSa]:
    for cs_id in bundle.cs_ids:
        try:
            yield from bundle.data_sas(cs_id)
        except MikeySdpError:
            continue


def _proof(sa: DataSa, packets: Iterable[bytes]) -> Proof | None:
    """A packet that the key opens. Whom a stream's SSRC is promised to does not hold an attacker up."""
    try:
        receiver = SrtpReceiver((replace(sa, ssrc=0, roc=0),))
    except MikeySdpError:
        return None
    for packet in packets:
        try:
            return Proof(packet=packet, plain=receiver.unprotect(packet))
        except MikeySdpError:
            continue
    return None
