"""A Crypto Session Bundle: its crypto sessions, policies and keys, and the Data SAs that follow from them.

Source: RFC 3830 sections 4.1.3, 4.4, 6.1.1 and 6.13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Self

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.continuation import Continuation
from mikey_sdp.mikey.crypto.derive import KeyContext
from mikey_sdp.mikey.crypto.prf import prf_of
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.payloads.validity import IntervalValidity, KeyValidity, NullValidity, SpiValidity
from mikey_sdp.mikey.registry import ErrorNo, KeyDataType, PrfConstant, PrfFunc
from mikey_sdp.mikey.srtp_policy import SrtpParameters
from mikey_sdp.secret import Secret

MIN_TGK_OCTETS: Final = 16
MAX_KEY_OCTETS: Final = 512
"""More than the largest Diffie-Hellman group gives; a derivation costs time in proportion, once for each stream."""
MAX_DERIVED_OCTETS: Final = 64
"""Twice the longest master key of SRTP. A policy states lengths in 32 bits, and deriving takes time in proportion."""
SRTP_INDEX_OCTETS: Final = 6
_TGK_TYPES: Final = frozenset({KeyDataType.TGK, KeyDataType.TGK_SALT})
_TEK_TYPES: Final = frozenset({KeyDataType.TEK, KeyDataType.TEK_SALT})
_KEY_TYPES: Final = _TGK_TYPES | _TEK_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSa:
    """What SRTP needs for one crypto session and one key: TEK, salt, policy, and how packets name the key.

    Keeps: `ssrc`, 0 where the stream's SSRC is not known yet and gets bound by its first packet; `mki`, empty where
    packets carry none; `validity`, as the key came.
    """

    cs_id: int
    ssrc: int
    roc: int
    policy_no: int
    parameters: SrtpParameters
    master_key: Secret
    master_salt: Secret
    mki: bytes
    validity: KeyValidity


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolKeys:
    """AUTH and ENCR keys of one crypto session, for a security protocol that derives none itself."""

    authentication: Secret
    encryption: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One CSB as an end of a call holds it: immutable, so an update makes a new value and the old one stays usable.

    Keeps: `rand` and `csb_id` of the first exchange through all updates # [3830-4.5-5]; `own`, whether this end chose
    the keys, without which they must not be handed on # [3830-4.3.2-4]; `generation`, how many updates brought keys;
    `envelope_key`, the one that a public key mode left with both ends to be the pre-shared key of updates
    # [3830-3.2-10]; `for_pair`, whether it serves later CSBs of the two as well # [3830-6.3-3];
    `continuation`, what a further round of the exchange builds on, None where none is due; `unproved`, whether the
    peer has not shown yet that he has the key of his assertion, which anybody can repeat (DHSAML).
    """

    csb_id: int
    prf_func: PrfFunc
    rand: bytes
    sessions: tuple[SrtpIdEntry, ...]
    policies: Mapping[int, SrtpParameters]
    keys: tuple[KeyData, ...]
    own: bool
    generation: int = 0
    envelope_key: Secret | None = None
    for_pair: bool = False
    continuation: Continuation | None = None
    unproved: bool = False
    _derived: dict[int, tuple[DataSa, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policies", MappingProxyType(dict(self.policies)))
        self._check_policies()
        check_keys(self.keys, len(self.sessions))
        if any(key.salt is not None or key.key_type in _TEK_TYPES for key in self.keys):
            self._check_lengths()
            self._check_ssrcs()

    @property
    def context(self) -> KeyContext:
        """What enters every derivation of this bundle."""
        return KeyContext(csb_id=self.csb_id, rand=self.rand, prf=prf_of(self.prf_func))

    @property
    def cs_ids(self) -> range:
        """The CS IDs, which are the positions in the map, from 1. # [3830-6.1.1-7]"""
        return range(1, len(self.sessions) + 1)

    def updated(
        self,
        *,
        sessions: tuple[SrtpIdEntry, ...] | None = None,
        policies: Mapping[int, SrtpParameters] | None = None,
        keys: tuple[KeyData, ...] = (),
        own: bool = True,
    ) -> Self:
        """The bundle after an update: what is not given stays, policies are added or replaced by number.

        Crypto sessions may be added, never dropped, since their positions are their names. # [3830-4.5-6]
        """
        if sessions is not None and len(sessions) < len(self.sessions):
            raise PeerError("an update can't drop crypto sessions", mikey_error=ErrorNo.UNSPECIFIED, section=_UPDATE)
        return replace(
            self,
            sessions=self.sessions if sessions is None else sessions,
            policies={**self.policies, **(policies or {})},
            keys=keys or self.keys,  # [3830-4.5-7]
            own=own if keys else self.own,
            generation=self.generation + (1 if keys else 0),
        )

    def with_ssrcs(self, ssrcs: Mapping[int, int]) -> Self:
        """The bundle with SSRCs filled in by CS ID, where the map has 0. # [3830-6.1.1-4]"""
        if not ssrcs:
            return self
        sessions = tuple(
            replace(entry, ssrc=ssrcs[cs_id]) if entry.ssrc == 0 and ssrcs.get(cs_id) else entry
            for cs_id, entry in zip(self.cs_ids, self.sessions, strict=True)
        )
        return replace(self, sessions=sessions) if sessions != self.sessions else self

    def data_sas(self, cs_id: int) -> tuple[DataSa, ...]:
        """The Data SAs of one crypto session, one a key, in the order in which the keys were sent; derived once.

        Raises: UsageError for a CS ID that the bundle has not.
        """
        derived = self._derived.get(cs_id)
        if derived is None:
            entry = self._entry(cs_id)
            parameters, context = self.policies[entry.policy_no], self.context
            derived = tuple([self._data_sa(cs_id, entry, parameters, key, context) for key in self._keys_of(cs_id)])
            self._derived[cs_id] = derived
        return derived

    def protocol_keys(self, cs_id: int, *, auth_bits: int, encr_bits: int) -> ProtocolKeys:
        """AUTH and ENCR keys straight from the (first) TGK. # [3830-4.1.3-3]

        Raises: UsageError where TEKs were sent, from which nothing is derived.
        """
        self._entry(cs_id)
        key = self._keys_of(cs_id)[0]
        if key.key_type not in _TGK_TYPES:
            raise UsageError("AUTH and ENCR keys come from a TGK; this bundle was given TEKs")
        return ProtocolKeys(
            authentication=self.context.traffic_key(key.key, PrfConstant.AUTH_KEY_FROM_TGK, cs_id, auth_bits),
            encryption=self.context.traffic_key(key.key, PrfConstant.ENCR_KEY_FROM_TGK, cs_id, encr_bits),
        )

    def _entry(self, cs_id: int) -> SrtpIdEntry:
        if not 1 <= cs_id <= len(self.sessions):
            raise UsageError(f"the bundle has no crypto session {cs_id}; it has {len(self.sessions)}")
        return self.sessions[cs_id - 1]

    def _keys_of(self, cs_id: int) -> tuple[KeyData, ...]:
        if _positional(self.keys):
            return (self.keys[cs_id - 1],) if len(self.keys) > 1 else self.keys
        return self.keys

    def _data_sa(
        self, cs_id: int, entry: SrtpIdEntry, parameters: SrtpParameters, key: KeyData, context: KeyContext
    ) -> DataSa:
        if key.key_type in _TEK_TYPES:
            master_key, salt = key.key, key.salt or Secret(bytes(parameters.salt_octets))  # SRTP's NULL salt of zeros
        else:
            master_key = context.traffic_key(
                key.key, PrfConstant.TEK_FROM_TGK, cs_id, 8 * parameters.encr_key_octets
            )  # [3830-6.10.1-3]
            salt = key.salt or context.traffic_key(  # a carried salt wins [3830-4.1.3-4]
                key.key, PrfConstant.SALT_FROM_TGK, cs_id, 8 * parameters.salt_octets
            )
        return DataSa(
            cs_id=cs_id,
            ssrc=entry.ssrc,
            roc=entry.roc,
            policy_no=entry.policy_no,
            parameters=parameters,
            master_key=master_key,
            master_salt=salt,
            mki=key.validity.spi if isinstance(key.validity, SpiValidity) else b"",
            validity=key.validity,
        )

    def _check_policies(self) -> None:
        for policy_no, parameters in self.policies.items():
            if max(parameters.encr_key_octets, parameters.salt_octets) > MAX_DERIVED_OCTETS:
                raise PeerError(
                    f"policy {policy_no} asks for a key or a salt of more than {MAX_DERIVED_OCTETS} octets",
                    mikey_error=ErrorNo.INVALID_SPPAR,
                    section="RFC 3830 section 6.10.1",
                )
        for cs_id, entry in enumerate(self.sessions, start=1):
            if entry.policy_no not in self.policies:
                raise PeerError(
                    f"crypto session {cs_id} names policy {entry.policy_no}, which no SP payload gives",
                    mikey_error=ErrorNo.INVALID_SP,
                    section="RFC 3830 section 6.1.1",
                )

    def _check_lengths(self) -> None:
        """TEKs and salts that were sent must have the lengths that the policies of their crypto sessions ask for."""
        for cs_id, entry in zip(self.cs_ids, self.sessions, strict=True):
            parameters = self.policies[entry.policy_no]
            for key in self._keys_of(cs_id):
                if key.salt is not None:
                    _check_length("carried salt", key.salt, parameters.salt_octets)
                if key.key_type in _TEK_TYPES:
                    _check_length("TEK", key.key, parameters.encr_key_octets)

    def _check_ssrcs(self) -> None:
        """One TEK for two streams of one SSRC would be a two-time pad. # [3830-6.1.1-5]"""
        used: dict[int, list[Secret]] = {}
        for cs_id, entry in zip(self.cs_ids, self.sessions, strict=True):
            teks = [key.key for key in self._keys_of(cs_id) if entry.ssrc and key.key_type in _TEK_TYPES]
            before = used.setdefault(entry.ssrc, [])
            if any(tek in before for tek in teks):
                raise PeerError(
                    "two crypto sessions share an SSRC and a TEK",
                    mikey_error=ErrorNo.UNSPECIFIED,
                    section="RFC 3830 section 6.1.1",
                )
            before += teks


_UPDATE: Final = "RFC 3830 section 4.5"


def _positional(keys: Sequence[KeyData]) -> bool:
    """Whether TEKs without names of their own go to the crypto sessions in the order of the map."""
    return all(key.key_type in _TEK_TYPES and isinstance(key.validity, NullValidity) for key in keys)


def _check_length(what: str, sent: Secret, wanted: int) -> None:
    if len(sent) != wanted:
        raise PeerError(
            f"the {what} has {len(sent)} octets, the policy asks for {wanted}",
            mikey_error=ErrorNo.INVALID_SPPAR,
            section="RFC 3830 section 6.13",
        )


def check_keys(keys: Sequence[KeyData], sessions: int) -> None:
    """Refuse keys that can't be told apart, are too short or too long, or whose validity SRTP can't use.

    Raises: PeerError with Unspecified error (12).
    """
    for key in keys:
        if key.key_type not in _KEY_TYPES:
            raise _bad_keys(f"key type {key.key_type} is not supported")
        if len(key.key) < MIN_TGK_OCTETS:
            raise _bad_keys(f"a key of {len(key.key)} octets is too short; {MIN_TGK_OCTETS} are the least")
        if len(key.key) > MAX_KEY_OCTETS:
            raise _bad_keys(f"a key of {len(key.key)} octets is too long; {MAX_KEY_OCTETS} are the most")
        _check_interval(key.validity)
    if len(keys) < 2:
        return
    if _positional(keys):
        if len(keys) != sessions:
            raise _bad_keys(f"{len(keys)} TEKs without MKI don't fit {sessions} crypto sessions")
        return
    names = [_name_of(key.validity) for key in keys]
    if None in names or len(set(names)) != len(names):  # [3830-A.1-3]
        raise _bad_keys("several keys need an MKI or an interval each, all different")


def _name_of(validity: KeyValidity) -> tuple[bytes, bytes] | None:
    if isinstance(validity, SpiValidity):
        return (validity.spi, b"") if validity.spi else None
    if isinstance(validity, IntervalValidity):
        return (validity.valid_from, validity.valid_to)
    return None


def _check_interval(validity: KeyValidity) -> None:
    if not isinstance(validity, IntervalValidity):
        return
    ends = (validity.valid_from, validity.valid_to)
    if any(len(end) != SRTP_INDEX_OCTETS for end in ends):  # [3830-6.14-2]
        raise _bad_keys("an interval of SRTP has two ends of 6 octets, the 48-bit packet index")
    if ends[0] > ends[1]:
        raise _bad_keys("an interval ends before it begins")


def _bad_keys(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 section 6.13")
