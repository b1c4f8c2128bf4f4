"""Opening messages with the secrets: are MAC and V right, which keys are inside, which TEKs follow from them.

This looks on from outside: it judges neither time nor peer, and a failed check is a fact to report, no reason to stop.
Source: RFC 3830 sections 3.1, 4.1, 4.5, 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mikey_sdp.dissect.describe import sub_payloads
from mikey_sdp.dissect.remark import I_MESSAGES
from mikey_sdp.errors import DecodeError, MikeySdpError, PeerError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.crypto.derive import KeyContext, MessageKeys
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.crypto.protection import check_algorithms, decrypt, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.verification import check_v
from mikey_sdp.mikey.payloads import (
    Identity,
    KeyData,
    KeyDataTransport,
    Payload,
    Rand,
    SecurityPolicy,
    Timestamp,
    Verification,
    decode_key_data,
)
from mikey_sdp.mikey.registry import DataType, EncrAlg, KeyDataType, MacAlg, PayloadType
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret

MAX_DATA_SAS: Final = 4096
"""How many keys are derived for one input: a message of 7 kB can ask for 65,000."""
MAC_CHECK: Final = "MAC of KEMAC"
V_CHECK: Final = "V"
DECRYPTION: Final = "decryption of KEMAC"
DATA_SAS: Final = "keys against policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the secrets let us verify.

    Keeps: `held`, None where something is missing to verify it; `reason`, why it did not hold.
    """

    name: str
    held: bool | None
    reason: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the secrets told about a message.

    Keeps: `key_data`, the sub-payloads of KEMAC, None where it stayed closed; `data_sas`, what SRTP would be given.
    """

    checks: tuple[Check, ...]
    key_data: tuple[Payload, ...] | None = None
    data_sas: tuple[DataSa, ...] = ()

    @property
    def all_held(self) -> bool:
        """Whether everything that was to be verified was, and is right."""
        return all(check.held for check in self.checks)


class Opener:
    """Opens the messages of one input: answers and updates need what the first message of their CSB brought."""

    def __init__(self, messages: Sequence[Message], psk: Secret | None = None) -> None:
        self._psk = psk
        self._first: dict[int, Message] = {}
        self._asked: dict[tuple[int, bytes], Message] = {}
        self._bundles: dict[int, Bundle] = {}
        self._derivable = MAX_DATA_SAS
        for message in messages:
            self._remember(message)

    def open(self, message: Message) -> Opened | None:
        """What there is to know of a message; None where the secrets at hand say nothing about its kind.

        To be called in the order of the messages, since updates change what earlier ones set up.
        """
        way = _WAYS.get(message.header.data_type)
        if way is None or (self._psk is None and not _is_unprotected(message)):
            return None
        return way(self, message)

    def _remember(self, message: Message) -> None:
        header, timestamp = message.header, message.find(Timestamp)
        if header.data_type not in I_MESSAGES:
            return
        if message.find(Rand) is not None:
            self._first.setdefault(header.csb_id, message)
        if timestamp is not None:
            self._asked.setdefault((header.csb_id, timestamp.value_octets), message)

    def _asked_by(self, message: Message) -> Message | None:
        """The I_MESSAGE that a message answers: the one of its CSB with the same T."""
        timestamp = message.find(Timestamp)
        return self._asked.get((message.header.csb_id, timestamp.value_octets)) if timestamp else None

    def _context(self, message: Message) -> KeyContext:
        """What enters the derivations. A message may bring RAND itself; else the first one of its CSB did.

        Raises: PeerError for a PRF that is not implemented; _Missing where no message of the input brings the RAND.
        """
        source = message if message.find(Rand) else self._first.get(message.header.csb_id)
        rand = source.find(Rand) if source else None
        if rand is None:
            raise _Missing("the message that opened this CSB, with its RAND, is not in the input")
        return KeyContext(csb_id=message.header.csb_id, rand=rand.octets, prf=prf_of(message.header.prf_func))

    def _keys(self, message: Message) -> MessageKeys:
        if self._psk is None:
            raise _Missing("the key is not known")
        return self._context(message).message_keys(self._psk)

    def pushed(self, message: Message) -> Opened:
        """A message that brings keys in a KEMAC at its end."""
        kemac = message.find(KeyDataTransport)
        if kemac is not None and _is_unprotected(message):
            return self._with_keys(message, (), lambda: sub_payloads(kemac, message.header.data_type))
        verified: list[MessageKeys] = []
        check = _checked(MAC_CHECK, lambda: verified.append(self._verified(message, kemac)))
        if kemac is None or not verified:
            return Opened(checks=(check,))
        return self._with_keys(message, (check,), lambda: _decrypted(message, kemac, verified[0]))

    def authenticated(self, message: Message) -> Opened:
        """A message whose KEMAC brings no keys but authenticates it."""
        kemac = message.find(KeyDataTransport)
        return Opened(checks=(_checked(MAC_CHECK, lambda: self._verified(message, kemac)),))

    def verification(self, message: Message) -> Opened | None:
        """A message that ends in V, which covers what the Initiator sent, too."""
        if message.find(Verification) is None and message.header.data_type == DataType.ERROR:
            return None
        asked = self._asked_by(message)
        if asked is None:
            reason = "the I_MESSAGE that this answers (same CSB ID and T) is not in the input"
            return Opened(checks=(Check(name=V_CHECK, held=None, reason=reason),))
        return Opened(checks=(_checked(V_CHECK, lambda: self._check_v(message, asked)),))

    def _check_v(self, message: Message, asked: Message) -> None:
        timestamp = asked.find(Timestamp)
        identities = asked.all(Identity)
        idi = identities[0].data if identities else b""
        responder = message.find(Identity) or (identities[1] if len(identities) > 1 else None)
        if timestamp is not None:
            check_v(
                message,
                keys=None if _is_unprotected(message) else self._keys(asked),
                idi=idi,
                idr=responder.data if responder else b"",
                timestamp=timestamp,
            )

    def _verified(self, message: Message, kemac: KeyDataTransport | None) -> MessageKeys:
        """The keys under which the MAC of a KEMAC at the end of a message is right.

        Raises: PeerError, _Missing.
        """
        if kemac is None or message.payloads[-1] is not kemac:
            raise PeerError("the message does not end with a KEMAC", mikey_error=None, section=_MAC)
        check_algorithms(kemac.encr_alg, kemac.mac_alg)
        if kemac.mac_alg == MacAlg.NULL:
            raise PeerError("Mac alg is NULL: nothing can be verified", mikey_error=None, section=_MAC)
        keys = self._keys(message)
        covered = message.octets[: len(message.octets) - len(kemac.mac)]
        verify_mac(kemac.mac_alg, keys, covered, kemac.mac, section=_MAC)
        return keys

    def _with_keys(
        self, message: Message, checks: tuple[Check, ...], read: Callable[[], tuple[Payload, ...]]
    ) -> Opened:
        inside: list[Payload] = []
        check = _checked(DECRYPTION, lambda: inside.extend(read()))
        if not check.held:
            return Opened(checks=(*checks, check))
        keys = tuple(payload for payload in inside if isinstance(payload, KeyData))
        data_sas: list[DataSa] = []
        derived = _checked(DATA_SAS, lambda: data_sas.extend(self._data_sas(message, keys)))
        return Opened(checks=(*checks, check, derived), key_data=tuple(inside), data_sas=tuple(data_sas))

    def _data_sas(self, message: Message, keys: tuple[KeyData, ...]) -> list[DataSa]:
        header = message.header
        policies = {sp.policy_no: SrtpParameters.from_payload(sp) for sp in message.all(SecurityPolicy)}
        previous = None if message.find(Rand) else self._bundles.get(header.csb_id)
        if previous is not None:
            bundle = previous.updated(sessions=header.sessions or None, policies=policies, keys=keys, own=False)
        else:
            bundle = Bundle(
                csb_id=header.csb_id,
                prf_func=header.prf_func,
                rand=self._rand(message, keys),
                sessions=header.sessions,
                policies=policies,
                keys=keys,
                own=False,
            )
        self._bundles[header.csb_id] = bundle
        self._derivable -= len(bundle.cs_ids) * max(len(bundle.keys), 1)
        if self._derivable < 0:
            raise _Missing(f"there are too many: for one input {MAX_DATA_SAS} keys are derived at most")
        return [sa for cs_id in bundle.cs_ids for sa in bundle.data_sas(cs_id)]

    def _rand(self, message: Message, keys: tuple[KeyData, ...]) -> bytes:
        """The RAND of the CSB; from TEKs nothing is derived, so they do without, as some cameras do."""
        try:
            return self._context(message).rand
        except _Missing:
            if any(key.key_type not in _TEKS for key in keys):
                raise
            return b""


_MAC: Final = "RFC 3830 section 5.2"
_TEKS: Final = (KeyDataType.TEK, KeyDataType.TEK_SALT)


class _Missing(MikeySdpError):
    """Something that is needed to verify is not there."""


def _checked(name: str, verify: Callable[[], object]) -> Check:
    try:
        verify()
    except _Missing as missing:
        return Check(name=name, held=None, reason=str(missing))
    except (PeerError, DecodeError) as error:
        return Check(name=name, held=False, reason=error.reason, section=error.section)
    except MikeySdpError as error:
        return Check(name=name, held=False, reason=str(error))
    return Check(name=name, held=True)


def _is_unprotected(message: Message) -> bool:
    kemac, v = message.find(KeyDataTransport), message.find(Verification)
    if kemac is not None:
        return kemac.encr_alg == EncrAlg.NULL and kemac.mac_alg == MacAlg.NULL
    return v is not None and v.auth_alg == MacAlg.NULL


def _decrypted(message: Message, kemac: KeyDataTransport, keys: MessageKeys) -> tuple[Payload, ...]:
    timestamp = message.find(Timestamp)
    if timestamp is None:
        raise _Missing("there is no T, which the encryption needs")
    plain = decrypt(kemac.encr_alg, keys, csb_id=message.header.csb_id, timestamp=timestamp, data=kemac.encr_data)
    zero_fill = kemac.encr_alg == EncrAlg.AES_KW_128
    return decode_key_data(plain, first=PayloadType.KEY_DATA, zero_fill=zero_fill)


_WAYS: Final[Mapping[DataType, Callable[[Opener, Message], Opened | None]]] = MappingProxyType(
    {
        DataType.PRE_SHARED: Opener.pushed,
        DataType.PSK_VER_MSG: Opener.verification,
        DataType.DHHMAC_INIT: Opener.authenticated,
        DataType.DHHMAC_RESP: Opener.authenticated,
        DataType.ERROR: Opener.verification,
    }
)
"""How each kind of message is opened with a PSK; a new kind is a new row."""
