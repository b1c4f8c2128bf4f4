"""Writes the seeds of `fuzz_machines.py` into corpus/machines: `python -m tests.fuzz.seed_machines`.

For every case and end the honest message, and one edit at the start of each payload with and without a new closing.
"""

from __future__ import annotations

from pathlib import Path

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.registry import DataType, PayloadType
from tests.exchange.ends import CASES
from tests.fuzz.fuzz_machines import AUTHENTICATED, COMPAT, OF_THE_OTHER_END, TO_RESPONDER, honest

DENSE = ("PSK", "DHHMAC")
NEXT_OF_HEADER = 2
FOLDER = Path(__file__).parent / "corpus" / "machines"


def edit(action: int, offset: int, value: int) -> bytes:
    """One edit as the harness reads it."""
    return bytes((action,)) + offset.to_bytes(2, "big") + bytes((value,))


def without(message: Message, number: int) -> bytes:
    """The edits that take one payload out of the chain."""
    span = message.spans[number]
    upcoming = message.octets[span.offset]
    before = message.spans[number - 1].offset if number else NEXT_OF_HEADER
    cuts = [min(255, span.octets - done) for done in range(0, span.octets, 255)]
    return edit(0, before, upcoming) + b"".join(edit(2, span.offset, cut) for cut in cuts)


def seeds_of(index: int) -> dict[str, bytes]:
    """The seeds of one case."""
    name = CASES[index].name
    found = {}
    for how, octets in ((TO_RESPONDER, honest(index)[1]), (0, honest(index)[2])):
        end = "request" if how else "answer"
        found[f"{name}-{end}"] = bytes((index, how))
        found[f"{name}-{end}-back"] = bytes((index, how | OF_THE_OTHER_END))
        found[f"{name}-{end}-zeros"] = bytes((index, how | COMPAT)) + edit(1, len(octets), 0)
        message = Message.decode(octets)
        closed = bytes((index, how | AUTHENTICATED))
        for number, span in enumerate(message.spans):
            what = f"{name}-{end}-{number}-{message.payloads[number].payload_type.name}"
            found[what] = closed + edit(0, span.offset + min(2, span.octets - 1), 0x2A)
            found[f"{what}-gone"] = closed + without(message, number)
            if name in DENSE:
                found[f"{what}-gone-compat"] = bytes((index, how | AUTHENTICATED | COMPAT)) + without(message, number)
        if name in DENSE:
            for offset in (1, 4, 10, 12, *(at for span in message.spans for at in (span.offset + 1, span.offset + 4))):
                found[f"{name}-{end}-at-{offset}"] = closed + edit(0, offset, 0x06)
            for data_type in (DataType.PSK_VER_MSG, DataType.DHHMAC_RESP, DataType.RSA_R_I_MSG):
                found[f"{name}-{end}-as-{data_type}"] = closed + edit(0, 1, data_type)
            first = message.spans[0]
            cut = edit(2, first.end, 255) + edit(0, 1, DataType.ERROR) + edit(0, first.offset, PayloadType.ERR)
            error = b"".join(edit(1, first.end + at, octet) for at, octet in enumerate((0, 2, 0, 0)))
            found[f"{name}-{end}-as-error"] = bytes((index, how)) + cut + cut + error
            found[f"{name}-{end}-map"] = closed + edit(2, 10, 9) + edit(0, 8, 1)
            for number, span in enumerate(message.spans):
                if message.payloads[number].payload_type is PayloadType.ID:
                    again = edit(3, span.offset, span.octets) + edit(0, span.offset, PayloadType.ID)
                    found[f"{name}-{end}-{number}-twice"] = closed + again
                    found[f"{name}-{end}-{number}-line-end"] = closed + edit(0, span.offset + 6, 0x0A)
                    found[f"{name}-{end}-{number}-another"] = closed + edit(0, span.offset + 10, ord("x"))
                    found[f"{name}-{end}-{number}-octets"] = closed + edit(0, span.offset + 6, 0xFF)
    return found


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for index in range(len(CASES)):
        for name, octets in seeds_of(index).items():
            (FOLDER / name).write_bytes(octets)
    extra = {
        "version": bytes((0, TO_RESPONDER)) + edit(0, 0, 2),
        "data-type": bytes((0, TO_RESPONDER)) + edit(0, 1, 99),
        "prf": bytes((0, TO_RESPONDER | AUTHENTICATED)) + edit(0, 3, 0x85),
        "empty": b"",
    }
    for name, octets in extra.items():
        (FOLDER / name).write_bytes(octets)


if __name__ == "__main__":
    main()
