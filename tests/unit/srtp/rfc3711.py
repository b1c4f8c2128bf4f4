"""SRTP read straight from RFC 3711 and RFC 7714, to check libsrtp and our splice against. Nothing here is shared.

Packets are taken apart by the RFCs' figures: what stands where, with which tag and which MKI, is a claim of this file.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LABEL_ENCRYPTION, LABEL_AUTHENTICATION, LABEL_SALT = 0, 1, 2
RTCP_LABELS = 3


class BadTag(Exception):
    """The packet is not what its sender protected."""


def aes_cm(key: bytes, counter: int, octets: int) -> bytes:
    """The key stream of AES in counter mode from a 128-bit counter on (RFC 3711 section 4.1.1)."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    blocks = b"".join((counter + n).to_bytes(16, "big") for n in range(-(-octets // 16)))
    return encryptor.update(blocks)[:octets]


def derive(master_key: bytes, master_salt: bytes, label: int, octets: int) -> bytes:
    """A session key, at key derivation rate 0 (RFC 3711 section 4.3; shorter salts as in RFC 7714 section 11)."""
    salt = int.from_bytes(master_salt.ljust(14, b"\0"), "big")
    return aes_cm(master_key, ((label << 48) ^ salt) << 16, octets)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


@dataclass(frozen=True)
class Opened:
    plain: bytes
    mki: bytes
    rtcp_index: int = -1


def header_octets(rtp: bytes) -> int:
    end = 12 + 4 * (rtp[0] & 0x0F)
    return end + 4 + 4 * int.from_bytes(rtp[end + 2 : end + 4], "big") if rtp[0] & 0x10 else end


def cut(octets: bytes, *, mki: int, tag: int) -> tuple[bytes, bytes, bytes]:
    """What is authenticated, MKI and tag (RFC 3711 figures 1 and 2)."""
    end = len(octets) - tag
    return octets[: end - mki], octets[end - mki : end], octets[end:]


def open_cm(srtp: bytes, key: bytes, salt: bytes, *, roc: int, tag: int = 10, mki: int = 0) -> Opened:
    """AES-CM with HMAC-SHA-1: the tag covers header, ciphertext and ROC, never the MKI."""
    body, name, mac = cut(srtp, mki=mki, tag=tag)
    auth_key = derive(key, salt, LABEL_AUTHENTICATION, 20)
    if hmac.new(auth_key, body + roc.to_bytes(4, "big"), hashlib.sha1).digest()[:tag] != mac:
        raise BadTag
    index = roc << 16 | int.from_bytes(srtp[2:4], "big")
    return Opened(_cm(body, header_octets(body), key, salt, 0, int.from_bytes(srtp[8:12], "big"), index), name)


def open_cm_rtcp(srtcp: bytes, key: bytes, salt: bytes, *, tag: int = 10, mki: int = 0) -> Opened:
    body, name, mac = cut(srtcp, mki=mki, tag=tag)
    auth_key = derive(key, salt, RTCP_LABELS + LABEL_AUTHENTICATION, 20)
    if hmac.new(auth_key, body, hashlib.sha1).digest()[:tag] != mac:
        raise BadTag
    word = int.from_bytes(body[-4:], "big")
    if not word >> 31:
        raise BadTag("not encrypted")
    index = word & 0x7FFFFFFF
    plain = _cm(body[:-4], 8, key, salt, RTCP_LABELS, int.from_bytes(srtcp[4:8], "big"), index)
    return Opened(plain, name, index)


def _cm(body: bytes, start: int, key: bytes, salt: bytes, labels: int, ssrc: int, index: int) -> bytes:
    session_salt = int.from_bytes(derive(key, salt, labels + LABEL_SALT, 14), "big")
    counter = (session_salt << 16) ^ (ssrc << 64) ^ (index << 16)
    stream = aes_cm(derive(key, salt, labels + LABEL_ENCRYPTION, 16), counter, len(body) - start)
    return body[:start] + xor(body[start:], stream)


def open_gcm(srtp: bytes, key: bytes, salt: bytes, *, roc: int, mki: int = 0) -> Opened:
    """AES-GCM: the tag of 16 octets belongs to the ciphertext, the MKI ends the packet (RFC 7714 section 8)."""
    body, name, _ = cut(srtp, mki=mki, tag=0)
    nonce = bytes(2) + srtp[8:12] + roc.to_bytes(4, "big") + srtp[2:4]
    start = header_octets(body)
    cipher = AESGCM(derive(key, salt, LABEL_ENCRYPTION, len(key)))
    plain = cipher.decrypt(xor(derive(key, salt, LABEL_SALT, 12), nonce), body[start:], body[:start])
    return Opened(body[:start] + plain, name)


def open_gcm_rtcp(srtcp: bytes, key: bytes, salt: bytes, *, mki: int = 0) -> Opened:
    """The index word follows the tag and is authenticated too (RFC 7714 section 9)."""
    body, name, _ = cut(srtcp, mki=mki, tag=0)
    body, word = body[:-4], body[-4:]
    index = int.from_bytes(word, "big") & 0x7FFFFFFF
    nonce = bytes(2) + srtcp[4:8] + bytes(2) + index.to_bytes(4, "big")
    cipher = AESGCM(derive(key, salt, RTCP_LABELS + LABEL_ENCRYPTION, len(key)))
    iv = xor(derive(key, salt, RTCP_LABELS + LABEL_SALT, 12), nonce)
    return Opened(body[:8] + cipher.decrypt(iv, body[8:], body[:8] + word), name, index)
