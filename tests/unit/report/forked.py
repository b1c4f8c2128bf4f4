"""A trace for tests: one INVITE that a proxy forks to many phones, of which one answers."""

from __future__ import annotations

from mikey_sdp.trace import AnyRecord, CallChanged, KeysInstalled, MediaCounted, MessageArrived, MessageSent, RunResult
from tests.unit.report.given import result, sent

MS = 1_000


def phones(count: int) -> tuple[str, ...]:
    return tuple(f"phone-{number:02d}" for number in range(1, count + 1))


class Fork:
    """Writes the records of the call; every phone rings with keys of its own, the `winner` answers."""

    def __init__(self, count: int = 30, winner: int = 17) -> None:
        self.phones = phones(count)
        self.winner = self.phones[winner - 1]
        self._events: list[tuple[int, AnyRecord]] = []
        self._numbers = 0

    def run(self) -> RunResult:
        self._send(0, "alice", "proxy", "INVITE sip:group@example.com", "MIKEY RSA-R I_MESSAGE, 936 octets")
        for at, phone in enumerate(self.phones):
            self._ring(phone, at)
        self._send(2_000 * MS, self.winner, "proxy", "200 OK (INVITE)")
        self._send(2_020 * MS, "proxy", "alice", "200 OK (INVITE)")
        for phone in self.phones:
            if phone != self.winner:
                self._send(2_020 * MS, "proxy", phone, f"CANCEL sip:{phone}@192.0.2.9")
                self._note(CallChanged(at_us=2_040 * MS, party=phone, call_id="c", peer="alice", state="cancelled"))
        self._count("alice", self.winner, "sent", 200, 0, 2_050 * MS)
        self._count(self.winner, "alice", "received", 198, 190, 2_210 * MS)
        records = tuple(record for _, record in sorted(self._events, key=lambda event: event[0]))
        return result(records, ("alice", "proxy", *self.phones))

    def _ring(self, phone: str, at: int) -> None:
        rings = (120 + 7 * at) * MS
        note = f"MIKEY RSA-R R_MESSAGE, {1500 + at} octets, CSB {at:08x}"
        self._send(20 * MS, "proxy", phone, f"INVITE sip:{phone}@192.0.2.{at + 10}:5060")
        self._key(rings, phone, "alice", "receive", f"{2 * at:016x}")
        self._key(rings, phone, "alice", "send", f"{2 * at + 1:016x}")
        self._send(rings, phone, "proxy", "183 Session Progress (INVITE)", note)
        self._send(rings + 20 * MS, "proxy", "alice", "183 Session Progress (INVITE)", note)
        self._key(rings + 40 * MS, "alice", phone, "send", f"{2 * at:016x}")
        self._key(rings + 40 * MS, "alice", phone, "receive", f"{2 * at + 1:016x}")

    def _send(self, at_us: int, party: str, to: str, summary: str, *notes: str) -> None:
        number = self._numbers
        self._numbers += 1
        octets = f"{summary}\r\nVia: {number}\r\n\r\n".encode()
        message: MessageSent = sent(at_us, number, party, to, summary, *notes, octets=octets)
        self._note(message)
        self._note(MessageArrived(at_us=at_us + 20 * MS, party=to, number=number))

    def _key(self, at_us: int, party: str, peer: str, direction: str, fingerprint: str) -> None:
        self._note(
            KeysInstalled(
                at_us=at_us,
                party=party,
                call_id="c",
                peer=peer,
                mode="RSA-R",
                csb_id=5,
                media=0,
                direction=direction,
                cs_id=1,
                ssrc=9,
                mki="01",
                fingerprint=fingerprint,
            )
        )

    def _count(self, party: str, peer: str, direction: str, packets: int, decrypted: int, first_us: int) -> None:
        self._note(
            MediaCounted(
                at_us=6_000 * MS,
                party=party,
                peer=peer,
                call_id="c",
                media=0,
                direction=direction,
                ssrc=1,
                packets=packets,
                decrypted=decrypted,
                undecryptable=packets - decrypted if direction == "received" else 0,
                first_us=first_us,
            )
        )

    def _note(self, record: AnyRecord) -> None:
        self._events.append((record.at_us, record))
