"""What a run leaves beside its trace, for whoever asks afterwards who could have made which key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mikey_sdp.dissect.known import Known
from mikey_sdp.drivers.capture import Capture
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.scenario.chance import RecordedEntropy, with_private_values
from mikey_sdp.secret import Secret


@dataclass(slots=True, kw_only=True)
class Witness:
    """Sees everything in a run; give an empty one to whoever builds and runs it.

    Keeps: `capture`, all that passed; `keys`, every key that came into use; by party its credentials, the private
    values of its assertions, and its chance, written down; `made`, what attackers at its places came to, so that
    nobody has to attack twice; `bare`, keys that were found to rest on no secret, so that anybody can make them.
    """

    capture: Capture = field(default_factory=Capture)
    keys: list[DataSa] = field(default_factory=list, repr=False)
    chance: dict[str, RecordedEntropy] = field(default_factory=dict, repr=False)
    credentials: dict[str, Sequence[Credential]] = field(default_factory=dict, repr=False)
    assertions: dict[str, Secret] = field(default_factory=dict, repr=False)
    made: dict[tuple[tuple[str, ...], bool], frozenset[str]] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)

    def entropy(self, party: str, seed: bytes) -> RecordedEntropy:
        """The chance of a party's key exchanges."""
        self.chance[party] = RecordedEntropy(seed)
        return self.chance[party]

    def long_term(self, party: str) -> tuple[Known, ...]:
        """The secrets that a party keeps, as an attacker would use them; a server has none."""
        certificates = tuple(
            one.certificates[0]
            for held in self.credentials.values()
            for one in held
            if isinstance(one, CertificateCredential)
        )
        known = [
            Known(psk=one.key) if isinstance(one, PskCredential) else Known(key=one.key, certificates=certificates)
            for one in self.credentials.get(party, ())
            if isinstance(one, PskCredential | CertificateCredential)
        ]
        if party in self.assertions:
            known.append(Known(static=self.assertions[party]))
        return tuple(known)

    def all_long_term(self) -> tuple[Known, ...]:
        """The secrets that all parties keep."""
        return tuple(known for party in self.credentials for known in self.long_term(party))

    def secrets(self, parties: Iterable[str]) -> tuple[Known, ...]:
        """All that these parties hold, the private values of their exchanges included."""
        return tuple(
            known
            for party in parties
            for known in with_private_values(
                self.long_term(party), self.chance[party].drawn if party in self.chance else ()
            )
        )
