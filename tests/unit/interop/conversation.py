"""Conversations with the interop endpoint, and what Alice and Bob say of themselves in each mode."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import dh, ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mikey_sdp.clock import NtpTime
from mikey_sdp.interop import Session
from mikey_sdp.mikey.crypto.curves import key_of
from mikey_sdp.mikey.crypto.groups import FiniteField, PrimeCurve, group_of
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.secret import SeededEntropy
from tests.exchange.asserted import asserted, private_value, sip_server
from tests.exchange.ends import NOW_US, Case, authority, certified
from tests.exchange.pair import ALICE, BOB, PSK
from tests.pki import PrivateKey

Words = dict[str, Any]


class Talk:
    """A session that answers structures with structures, on a clock that stands still; remembers what was drawn."""

    def __init__(self, seed: bytes = b"talk") -> None:
        self.drawn: list[bytes] = []
        self._entropy = SeededEntropy(seed)
        self.session = Session(clock=lambda: NtpTime.from_unix_us(NOW_US), entropy=self._draw)

    def _draw(self, octets: int) -> bytes:
        self.drawn.append(self._entropy(octets))
        return self.drawn[-1]

    def line(self, line: str | bytes) -> Words:
        answer = self.session.answer(line)
        assert "\n" not in answer
        decoded: Words = json.loads(answer)
        assert isinstance(decoded["ok"], bool)
        return decoded

    def ask(self, cmd: str, **words: Any) -> Words:
        return self.line(json.dumps({"cmd": cmd, **words}))

    def ok(self, cmd: str, **words: Any) -> Words:
        answer = self.ask(cmd, **words)
        assert answer.pop("ok"), answer
        return answer

    def failed(self, cmd: str, **words: Any) -> Words:
        return error_of(self.ask(cmd, **words))


def error_of(answer: Words) -> Words:
    assert answer["ok"] is False, answer
    assert set(answer) == {"ok", "error"}
    error: Words = answer["error"]
    assert set(error) == {"kind", "text", "mikey_error", "reply"}
    return error


def pem_of(key: PrivateKey | dh.DHPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def asserted_key(user: str, group: DhGroup) -> str:
    """The private key of a user's assertion, in PEM."""
    found, octets = group_of(group), hashlib.sha256(user.encode()).digest()[1:]
    if isinstance(found, PrimeCurve):
        return pem_of(key_of(found.curve, octets))
    assert isinstance(found, FiniteField)
    public = int.from_bytes(private_value(user, group).public, "big")
    parameters = dh.DHParameterNumbers(found.prime, 2)
    numbers = dh.DHPrivateNumbers(int.from_bytes(octets, "big"), dh.DHPublicNumbers(public, parameters))
    return pem_of(numbers.private_key())


def words_of(case: Case, own: str, peer: str) -> Words:
    """What one end says of itself."""
    words: Words = {"mode": case.mode.value, "identity": own, "peer": peer}
    group = case.choices.dh_group
    if case.mode is Mode.NULL:
        return words | {"secure_carrier": True}
    if case.mode in (Mode.PSK, Mode.DHHMAC):
        return words | {"psk": PSK.reveal().hex(), "dh_group": int(group)}
    if case.mode is Mode.DHSAML:
        return words | {
            "assertion": asserted(own, group).assertion.decode(),
            "key": asserted_key(own, group),
            "assertion_trust": [sip_server().pem],
            "round2": int(case.choices.saml.round_2),
        }
    mine, theirs = certified(own, case.key), certified(peer, case.key)
    return words | {
        "cert": mine.pem,
        "key": mine.key_pem,
        "peer_cert": theirs.pem,
        "trust": [authority().pem],
        "dh_group": int(group),
    }


def private_octets(talk: Talk, public: bytes, group: DhGroup) -> str | None:
    """Among what was drawn, the private value that belongs to a public one, in hex."""
    found = group_of(group)
    for octets in talk.drawn:
        if isinstance(found, PrimeCurve):
            order = found.curve.group_order
            scalar = int.from_bytes(octets, "big") % (order - 1) + 1
            octets = scalar.to_bytes(found.secret_octets, "big")
        if any(octets) and found.private(octets).public == public:
            return octets.hex()
    return None


def curve_octets(talk: Talk, public: bytes, curve: ec.EllipticCurve) -> str | None:
    """The same for a point of ECMQV."""
    groups = (DhGroup.ECP_P_192, DhGroup.ECP_P_224, DhGroup.ECP_P_256, DhGroup.ECP_P_384, DhGroup.ECP_P_521)
    for group in groups:
        found = group_of(group)
        if isinstance(found, PrimeCurve) and found.curve.name == curve.name:
            return private_octets(talk, public, group)
    return None


def exchange(talk: Talk, case: Case, **changed: Any) -> tuple[Words, Words, Words]:
    """A first round between two sids: init, respond, complete."""
    sent = talk.ok("init", sid="alice", **{**words_of(case, ALICE, BOB), **changed})
    taken = talk.ok("respond", sid="bob", message=sent["message"], **words_of(case, BOB, ALICE))
    done = talk.ok("complete", sid="alice", message=taken["message"])
    return sent, taken, done
