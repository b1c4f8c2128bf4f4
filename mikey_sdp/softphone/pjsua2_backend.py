"""What the plug-in asks of PJSIP beyond pjsua2's Python interface, through the symbols that its library exports.

The Linux and macOS wheels of pjsua2-python export them, the Windows ones don't.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from mikey_sdp.errors import BackendUnavailable
from mikey_sdp.softphone.pjsua2_keys import StreamKeys

INSTALL: Final = "pip install 'mikey_sdp[pjsua2]'"
THE_EDGE: Final = "nothing: protect the phone by an edge beside it, `mikey-sdp edge`"
SRTP_START: Final = "pjmedia_transport_srtp_start"
_NEEDED: Final = (SRTP_START, "pjmedia_transport_srtp_decrypt_pkt", "pjmedia_sdp_print", "pjsua_schedule_timer2_dbg")
_SDP_OCTETS: Final = 16_384
_PROBE_OCTETS: Final = 60
_RTP: Final = 0x80


class _Text(ctypes.Structure):
    _fields_ = (("ptr", ctypes.c_char_p), ("slen", ctypes.c_ssize_t))


class _Crypto(ctypes.Structure):
    _fields_ = (("key", _Text), ("name", _Text), ("flags", ctypes.c_uint))


_Callback: Final = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Backend:
    """The loaded pjsua2 and the symbols of its library.

    Keeps: `name`, which way media is protected, for people to read.
    Raises: BackendUnavailable.
    """

    name: Final = f"pjsua2's own SRTP, keyed through {SRTP_START}"

    def __init__(self) -> None:
        self.pj: Any = load()
        self._library = ctypes.CDLL(importlib.import_module("pjsua2._pjsua2").__file__)
        missing = [symbol for symbol in _NEEDED if not hasattr(self._library, symbol)]
        if missing:
            raise BackendUnavailable(f"{missing[0]} in this build of pjsua2", install=THE_EDGE)
        self._waiting: dict[int, Callable[[], None]] = {}
        self._numbers = count(1)
        self._callback = _Callback(self._run)

    def start(self, transport: int, keys: StreamKeys) -> None:
        """Run the SRTP adapter of a media transport under these keys, from rollover counter 0.

        Raises: RuntimeError where PJSIP refuses, or would let media pass in the clear.
        """
        status = self._library[SRTP_START](
            ctypes.c_void_p(transport),
            ctypes.byref(_crypto(keys.suite, keys.send.reveal())),
            ctypes.byref(_crypto(keys.suite, keys.receive.reveal())),
        )
        if status or self._lets_pass(transport):
            raise RuntimeError(f"PJSIP did not start SRTP (status {status})")

    def let_plain(self, transport: int) -> None:
        """Let media of a transport pass in the clear: for a plain call that the application allowed."""
        nothing = _crypto("", b"")
        self._library[SRTP_START](ctypes.c_void_p(transport), ctypes.byref(nothing), ctypes.byref(nothing))

    def description(self, sdp: Any) -> str:
        """A description of pjsua2's in full; its own `wholeSdp` is empty from about 1,024 octets on."""
        if sdp.wholeSdp:
            return str(sdp.wholeSdp)
        buffer = ctypes.create_string_buffer(_SDP_OCTETS)
        octets = self._library.pjmedia_sdp_print(
            ctypes.c_void_p(int(sdp.pjSdpSession)), buffer, ctypes.c_size_t(_SDP_OCTETS)
        )
        return buffer.raw[:octets].decode("utf-8", "surrogateescape") if octets > 0 else ""

    def later(self, work: Callable[[], None]) -> None:
        """Do something as soon as PJSIP has come back from the callback that it is in."""
        number = next(self._numbers)
        self._waiting[number] = work
        self._library.pjsua_schedule_timer2_dbg(self._callback, ctypes.c_void_p(number), 0, b"mikey_sdp", 0)

    def _run(self, number: int) -> None:
        work = self._waiting.pop(number, None)
        if work is not None:
            work()

    def _lets_pass(self, transport: int) -> bool:
        """Whether the adapter takes what is no SRTP: then it protects nothing."""
        packet = (ctypes.c_uint32 * (_PROBE_OCTETS // 4))(_RTP)
        octets = ctypes.c_int(_PROBE_OCTETS)
        status = self._library.pjmedia_transport_srtp_decrypt_pkt(
            ctypes.c_void_p(transport), 1, ctypes.byref(packet), ctypes.byref(octets)
        )
        return not status


def load() -> Any:
    """The module pjsua2.

    Raises: BackendUnavailable.
    """
    try:
        return importlib.import_module("pjsua2")
    except ImportError as error:
        raise BackendUnavailable("pjsua2", install=INSTALL) from error


def _crypto(suite: str, key: bytes) -> _Crypto:
    name = suite.encode()
    return _Crypto(_Text(key, len(key)), _Text(name, len(name)), 0)
