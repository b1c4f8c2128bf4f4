"""What the compat profile reads in another way than the standards have it, for every mode; by the strict one nothing.

Each function is the strict check where `Acceptance` allows nothing else.
Source: RFC 3830, RFC 4650 and RFC 4738; `Tolerance` names the sections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from mikey_sdp.mikey.acceptance import Acceptance, Profile, Tolerance
from mikey_sdp.mikey.composition import check_composition
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.hdr import Header
from mikey_sdp.mikey.payloads.id import Identity
from mikey_sdp.mikey.payloads.kemac import MAC_OCTETS, KeyDataTransport
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.payload import Payload
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.payloads.sp import SecurityPolicy
from mikey_sdp.mikey.payloads.t import Timestamp
from mikey_sdp.mikey.payloads.v import Verification
from mikey_sdp.mikey.readings import Coverage
from mikey_sdp.mikey.registry import DataType, KeyDataType, MacAlg, PayloadType, SrtpAuthAlg, SrtpParam
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret

MAX_TRAILING_ZEROS: Final = 3
KEY_OCTETS: Final = 16
SALT_OCTETS: Final = 14
_TEK_TYPES: Final = frozenset({KeyDataType.TEK, KeyDataType.TEK_SALT})
_TAG_LENGTHS: Final = frozenset({4, 10})
_DHHMAC: Final = frozenset({DataType.DHHMAC_INIT, DataType.DHHMAC_RESP})
_DH_ANSWERS: Final = frozenset({DataType.DH_RESP, DataType.DHHMAC_RESP, DataType.ECMQV_R_MSG})
_WITHOUT_RAND: Final = _DH_ANSWERS | {DataType.PSK_VER_MSG, DataType.PK_VER_MSG}


def read_message(octets: bytes, acceptance: Acceptance) -> Message:
    """A received message, all of whose payloads may stand where they do.

    Keeps: in its `octets` what MACs and signatures are verified over: zeros behind the last payload are not there.
    Raises: DecodeError.
    """
    if acceptance.profile is Profile.STRICT:
        message = Message.decode(octets)
        check_composition(message)
        return message
    message = _closed(Message.decode(octets, whole=False), acceptance)
    data_type = message.header.data_type
    check_composition(
        message,
        tolerated=(PayloadType.RAND,) if data_type in _WITHOUT_RAND else (),
        dispensable=(PayloadType.ID,) if data_type in _DH_ANSWERS else (),
    )
    if data_type in _WITHOUT_RAND and message.find(Rand) is not None:
        acceptance.take(Tolerance.RAND_IN_ANSWER)
    return message


def _closed(message: Message, acceptance: Acceptance) -> Message:
    """The message up to where it ends, or with the MAC that its last octets are."""
    end = message.spans[-1].end if message.spans else message.header_octets
    behind = message.octets[end:]
    if not behind:
        return message
    kemac = message.payloads[-1] if message.payloads else None
    if isinstance(kemac, KeyDataTransport) and _is_unnamed_hmac(message.header, kemac, behind):
        acceptance.take(Tolerance.HMAC_IS_0)
        return message.sealed(replace(kemac, mac_alg=MacAlg.HMAC_SHA_1_160, mac=behind), behind)
    if len(behind) <= MAX_TRAILING_ZEROS and not any(behind):
        acceptance.take(Tolerance.TRAILING_ZEROS)
        return replace(message, octets=message.octets[:end])
    return Message.decode(message.octets)


def _is_unnamed_hmac(header: Header, kemac: KeyDataTransport, behind: bytes) -> bool:
    return (
        header.data_type in _DHHMAC
        and kemac.mac_alg == MacAlg.NULL
        and len(behind) == MAC_OCTETS[MacAlg.HMAC_SHA_1_160]
    )


def readings_of_v(answer: Message, sent: Message, idi: bytes, idr: bytes, timestamp: Timestamp) -> Iterator[Coverage]:
    """What V of an answer may cover otherwise; identities and T are those that it should."""
    before, own = _before_tag(answer), answer.find(Timestamp)
    stamps: list[tuple[Timestamp, tuple[Tolerance, ...]]] = [(timestamp, ())]
    if own is not None and own != timestamp:
        stamps.append((own, (Tolerance.V_OVER_FRESH_T,)))
    for stamp, needs in stamps:
        value = stamp.value_octets
        if needs:
            yield Coverage(octets=before + idi + idr + value, needs=needs)
        yield Coverage(octets=before + value, needs=(Tolerance.V_WITHOUT_IDENTITIES, *needs))
    yield Coverage(octets=before + _payloads_of_v(answer, sent), needs=(Tolerance.V_OVER_ID_PAYLOADS, *stamps[-1][1]))


def readings_of_error_v(error: Message, timestamp: Timestamp) -> Iterator[Coverage]:
    """What V of an Error message may cover otherwise."""
    before = _before_tag(error)
    yield Coverage(octets=before + timestamp.value_octets, needs=(Tolerance.V_WITHOUT_IDENTITIES,))
    yield Coverage(octets=before, needs=(Tolerance.ERROR_V_OVER_MESSAGE,))


def _before_tag(message: Message) -> bytes:
    v = message.find(Verification)
    return message.octets[: len(message.octets) - (len(v.mac) if v else 0)]


def _payloads_of_v(answer: Message, sent: Message) -> bytes:
    """IDi as it was sent, IDr as it came or else as it was sent, and T as it came: whole payloads."""
    ours, theirs = sent.all(Identity), answer.all(Identity)
    idi = [(sent, payload) for payload in ours[:1]]
    idr = [(answer, payload) for payload in theirs[:1]] or [(sent, payload) for payload in ours[1:2]]
    stamps = [(answer, payload) for payload in answer.all(Timestamp)]
    return b"".join(_octets_of(message, payload) for message, payload in (*idi, *idr, *stamps))


def _octets_of(message: Message, payload: Payload) -> bytes:
    span = message.span(payload)
    return message.octets[span.offset : span.end]


def only_teks(keys: tuple[KeyData, ...]) -> bool:
    """Whether nothing is to be derived from any of the keys."""
    return all(key.key_type in _TEK_TYPES for key in keys)


def policy_of(sp: SecurityPolicy, acceptance: Acceptance) -> SrtpParameters:
    """The SRTP policy of an SP payload, for implementations that take type 3 for the length of the tag, too.

    Raises: PeerError with Invalid SP or SPpar (9, 10).
    """
    parameters = SrtpParameters.from_payload(sp)
    octets = parameters.auth_key_octets
    if (
        octets in _TAG_LENGTHS
        and parameters.auth_alg == SrtpAuthAlg.HMAC_SHA_1
        and all(param.type != SrtpParam.AUTHENTICATION_TAG_LENGTH for param in sp.params)
        and acceptance.lets(Tolerance.TAG_LENGTH_IN_TYPE_3)
    ):
        return replace(parameters, auth_key_octets=DEFAULT_SRTP.auth_key_octets, tag_octets=octets)
    return parameters


def policies_without_sp(header: Header, keys: tuple[KeyData, ...], acceptance: Acceptance) -> dict[int, SrtpParameters]:
    """The policies of a first message that has none: SRTP's default for every stream, where only TEKs come."""
    if header.sessions and only_teks(keys) and acceptance.lets(Tolerance.SP_MISSING):
        return dict.fromkeys((entry.policy_no for entry in header.sessions), DEFAULT_SRTP)
    return {}


def with_salts(
    keys: tuple[KeyData, ...], policies: Mapping[int, SrtpParameters], acceptance: Acceptance
) -> tuple[KeyData, ...]:
    """The keys, with TEKs that are master key and salt in one taken apart, where the policies ask for both lengths."""
    lengths = {(parameters.encr_key_octets, parameters.salt_octets) for parameters in policies.values()}
    joint = [key.key_type == KeyDataType.TEK and len(key.key) == KEY_OCTETS + SALT_OCTETS for key in keys]
    if not any(joint) or lengths != {(KEY_OCTETS, SALT_OCTETS)} or not acceptance.lets(Tolerance.TEK_WITH_SALT):
        return keys
    return tuple(_apart(key) if is_joint else key for key, is_joint in zip(keys, joint, strict=True))


def _apart(key: KeyData) -> KeyData:
    octets = key.key.reveal()
    return KeyData(
        key_type=KeyDataType.TEK_SALT,
        key=Secret(octets[:KEY_OCTETS]),
        salt=Secret(octets[KEY_OCTETS:]),
        validity=key.validity,
    )
