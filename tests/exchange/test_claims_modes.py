"""What RFC 5197 sections 3.1 to 3.7 promise of each mode: who makes the key, what a later leak opens, what is needed.

Measured on calls that somebody recorded; nothing is copied from the RFC but the promise.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from _pytest.mark.structures import ParameterSet

from mikey_sdp.endpoint import Endpoint
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.credentials import CredentialStore, NullCredential, PskCredential
from mikey_sdp.mikey.group import GroupPush
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.payloads import DhValue, SecurityPolicy
from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.scenario.matrix_trust import calls_work, without_acquaintance, without_authority
from mikey_sdp.scenario.mode_cases import CASES as RECORDED
from mikey_sdp.scenario.mode_cases import ModeCase, held
from mikey_sdp.scenario.mode_table import measure, opened_with, record
from mikey_sdp.scenario.modes import CREDENTIALS
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.srtp.refusal import PacketRefused
from tests.exchange.costs import recorded, usual
from tests.exchange.ends import Case, Ends
from tests.exchange.pair import ALICE, BOB, teks
from tests.unit.endpoint.ends import Clock, body, hears

INITIATOR, BOTH = ("Initiator",), ("Initiator", "Responder")
KNOWN = ("psk", "certificate")
GROUPS = (DhGroup.OAKLEY_5, DhGroup.MODP_2048, DhGroup.ECP_P_256)


@dataclass(frozen=True)
class Promise:
    """Forward secrecy, who contributes, and whether an authority is needed."""

    forward_secrecy: bool
    contributors: tuple[str, ...]
    needs_authority: bool


def promise(name: str, *ids: str, **said: object) -> ParameterSet:
    return pytest.param(recorded(name), Promise(**said), id=name, marks=pytest.mark.requirement(*ids))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        promise(
            *("PSK", "5197-3.1-5", "5197-3.1-8", "5197-3.1-9"),
            forward_secrecy=False,
            contributors=INITIATOR,
            needs_authority=False,
        ),
        promise("RSA", "5197-3.2-8", forward_secrecy=False, contributors=INITIATOR, needs_authority=True),
        promise(
            *("DHSIGN, OAKLEY 5", "5197-3.3-6", "5197-3.3-8"),
            forward_secrecy=True,
            contributors=BOTH,
            needs_authority=True,
        ),
        promise(
            *("NULL", "5197-3.4-5", "5197-3.4-6"),
            forward_secrecy=False,
            contributors=INITIATOR,
            needs_authority=False,
        ),
        promise(
            *("DHHMAC, OAKLEY 5", "5197-3.5-5", "5197-3.5-9"),
            forward_secrecy=True,
            contributors=BOTH,
            needs_authority=False,
        ),
    ],
)
def test_what_a_mode_promises(case: ModeCase, said: Promise) -> None:
    found = measure(case, itertools.repeat(0).__next__, calls=1)
    needs = not calls_work(case, without_authority(held(case)))
    assert Promise(found.forward_secrecy, found.contributors or (), needs) == said


@pytest.mark.requirement("5197-3.3-6")
def test_signed_diffie_hellman_works_between_strangers() -> None:
    assert calls_work(recorded("DHSIGN, OAKLEY 5"), without_acquaintance(held(recorded("DHSIGN, OAKLEY 5"))))
    assert not calls_work(recorded("RSA"), without_acquaintance(held(recorded("RSA"))))


@pytest.mark.requirement("5197-5-5")
@pytest.mark.parametrize(
    "case", [case for case in RECORDED if CREDENTIALS[case.word] in ("psk", "certificate")], ids=lambda one: one.name
)
def test_whoever_makes_the_key_alone_has_to_know_the_other_beforehand(case: ModeCase) -> None:
    """Between two who know each other every mode will do, and between strangers the signed ones with an answer."""
    parties = held(case)
    assert calls_work(case, parties)
    unknown = without_acquaintance(parties)
    if CREDENTIALS[case.word] == "psk":
        unknown = replace(parties, bob=PskCredential(ALICE, Secret(b"the key of others")))
    assert calls_work(case, unknown) is (case.mode in (Mode.DHSIGN, Mode.RSA_R, Mode.ECMQV))


@pytest.mark.requirement("5197-3.5-9")
def test_what_a_shared_key_that_leaks_opens() -> None:
    """A call in pre-shared key mode, and none by HMAC-protected Diffie-Hellman under the same key."""
    opened = {}
    for name in ("PSK", "DHHMAC, OAKLEY 5"):
        parties = held(recorded(name))
        opened[name] = opened_with(record(recorded(name), parties), parties.long_term) is not None
    assert opened == {"PSK": True, "DHHMAC, OAKLEY 5": False}


# Groups of Diffie-Hellman


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param(Mode.DHSIGN, marks=pytest.mark.requirement("5197-3.3-5")),
        pytest.param(Mode.DHHMAC, marks=pytest.mark.requirement("5197-3.5-4")),
    ],
)
def test_another_group_takes_a_number_and_nothing_else(mode: Mode) -> None:
    """Contested: RFC 5197 has a new map and policy payload for it, which are what a new security protocol takes."""
    sent = []
    for group in GROUPS:
        initiator, response, established = Ends.of(Case(mode, choices=Choices(dh_group=group))).run()
        assert teks(established.bundle) == teks(response.established.bundle)
        assert initiator.message.find(DhValue).group == group
        sent.append(initiator.message)
    assert len({message.header.map_type for message in sent}) == 1
    assert len({message.header.sessions for message in sent}) == 1
    assert len({message.find(SecurityPolicy) for message in sent}) == 1


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param(Mode.DHSIGN, marks=pytest.mark.requirement("5197-3.3-8", "5197-3.3-9")),
        pytest.param(Mode.DHHMAC, marks=pytest.mark.requirement("5197-3.5-7")),
    ],
)
def test_by_diffie_hellman_alone_three_have_no_key_in_common(mode: Mode) -> None:
    """A key a pair, hence three exchanges for three; and whoever would push one of them is refused."""
    made = Ends.of(usual(mode))
    pairs = [made.run()[2].bundle for _ in range(3)]
    assert len({tek for bundle in pairs for tek in teks(bundle)}) == 3 * len(pairs[0].sessions)
    with pytest.raises(UsageError, match="can't key a group"):
        GroupPush(ALICE, pairs[0], mode=mode, credentials=CredentialStore([made.alices]), entropy=made.pair.entropy)


@pytest.mark.requirement("5197-3.5-7")
def test_without_a_shared_key_there_is_no_dhhmac() -> None:
    alice = Endpoint(ALICE, credentials=[NullCredential()], clock=Clock(), entropy=SeededEntropy(b"a"))
    with pytest.raises(PolicyRefused):
        alice.offer(body(), to=BOB)
    made = Ends.of(usual(Mode.DHHMAC))
    made.pair.bobs_credentials = ()
    with pytest.raises(PeerError):
        made.run()


@pytest.mark.requirement("5197-3.5-8")
def test_a_server_that_shares_a_key_with_each_of_many() -> None:
    """Ten clients, ten keys instead of 45. Contested as security end to end: what two of them say, the server hears."""
    server, users = "sip:pbx@example.com", [f"sip:{number}@example.com" for number in range(10)]
    shared = {user: Secret(SeededEntropy(user.encode())(16)) for user in users}

    def end(identity: str, *credentials: PskCredential) -> Endpoint:
        return Endpoint(
            identity,
            credentials=credentials,
            clock=Clock(),
            entropy=SeededEntropy(f"{identity} draws".encode()),
            modes=[Mode.DHHMAC],
        )

    middle = end(server, *(PskCredential(user, key) for user, key in shared.items()))
    clients = {user: end(user, PskCredential(server, key)) for user, key in shared.items()}
    assert len(shared) == len(users)
    for caller, callee in zip(users[::2], users[1::2], strict=True):
        coming = clients[caller].offer(body(), to=server)
        taken = middle.answer(coming.sdp, body(host=2), caller=caller)
        going = middle.offer(body(), to=callee)
        answered = clients[callee].answer(going.sdp, body(host=2), caller=server)
        first, second = coming.accept(taken.sdp or ""), going.accept(answered.sdp or "")
        assert taken.keys is not None
        assert answered.keys is not None
        assert hears(first, taken.keys)
        assert hears(second, answered.keys)
        with pytest.raises(PacketRefused):
            hears(first, answered.keys, sequence=5)
