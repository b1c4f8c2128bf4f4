"""A small trace for tests: one call with a lost INVITE, keys, media, and a refusal."""

from __future__ import annotations

from mikey_sdp.trace import (
    AnyRecord,
    AttackMade,
    KeyManagementFailed,
    KeysInstalled,
    MediaCounted,
    MessageArrived,
    MessageLost,
    MessageSent,
    RunResult,
    Verdict,
    Warned,
)

SDP = b"v=0\r\nm=audio 40000 RTP/SAVP 0\r\nm=video 40002 RTP/SAVP 96\r\n"


def sent(at_us: int, number: int, party: str, to: str, summary: str, *notes: str, octets: bytes = b"") -> MessageSent:
    return MessageSent(
        at_us=at_us,
        party=party,
        number=number,
        to=to,
        transport="UDP",
        summary=summary,
        octets=octets or summary.encode(),
        notes=notes,
    )


def arrived(at_us: int, number: int, party: str) -> MessageArrived:
    return MessageArrived(at_us=at_us, party=party, number=number)


def key(at_us: int, party: str, peer: str, direction: str, fingerprint: str) -> KeysInstalled:
    return KeysInstalled(
        at_us=at_us,
        party=party,
        peer=peer,
        call_id="c1",
        mode="PSK",
        csb_id=1,
        media=0,
        direction=direction,
        cs_id=1,
        ssrc=0,
        mki="",
        fingerprint=fingerprint,
    )


def counted(
    at_us: int, party: str, peer: str, direction: str, packets: int, decrypted: int = 0, media: int = 0
) -> MediaCounted:
    return MediaCounted(
        at_us=at_us,
        party=party,
        peer=peer,
        call_id="c1",
        media=media,
        direction=direction,
        ssrc=7,
        packets=packets,
        decrypted=decrypted,
        undecryptable=packets - decrypted if direction == "received" else 0,
        first_us=760_000 if direction == "sent" else 780_000,
    )


CALL: tuple[AnyRecord, ...] = (
    sent(0, 1, "alice", "bob", "INVITE sip:bob@example.com", "MIKEY PSK I_MESSAGE", octets=SDP),
    MessageLost(at_us=0, party="alice", number=1),
    sent(500_000, 2, "alice", "bob", "INVITE sip:bob@example.com", "MIKEY PSK I_MESSAGE", octets=SDP),
    arrived(520_000, 2, "bob"),
    key(720_000, "bob", "alice", "receive", "aaaaaaaa00000000"),
    key(720_000, "bob", "alice", "send", "bbbbbbbb00000000"),
    sent(720_000, 3, "bob", "alice", "200 OK (INVITE)", "MIKEY PSK R_MESSAGE"),
    arrived(740_000, 3, "alice"),
    Warned(at_us=741_000, party="alice", text="a clock that is 3 s ahead"),
    KeyManagementFailed(
        at_us=900_000, party="bob", peer="alice", call_id="c2", reason="seen before", mikey_error=1, status=488
    ),
    counted(5_000_000, "alice", "bob", "sent", 50),
    counted(5_000_000, "bob", "alice", "received", 48, 47),
    counted(5_000_000, "bob", "alice", "sent", 50, media=1),
    counted(5_000_000, "alice", "bob", "received", 50, 50, media=1),
)
TAPPED: tuple[AnyRecord, ...] = (
    sent(0, 1, "alice", "bob", "INVITE sip:bob@example.com", "two protocols"),
    arrived(0, 1, "mallory"),
    sent(0, 2, "mallory", "bob", "INVITE sip:bob@example.com", "one protocol"),
    AttackMade(at_us=0, party="mallory", text="took one away", number=2),
    arrived(20_000, 2, "bob"),
    sent(20_000, 3, "bob", "alice", "488 Not Acceptable Here (INVITE)", "MIKEY Error message"),
    arrived(30_000, 3, "mallory"),
    sent(30_000, 4, "mallory", "alice", "488 Not Acceptable Here (INVITE)", "MIKEY Error message"),
    arrived(40_000, 4, "alice"),
    AttackMade(at_us=50_000, party="mallory", text="read 2 messages"),
)
HELD = Verdict(expectation="call: from alice, answered by bob", held=True, line=10)
FAILED = Verdict(
    expectation="media: from alice, to bob, decrypted all",
    held=False,
    line=12,
    expected="all packets decrypted",
    came="47 of 50 packets decrypted",
    nearest="the first packet at 760 ms",
)


def result(
    records: tuple[AnyRecord, ...] = CALL,
    parties: tuple[str, ...] = ("alice", "bob"),
    verdicts: tuple[Verdict, ...] = (HELD, FAILED),
) -> RunResult:
    """A run of these records."""
    return RunResult(
        name="A call",
        shows="what a ladder looks like",
        file="a.call.yaml",
        parties=parties,
        records=records,
        verdicts=verdicts,
    )
