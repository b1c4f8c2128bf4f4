"""Fuzz the two ends of every mode with altered messages: `python -m tests.fuzz.fuzz_machines CORPUS_DIR`.

An input says which case, which end, and how the honest message is to be edited; half of the inputs have the edited
message authenticated again by its sender, as a peer would who holds the keys and means no good. Beyond "taken or
refused by the two error types" it checks that what was edited and not authenticated again is never taken, that an
Initiator's refusal leaves it able to take the honest answer, and that keys can be had from whatever is taken.
"""

from __future__ import annotations

from functools import cache

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.mikey.acceptance import Profile
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.crypto.protection import mac
from mikey_sdp.mikey.crypto.signatures import signatures
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES
from mikey_sdp.mikey.modes.contract import Envelope, Established, Initiator, Mode, Response
from mikey_sdp.mikey.modes.quota import Limits
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads import Identity, KeyDataTransport, Rand, Signature, Timestamp
from mikey_sdp.mikey.registry import MacAlg
from tests.exchange.ends import CASES, Case, Ends
from tests.exchange.pair import ALICE, PSK, teks
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/mikey/modes/answer.py",
    "mikey_sdp/mikey/modes/responder.py",
    "mikey_sdp/mikey/modes/roles.py",
]
TO_RESPONDER = 0x01
AUTHENTICATED = 0x02
OF_THE_OTHER_END = 0x04
"""The end gets a message of its own kind, as if its own one came back."""
COMPAT = 0x08
EDIT_OCTETS = 4
MAX_EDITS = 32


@cache
def honest(index: int, profile: Profile = Profile.STRICT) -> tuple[Initiator, bytes, bytes, tuple[list[bytes], ...]]:
    """The Initiator of a case, its message, the answer to it, and the keys that each end gets."""
    ends = Ends.of(CASES[index])
    initiator = ends.initiator(profile=profile, limits=Limits(answers=1 << 40))
    response = answered(ends, initiator.message.octets, profile)
    established = initiator.complete(response.reply or b"")
    keys = (teks(response.established.bundle), teks(established.bundle))
    return initiator, initiator.message.octets, response.reply or b"", keys


def answered(ends: Ends, octets: bytes, profile: Profile) -> Response:
    """What the Responder makes of a message; it keeps the CSB."""
    pair = ends.pair
    response = pair.responder(profile=profile).respond(
        octets, now=pair.bobs_now, envelope=Envelope(secure_carrier=True)
    )
    pair.bundles.put(response.established.peer, response.established.bundle)
    return response


def edited(octets: bytes, edits: bytes) -> bytes:
    """The octets after edits of four octets each: what is done, where (two octets), and with what."""
    result = bytearray(octets)
    for at in range(0, min(len(edits), MAX_EDITS * EDIT_OCTETS) - EDIT_OCTETS + 1, EDIT_OCTETS):
        action, value = edits[at] % 4, edits[at + 3]
        offset = int.from_bytes(edits[at + 1 : at + 3], "big") % (len(result) + 1)
        if action == 0:
            result[offset : offset + 1] = bytes((value,))
        elif action == 1:
            result[offset:offset] = bytes((value,))
        elif action == 2:
            del result[offset : offset + value]
        else:
            result[offset:offset] = result[offset : offset + value]
    return bytes(result)


def authenticated(case: Case, octets: bytes, ends: Ends, *, request: bool) -> bytes:
    """The octets as their sender would have closed them, where he closes them with a signature or under the PSK."""
    try:
        message = Message.decode(octets)
    except DecodeError:
        return octets
    last = message.payloads[-1]
    if isinstance(last, Signature):
        sender = ends.alices if request else ends.pair.bobs_credentials[0]
        return _signed(message, last, sender, b"" if request else _appended(case, message))
    rand = message.find(Rand) or honest_rand(case)
    if isinstance(last, KeyDataTransport) and last.mac_alg == MacAlg.HMAC_SHA_1_160 and rand is not None:
        header = message.header
        try:
            context = KeyContext(csb_id=header.csb_id, rand=rand.octets, prf=prf_of(header.prf_func))
        except PeerError:
            return octets
        covered = octets[: len(octets) - len(last.mac)]
        return covered + mac(last.mac_alg, context.message_keys(PSK), covered)
    return octets


def honest_rand(case: Case) -> Rand | None:
    """The RAND of the honest request, under which answers are authenticated."""
    return Message.decode(honest(CASES.index(case))[1]).find(Rand)


def _appended(case: Case, message: Message) -> bytes:
    """What an RSA-R answer's signature covers beyond the message."""
    named, timestamp = message.find(Identity), message.find(Timestamp)
    if case.mode is not Mode.RSA_R or named is None or timestamp is None:
        return b""
    return ALICE.encode() + named.data + timestamp.value_octets


def _signed(message: Message, last: Signature, sender: object, appended: bytes) -> bytes:
    assert isinstance(sender, CertificateCredential)
    covered = message.octets[: len(message.octets) - len(last.signature)]
    try:
        made = next(iter(signatures(sender.key, last.sign_type, DEFAULT_CHOICES.sign_hash, covered + appended)))
    except (PeerError, UsageError, ValueError):
        return message.octets
    return covered + made


def keys_of(established: Established) -> None:
    """Every key of what was taken can be derived."""
    for cs_id in established.bundle.cs_ids:
        established.bundle.data_sas(cs_id)


def one_input(data: bytes) -> None:
    """Edit the honest message of a case as `data` says, and hand it to the end that it is for."""
    if len(data) < 2:
        return
    index, how = data[0] % len(CASES), data[1]
    profile = Profile.COMPAT if how & COMPAT else Profile.STRICT
    initiator, request, reply, keys = honest(index, profile)
    case, ends, to_responder = CASES[index], Ends.of(CASES[index]), bool(how & TO_RESPONDER)
    request_wanted = to_responder != bool(how & OF_THE_OTHER_END)
    original = request if request_wanted else reply
    octets = edited(original, data[2:])
    if how & AUTHENTICATED:
        octets = authenticated(case, octets, ends, request=request_wanted)
    answer: bytes | None = None
    try:
        if to_responder:
            response = answered(ends, octets, profile)
            established, answer = response.established, response.reply
        else:
            established = initiator.complete(octets)
    except (DecodeError, PeerError):
        if to_responder:
            assert len(ends.pair.bundles) == 0
        else:
            keys_of(initiator.complete(reply))
        return
    keys_of(established)
    if how & AUTHENTICATED or case.mode is Mode.NULL or octets == original:
        return
    if case.mode is Mode.DHSAML and to_responder and not established.tolerated:
        # Its first message proves nothing; the answer to it is found out instead.
        refuses(initiator, answer or b"")
        return
    assert established.tolerated
    if MODES[case.mode].pushes or not to_responder:  # another Responder draws other keys
        assert teks(established.bundle) == keys[0 if to_responder else 1]


def refuses(initiator: Initiator, answer: bytes) -> None:
    """The Initiator takes no answer to a message that was not its own."""
    try:
        initiator.complete(answer)
    except (DecodeError, PeerError):
        return
    raise AssertionError("an answer to an altered message was taken")


if __name__ == "__main__":
    under_atheris(one_input)
