"""Calls whose keys are not to be had, or not to be trusted: what each side says, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from msgspec import structs

from mikey_sdp.clock import Micros
from mikey_sdp.mikey.credentials import NullCredential, PskCredential
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.nodes.attackers import Eavesdropper, KeyMgmtStripper, Replayer
from mikey_sdp.nodes.commands import AddMedia, Call, HangUp
from mikey_sdp.nodes.config import Answering, Reaction, Security, Streams
from mikey_sdp.nodes.contract import CommandGiven, DatagramReceived, SendDatagram, Transport
from mikey_sdp.sdp.offer_answer import KeyedLevel
from mikey_sdp.secret import Secret
from mikey_sdp.trace import AttackMade, KeyManagementFailed, KeysInstalled, MessageSent
from tests.exchange.nodes.phones import (
    MS,
    TAPPED,
    Meddler,
    address,
    counted,
    lines,
    of_kind,
    phone,
    run,
    signalling,
    states,
)

CALL = (0, "alice", Call("bob"))
OTHER_KEY = [PskCredential("*", Secret(b"another key, not the shared one."))]
PLAIN = {"security": Security.NONE, "credentials": ()}
NULL = {"credentials": [NullCredential()]}


@pytest.mark.requirement("4567-4.1.2-6", "4567-4.1.2-15")
def test_a_callee_without_the_key_says_488_and_why():
    records = run(phone("alice"), phone("bob", credentials=()), steps=[CALL])
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert (failed.status, failed.mikey_error) == (488, 0)
    shown = signalling(records)
    assert shown[2] == "40 bob failed with alice: status 488, MIKEY error 0"
    assert shown[3].startswith("40 bob rejected alice 488 [399 Key management: ")
    assert shown[4].startswith("40 bob > alice UDP 488 Not Acceptable Here (INVITE)")
    assert shown[-1].startswith("80 alice rejected bob 488 (Not Acceptable Here) [399 Key management: ")
    assert not of_kind(records, KeysInstalled, "alice") + of_kind(records, KeysInstalled, "bob")
    assert states(records, "alice") == ["calling", "rejected"]


def test_a_callee_with_another_key_refuses_before_it_rings():
    records = run(phone("alice"), phone("bob", credentials=OTHER_KEY), steps=[CALL])
    assert states(records, "bob") == ["rejected"]
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert (failed.status, failed.mikey_error) == (488, 0)


def test_a_caller_without_a_credential_sends_nothing():
    records = run(phone("alice", credentials=()), phone("bob"), steps=[CALL])
    assert lines(records) == ["0 alice failed with bob: status None, MIKEY error None"]


@pytest.mark.requirement("4567-4.1.1-19")
def test_a_caller_hangs_up_on_an_answer_that_proves_nothing():
    def strip_answer(octets: bytes) -> bytes:
        if not octets.startswith(b"SIP/2.0 200") or b"a=key-mgmt" not in octets:
            return octets
        head, body = octets.split(b"\r\n\r\n", 1)
        body = b"".join(line for line in body.splitlines(keepends=True) if not line.startswith(b"a=key-mgmt"))
        head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
        return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    records = run(phone("alice"), phone("bob"), Meddler(strip_answer), steps=[CALL], taps=TAPPED)
    assert [line for line in signalling(records) if " mallory " not in line][4:] == [
        "80 alice answered bob 200",
        "80 alice failed with bob: status None, MIKEY error None",
        "80 alice > bob UDP ACK sip:bob@192.0.2.2:5060",
        "80 alice ended bob (key management failed)",
        "80 alice > bob UDP BYE sip:bob@192.0.2.2:5060",
        "120 bob confirmed alice",
        "120 bob > alice UDP 200 OK (BYE)",
        "120 bob ended alice (the other side hung up)",
        "120000 alice warned: media packets that belonged to no call: 1",
    ]
    assert not of_kind(records, KeysInstalled, "alice")
    bye = next(r for r in of_kind(records, MessageSent, "alice") if r.summary.startswith("BYE"))
    assert b'\r\nReason: SIP ;cause=488 ;text="key management failed"\r\n' in bye.octets


def test_an_ordinary_bye_gives_no_reason():
    records = run(phone("alice"), phone("bob"), steps=[CALL, (3000, "alice", HangUp("bob"))])
    bye = next(r for r in of_kind(records, MessageSent, "alice") if r.summary.startswith("BYE"))
    assert b"Reason" not in bye.octets


def test_keys_in_the_clear_need_a_carrier_that_is_declared_secure():
    over_udp = run(phone("alice", **NULL), phone("bob", **NULL), steps=[CALL])
    assert lines(over_udp) == ["0 alice failed with bob: status None, MIKEY error None"]
    over_tls = run(
        phone("alice", transport=Transport.TLS, **NULL), phone("bob", transport=Transport.TLS, **NULL), steps=[CALL]
    )
    assert counted(over_tls, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]
    notes = [note for record in over_tls if isinstance(record, MessageSent) for note in record.notes]
    assert [note.split(",")[0] for note in notes] == ["MIKEY NULL I_MESSAGE", "MIKEY NULL R_MESSAGE"]


def test_a_callee_judges_the_carrier_by_how_the_offer_reached_him():
    alice = phone("alice", transport=Transport.TLS, **NULL)
    (sent,) = [a for a in alice.handle(CommandGiven(Call("bob")), Micros(0)) if isinstance(a, SendDatagram)]
    for transport, answer in ((Transport.TLS, "200 OK (INVITE)"), (Transport.UDP, "488 Not Acceptable Here (INVITE)")):
        arrived = DatagramReceived(structs.replace(sent.datagram, transport=transport))
        actions = phone("bob", transport=transport, **NULL).handle(arrived, Micros(0))
        assert [action.summary for action in actions if isinstance(action, SendDatagram)] == [answer]


def test_two_plain_phones_talk_in_the_clear_and_it_is_not_called_decrypted():
    records = run(phone("alice", **PLAIN), phone("bob", **PLAIN), steps=[CALL])
    assert counted(records, "alice") == ["sent m=0 50", "received m=0 50, 0 decrypted, 0 not"]
    assert not any(record.notes for record in records if isinstance(record, MessageSent))


def test_a_plain_phone_and_a_secured_one_come_to_nothing_either_way():
    to_plain = run(phone("alice"), phone("bob", **PLAIN), steps=[CALL])
    assert "80 alice rejected bob 488 (Not Acceptable Here) [302 Incompatible transport protocol]" in signalling(
        to_plain
    )
    from_plain = run(phone("alice", **PLAIN), phone("bob"), steps=[CALL])
    assert states(from_plain, "alice") == ["calling", "rejected"]
    assert states(from_plain, "bob") == ["rejected"]
    assert not counted(to_plain, "bob") + counted(from_plain, "bob")


def test_a_callee_that_has_none_of_the_media_refuses():
    records = run(phone("alice", streams=Streams(kinds=("video",))), phone("bob"), steps=[CALL])
    assert signalling(records)[-1] == "80 alice rejected bob 488 (Not Acceptable Here) [304 Media type not available]"


def test_media_level_keys_are_one_exchange_for_each_line():
    both = Streams(kinds=("audio", "video"))
    records = run(phone("alice", streams=both, level="media"), phone("bob", streams=both), steps=[CALL])
    invite = next(record for record in records if isinstance(record, MessageSent))
    assert [note.split(", at ")[1] for note in invite.notes] == ["media level, m= line 0", "media level, m= line 1"]
    installed = of_kind(records, KeysInstalled, "alice")
    csb_ids = {record.media: record.csb_id for record in installed}
    assert csb_ids[0] != csb_ids[1]
    assert {f"{csb_id:08x}" for csb_id in csb_ids.values()} == {note.split("CSB ")[1][:8] for note in invite.notes}
    assert counted(records, "bob")[1::2] == [f"received m={media} 50, 50 decrypted, 0 not" for media in (0, 1)]


def test_an_eavesdropper_reads_udp_and_opens_nothing():
    records = run(
        phone("alice"),
        phone("bob"),
        Eavesdropper("mallory", address("mallory")),
        steps=[CALL, (2_000, "alice", HangUp("bob"))],
        taps=TAPPED,
    )
    (attack,) = of_kind(records, AttackMade, "mallory")
    assert attack.text == "read 5 signalling messages, 2 of them with key management, and saw 100 media packets"
    assert counted(records, "alice") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_an_eavesdropper_on_tls_sees_media_only():
    records = run(
        phone("alice", transport=Transport.TLS),
        phone("bob", transport=Transport.TLS),
        Eavesdropper("mallory", address("mallory")),
        steps=[CALL],
        taps=TAPPED,
    )
    (attack,) = of_kind(records, AttackMade, "mallory")
    assert attack.text.startswith("read 0 signalling messages, 0 of them with key management, and saw 100")


@pytest.mark.requirement("4567-4.1.2-7")
def test_a_protocol_taken_out_of_the_offer_is_noticed_by_the_callee():
    offers_two = phone("alice", other_protocols=(("keyp1", b"opaque"),))
    undisturbed = run(offers_two, phone("bob"), steps=[CALL])
    assert states(undisturbed, "bob") == ["answered", "confirmed"]
    records = run(
        phone("alice", other_protocols=(("keyp1", b"opaque"),)),
        phone("bob"),
        KeyMgmtStripper("mallory", address("mallory"), protocol="keyp1"),
        steps=[CALL],
        taps=TAPPED,
    )
    sent = [record for record in records if isinstance(record, MessageSent)]
    assert [len(record.notes) for record in sent[:2]] == [2, 1]
    assert sent[0].notes[1].startswith("key management keyp1, ")
    body = sent[1].octets.split(b"\r\n\r\n", 1)[1]
    assert b"keyp1 " not in body
    assert b"\r\nContent-Length: %d\r\n" % len(body) in sent[1].octets
    (attack,) = of_kind(records, AttackMade, "mallory")
    assert (attack.number, attack.text) == (1, "took 1 a=key-mgmt line(s) of keyp1 out of an INVITE")
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert failed.status == 488
    assert "a line was changed on the way" in failed.reason
    # The offer was authentic, so that an authentic Error message tells the caller more than the 488 does.
    (told,) = of_kind(records, KeyManagementFailed, "alice")
    assert (told.status, told.mikey_error) == (488, failed.mikey_error)
    assert "MIKEY Error message" in next(r for r in sent if r.summary.startswith("488")).notes[0]
    assert states(records, "alice") == ["calling", "rejected"]


def test_a_stripper_lets_pass_what_it_is_not_after():
    records = run(
        phone("alice"),
        phone("bob"),
        KeyMgmtStripper("mallory", address("mallory"), protocol="keyp1"),
        steps=[CALL],
        taps=TAPPED,
    )
    assert not of_kind(records, AttackMade, "mallory")
    assert counted(records, "bob") == ["sent m=0 50", "received m=0 50, 50 decrypted, 0 not"]


def test_a_replayed_offer_is_refused_though_its_invite_is_new():
    records = run(
        phone("alice"),
        phone("bob"),
        Replayer("mallory", address("mallory"), after_us=1_000 * MS, seed=b"mallory"),
        steps=[CALL],
        taps=TAPPED,
    )
    (attack,) = of_kind(records, AttackMade, "mallory")
    sent = {record.number: record for record in records if isinstance(record, MessageSent)}
    replayed, original = sent[attack.number], sent[0]
    assert (replayed.party, replayed.to, replayed.at_us) == ("mallory", "bob", 1_000 * MS)
    assert replayed.octets.split(b"\r\n\r\n", 1)[1] == original.octets.split(b"\r\n\r\n", 1)[1]
    for header in (b"Via", b"Call-ID", b"Contact", b"From"):
        values = [next(h for h in one.octets.split(b"\r\n") if h.startswith(header)) for one in (replayed, original)]
        assert values[0] != values[1]
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert (failed.peer, failed.status) == ("alice", 488)
    assert "1080 mallory rejected sip:bob@example.com 488 (Not Acceptable Here)" in signalling(records)
    assert states(records, "bob") == ["answered", "confirmed", "rejected"]


def test_a_recorded_offer_that_never_arrived_is_taken_so_it_is_the_replay_cache_that_refuses():
    records = run(
        phone("alice"),
        phone("bob"),
        Replayer("mallory", address("mallory"), after_us=1_000 * MS, seed=b"mallory"),
        steps=[CALL],
        taps=TAPPED,
        lose={("alice", "bob"): frozenset(range(20))},
    )
    assert states(records, "bob") == ["answered", "confirmed"]
    assert states(records, "mallory") == ["answered"]
    assert states(records, "alice") == ["calling", "rejected"]


def test_a_phone_that_rejects_calls_looks_at_no_keys():
    rejects = Answering(reaction=Reaction.REJECT, status=603)
    records = run(phone("alice"), phone("bob", credentials=OTHER_KEY, answering=rejects), steps=[CALL])
    assert not of_kind(records, KeyManagementFailed, "bob")
    assert signalling(records)[-1] == "80 alice rejected bob 603 (Decline)"


@pytest.mark.parametrize("skew_s", [-3_600, 3_600])
def test_a_callee_whose_clock_is_far_off_refuses(skew_s: int):
    records = run(phone("alice"), phone("bob", clock_skew_us=skew_s * 1_000 * MS), steps=[CALL])
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert (failed.status, failed.mikey_error) == (488, 1)
    assert states(records, "alice") == ["calling", "rejected"]


def starts_at_rollover(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let every offer from the next on say that its streams have run for long already, which nobody could join."""
    original = KeyedLevel.sessions

    def sessions(
        self: KeyedLevel, ssrcs: Mapping[int, int], policy_no: int = 0, *, theirs: int | None = None
    ) -> tuple[SrtpIdEntry, ...]:
        return tuple(replace(entry, roc=count) for entry in original(self, ssrcs, policy_no))

    monkeypatch.setattr(KeyedLevel, "sessions", sessions)


