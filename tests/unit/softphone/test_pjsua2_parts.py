"""Messages as pjsua2 shows them, keys as it takes them, and what is said where it can't be used."""

from __future__ import annotations

import ctypes
import importlib
import sys
from types import SimpleNamespace

import pytest

from mikey_sdp.errors import BackendUnavailable, DecodeError, PolicyRefused
from mikey_sdp.secret import Secret
from mikey_sdp.softphone import pjsua2_backend
from mikey_sdp.softphone.pjsua2_backend import Backend
from mikey_sdp.softphone.pjsua2_keys import StreamKeys
from mikey_sdp.softphone.pjsua2_messages import MAX_MESSAGE_OCTETS, Seen, check_size, too_large

KEYS = StreamKeys(suite="AES_CM_128_HMAC_SHA1_80", send=Secret(b"s" * 30), receive=Secret(b"r" * 30))
HEAD = (
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=a\r\n"
    "To: <sip:bob@example.com>;tag=b\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
)


def test_a_response_is_read_with_its_branch_and_its_description() -> None:
    body = "v=0\r\n" + "a=x\r\n" * 400
    head = f"SIP/2.0 200 OK\r\n{HEAD}Content-Type: application/sdp;charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    seen = Seen.read(head + body)
    assert (seen.status, seen.method, seen.tag, seen.sdp) == (200, "INVITE", "b", body)
    assert seen.caller == "sip:alice@example.com"
    assert seen.head_octets == len(head)


def test_where_a_redirection_leads_is_read_with_its_port() -> None:
    places = "Contact: <sip:carol@192.0.2.3:5070>;q=1, <sip:dan@192.0.2.4>\r\n"
    text = f"SIP/2.0 302 Moved\r\n{HEAD}{places}Content-Length: 0\r\n\r\n"
    assert Seen.read(text).contacts == ("sip:carol@192.0.2.3:5070", "sip:dan@192.0.2.4")


def test_another_kind_of_body_is_no_description() -> None:
    text = f"SIP/2.0 200 OK\r\n{HEAD}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nv=0\r\n"
    assert Seen.read(text).sdp == ""


@pytest.mark.parametrize("text", ["", "x", "SIP/2.0 200 OK\r\n\r\n", f"SIP/2.0 200 OK\r\n{HEAD}"])
def test_what_is_no_message_is_a_decode_error(text: str) -> None:
    with pytest.raises(DecodeError):
        Seen.read(text)


def test_a_message_of_the_limit_can_be_sent_and_one_octet_more_cannot() -> None:
    check_size(1_000, "x" * (MAX_MESSAGE_OCTETS - 1_000))
    with pytest.raises(PolicyRefused, match=f"{MAX_MESSAGE_OCTETS + 1} octets"):
        check_size(1_001, "x" * (MAX_MESSAGE_OCTETS - 1_000))


def test_a_refusal_by_size_names_the_remedies() -> None:
    for remedy in ("mode", "by URL", "codecs", "TCP"):
        assert remedy in str(too_large(None))


def test_without_pjsua2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pjsua2", None)
    monkeypatch.delitem(sys.modules, "mikey_sdp.softphone.pjsua2_native", raising=False)
    with pytest.raises(BackendUnavailable, match=r"mikey_sdp\[pjsua2\]"):
        importlib.import_module("mikey_sdp.softphone.pjsua2_native")


class Library:
    """What stands in for the loaded library: it takes keys, and lets packets pass or not."""

    def __init__(self, *, passes: bool = False, status: int = 0) -> None:
        self._passes, self._status = passes, status
        self.started: list[tuple[bytes, bytes, bytes]] = []
        self.pjmedia_sdp_print = self.pjsua_schedule_timer2_dbg = lambda *_words: 0

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)

    def pjmedia_transport_srtp_start(self, _transport: object, send: object, receive: object) -> int:
        ours, theirs = send._obj, receive._obj  # type: ignore[attr-defined]
        self.started.append((ours.name.ptr, ours.key.ptr, theirs.key.ptr))
        return self._status

    def pjmedia_transport_srtp_decrypt_pkt(self, *_words: object) -> int:
        return 0 if self._passes else 259_806


def backend(monkeypatch: pytest.MonkeyPatch, library: object) -> Backend:
    monkeypatch.setattr(pjsua2_backend, "load", lambda: SimpleNamespace())
    monkeypatch.setattr(pjsua2_backend.importlib, "import_module", lambda _name: SimpleNamespace(__file__="x"))
    monkeypatch.setattr(ctypes, "CDLL", lambda _file: library)
    return Backend()


def test_a_build_without_the_symbol_is_refused_and_the_edge_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendUnavailable, match="mikey-sdp edge") as raised:
        backend(monkeypatch, SimpleNamespace())
    assert "pjmedia_transport_srtp_start" in str(raised.value)


def test_keys_are_handed_over_each_in_its_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    backend(monkeypatch, library).start(1, KEYS)
    assert library.started == [(b"AES_CM_128_HMAC_SHA1_80", b"s" * 30, b"r" * 30)]


@pytest.mark.parametrize("library", [Library(passes=True), Library(status=70_004)])
def test_an_adapter_that_refuses_or_lets_packets_pass_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        backend(monkeypatch, library).start(1, KEYS)
