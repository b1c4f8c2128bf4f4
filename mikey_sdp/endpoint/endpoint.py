"""One user's end of secured calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mikey_sdp.clock import Clock
from mikey_sdp.endpoint.answering import Answer, make_answer
from mikey_sdp.endpoint.arguments import (
    check_credentials,
    check_identity,
    check_level,
    check_options,
    check_text,
    check_wishes,
    modes_of,
)
from mikey_sdp.endpoint.core import Core, Options
from mikey_sdp.endpoint.group import GroupKeys
from mikey_sdp.endpoint.keys import KeySet
from mikey_sdp.endpoint.leg import CallLeg
from mikey_sdp.endpoint.offering import Offer, make_offer
from mikey_sdp.endpoint.one_way import Announcement, announce, listen
from mikey_sdp.endpoint.state import LegState
from mikey_sdp.endpoint.wishes import NOTHING_SPECIAL, Expectations, Recipient
from mikey_sdp.mikey.credentials import Credential, CredentialStore
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.replay import ReplayCache
from mikey_sdp.sdp.offer_answer import LevelChoice
from mikey_sdp.sdp.protocols import OfferedProtocol
from mikey_sdp.secret import Entropy


class Endpoint:
    """Offers, answers and keys for the calls of one identity.

    Units: `identity` is a SIP URI (or an NAI), as the signalling names the user. `modes` narrows what the selection
    policy may choose from; None leaves it everything that a credential allows. `group` is the key of a conference that
    this end owns: whom it calls in a mode that can carry it, and who asks for it in RSA-R, gets that key.
    Raises: UsageError for what can't be one of these, and for an own certificate that doesn't name `identity`.
    """

    def __init__(
        self,
        identity: str,
        *,
        credentials: Iterable[Credential],
        clock: Clock,
        entropy: Entropy,
        modes: Iterable[Mode] | None = None,
        options: Options | None = None,
        replay: ReplayCache | None = None,
        group: GroupKeys | None = None,
    ) -> None:
        options = options or Options()
        check_identity("identity", identity)
        check_options(options)
        self._core = Core(
            identity=identity,
            credentials=CredentialStore(check_credentials(identity, credentials, options)),
            modes=modes_of("modes", modes),
            clock=clock,
            entropy=entropy,
            options=options,
            replay=replay or ReplayCache(),
            group=group,
        )

    def __repr__(self) -> str:
        return f"Endpoint({self._core.identity!r})"

    @property
    def identity(self) -> str:
        """Whose end this is."""
        return self._core.identity

    @property
    def options(self) -> Options:
        """How it behaves where the standards leave a choice."""
        return self._core.options

    @property
    def open_bundles(self) -> int:
        """How many CSBs are in use; 0 when all calls are over."""
        return len(self._core.bundles)

    def offer(
        self,
        sdp: str,
        *,
        to: str,
        secure_carrier: bool = False,
        level: LevelChoice = "session",
        other_protocols: Sequence[OfferedProtocol] = (),
        expects: Expectations = NOTHING_SPECIAL,
        recipients: Sequence[Recipient] = (),
        names_peer: bool = True,
    ) -> Offer:
        """The offer for a new call: `sdp` under secure profiles and with MIKEY at that level.

        `other_protocols` are offered behind MIKEY in order of preference # [4567-4.1.4-8]. `secure_carrier` declares
        that what carries the offer protects it end to end, without which MIKEY NULL is not even considered. Without
        `names_peer` the offer doesn't say whom it is for, so that others may take it too. `expects` is what is known of
        the call; `recipients` are for whom it has a message each, in order of preference, where it may reach several
        # [5197-5.2-5]: its answer is then from one of them, not necessarily from `to`.
        Raises: DecodeError and UsageError for the SDP, UsageError for any other argument that makes no sense,
        PolicyRefused where no mode fits the peer.
        """
        check_text("sdp", sdp)
        check_level(level)
        check_wishes(expects, other_protocols, recipients)
        check_identity("to", to)
        leg = self._leg(to, secure_carrier, level, other_protocols)
        leg.names_peer, leg.expects = names_peer, expects
        return make_offer(leg, sdp, recipients=recipients)

    def answer(self, offer: str, sdp: str, *, caller: str | None, secure_carrier: bool = False) -> Answer:
        """The answer to the offer of a new call, or the rejection; `caller` is who calls as the signalling has it.

        Raises: DecodeError and UsageError for our own SDP.
        """
        check_text("offer", offer)
        check_text("sdp", sdp)
        if caller is not None:
            check_text("caller", caller)
        return make_answer(self._leg("", secure_carrier, "session", ()), offer, sdp, caller=caller)

    def announce(self, sdp: str, *, to: str, other_protocols: Sequence[OfferedProtocol] = ()) -> Announcement:
        """A description for one-way distribution, that nobody answers. # [4567-4.1.3-1]

        Raises: DecodeError, UsageError, PolicyRefused.
        """
        check_text("sdp", sdp)
        check_identity("to", to)
        check_wishes(NOTHING_SPECIAL, other_protocols, ())
        return announce(self._leg(to, False, "session", other_protocols), sdp)

    def listen(self, sdp: str, *, announcer: str) -> KeySet:
        """The keys of a description that was distributed one way.

        Raises: DecodeError, PeerError.
        """
        return listen(self._leg("", False, "session", ()), sdp, announcer=announcer)

    def _leg(self, peer: str, secure_carrier: bool, level: LevelChoice, others: Sequence[OfferedProtocol]) -> LegState:
        return LegState(
            core=self._core,
            peer=peer,
            secure_carrier=secure_carrier,
            choice=level,
            others=tuple(others),
            srtp=self._core.options.srtp,
            found=CallLeg,
        )
