"""Fuzz the SIP codec: `python -m tests.fuzz.fuzz_sip CORPUS_DIR -max_total_time=60`.

Beyond "a value or a DecodeError" it checks what the layer promises: octets come out as they went in, an error points
into its input, edits add no line, a stream is cut alike whatever the pieces, a user agent answers only with messages
that can be read, and whatever it was told it forgets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.secret import SeededEntropy
from mikey_sdp.sip import (
    AgentCore,
    CancelTimer,
    CSeq,
    Hop,
    IncomingRequest,
    InviteReceived,
    Message,
    NameAddr,
    Output,
    Request,
    RequestReceived,
    Response,
    Send,
    SetTimer,
    SipWarning,
    StreamFramer,
    Uri,
    Via,
    build_ack,
    build_cancel,
    build_request,
    build_response,
    identity,
    locate_literal,
    parameter,
    sip_uri,
)
from mikey_sdp.sip.party import ALLOW
from tests.fuzz.harnesses import under_atheris

DECODER_FILES = [
    "mikey_sdp/sip/grammar.py",
    "mikey_sdp/sip/parameters.py",
    "mikey_sdp/sip/uri.py",
    "mikey_sdp/sip/values.py",
    "mikey_sdp/sip/fields.py",
    "mikey_sdp/sip/header.py",
    "mikey_sdp/sip/message.py",
    "mikey_sdp/sip/build.py",
    "mikey_sdp/sip/framing.py",
    "mikey_sdp/sip/refusal.py",
    "mikey_sdp/sip/routing.py",
]
SOURCE = Hop("UDP", "192.0.2.1", 5060)
ASKED = (
    b"X sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\nCall-ID: c\r\nCSeq: 1 X\r\n"
    b"Timestamp: 1\r\n\r\n"
)
LAST_TIMERS = 200


def one_input(data: bytes) -> None:
    """Read `data` as a message, as values of fields, as a stream, and as what reaches a user agent."""
    with _refusals(len(data)):
        message = Message.parse(data)
        assert data.startswith(message.octets)
        assert Message.parse(message.octets) == message
        _read(message)
        _edit(message)
        _follow(message)
    text = data.decode("utf-8", "ignore")
    for value in {text, *text.split("\r\n")[:8]}:
        _values(value)
    _write(text)
    _stream(data)
    _agent(data)


@contextlib.contextmanager
def _refusals(length: int) -> Iterator[None]:
    try:
        yield
    except DecodeError as error:
        if not (0 <= error.offset <= length and error.field and error.section):
            raise AssertionError(f"an error that does not say where: {error}") from error


def _read(message: Request | Response) -> None:
    _ = message.via.sent_by, message.from_.identity, message.to.identity, message.summary, message.options("Require")
    for contact in (*message.contacts, *message.routes):
        contact.uri.equivalent(message.from_.uri)
        locate_literal(contact.uri)
    for read in (
        lambda: message.warnings,
        lambda: message.content_type,
        lambda: message.expires,
        lambda: message.retry_after,
    ):
        with _refusals(len(message.octets)):
            read()


def _edit(message: Request | Response) -> None:
    edited = message.with_field("Subject", "x").with_top("Via", "SIP/2.0/UDP p").without("X").with_body(b"v=0", "a/b")
    if len(edited.fields) <= 250:
        assert Message.parse(edited.octets) == edited
    assert edited.with_body(b"", "").body == b""
    assert message.with_top_via(message.via).vias == message.vias


def _follow(message: Request | Response) -> None:
    """Answer a request; acknowledge a response as if it were its own request's."""
    if isinstance(message, Request):
        ack = build_ack(message, build_response(message, 486, to_tag="t"))
        for made in (build_response(message, 100), build_response(message, 200, record_route=True), ack):
            _ = made.octets
        assert build_cancel(message, [("X", "y")]).cseq.number == message.cseq.number
        assert message.with_uri(Uri.parse("sip:other")).uri.host == "other"


