"""The key of a conference that this end owns: one CSB for everybody, pushed in our offers or asked for in RSA-R.

Source: RFC 5197 section 5.4, RFC 3830 sections 2.1 and 8, RFC 4738 section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from mikey_sdp.mikey.bundle import Bundle, DataSa
from mikey_sdp.mikey.credentials import canonical_identity
from mikey_sdp.mikey.keys import fresh_rand, fresh_tgk, next_mki
from mikey_sdp.mikey.modes.groups import Group
from mikey_sdp.mikey.payloads.hdr import SrtpIdEntry
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.registry import PrfFunc
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.secret import Entropy

_CSB_ID_OCTETS: Final = 4
_STREAMS_EACH: Final = 2


class GroupKeys:
    """What all members of a conference share, and who may be one: CSB ID and RAND for good, the key until the next.

    Every member derives the same TEKs: one for what Initiators send, one for what Responders send.
    Keeps: `address`, by which members ask for the key; `srtp`, the policy, common to all.
    """

    def __init__(
        self,
        address: str,
        *,
        admits: Callable[[str], bool],
        entropy: Entropy,
        streams: int = 1,
        srtp: SrtpParameters = DEFAULT_SRTP,
        mki_octets: int = 1,
    ) -> None:
        self.address: Final = address
        self.srtp: Final = srtp
        self.csb_id: Final = int.from_bytes(entropy(_CSB_ID_OCTETS), "big")
        self.rand: Final = fresh_rand(entropy)
        self._admits: Final = admits
        self._entropy: Final = entropy
        self._streams: Final = streams
        self._mki_octets: Final = mki_octets
        self._keys: tuple[KeyData, ...] = ()
        self.renew()

    @property
    def keys(self) -> tuple[KeyData, ...]:
        """The key of now."""
        return self._keys

    def renew(self) -> None:
        """Another key: who has the one before opens nothing that comes after, and the other way round."""
        self._keys = (fresh_tgk(self._entropy, mki=next_mki(self._keys, self._mki_octets)),)

    def take_back(self, keys: tuple[KeyData, ...]) -> None:
        """Go on with the key before the one of now, which nobody was given."""
        self._keys = keys

    def has_given(self, sas: Iterable[DataSa]) -> bool:
        """Whether what somebody sends under comes from the key of now; its name tells."""
        return {sa.validity for sa in sas} == {key.validity for key in self._keys}

    def lets_in(self, identity: str) -> bool:
        """Whether somebody may be a member."""
        return self._admits(canonical_identity(identity))

    def at(self, addressed: str) -> Group | None:
        """The group as who asks at that address gets it; None where it is another's address."""
        if canonical_identity(addressed) != canonical_identity(self.address):
            return None
        bundle = Bundle(
            csb_id=self.csb_id,
            prf_func=PrfFunc.MIKEY_1,
            rand=self.rand,
            sessions=(SrtpIdEntry(),) * (_STREAMS_EACH * self._streams),
            policies={0: self.srtp},
            keys=self._keys,
            own=True,
        )
        return Group(bundle=bundle, admits=self._admits)
