"""The MKI in a protected packet, put in and taken out around libsrtp, which is run without one."""

from __future__ import annotations


class MkiSplice:
    """Where the MKI stands in a protected packet: before the tag, after everything else.

    With AEAD ciphers no tag follows (`tag_octets` 0) and the MKI ends the packet. The MKI is a name, and not
    authenticated.
    Keeps: slices, made once; `head` and `tail` are what is left and right of an MKI that is there, `body` what is left
    of one that is to come, `name` the MKI.
    Source: RFC 3711 figures 1 and 2, RFC 7714 section 8.2.
    """

    __slots__ = ("body", "head", "name", "tail")

    def __init__(self, mki_octets: int, tag_octets: int) -> None:
        end = -tag_octets or None
        self.body = slice(None, end)
        self.head = slice(None, -(mki_octets + tag_octets) or None)
        self.name = slice(-(mki_octets + tag_octets), end) if mki_octets else slice(0, 0)
        self.tail = slice(-tag_octets, None) if tag_octets else slice(0, 0)

    def insert(self, octets: bytes, mki: bytes) -> bytes:
        """The packet with its MKI."""
        return octets[self.body] + mki + octets[self.tail]

    def split(self, octets: bytes) -> tuple[bytes, bytes]:
        """The MKI of a packet, and the packet without it."""
        return octets[self.name], octets[self.head] + octets[self.tail]
