"""Telephones as they are through two edges: each hears the other's tone, and all that passes between the edges is SRTP
under the keys that MIKEY agreed there."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.drivers.phones import Media
from mikey_sdp.drivers.phones_baresip import Baresip
from mikey_sdp.drivers.phones_linphone import Linphone
from mikey_sdp.drivers.phones_pjsua2 import Pjsua2
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.edge_contract import PhoneMedia
from tests.interop.between import Between, keys_by_edge, receivers
from tests.interop.conftest import Need
from tests.interop.edge_phones import (
    LIMIT_S,
    NETWORK,
    PROGRAMS,
    at_home,
    certified,
    hang_up,
    heard,
    homes,
    secured,
    talk,
)
from tests.interop.edged import KEY, Setting, two_edges
from tests.interop.sockets import within_limit

SDES, PLAIN = Media.SDES, Media.PLAIN
KNOWS = {SDES: PhoneMedia.SDES, PLAIN: PhoneMedia.PLAIN}
EDGES = ("edge-alice", "edge-bob")
PAIRS = ((Baresip, Linphone), (Linphone, Baresip), (Pjsua2, Baresip), (Baresip, Pjsua2))
LEGS = ((SDES, SDES, Mode.PSK), (PLAIN, SDES, Mode.DHSIGN), (SDES, PLAIN, Mode.DHHMAC), (PLAIN, PLAIN, Mode.DHSIGN))


def credentials(mode: Mode) -> tuple[tuple[Credential, ...], tuple[Credential, ...]]:
    if mode is not Mode.DHSIGN:
        return (PskCredential("*", KEY),), (PskCredential("*", KEY),)
    root, holders = certified()
    trust = Trust(anchors=(root.certificate,))
    alice, bob = (CertificateCredential((one.certificate,), one.key, trust) for one in holders)
    return (alice,), (bob,)


@pytest.mark.parametrize(
    ("kinds", "legs"),
    [*itertools.product(PAIRS, LEGS)],
    ids=lambda some: "-".join(PROGRAMS.get(one, str(one)) for one in some),
)
def test_each_hears_the_other_and_what_passes_between_is_srtp(
    need: Need,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kinds: tuple[type[Any], type[Any]],
    legs: tuple[Media, Media, Mode],
) -> None:
    for kind in kinds:
        need(PROGRAMS[kind])
    *media, mode = legs
    caller, called = (KNOWS[one] for one in media)
    given = Setting(caller=caller, called=called, modes=(mode,), between=NETWORK, credentials=credentials(mode))
    keys = keys_by_edge(monkeypatch)

    async def main() -> None:
        wire = Between(NETWORK)
        with homes() as here:
            async with two_edges(given, here.sip, wire) as pair:
                edges = [pair.towards_phone(number) for number in range(2)]
                async with at_home(kinds, here, tmp_path, edges, media) as phones:
                    await talk(phones)
                    calls = [call for edge in pair.edges for call in edge.status.edge.calls]
                    await hang_up(phones)
                assert [edge.status.open_pairs for edge in pair.edges] == [0, 0]
        told = [(call.mode, call.state, call.phone) for call in calls]
        assert told == [(mode, "answered", caller), (mode, "answered", called)]
        assert set(calls[0].fingerprints) == set(calls[1].fingerprints)
        heard(phones)
        secured(wire, lambda edge: receivers(keys[EDGES[1 - edge]]))

    within_limit(main, LIMIT_S)
