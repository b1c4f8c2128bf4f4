"""DHHMAC: what its messages have without being asked, and how its secrets are kept."""

from __future__ import annotations

import gc
import pickle
from dataclasses import FrozenInstanceError

import pytest

from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.dh_exchange import HalfKey
from mikey_sdp.mikey.payloads import DhValue, Identity
from mikey_sdp.secret import Secret
from tests.exchange.ends import Case, Ends
from tests.exchange.pair import ALICE, BOB, PSK, chain, is_not, rebuilt, remac


def ends() -> Ends:
    return Ends.of(Case(Mode.DHHMAC))


def half_keys() -> int:
    gc.collect()
    return sum(type(found) is HalfKey for found in gc.get_objects())


@pytest.mark.requirement("4650-1.1-2", "4650-3-1")
def test_all_that_may_be_left_out_is_there() -> None:
    initiator, response, _established = ends().run()
    reply = Message.decode(response.reply or b"")
    assert chain(initiator.message.octets) == ["T", "RAND", "ID", "ID", "SP", "DH", "KEMAC"]
    assert chain(reply.octets) == ["T", "ID", "ID", "DH", "DH", "KEMAC"]
    assert [payload.data.decode() for payload in initiator.message.all(Identity)] == [ALICE, BOB]
    assert [payload.data.decode() for payload in reply.all(Identity)] == [BOB, ALICE]


@pytest.mark.requirement("4650-1.1-4")
@pytest.mark.parametrize("left", [0, 1])
def test_a_public_value_never_comes_without_the_other(left: int) -> None:
    made = ends()
    initiator = made.initiator()
    reply = Message.decode(made.respond(initiator.message.octets).reply or b"")
    alone = rebuilt(reply, is_not(DhValue), add=(reply.all(DhValue)[left],))
    with pytest.raises(DecodeError, match="only 1 DH"):
        initiator.complete(remac(Message.decode(alone), initiator._keys))


@pytest.mark.requirement("4650-5.1-2")
def test_secrets_are_kept_from_being_shown_written_down_and_changed() -> None:
    made = ends()
    initiator, response, established = made.run()
    tgk = established.bundle.keys[0].key
    texts = repr([initiator, response, established, made.pair.bundles, made.alices, made.pair.bobs_credentials])
    for secret in (tgk, PSK):
        assert secret.reveal().hex() not in texts
        assert repr(secret.reveal())[2:-1] not in texts
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(secret)
    with pytest.raises(FrozenInstanceError):
        established.bundle.keys = ()
    source = bytearray(16)
    kept = Secret(source)
    source[0] = 1
    assert kept == Secret(bytes(16))


def test_no_exponent_of_the_responder_outlives_his_answer() -> None:
    made = ends()
    octets = made.initiator().message.octets
    before = half_keys()
    made.respond(octets)
    assert half_keys() == before
