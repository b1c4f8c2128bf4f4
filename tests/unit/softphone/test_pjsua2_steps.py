"""What the plug-in does in callbacks, on a stand-in for pjsua2."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Endpoint, Options
from mikey_sdp.errors import MikeySdpError
from mikey_sdp.mikey.credentials import PskCredential
from mikey_sdp.secret import Secret, SeededEntropy
from mikey_sdp.softphone.pjsua2_call import SecuredCall
from mikey_sdp.softphone.pjsua2_events import EventKind, MikeyEvent
from mikey_sdp.softphone.pjsua2_hooks import wrap_all
from mikey_sdp.softphone.pjsua2_keys import StreamKeys
from mikey_sdp.softphone.pjsua2_messages import MAX_MESSAGE_OCTETS, Seen
from mikey_sdp.softphone.pjsua2_steps import HOOKS, CallSteps, warning_of

ALICE, BOB = "sip:alice@example.com", "sip:bob@example.com"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\na=ssrc:{} cname:x\r\n"
)
PJ = SimpleNamespace(
    PJSIP_EVENT_TSX_STATE=5,
    PJSIP_EVENT_TX_MSG=2,
    PJSIP_EVENT_RX_MSG=3,
    PJSIP_ROLE_UAC=0,
    PJSIP_TSX_STATE_TRYING=2,
    PJSIP_INV_STATE_CONFIRMED=5,
    PJSIP_INV_STATE_DISCONNECTED=6,
)


class StandIn:
    """PJSIP, as far as the steps see it."""

    pj = PJ

    def __init__(self) -> None:
        self.started: list[tuple[int, StreamKeys]] = []
        self.plain: list[int] = []
        self.waiting: list[Callable[[], None]] = []

    def start(self, transport: int, keys: StreamKeys) -> None:
        self.started.append((transport, keys))

    def let_plain(self, transport: int) -> None:
        self.plain.append(transport)

    def description(self, sdp: Any) -> str:
        return str(sdp.wholeSdp)

    def later(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def come_back(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Phone(CallSteps):
    """A call without pjsua2; `done` is what PJSIP was told to do."""

    def __init__(self, mikey: SecuredCall) -> None:
        self.stand_in = StandIn()
        self.done: list[Any] = []
        self.events: list[MikeyEvent] = []
        self.state = 0
        self._begin(self.stand_in, mikey)  # type: ignore[arg-type]

    def getInfo(self) -> Any:
        return SimpleNamespace(state=self.state, lastStatusCode=200)

    def onMikeyEvent(self, event: MikeyEvent) -> None:
        self.events.append(event)

    def _answer(self, prm: Any) -> None:
        self.done.append(("answer", prm))

    def _hang_up(self, fault: MikeySdpError) -> None:
        self.done.append(("hang up", warning_of(fault)))

    def _renew(self, _prm: Any) -> None:
        self.done.append("renew")

    def _disconnected(self, status: int) -> None:
        self.mikey.close()


for _name, _before, _after in HOOKS:
    setattr(Phone, _name, lambda _self, _prm: None)
wrap_all(Phone, HOOKS)


def endpoint(own: str, peer: str, key: bytes = bytes(16)) -> Endpoint:
    return Endpoint(
        own,
        credentials=[PskCredential(peer, Secret(key))],
        options=Options(mki_octets=0),
        clock=lambda: NtpTime.from_unix_us(1_780_000_000_000_000),
        entropy=SeededEntropy(own.encode()),
    )


def caller() -> Phone:
    return Phone(SecuredCall(endpoint(ALICE, BOB), peer=BOB))


def called(offer: str, *, key: bytes = bytes(16), allow_plain: bool = False) -> Phone:
    phone = Phone(SecuredCall(endpoint(BOB, ALICE, key), peer=None, allow_plain=allow_plain))
    phone.mikey.invited(Seen(status=None, method="INVITE", caller=ALICE, tag="", sdp=offer, head_octets=500))
    return phone


def described(phone: Any, ssrc: int) -> str:
    prm = SimpleNamespace(sdp=SimpleNamespace(wholeSdp=SDP.format(ssrc)))
    phone.onCallSdpCreated(prm)
    return str(prm.sdp.wholeSdp)


def message(start: str, sdp: str) -> str:
    return (
        f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <{ALICE}>;tag=a\r\nTo: <{BOB}>;tag=b\r\n"
        f"Call-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(sdp)}\r\n\r\n{sdp}"
    )


def moved(kind: int, text: str) -> Any:
    data = SimpleNamespace(wholeMsg=text)
    tsx = SimpleNamespace(method="INVITE", role=0, state=3)
    state = SimpleNamespace(type=kind, tsx=tsx, src=SimpleNamespace(tdata=data, rdata=data))
    return SimpleNamespace(e=SimpleNamespace(type=5, body=SimpleNamespace(tsxState=state)))


def transport(phone: Any) -> None:
    phone.onCreateMediaTransport(SimpleNamespace(mediaIdx=0, mediaTp=77))


def test_keys_go_to_the_transport_of_their_line_when_the_stream_is_there() -> None:
    a: Any = caller()
    transport(a)
    offer = described(a, 1)
    b: Any = called(offer)
    transport(b)
    answer = described(b, 2)
    assert not b.stand_in.started
    b.onStreamCreated(SimpleNamespace(streamIdx=0))
    a.onCallState(moved(PJ.PJSIP_EVENT_RX_MSG, message("SIP/2.0 200 OK", answer)))
    assert not a.stand_in.started
    a.onStreamCreated(SimpleNamespace(streamIdx=0))
    ((one, ours),), ((other, theirs),) = a.stand_in.started, b.stand_in.started
    assert (one, other) == (77, 77)
    assert (ours.send, ours.receive) == (theirs.receive, theirs.send)
    a.stand_in.come_back()
    assert [event.kind for event in a.events] == [EventKind.SECURED]
    assert not a.done


@pytest.mark.parametrize("twice", [False, True])
def test_a_call_whose_stream_started_twice_under_a_key_asks_for_new_ones_once_it_stands(twice: bool) -> None:
    phone = caller()
    transport(phone)
    offer = described(phone, 1)
    for number, tag in enumerate("xy" if twice else "x"):
        bob = called(offer)
        text = message("SIP/2.0 183 Ringing", described(bob, 7 + number)).replace("tag=b", f"tag={tag}")
        phone.onCallTsxState(moved(PJ.PJSIP_EVENT_RX_MSG, text))
    phone.state = PJ.PJSIP_INV_STATE_CONFIRMED
    phone.onCallState(moved(PJ.PJSIP_EVENT_TX_MSG, ""))
    phone.stand_in.come_back()
    assert len(phone.stand_in.started) == 1 + twice
    assert phone.done == ["renew"] * twice


def test_an_answer_given_too_early_waits_for_the_judgement_and_is_not_given_where_that_is_no() -> None:
    offer = described(caller(), 1)
    for key, done in ((bytes(16), "answer"), (bytes(15) + b"x", "hang up")):
        b = called(offer, key=key)
        b.answer("200")
        assert not b.done
        described(b, 2)
        b.stand_in.come_back()
        assert [what for what, _ in b.done] == [done]


def test_an_offer_that_is_turned_down_is_refused_with_488_and_a_warning() -> None:
    b = called(SDP.format(1))
    assert len(described(b, 2)) > MAX_MESSAGE_OCTETS
    b.stand_in.come_back()
    ((_what, (status, warning)),) = b.done
    assert status == 488
    assert warning.startswith("399 ")
    assert b.events[0].kind is EventKind.REFUSED


def test_an_offer_that_cannot_be_made_leaves_nothing_that_could_be_sent() -> None:
    a = Phone(SecuredCall(endpoint(ALICE, "sip:carol@example.com"), peer=BOB))
    assert len(described(a, 1)) > MAX_MESSAGE_OCTETS
    assert a.refusal is not None


def test_a_dropped_edit_is_seen_in_what_was_sent_and_ends_the_call() -> None:
    a: Any = caller()
    offer = described(a, 1)
    a.onCallState(moved(PJ.PJSIP_EVENT_TX_MSG, message("INVITE sip:bob@example.com SIP/2.0", offer)))
    a.stand_in.come_back()
    assert not a.done
    a.onCallState(moved(PJ.PJSIP_EVENT_TX_MSG, message("INVITE sip:bob@example.com SIP/2.0", SDP.format(1))))
    a.stand_in.come_back()
    assert [what for what, _ in a.done] == ["hang up"]


@pytest.mark.parametrize("text", ["", "no SIP at all", message("SIP/2.0 200 OK", SDP.format(2))])
def test_an_answer_that_gives_no_keys_starts_nothing(text: str) -> None:
    a: Any = caller()
    transport(a)
    described(a, 1)
    a.onCallState(moved(PJ.PJSIP_EVENT_RX_MSG, text))
    a.onStreamCreated(SimpleNamespace(streamIdx=0))
    a.stand_in.come_back()
    assert not a.stand_in.started
    assert bool(a.done) == bool(text)


def test_a_fault_of_the_plug_in_or_of_pjsip_ends_the_call() -> None:
    a: Any = caller()
    answer = described(called(described(a, 1)), 2)
    a.onCallState(moved(PJ.PJSIP_EVENT_RX_MSG, message("SIP/2.0 200 OK", answer)))
    a.onStreamCreated(SimpleNamespace(streamIdx=0))  # there is no transport for it
    a.stand_in.come_back()
    assert [what for what, _ in a.done] == ["hang up"]


def test_an_application_that_fails_when_it_is_told_does_not_keep_the_call_alive() -> None:
    class Failing(Phone):
        def onMikeyEvent(self, event: MikeyEvent) -> None:
            raise RuntimeError("a bug of the application")

    a: Any = Failing(SecuredCall(endpoint(ALICE, "sip:carol@example.com"), peer=BOB))
    described(a, 1)
    a.stand_in.come_back()
    assert [what for what, _ in a.done] == ["hang up"]


def test_a_plain_call_that_is_allowed_lets_its_media_pass_and_others_never_do() -> None:
    for allowed in (True, False):
        b: Any = called(SDP.format(1), allow_plain=allowed)
        transport(b)
        described(b, 2)
        b.onStreamCreated(SimpleNamespace(streamIdx=0))
        assert b.stand_in.plain == ([77] if allowed else [])
        assert not b.stand_in.started


def test_the_step_runs_once_whether_the_application_calls_super_or_not() -> None:
    class Chatty(Phone):
        def onCreateMediaTransport(self, prm: Any) -> None:
            self.done.append("chatty")
            super().onCreateMediaTransport(prm)  # type: ignore[misc]

    wrap_all(Chatty, HOOKS)
    phone: Any = Chatty(SecuredCall(endpoint(ALICE, BOB), peer=BOB))
    transport(phone)
    assert phone.done == ["chatty"]
    assert phone._transports == {0: 77}


@pytest.mark.parametrize("sdp", ["", SDP.format(1)])
def test_an_offer_in_an_update_or_a_reinvite_is_answered_and_a_request_without_one_gets_ours(sdp: str) -> None:
    text = message("INVITE sip:bob@example.com SIP/2.0", sdp)
    reinvited, updated = called(SDP.format(1)), called(SDP.format(1))
    for phone in (reinvited, updated):
        phone.mikey._invitation = None
    reinvited.onCallRxReinvite(SimpleNamespace(rdata=SimpleNamespace(wholeMsg=text)))  # type: ignore[attr-defined]
    prm = moved(PJ.PJSIP_EVENT_RX_MSG, text.replace("INVITE", "UPDATE"))
    prm.e.body.tsxState.tsx = SimpleNamespace(method="UPDATE", role=1, state=PJ.PJSIP_TSX_STATE_TRYING)
    updated.onCallTsxState(prm)  # type: ignore[attr-defined]
    assert reinvited.mikey.answering is updated.mikey.answering is bool(sdp)


def test_a_callback_that_comes_from_a_mix_in_switches_no_step_off() -> None:
    class Mixin:
        def onCreateMediaTransport(self, prm: Any) -> None:
            prm.seen = True

    class Mixed(Mixin, Phone):
        pass

    wrap_all(Mixed, HOOKS)
    phone: Any = Mixed(SecuredCall(endpoint(ALICE, BOB), peer=BOB))
    transport(phone)
    assert phone._transports == {0: 77}


def test_a_warning_quotes_nothing_that_would_end_its_header() -> None:
    _status, warning = warning_of(MikeySdpError('a "quoted"\r\nX: y'))
    assert warning == '399 mikey_sdp "a ?quoted???X: y"'


def test_no_call_takes_the_place_of_a_secured_one() -> None:
    prm = SimpleNamespace(statusCode=200)
    caller().onCallReplaceRequest(prm)  # type: ignore[attr-defined]
    assert prm.statusCode == 488
