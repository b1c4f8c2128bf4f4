"""The CSBs that an end holds at the moment, by peer and CSB ID.

Source: RFC 3830 sections 4.5 and 6.1.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.secret import Entropy, Secret

MAX_PAIRS: Final = 4096
_MAX_DRAWS: Final = 64


class BundleStore:
    """Every CSB that is in use; empty again when all calls have ended.

    A CSB ID is unique between two parties only, so one number may stand for different bundles with different peers.
    The branches of a forked call have the same CSB ID with the same peer, and keys in common or not: each is a holder
    of its own, and the CSB is gone when the last of them closes it.
    Keeps: beside them, of every peer the newest envelope key that later CSBs may use as pre-shared key, also when its
    own CSB is closed; of `max_pairs` peers at most, the latest.
    """

    def __init__(self, *, max_pairs: int = MAX_PAIRS) -> None:
        self._bundles: dict[tuple[str, int], dict[object, Bundle]] = {}
        self._pair_keys: dict[str, Secret] = {}
        self._max_pairs = max_pairs

    def __len__(self) -> int:
        return len(self._bundles)

    def __iter__(self) -> Iterator[Bundle]:
        return iter(tuple(bundle for held in self._bundles.values() for bundle in held.values()))

    def get(self, peer: str, csb_id: int) -> Bundle | None:
        """The bundle that we share with the peer under that CSB ID; of several holders the one that came last."""
        held = self._bundles.get((canonical_identity(peer), csb_id))
        return next(reversed(held.values())) if held else None

    def put(self, peer: str, bundle: Bundle, *, holder: object = None) -> None:
        """Keep a bundle, or its updated value, and a new envelope key that is for the pair. # [3830-6.3-3]

        `holder` is the branch of a forked call that it is for.
        """
        name = canonical_identity(peer)
        before = self.get(peer, bundle.csb_id)
        held = self._bundles.setdefault((name, bundle.csb_id), {})
        held.pop(holder, None)
        held[holder] = bundle
        key = bundle.envelope_key if bundle.for_pair else None
        if key is not None and (before is None or before.envelope_key != key):
            self._pair_keys.pop(name, None)
            self._pair_keys[name] = key
            if len(self._pair_keys) > self._max_pairs:
                del self._pair_keys[next(iter(self._pair_keys))]

    def pair_key(self, peer: str) -> Secret | None:
        """The newest envelope key that was cached for every CSB of this pair (C = 1)."""
        return self._pair_keys.get(canonical_identity(peer))

    def forget(self, peer: str) -> None:
        """Cache no key for a peer any longer; how long that is useful is the caller's policy. # [3830-3.2-11]"""
        self._pair_keys.pop(canonical_identity(peer), None)

    def close(self, peer: str, csb_id: int, *, holder: object = None) -> None:
        """Forget a bundle when its session ends; forgetting one that is gone is no fault. # [4567-7.1-7]"""
        name = canonical_identity(peer), csb_id
        held = self._bundles.get(name, {})
        held.pop(holder, None)
        if not held:
            self._bundles.pop(name, None)

    def draw_csb_id(self, entropy: Entropy, *peers: str, taken: Container[int] = ()) -> int:
        """A random CSB ID that is in use with none of these peers, and is none of `taken`. # [3830-6.1-13]

        Raises: UsageError when the entropy keeps giving numbers that are taken.
        """
        for _ in range(_MAX_DRAWS):
            csb_id = int.from_bytes(entropy(4), "big")
            if csb_id not in taken and all(self.get(peer, csb_id) is None for peer in peers):
                return csb_id
        raise UsageError("the source of entropy keeps drawing CSB IDs that are in use")
