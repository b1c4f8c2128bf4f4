"""SAML assertions as credentials: a SIP domain vouches for the Diffie-Hellman key of one of its users.

Nothing here reads a clock or opens a socket; the XML library is loaded when an assertion is first issued or checked.
"""

from __future__ import annotations

from mikey_sdp.mikey.saml.assertion import Assertion, KeyEndorsement
from mikey_sdp.mikey.saml.check import check
from mikey_sdp.mikey.saml.credential import SamlCredential
from mikey_sdp.mikey.saml.endorsement import endorse
from mikey_sdp.mikey.saml.issue import issue
from mikey_sdp.mikey.saml.packing import MAX_XML_OCTETS, decode_cert, deflate, inflate

__all__ = [
    "Assertion",
    "KeyEndorsement",
    "MAX_XML_OCTETS",
    "SamlCredential",
    "check",
    "decode_cert",
    "deflate",
    "endorse",
    "inflate",
    "issue",
]
