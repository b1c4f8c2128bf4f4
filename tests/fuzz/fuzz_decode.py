"""Fuzz finding and explaining messages in any input: `python -m tests.fuzz.fuzz_decode CORPUS_DIR -max_total_time=60`.

Beyond "a value or a DecodeError": errors point into the input, what is shown fits JSON and a terminal, and keys are in
it only where the octets hold them a second time.
"""

from __future__ import annotations

import json

from mikey_sdp.dissect.capture import is_capture
from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.found import Found, Kind
from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.text import tree_of
from mikey_sdp.dissect.tree import draw
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.payloads import KeyData
from mikey_sdp.secret import Secret
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/dissect/carriers.py",
    "mikey_sdp/dissect/describe.py",
    "mikey_sdp/dissect/describers.py",
    "mikey_sdp/dissect/explain.py",
    "mikey_sdp/dissect/remarks_on_exchange.py",
    "mikey_sdp/dissect/remarks_on_payloads.py",
    "mikey_sdp/dissect/signalling.py",
    "mikey_sdp/dissect/text.py",
    "mikey_sdp/dissect/texts.py",
    "mikey_sdp/dissect/window.py",
]
PSK = Secret(bytes.fromhex("30313233343536373839616263646566"))
LEAST_KEY_OCTETS = 16


def one_input(data: bytes) -> None:
    """Look into `data`: a capture as such, anything else as what it seems to be and as every other kind, too."""
    kinds = [None] if is_capture(data) else [None, *Kind]
    for kind in kinds:
        for one in explain(_found(data, kind), known=Known(psk=PSK), now_unix_us=0):
            _show(one)


def _found(data: bytes, kind: Kind | None) -> tuple[Found, ...]:
    try:
        return find(data, kind).found
    except DecodeError as error:
        refused = error
    assert 0 <= refused.offset <= len(data)
    assert str(refused)
    return ()


def _show(one: Explained) -> None:
    lines = [line.plain for line in draw(tree_of(one), width=80)]
    assert all(line.isprintable() for line in lines)
    shown = json.dumps(one.fields()) + "".join(lines)
    for payload in (one.opened.key_data or ()) if one.opened and one.message else ():
        if isinstance(payload, KeyData) and len(payload.key) >= LEAST_KEY_OCTETS:
            key = payload.key.reveal()
            assert key.hex() not in shown or one.found.octets.count(key) != 1


if __name__ == "__main__":
    under_atheris(one_input)
