"""The keys of one direction, and how a packet says which of them it is protected with.

Source: RFC 3711 sections 3.2.1 and 8.1, RFC 3830 appendix A.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.payloads.validity import IntervalValidity
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.index import MAX_INDEX
from mikey_sdp.srtp.mki import MkiSplice
from mikey_sdp.srtp.profile import Profile, profile_for

MAX_KEYS: Final = 16
MAX_MKI_OCTETS: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MasterKey:
    """One master key with its salt and transforms; the same object stands for the same key after a re-key too."""

    key: Secret
    salt: Secret
    profile: Profile

    def same_as(self, other: MasterKey) -> bool:
        """Whether both would protect a packet alike."""
        return self.profile is other.profile and self.key == other.key and self.salt == other.salt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedKey:
    """A master key under the name that its packets carry, or the range of packet indexes it is for.

    Units: `first` and `last` are 48-bit packet indexes, both included.
    """

    master: MasterKey
    mki: bytes
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyRing:
    """The keys that one MIKEY exchange gave to one direction of a stream.

    Keeps: `ssrc`, empty where the first packet will tell; `mki_octets`, one length for all packets of the ring;
    `by_interval`, whether packet indexes choose the key, `keys` then standing in their order.
    """

    keys: tuple[NamedKey, ...]
    profile: Profile
    ssrc: bytes
    mki_octets: int
    splice: MkiSplice
    rtcp_splice: MkiSplice
    by_interval: bool

    @classmethod
    def of(cls, sas: Sequence[DataSa], known: Iterable[MasterKey] = ()) -> Self:
        """The ring of these Data SAs, which all speak of one stream; keys among `known` are taken over as they are.

        Raises: PeerError for transforms or key names that can't be used, UsageError for SAs of different streams.
        """
        if not 1 <= len(sas) <= MAX_KEYS:
            raise UsageError(f"one direction of a stream has 1 to {MAX_KEYS} Data SAs, not {len(sas)}")
        if len({(sa.cs_id, sa.ssrc) for sa in sas}) > 1 or any(sa.parameters != sas[0].parameters for sa in sas):
            raise UsageError("the Data SAs of one direction belong to one crypto session")
        profile = profile_for(sas[0])
        found = list(known)
        keys = tuple(_named_key(sa, found) for sa in sas)
        by_interval = isinstance(sas[0].validity, IntervalValidity)
        if by_interval:
            keys = tuple(sorted(keys, key=lambda key: key.first))
        _check_names(sas, keys)
        mki_octets = len(keys[0].mki)
        return cls(
            keys=keys,
            profile=profile,
            ssrc=sas[0].ssrc.to_bytes(4, "big") if sas[0].ssrc else b"",
            mki_octets=mki_octets,
            splice=MkiSplice(mki_octets, profile.tag_octets),
            rtcp_splice=MkiSplice(mki_octets, profile.rtcp_tag_octets),
            by_interval=by_interval,
        )

    @property
    def plain(self) -> bool:
        """Whether packets need not be looked at to know their key."""
        return not self.mki_octets and not self.by_interval

    def by_mki(self, mki: bytes) -> NamedKey | None:
        """The key of that name."""
        for key in self.keys:
            if key.mki == mki:
                return key
        return None

    def at(self, index: int) -> NamedKey | None:
        """The key whose interval holds that packet index, ends included; without intervals the last one given."""
        if not self.by_interval:
            return self.keys[-1]
        for key in self.keys:
            if key.first <= index <= key.last:
                return key
        return None


def _named_key(sa: DataSa, found: list[MasterKey]) -> NamedKey:
    fresh = MasterKey(key=sa.master_key, salt=sa.master_salt, profile=profile_for(sa))
    master = next((known for known in found if known.same_as(fresh)), fresh)
    found.append(master)
    first, last = _interval(sa)
    return NamedKey(master=master, mki=sa.mki, first=first, last=last)


def _interval(sa: DataSa) -> tuple[int, int]:
    if not isinstance(sa.validity, IntervalValidity):
        return 0, MAX_INDEX
    first = int.from_bytes(sa.validity.valid_from, "big")
    last = int.from_bytes(sa.validity.valid_to, "big")
    if not first <= last <= MAX_INDEX:
        raise _unusable("the validity interval of a key isn't a range of 48-bit packet indexes")
    return first, last


def _check_names(sas: Sequence[DataSa], keys: tuple[NamedKey, ...]) -> None:
    if len({(isinstance(sa.validity, IntervalValidity), len(sa.mki)) for sa in sas}) > 1:
        raise _unusable("the keys of one stream must have MKIs of one length, or all have validity intervals")
    if len(keys[0].mki) > MAX_MKI_OCTETS:
        raise _unusable(f"an MKI of {len(keys[0].mki)} octets is longer than {MAX_MKI_OCTETS}")
    if len(keys) == 1:
        return
    if keys[0].mki:
        if len({key.mki for key in keys}) < len(keys):  # [3830-A.1-3]
            raise _unusable("two keys of one stream have the same MKI")
        return
    if not isinstance(sas[0].validity, IntervalValidity):
        raise _unusable("several keys of one stream need MKIs or validity intervals to tell them apart")
    if any(before.last >= after.first for before, after in pairwise(keys)):
        raise _unusable("the validity intervals of two keys overlap")


def _unusable(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=ErrorNo.UNSPECIFIED, section="RFC 3830 appendix A.1")