def test_keys_that_can_not_be_run_are_refused_like_others(monkeypatch: pytest.MonkeyPatch):
    starts_at_rollover(monkeypatch, 7)
    bob = phone("bob")
    records = run(phone("alice"), bob, steps=[CALL])
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert failed.mikey_error == 10
    assert "rollover counter 7" in failed.reason
    assert states(records, "alice") == ["calling", "rejected"]
    assert (bob.calls, bob.open_bundles) == (0, 0)


def test_a_stream_added_under_keys_that_can_not_be_run_is_refused_and_the_call_goes_on(monkeypatch: pytest.MonkeyPatch):
    original = KeyedLevel.sessions

    def sessions(
        self: KeyedLevel, ssrcs: Mapping[int, int], policy_no: int = 0, *, theirs: int | None = None
    ) -> tuple[SrtpIdEntry, ...]:
        entries = original(self, ssrcs, policy_no)
        return (*entries[:2], *(replace(entry, roc=7) for entry in entries[2:]))

    monkeypatch.setattr(KeyedLevel, "sessions", sessions)
    bob = phone("bob", streams=Streams(kinds=("audio", "video")))
    records = run(phone("alice"), bob, steps=[CALL, (600, "alice", AddMedia("bob", "video"))])
    (failed,) = of_kind(records, KeyManagementFailed, "bob")
    assert failed.mikey_error == 10
    assert states(records, "bob")[-1] == states(records, "alice")[-1] == "confirmed"
    assert (bob.calls, bob.open_bundles) == (1, 1)
