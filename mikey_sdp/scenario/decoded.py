"""The MIKEY messages of a run, decoded for reports, which may not decode themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.text import Text

from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.signalling import in_envelope
from mikey_sdp.dissect.text import tree_of
from mikey_sdp.dissect.tree import Node
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.payloads import KeyDataTransport
from mikey_sdp.mikey.registry import EncrAlg
from mikey_sdp.report.decoded import Branch, Decoded, Decoding
from mikey_sdp.trace import AnyRecord, MessageSent

_TONES: Final = (("green", "good"), ("red", "bad"), ("yellow", "warning"), ("cyan", "note"))


def decode_run(records: Iterable[AnyRecord]) -> Decoding:
    """What every signalling message of a run says of keys, by its number.

    A message that can't be read to its KEMAC may carry a key in the clear where another message of the run does.
    """
    explained = {record.number: _explained(record.octets) for record in records if isinstance(record, MessageSent)}
    open_run = any(_shows_keys(one) for each in explained.values() for one in each)
    return {
        number: Decoded(
            trees=tuple(_branch(tree_of(one, number=at, of=len(each))) for at, one in enumerate(each, start=1)),
            in_the_clear=any(_shows_keys(one) or (open_run and one.error is not None) for one in each),
        )
        for number, each in explained.items()
        if each
    }


def _explained(octets: bytes) -> tuple[Explained, ...]:
    try:
        return explain(in_envelope(octets).found)
    except DecodeError:
        return ()


def _shows_keys(one: Explained) -> bool:
    """Whether a message was read to hold a KEMAC that nothing encrypts."""
    read = one.message.payloads if one.message is not None else one.error.partial if one.error is not None else ()
    return any(isinstance(part, KeyDataTransport) and part.encr_alg == EncrAlg.NULL for part in read)


def _branch(node: Node) -> Branch:
    return Branch(
        text=node.label.plain,
        tone=_tone(node.label),
        below=tuple(_branch(child) for child in node.children),
    )


def _tone(label: Text) -> str:
    """How a line is meant, from the colour that it has on a terminal; headings have none."""
    styles = " ".join(
        (str(label.style), *(str(span.style) for span in label.spans if "bold green" not in str(span.style)))
    )
    return next((tone for colour, tone in _TONES if colour in styles), "")
