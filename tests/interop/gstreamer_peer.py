"""GStreamer's MIKEYMessage as a program: runs under the system's Python, which has the bindings, not under ours.

Reads one JSON object from standard input: `{"build": {...}}` answers with the message's base64, `{"parse": base64}`
with what GStreamer understood of it. Its parser may loop for ever on payloads that it does not know: limit its time.
"""

from __future__ import annotations

import base64
import ctypes
import json
import sys
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import Gst, GstSdp  # noqa: E402 - the versions come first

Gst.init(None)


def octets(digits: str) -> list[int]:
    return list(bytes.fromhex(digits))


def key_data(spec: dict[str, Any]) -> Any:
    made = GstSdp.MIKEYPayload.new(GstSdp.MIKEYPayloadType.KEY_DATA)
    assert made.key_data_set_key(GstSdp.MIKEYKeyDataType(spec["type"]), octets(spec["key"]))
    if "salt" in spec:
        assert made.key_data_set_salt(octets(spec["salt"]))
    if "spi" in spec:
        assert made.key_data_set_spi(octets(spec["spi"]))
    return made


def policy(number: int, params: list[Any]) -> Any:
    made = GstSdp.MIKEYPayload.new(GstSdp.MIKEYPayloadType.SP)
    assert made.sp_set(number, GstSdp.MIKEYSecProto(0))
    for kind, value in params:
        assert made.sp_add_param(kind, octets(value))
    return made


def build(spec: dict[str, Any]) -> str:
    message = GstSdp.MIKEYMessage.new()
    assert message.set_info(
        1,
        GstSdp.MIKEYType.PSK_INIT,
        spec["v"],
        GstSdp.MIKEYPRFFunc(0),
        spec["csb_id"],
        GstSdp.MIKEYMapType(0),
    )
    for number, ssrc, roc in spec["cs"]:
        assert message.add_cs_srtp(number, ssrc, roc)
    if "t" in spec:
        assert message.add_t(GstSdp.MIKEYTSType(spec["t"][0]), octets(spec["t"][1]))
    else:
        assert message.add_t_now_ntp_utc()
    assert message.add_rand(octets(spec["rand"]))
    for number, params in spec["policies"]:
        assert message.add_payload(policy(number, params))
    kemac = GstSdp.MIKEYPayload.new(GstSdp.MIKEYPayloadType.KEMAC)
    assert kemac.kemac_set(GstSdp.MIKEYEncAlg.NULL, GstSdp.MIKEYMacAlg.NULL)
    for key in spec["keys"]:
        assert kemac.kemac_add_sub(key_data(key))
    assert message.add_payload(kemac)
    return str(message.base64_encode())


class Error(ctypes.Structure):
    """GError."""

    _fields_ = (("domain", ctypes.c_uint32), ("code", ctypes.c_int), ("message", ctypes.c_char_p))


def parse(message: bytes) -> dict[str, Any]:
    """Through C, since the bindings can't make the empty decryption info that the parser takes."""
    sdp, gst = ctypes.CDLL("libgstsdp-1.0.so.0"), ctypes.CDLL("libgstreamer-1.0.so.0")
    read = sdp.gst_mikey_message_new_from_data
    read.restype = ctypes.c_void_p
    read.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(Error))]
    error = ctypes.POINTER(Error)()
    found = read(message, len(message), None, ctypes.byref(error))
    if not found:
        return {"error": error.contents.message.decode() if error else "refused"}
    handle = ctypes.c_void_p(found)
    encode = sdp.gst_mikey_message_base64_encode
    encode.restype = ctypes.c_char_p
    gst.gst_caps_new_empty_simple.restype = ctypes.c_void_p
    gst.gst_caps_to_string.restype = ctypes.c_char_p
    caps = ctypes.c_void_p(gst.gst_caps_new_empty_simple(b"application/x-srtp"))
    keyed = sdp.gst_mikey_message_to_caps(handle, caps)
    return {
        "crypto_sessions": sdp.gst_mikey_message_get_n_cs(handle),
        "payloads": sdp.gst_mikey_message_get_n_payloads(handle),
        "again": encode(handle).decode(),
        "caps": gst.gst_caps_to_string(caps).decode() if keyed else None,
    }


def main() -> None:
    asked = json.load(sys.stdin)
    if "build" in asked:
        answer: object = build(asked["build"])
    else:
        answer = parse(base64.b64decode(asked["parse"]))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
