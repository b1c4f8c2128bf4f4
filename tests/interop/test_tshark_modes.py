"""tshark on both messages of every mode: payload by payload as far as it can judge, and where it can't, as it says."""

from __future__ import annotations

import pytest

from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.registry import PayloadType
from tests.interop.dissector import Dissector
from tests.interop.exchanges import JUDGED, NOT_JUDGED, Exchange
from tests.interop.pdml import Named, Reading
from tests.interop.tshark_page import PAGE, page, readings

NAMES = {PayloadType.GENERAL_EXT: "mikey.ext"}


def named(exchange: Exchange) -> str:
    return exchange.name


def ours(message: Message) -> list[Named]:
    """The message as tshark should read it."""
    header = Named("mikey.hdr", 0, message.header_octets)
    return [
        header,
        *(
            Named(NAMES.get(one.payload_type, f"mikey.{one.payload_type.name.lower()}"), span.offset, span.octets)
            for one, span in zip(message.payloads, message.spans, strict=True)
        ),
    ]


@pytest.mark.parametrize("exchange", JUDGED, ids=named)
def test_every_payload_up_to_the_last_is_named_and_of_our_length(exchange: Exchange, tshark: Dissector) -> None:
    for message, reading in readings(tshark, exchange):
        assert list(reading.payloads) == ours(message)
        assert reading.payloads[-1].offset + reading.payloads[-1].octets == len(message.octets) == reading.octets
        assert reading.said == ()


@pytest.mark.parametrize("exchange", NOT_JUDGED, ids=named)
def test_what_it_can_not_judge_it_reads_as_we_do_up_to_there(exchange: Exchange, tshark: Dissector) -> None:
    """An exchange that a newer tshark reads to the end belongs in the other list."""
    unread = 0
    for message, reading in readings(tshark, exchange):
        wanted = ours(message)
        common = [one for one, its in zip(wanted, reading.payloads, strict=False) if one == its]
        unread += common != wanted
        assert common == wanted[: len(common)]
        assert len(reading.payloads) <= len(common) + 1 or reading.said
    assert unread


def test_the_page_is_from_a_run(tshark: Dissector) -> None:
    """`python -m tests.interop.tshark_page` writes it; another release than it names may read otherwise."""
    written = PAGE.read_text(encoding="utf-8")
    if f"a run of tshark {tshark.version};" in written:
        assert written == page(tshark)
    for exchange in (*JUDGED, *NOT_JUDGED):
        assert f"| {exchange.name} |" in written


def test_a_reading_that_differs_is_noticed(tshark: Dissector) -> None:
    """The comparison itself: another length, another place and a missing payload."""
    message, reading = readings(tshark, JUDGED[0])[0]
    assert list(reading.payloads) == ours(message)
    longer = reading.payloads[-1]._replace(octets=reading.payloads[-1].octets + 1)
    for other in ((*reading.payloads[:-1], longer), reading.payloads[:-1], reading.payloads[::-1]):
        assert list(Reading(payloads=other, octets=reading.octets, said=()).payloads) != ours(message)
