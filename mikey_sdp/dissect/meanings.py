"""What payloads, messages and fields are, in a few words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mikey_sdp.mikey.registry import DataType, PayloadType

HEADER_MEANING: Final = "which message this is, and of which streams it speaks"

PAYLOAD_MEANINGS: Final[Mapping[PayloadType, str]] = MappingProxyType(
    {
        PayloadType.KEMAC: "the keys on their way to the Responder, and the MAC over the message",
        PayloadType.PKE: "the envelope key, encrypted to the peer's public key",
        PayloadType.DH: "a public Diffie-Hellman value",
        PayloadType.SIGN: "the sender's signature over everything before it",
        PayloadType.T: "when the Initiator made its message; the Responder echoes it",
        PayloadType.ID: "the name of a party",
        PayloadType.CERT: "a certificate, or where to get it",
        PayloadType.CHASH: "which certificate of the Responder was used",
        PayloadType.V: "the Responder's proof that it has the key",
        PayloadType.SP: "a security policy for streams",
        PayloadType.RAND: "the random octets that make all keys of the bundle fresh",
        PayloadType.ERR: "why a message was refused",
        PayloadType.KEY_DATA: "a key",
        PayloadType.GENERAL_EXT: "an extension",
        PayloadType.ECCPT: "an ephemeral point on an elliptic curve",
    }
)

MESSAGE_MEANINGS: Final[Mapping[DataType, str]] = MappingProxyType(
    {
        DataType.PRE_SHARED: "I_MESSAGE of the pre-shared key mode",
        DataType.PSK_VER_MSG: "R_MESSAGE of the pre-shared key mode",
        DataType.PUBLIC_KEY: "I_MESSAGE of the public key mode (RSA)",
        DataType.PK_VER_MSG: "R_MESSAGE of the public key mode (RSA)",
        DataType.DH_INIT: "I_MESSAGE of signed Diffie-Hellman",
        DataType.DH_RESP: "R_MESSAGE of signed Diffie-Hellman",
        DataType.ERROR: "a refusal",
        DataType.DHHMAC_INIT: "I_MESSAGE of Diffie-Hellman under a pre-shared key",
        DataType.DHHMAC_RESP: "R_MESSAGE of Diffie-Hellman under a pre-shared key",
        DataType.RSA_R_I_MSG: "I_MESSAGE of RSA-R, which asks the Responder for a key",
        DataType.RSA_R_R_MSG: "R_MESSAGE of RSA-R, which brings the Responder's key",
        DataType.ECMQV_I_MSG: "I_MESSAGE of ECMQV",
        DataType.ECMQV_R_MSG: "R_MESSAGE of ECMQV",
        DataType.DHSAML_I_MSG_1: "I_MESSAGE of SAML-assisted Diffie-Hellman, first round",
        DataType.DHSAML_R_MSG_1: "R_MESSAGE of SAML-assisted Diffie-Hellman, first round",
        DataType.DHSAML_I_MSG_2: "I_MESSAGE of SAML-assisted Diffie-Hellman, second round",
        DataType.DHSAML_R_MSG_2: "R_MESSAGE of SAML-assisted Diffie-Hellman, second round",
    }
)
"""The message in words; data types without a row speak by their name alone."""

NULL_MEANING: Final = "I_MESSAGE without any protection (MIKEY NULL)"

_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "csb_id": "CSB ID",
        "cs_id_map_type": "CS ID map type",
        "dh_group": "DH-Group",
        "dh_value": "DH-value",
        "ecc_curve": "ECC curve",
        "ecc_point": "ECC point",
        "ext_type": "Type",
        "id_data": "ID data",
        "id_len": "ID len",
        "id_type": "ID type",
        "key_type": "Type",
        "kv": "KV",
        "mac": "MAC",
        "prf_func": "PRF func",
        "rand": "RAND",
        "rand_len": "RAND len",
        "s_type": "S type",
        "spi": "SPI (MKI)",
        "text": "in words",
        "tgk_len": "TGK len",
        "ts_type": "TS type",
        "ts_value": "TS value",
        "utc": "UTC",
    }
)


def label(field: str) -> str:
    """The RFC's name of a field, from the name that JSON has for it."""
    return _LABELS.get(field) or field.replace("_", " ").capitalize()
