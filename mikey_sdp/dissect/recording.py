"""The messages of one input as exchanges: which answers which, what earlier ones set up, which secrets go with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.dissect.certified import certified_identity
from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.opened import DATA_SAS, Check, Missing, Opened, checked
from mikey_sdp.dissect.remark import I_MESSAGES
from mikey_sdp.errors import DecodeError, MikeySdpError, PeerError
from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.crypto.derive import KeyContext, MessageKeys
from mikey_sdp.mikey.crypto.envelope import ENVELOPE_KEY_OCTETS, unseal
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.dhsaml_seal import Contents
from mikey_sdp.mikey.payloads import EnvelopeKey, Identity, KeyData, Payload, Rand, SecurityPolicy, Timestamp
from mikey_sdp.mikey.registry import DataType, KeyDataType, PayloadType, ProtType
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Secret

MAX_DATA_SAS: Final = 4096
"""How many keys are derived for one input: a message of 7 kB can ask for 65,000."""
_TEKS: Final = (KeyDataType.TEK, KeyDataType.TEK_SALT)


@dataclass(slots=True, kw_only=True)
class Further:
    """An exchange whose first round was opened: what its second builds on, and what one end has said in it."""

    due: Continuation
    before: Bundle
    asked: Message | None = None
    said: Contents | None = None


class Recording:
    """The messages of one input; answers and updates need what the first message of their CSB brought.

    Keeps: `known`, the secrets; `bundles`, the CSBs as far as they were opened; `further`, by CSB ID the exchanges with
    a second round to come.
    """

    def __init__(self, messages: Sequence[Message], known: Known) -> None:
        self.known: Final = known
        self.bundles: Final[dict[int, Bundle]] = {}
        self.further: Final[dict[int, list[Further]]] = {}
        self._envelope_keys: dict[int, Secret] = {}
        self._senders: dict[bytes, bytes] = {}
        self._first: dict[int, Message] = {}
        self._asked: dict[tuple[int, bytes], Message] = {}
        self._unsealed: dict[bytes, tuple[Secret, ...]] = {}
        self._unstated: frozenset[int] = frozenset()
        self._derivable = MAX_DATA_SAS
        for message in messages:
            self._remember(message)

    def _remember(self, message: Message) -> None:
        header, timestamp = message.header, message.find(Timestamp)
        if header.data_type not in I_MESSAGES:
            return
        if message.find(Rand) is not None:
            self._first.setdefault(header.csb_id, message)
        if timestamp is not None:
            self._asked.setdefault((header.csb_id, timestamp.value_octets), message)

    def asked_by(self, message: Message) -> Message:
        """The I_MESSAGE that a message answers: the one of its CSB with the same T.

        Raises: Missing.
        """
        timestamp = message.find(Timestamp)
        asked = self._asked.get((message.header.csb_id, timestamp.value_octets)) if timestamp else None
        if asked is None:
            raise Missing("the I_MESSAGE that this answers (same CSB ID and T) is not in the input")
        return asked

    def context(self, message: Message) -> KeyContext:
        """What enters the derivations. A message may bring RAND itself; else the first one of its CSB did.

        Raises: PeerError for a PRF that is not implemented; Missing where no message of the input brings the RAND.
        """
        source = message if message.find(Rand) else self._first.get(message.header.csb_id)
        rand = source.find(Rand) if source else None
        if rand is None:
            raise Missing("the message that opened this CSB, with its RAND, is not in the input")
        return KeyContext(csb_id=message.header.csb_id, rand=rand.octets, prf=prf_of(message.header.prf_func))

    def initiator_of(self, asked: Message) -> bytes:
        """The data of IDi: as the I_MESSAGE has it in clear, else inside its KEMAC, else in its certificate."""
        kinds = [payload.payload_type for payload in asked.payloads]
        ids = asked.all(Identity)
        behind = bool(ids) and PayloadType.CERT in kinds[: kinds.index(PayloadType.ID)]
        if len(ids) > 1 or (ids and not behind):
            return ids[0].data
        return self._senders.get(asked.octets) or certified_identity(asked)

    def found_envelope_key(self, message: Message, envelope_key: Secret, *, sender: bytes) -> None:
        """Keep what a KEMAC gave away: the key that later messages of the CSB may be under, and who sent it."""
        self._envelope_keys[message.header.csb_id] = envelope_key
        self._senders[message.octets] = sender

    @property
    def envelope_keys(self) -> tuple[Secret, ...]:
        """All that were found, in the order of their CSBs."""
        return tuple(self._envelope_keys.values())

    def shared_keys(self, message: Message) -> tuple[Secret, ...]:
        """The secrets under which an I_MESSAGE and its answer may be protected, the likeliest first."""
        if message.header.data_type == DataType.PUBLIC_KEY:
            return self.unsealed(message)
        csb_id, known = message.header.csb_id, self.known
        first = self._first.get(csb_id)
        of_csb = self.unsealed(first) if first and first.header.data_type == DataType.PUBLIC_KEY else ()
        given = (self._envelope_keys.get(csb_id), known.psk, known.envelope_key)
        return (*(one for one in given if one is not None), *of_csb)

    def unsealed(self, message: Message) -> tuple[Secret, ...]:
        """What the envelope key of a message may be: that which is known, or what our key makes of PKE. Which padding
        it has no message says; the MAC behind it does."""
        pke, known = message.find(EnvelopeKey), self.known
        if known.envelope_key is not None:
            return (known.envelope_key,)
        if pke is None or known.key is None:
            return ()
        if message.octets not in self._unsealed:
            key = known.key
            made = (unseal(key, pke.data, _no_chance, oaep=oaep) for oaep in (False, True))
            self._unsealed[message.octets] = tuple(one for one in made if one != _NOT_OPENED)
        return self._unsealed[message.octets]

    def with_keys(
        self,
        message: Message,
        checks: tuple[Check, ...],
        keys: tuple[KeyData, ...],
        *,
        inside: tuple[Payload, ...] | None = None,
        answer: Message | None = None,
        context: KeyContext | None = None,
    ) -> Opened:
        """The CSB that an I_MESSAGE, or its answer, opens or updates, and what SRTP would be given under it; `inside`
        is what a KEMAC held."""
        made: list[Bundle] = []
        data_sas: list[DataSa] = []

        def derive() -> None:
            made.append(self._bundle(message, answer, keys, context))
            data_sas.extend(self.data_sas(made[0]))

        check = checked(DATA_SAS, derive)
        if not check.held:
            return Opened(checks=(*checks, check), key_data=inside)
        bundle = made[0]
        unstated = next((entry.policy_no for entry in bundle.sessions if entry.policy_no in self._unstated), None)
        if unstated is not None:
            reason = f"policy {unstated} is in no SP payload; taken for the defaults of SRTP"
            check = Check(name=DATA_SAS, held=False, reason=reason, section="RFC 3830 section 6.1.1")
        return Opened(checks=(*checks, check), key_data=inside, bundle=bundle, data_sas=tuple(data_sas))

    def data_sas(self, bundle: Bundle) -> tuple[DataSa, ...]:
        """What SRTP would be given.

        Raises: Missing for more than any call has use for.
        """
        self._derivable -= len(bundle.cs_ids) * max(len(bundle.keys), 1)
        if self._derivable < 0:
            raise Missing(f"there are too many: for one input {MAX_DATA_SAS} keys are derived at most")
        return tuple(sa for cs_id in bundle.cs_ids for sa in bundle.data_sas(cs_id))

    def _bundle(
        self, message: Message, answer: Message | None, keys: tuple[KeyData, ...], context: KeyContext | None
    ) -> Bundle:
        header = message.header
        both = (message,) if answer is None else (message, answer)
        stated = (sp for one in both for sp in one.all(SecurityPolicy) if sp.prot_type != ProtType.DHSAML_ROUND_2)
        policies = {sp.policy_no: SrtpParameters.from_payload(sp) for sp in stated}
        sessions = (answer.header.sessions if answer is not None else ()) or header.sessions
        previous = None if message.find(Rand) or context else self.bundles.get(header.csb_id)
        known = policies.keys() | (previous.policies.keys() if previous else ())
        self._unstated = frozenset(entry.policy_no for entry in sessions) - known
        policies |= dict.fromkeys(self._unstated, DEFAULT_SRTP)
        if previous is not None:
            bundle = previous.updated(sessions=sessions or None, policies=policies, keys=keys, own=False)
        else:
            bundle = Bundle(
                csb_id=context.csb_id if context else header.csb_id,
                prf_func=header.prf_func,
                rand=context.rand if context else self._rand(message, keys),
                sessions=sessions,
                policies=policies,
                keys=keys,
                own=False,
            )
        self.bundles[header.csb_id] = bundle
        return bundle

    def _rand(self, message: Message, keys: tuple[KeyData, ...]) -> bytes:
        """The RAND of the CSB; from TEKs nothing is derived, so they do without, as some cameras do."""
        try:
            return self.context(message).rand
        except Missing:
            if any(key.key_type not in _TEKS for key in keys):
                raise
            return b""


def keys_in(payloads: tuple[Payload, ...]) -> tuple[KeyData, ...]:
    """The keys among the sub-payloads of a KEMAC."""
    return tuple(payload for payload in payloads if isinstance(payload, KeyData))


def try_each(
    shared: Sequence[Secret], context: KeyContext, verify: Callable[[MessageKeys], object]
) -> tuple[Secret, MessageKeys]:
    """The first secret under which `verify` raises nothing, with its keys.

    Raises: what `verify` raised for the last one; Missing without any.
    """
    fault: MikeySdpError = Missing("the key is not known")
    for secret in shared:
        keys = context.message_keys(secret)
        try:
            verify(keys)
        except (PeerError, DecodeError) as error:
            fault = error
        else:
            return secret, keys
    raise fault


def _no_chance(octets: int) -> bytes:
    """Stands in for chance where an envelope does not open: what is made of it is told apart and not believed."""
    return bytes(octets)


_NOT_OPENED: Final = Secret(_no_chance(ENVELOPE_KEY_OCTETS))