def _values(text: str) -> None:
    for parse in (
        *(Uri.parse, NameAddr.parse, NameAddr.parse_list, Via.parse_list, CSeq.parse, SipWarning.parse_list, identity),
    ):
        with _refusals(len(text)):
            found = parse(text)
            if not isinstance(found, str):
                several = isinstance(found, tuple) and not isinstance(found, CSeq)
                assert parse(", ".join(map(str, found)) if several else str(found)) == found
    with _refusals(len(text)):
        uri = Uri.parse(text)
        assert uri.parameters.has("new") or uri.parameters.replaced("new", None).without("NEW") == uri.parameters
        if uri.is_sip:
            bare = uri.with_parameters(uri.parameters)
            assert (bare.identity, bare.parameters, bare.headers) == (uri.identity, uri.parameters, "")


def _write(text: str) -> None:
    """Use the input as what the caller puts into a message: it is taken as one value or refused."""
    for made in (
        lambda: build_request(text[:9], Uri.parse("sip:h"), via="x", from_="x", to="x", call_id="x", cseq=1).octets,
        lambda: (
            build_request("X", Uri.parse("sip:h"), via=text, from_="", to="", call_id="", cseq=1, routes=[""]).octets
        ),
        lambda: (
            build_request(
                "X",
                Uri.parse("sip:h"),
                via="",
                from_="",
                to="",
                call_id="",
                cseq=1,
                contact=text,
                headers=[(text[:4], text)],
            ).octets
        ),
        lambda: str(sip_uri(text[:5], text[5:], len(text))).encode(),
        lambda: str(parameter(text[:3], text[3:])).encode("utf-8", "replace"),
        lambda: _asked(text),
    ):
        with contextlib.suppress(UsageError, UnicodeEncodeError):
            octets = made()
            assert octets.count(b"\n") == octets.count(b"\r") == octets.count(b"\r\n") <= 12


def _asked(text: str) -> bytes:
    """A response whose status, reason and tag are the input's."""
    message = Message.parse(ASKED)
    if isinstance(message, Response):
        raise AssertionError("a request was read as a response")
    status = ord(text[0]) if text else 100
    return build_response(message, status, text[1:9], to_tag=text[9:19], contact=text[19:], body=b"x").octets


def _stream(data: bytes) -> None:
    def cut(size: int) -> tuple[list[object], bool]:
        framer, found = StreamFramer(), list[object]()
        try:
            for start in range(0, len(data), size):
                found += framer.feed(data[start : start + size])
        except DecodeError as error:
            with contextlib.suppress(DecodeError):
                framer.feed(b"")
                raise AssertionError("a broken stream went on") from error
            return [*found, *error.partial], True
        assert framer.pending_octets <= len(data)
        return found, False

    assert cut(len(data) or 1) == cut(max(1, len(data) // 7))


class _Answerer:
    """A user agent that takes everything, forgets its dialogs, and whose timers all fire."""

    def __init__(self) -> None:
        local, entropy = Hop("UDP", "192.0.2.2", 5060), SeededEntropy(b"fuzz")
        self.core = AgentCore(local=local, contact="sip:b@192.0.2.2", entropy=entropy, allow=("X", *ALLOW))
        self.timers: dict[str, None] = {}

    def take(self, outputs: Iterable[Output]) -> None:
        """Carry out what the core says."""
        for output in outputs:
            if isinstance(output, Send):
                assert Message.parse(output.octets).summary == output.message.summary
            elif isinstance(output, SetTimer):
                self.timers[output.name] = None
            elif isinstance(output, CancelTimer):
                self.timers.pop(output.name, None)
            elif isinstance(output, (InviteReceived, RequestReceived)):
                self.answer(output.incoming)

    def answer(self, incoming: IncomingRequest) -> None:
        """Say yes."""
        self.take(self.core.respond(incoming, 183))
        self.take(self.core.respond(incoming, 200, warnings=[(399, "x")]))
        if incoming.dialog is not None:
            self.core.end_dialog(incoming.dialog)

    def wait(self) -> None:
        """Let every timer run out."""
        for _ in range(LAST_TIMERS):
            if self.timers:
                name = next(iter(self.timers))
                del self.timers[name]
                self.take(self.core.timer_fired(name))


def _agent(data: bytes) -> None:
    answerer = _Answerer()
    for source in (SOURCE, Hop("TCP", "192.0.2.9", 1)):
        for _ in range(2):
            answerer.take(answerer.core.receive(data, source))
    answerer.wait()
    assert answerer.core.held == 0


if __name__ == "__main__":
    under_atheris(one_input)
