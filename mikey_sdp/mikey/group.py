"""One-to-many: an Initiator who owns a group pushes one key to each member.

Source: RFC 3830 sections 2.1, 4.3.2, 5.1.1 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from mikey_sdp.clock import NtpTime
from mikey_sdp.errors import PeerError, PolicyRefused, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import Credential, CredentialStore, canonical_identity
from mikey_sdp.mikey.modes.contract import Established, Initiator, InitiatorSetup, Mode
from mikey_sdp.mikey.modes.roles import identity_of
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.payloads.key_data import KeyData
from mikey_sdp.mikey.replay import TimestampSource
from mikey_sdp.secret import Entropy


class GroupPush:
    """The owner's view of a group: one bundle, whose CSB ID, CS IDs, RAND, keys and policies every member gets.

    # [3830-6.11-3] [3830-8.1-2]
    `admits` decides who may be a member; without it only those named by `credentials` are, by explicit configuration,
    and nobody else adds any. # [3830-4.3.2-5]
    Raises: UsageError for a mode that gives each pair a key of its own # [3830-3.3-9]; PolicyRefused for keys that
    were received from another owner. # [3830-4.3.2-4]
    """

    def __init__(
        self,
        own: str,
        bundle: Bundle,
        *,
        mode: Mode,
        credentials: CredentialStore,
        entropy: Entropy,
        verification: bool = False,
        secure_carrier: bool = False,
        admits: Callable[[str], bool] | None = None,
    ) -> None:
        if not MODES[mode].group:
            raise UsageError(f"{mode} gives every pair a key of its own and can't key a group")
        if not bundle.own:
            raise PolicyRefused("keys-stay-with-their-owner", "keys received from a group's owner are not handed on")
        self._own = own
        self._bundle = bundle
        self._mode = mode
        self._credentials = credentials
        self._entropy = entropy
        self._verification = verification
        self._secure_carrier = secure_carrier
        self._admits = admits
        self._stamps = TimestampSource()
        self._invited: dict[str, Initiator] = {}
        self._joined: dict[str, Established] = {}

    @property
    def bundle(self) -> Bundle:
        """The group's CSB."""
        return self._bundle

    @property
    def joined(self) -> Mapping[str, Established]:
        """The members that verified, by identity; all that were invited where no verification is asked for."""
        return MappingProxyType(self._joined)

    def invite(self, member: str, now: NtpTime) -> bytes:
        """The I_MESSAGE for one member.

        Raises: PolicyRefused for somebody who is not to be a member.
        """
        return self._message(member, now, previous=None)

    def verified(self, member: str, answer: bytes) -> Established:
        """Take one member's answer.

        A member that refuses the policy is not joined; the group's policy is common to all and does not change for
        one. # [3830-5.1.1-4]
        Raises: DecodeError, PeerError; UsageError for somebody who was not invited.
        """
        initiator = self._invited.get(canonical_identity(member))
        if initiator is None:
            raise UsageError(f"{member} was not invited")
        established = initiator.complete(answer)
        if canonical_identity(established.peer) != canonical_identity(member):
            raise PeerError(f"{established.peer} answered for {member}", mikey_error=None, section="RFC 3830 section 8")
        self._joined[canonical_identity(member)] = established
        return established

    def rekeyed(self, keys: tuple[KeyData, ...], members: Iterable[str], now: NtpTime) -> dict[str, bytes]:
        """New keys for those who stay, as an update of the same CSB for each; who is not named can't read on.

        Raises: PolicyRefused for somebody who is not to be a member, UsageError without keys; nothing has changed then.
        """
        if not keys:
            raise UsageError("without new keys everybody can read on")
        staying = tuple(members)
        for member in staying:
            self._credential_for(member)
        previous, self._bundle = self._bundle, self._bundle.updated(keys=keys)
        self._joined.clear()
        self._invited.clear()
        return {member: self._message(member, now, previous=previous) for member in staying}

    def _credential_for(self, member: str) -> Credential:
        credential = self._credentials.find(MODES[self._mode].credential, member)
        if credential is None or (self._admits is not None and not self._admits(member)):
            raise PolicyRefused("members-by-authorisation", f"{member} is not authorised to join the group")
        return credential

    def _message(self, member: str, now: NtpTime, *, previous: Bundle | None) -> bytes:
        credential = self._credential_for(member)
        setup = InitiatorSetup(
            own=identity_of(self._own),
            peer=identity_of(member),
            bundle=self._bundle,
            previous=previous,
            timestamp=self._stamps.stamp(now),
            now=now,
            entropy=self._entropy,
            verification=self._verification,
        )
        initiator = MODES[self._mode].initiate(setup, credential, self._secure_carrier)
        self._invited[canonical_identity(member)] = initiator
        if not self._verification:
            self._joined[canonical_identity(member)] = Established(mode=self._mode, bundle=self._bundle, peer=member)
        return initiator.message.octets
