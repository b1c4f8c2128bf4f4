"""Several MIKEY messages in one offer, and a man in the middle who strips, moves or changes one of them."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from mikey_sdp.endpoint import Offer, Recipient
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.payloads import GeneralExtension
from mikey_sdp.mikey.payloads.chash import CertificateHash
from mikey_sdp.mikey.registry import ErrorNo
from tests.exchange.ends import NOW_US, certified
from tests.exchange.pair import Pair
from tests.unit.endpoint.devices import (
    CAROL,
    DESK,
    MARK,
    MOBILE,
    TABLET,
    alice_end,
    answered,
    bobs,
    changed,
    credential_of,
    end,
    messages,
    refused,
    with_octets,
)
from tests.unit.endpoint.ends import ALICE, BOB, KEY, body

STRIPPED = {
    "the first": lambda found: found.pop(0),
    "the one behind": lambda found: found.pop(2),
    "all others": lambda found: found.__delitem__(slice(0, 1)) or found.pop(),
}


@pytest.mark.requirement("5197-6-4")
@pytest.mark.parametrize("change", STRIPPED.values(), ids=STRIPPED)
def test_a_stripped_line_shows(offer: Offer, change: Callable[[list[str]], object]) -> None:
    assert "changed on the way" in refused(bobs(MOBILE), changed(offer.sdp, change))


@pytest.mark.requirement("5197-6-4")
def test_a_line_replaced_by_a_copy_of_another_shows(offer: Offer) -> None:
    """As many lines as there were, so that the list of identifiers alone sees nothing."""

    def copy(found: list[str]) -> None:
        found[0] = found[2]

    assert "removed, moved or changed" in refused(bobs(MOBILE), changed(offer.sdp, copy))
    assert "removed, moved or changed" in refused(bobs(TABLET), changed(offer.sdp, copy))


@pytest.mark.parametrize("several", [True, False])
def test_lines_in_another_order_show(several: bool) -> None:
    """Who could take both must not be made to take the one that its author preferred less."""
    alice = alice_end(credential_of(certified(ALICE, "rsa"), DESK))
    for_bob = (Recipient(peer=BOB, mode=Mode.DHSIGN), Recipient(peer=BOB, mode=Mode.RSA))
    offer = alice.offer(body(), to=BOB, recipients=for_bob)
    assert answered(bobs(DESK, several=several), offer.sdp).keys.mode is Mode.DHSIGN
    turned = changed(offer.sdp, list.reverse)
    assert "removed, moved or changed" in refused(bobs(DESK, several=several), turned)


def test_a_line_that_is_made_to_name_another_shows() -> None:
    """Whoever edits the name in a preferred message makes its reader pass over it, and is found out by the next."""
    alice = alice_end(credential_of(certified(ALICE, "rsa"), DESK))
    for_bob = (Recipient(peer=BOB, mode=Mode.DHSIGN), Recipient(peer=BOB, mode=Mode.RSA))
    offer = alice.offer(body(), to=BOB, recipients=for_bob)

    def rename(found: list[str]) -> None:
        found[0] = with_octets(found[0], lambda data: data.replace(BOB.encode(), b"sip:eve@example.com"))

    assert "removed, moved or changed" in refused(bobs(DESK), changed(offer.sdp, rename))


@pytest.mark.parametrize("octet", [0, 1, 40, -1])
@pytest.mark.parametrize("number", [0, 1])
def test_a_corrupted_line_shows(offer: Offer, number: int, octet: int) -> None:
    """Whether it is passed over or taken, and whatever was changed in it."""

    def flip(data: bytes) -> bytes:
        octets = bytearray(data)
        octets[octet] ^= 1
        return bytes(octets)

    def corrupt(found: list[str]) -> None:
        found[number] = with_octets(found[number], flip)

    refused(bobs(MOBILE), changed(offer.sdp, corrupt))


def test_a_malformed_line_refuses_the_offer_before_one_behind_it_is_looked_at(offer: Offer) -> None:
    def cut(found: list[str]) -> None:
        found[0] = with_octets(found[0], lambda data: data[:60])

    answer = answered(bobs(MOBILE), changed(offer.sdp, cut))
    assert answer.keys is None
    assert answer.rejection.mikey_error == ErrorNo.UNSPECIFIED
    assert "removed, moved or changed" not in answer.rejection.warning[1]


def test_what_nothing_vouches_for_is_not_passed_over() -> None:
    """Messages of an author who knows the list of identifiers and nothing of the order of lines."""
    pair = Pair(now_us=NOW_US)
    extensions = (GeneralExtension.of_sdp_ids(["mikey", "mikey"]),)

    def line(peer: str) -> str:
        initiator = pair.psk_initiator(key=KEY, peer=identity_of(peer), extensions=extensions)
        return f"{MARK}{base64.b64encode(initiator.message.octets).decode()}\r\n"

    def offered(*peers: str) -> str:
        lines = "".join(line(peer) for peer in peers)
        return body().replace("t=0 0\r\n", f"t=0 0\r\n{lines}").replace("RTP/AVP", "RTP/SAVP")

    bob = end(BOB, PskCredential(ALICE, KEY), several_messages=True)
    assert "nothing vouches" in refused(bob, offered(CAROL, BOB))
    assert answered(bob, offered(BOB, CAROL)).keys is not None


def test_a_hash_that_is_made_to_name_another_certificate_shows(offer: Offer) -> None:
    chash = messages(offer.sdp)[0].find(CertificateHash)

    def rename(found: list[str]) -> None:
        found[0] = with_octets(found[0], lambda data: data.replace(chash.digest, bytes(20)))

    assert "removed, moved or changed" in refused(bobs(DESK), changed(offer.sdp, rename))
