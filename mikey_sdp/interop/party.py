"""One end of exchanges, by its sid: makes offers, answers them, takes answers, updates its CSB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from mikey_sdp.errors import DecodeError, PeerError, UsageError
from mikey_sdp.interop.commands import Complete, Init, Respond, Update
from mikey_sdp.interop.results import Result, keys_of
from mikey_sdp.interop.settings import INITIATOR, RESPONDER, Settings
from mikey_sdp.interop.values import octets_of_base64, to_base64
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.bundles import BundleStore
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, CredentialStore, PskCredential
from mikey_sdp.mikey.keys import fresh_rand
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import (
    Envelope,
    Established,
    Initiator,
    InitiatorSetup,
    Mode,
    ResponderSetup,
)
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo
from mikey_sdp.mikey.modes.responder import Responder
from mikey_sdp.mikey.modes.roles import identity_of, text_of
from mikey_sdp.mikey.modes.table import MODES, row_of_message
from mikey_sdp.mikey.payloads import Identity, KeyData
from mikey_sdp.mikey.registry import DataType, PrfFunc
from mikey_sdp.mikey.replay import ReplayCache, TimestampSource
from mikey_sdp.mikey.srtp_policy import DEFAULT_SRTP, SrtpParameters
from mikey_sdp.srtp.profile import SUPPORTED, profile_of

SECTION: Final = "RFC 3830 section 3"
MAX_BUNDLES: Final = 256


@dataclass(slots=True, kw_only=True)
class Party:
    """What one end remembers from line to line.

    Keeps: `offer`, what waits for answers; `established`, the last exchange that was finished; at most 256 CSBs.
    """

    settings: Settings
    replay: ReplayCache = field(default_factory=ReplayCache)
    bundles: BundleStore = field(default_factory=BundleStore)
    stamps: TimestampSource = field(default_factory=TimestampSource)
    offer: Initiator | None = None
    own: str = ""
    established: Established | None = None

    def init(self, words: Init) -> Result:
        """Open a CSB."""
        settings = self.settings
        mode, own, peer = settings.mode_of_offer, settings.own or INITIATOR, settings.peer
        if peer is None and words.peer is not None and MODES[mode].credential is not CertificateCredential:
            peer = RESPONDER  # whose certificate is not known before is not named: no certificate would be for him
        with _our_fault():
            policies, sessions = settings.policies, settings.sessions
            first = policies.get(sessions[0].policy_no) if sessions else next(iter(policies.values()), None)
            keys = settings.fresh_keys(first or DEFAULT_SRTP)  # in every mode, so that words about keys are read
            bundle = Bundle(
                csb_id=words.csb_id if isinstance(words.csb_id, int) else self._draw_csb_id(),
                prf_func=PrfFunc.MIKEY_1,
                rand=fresh_rand(settings.entropy),
                sessions=sessions,
                policies=policies,
                keys=keys if MODES[mode].pushes else (),
                own=True,
            )
        self.own = own
        return {"message": self._offer(mode, settings.credential_for(mode), bundle, peer=peer, previous=None)}

    def respond(self, words: Respond, settings: Settings) -> Result:
        """Take an offer, under settings that are kept if it is accepted."""
        if len(self.bundles) >= MAX_BUNDLES:
            raise UsageError(f"this end has {MAX_BUNDLES} CSBs, the most it can have; go on with another sid")
        octets = octets_of_base64(words.message, "message")
        own = settings.own or self.own or _addressed(octets) or RESPONDER
        mode = settings.mode

        def judge(message: Message) -> None:
            row = row_of_message(message)
            updates = any(bundle.csb_id == message.header.csb_id for bundle in self.bundles)
            if mode is not None and row is not None and row.mode is not mode and not updates:
                raise PeerError(f"the message is of mode {row.mode}", mikey_error=None, section=SECTION)

        with _our_fault():
            setup = ResponderSetup(
                own=identity_of(own),
                credentials=CredentialStore(settings.credentials),
                replay=self.replay,
                bundles=self.bundles,
                accept=_accept,
                entropy=settings.entropy,
                fresh_keys=lambda parameters, _previous: settings.fresh_keys(parameters),
                choices=settings.choices,
                supported=SUPPORTED,
                require_idr=False,
                profile=settings.profile,
            )
        envelope = Envelope(
            peer=settings.peer, secure_carrier=settings.secure_carrier, ssrcs=_ssrcs(words), judge=judge
        )
        response = Responder(setup).respond(octets, now=settings.now, envelope=envelope)
        shown = keys_of(response.established.bundle)
        self.settings, self.own = settings, own
        self._keep(response.established)
        return {"message": to_base64(response.reply), **shown, "tolerated": _tolerated(response.established)}

    def complete(self, words: Complete) -> Result:
        """Take an answer to the last offer; further ones may follow, of other branches. Where a second round is due,
        its offer is made at once."""
        if self.offer is None:
            raise UsageError(f"nothing of sid {words.sid!r} waits for an answer")
        established = self.offer.complete(octets_of_base64(words.message, "message"))
        shown = keys_of(established.bundle)
        self._keep(established)
        due = established.bundle.continuation
        message = None if due is None else self._further_round(established, due.round_2)
        return {"message": message, **shown, "tolerated": _tolerated(established)}

    def _further_round(self, before: Established, purpose: RoundTwo) -> str | None:
        """The offer of a second round; a group that it is for is ours."""
        bundle = before.bundle
        if purpose is RoundTwo.GROUP:
            keys = self.settings.fresh_keys(next(iter(bundle.policies.values()), DEFAULT_SRTP))
            bundle = replace(bundle, keys=keys, own=True, rand=fresh_rand(self.settings.entropy))
        credential = self.settings.credential_for(before.mode)
        return self._offer(before.mode, credential, bundle, peer=before.peer, previous=before.bundle)

    def update(self, words: Update) -> Result:
        """Offer an update of the CSB: under the envelope key where both ends kept one, else in the mode of the CSB."""
        before = self.established
        if before is None:
            raise UsageError(f"sid {words.sid!r} has no CSB to update yet")
        mode = Mode.PSK if before.bundle.envelope_key is not None else before.mode
        if not MODES[mode].updates:
            raise UsageError(f"{mode} has no updates; init opens a new CSB")
        if mode is Mode.ECMQV and not words.new_keys:
            raise UsageError("every update of ECMQV brings new keys")
        with _our_fault():
            keys: tuple[KeyData, ...] = ()
            if words.new_keys and MODES[mode].pushes:
                policies = before.bundle.policies
                keys = self.settings.fresh_keys(next(iter(policies.values()), DEFAULT_SRTP))
            bundle = before.bundle.updated(keys=keys)
        peer = before.peer or self.settings.peer
        envelope_key = before.bundle.envelope_key
        credential: Credential
        if envelope_key is not None:
            credential = PskCredential(peer or ANY_PEER, envelope_key)
        else:
            credential = self.settings.credential_for(mode)
        new_keys = words.new_keys
        return {"message": self._offer(mode, credential, bundle, peer=peer, previous=before.bundle, new_keys=new_keys)}

    def keys(self) -> Result:
        """What this end has at the moment: the keys of the last exchange, or those that it offered."""
        if self.established is not None:
            shown, tolerated = keys_of(self.established.bundle), _tolerated(self.established)
        elif self.offer is not None and self.offer.early_bundle is not None:
            shown, tolerated = keys_of(self.offer.early_bundle), []
        else:
            raise UsageError("this end has no keys yet: the answer makes them or brings them")
        return {"message": None, **shown, "tolerated": tolerated}

    def _offer(
        self,
        mode: Mode,
        credential: Credential,
        bundle: Bundle,
        *,
        peer: str | None,
        previous: Bundle | None,
        new_keys: bool = True,
    ) -> str | None:
        settings, row = self.settings, MODES[mode]
        now = settings.now
        with _our_fault():
            setup = InitiatorSetup(
                own=identity_of(self.own),
                peer=None if peer is None else identity_of(peer),
                bundle=bundle,
                previous=previous,
                timestamp=self.stamps.stamp(now),
                now=now,
                entropy=settings.entropy,
                verification=settings.verification,
                new_keys=new_keys,
                choices=settings.choices,
                profile=settings.profile,
            )
            offer = row.initiate(setup, credential, settings.secure_carrier)
        if not row.fits(credential, peer or ""):
            raise UsageError(f"mode {mode} does not go with keys of this kind")
        self.offer = offer
        early = offer.early_bundle
        if early is not None and not offer.message.header.v:
            self._keep(Established(mode=mode, bundle=early, peer=peer or ""))
        return to_base64(offer.message.octets)

    def _keep(self, established: Established) -> None:
        self.established = established
        self.bundles.put(established.peer, established.bundle)

    def _draw_csb_id(self) -> int:
        return self.bundles.draw_csb_id(self.settings.entropy)


@contextmanager
def _our_fault() -> Iterator[None]:
    """What is refused here was asked for by the line, and by no peer."""
    try:
        yield
    except PeerError as fault:
        raise UsageError(fault.reason) from fault


def _accept(parameters: SrtpParameters) -> None:
    profile_of(parameters)


def _addressed(octets: bytes) -> str | None:
    """Whom a message is for, as it says itself."""
    try:
        message = Message.decode(octets)
        ids = message.all(Identity)
        alone = len(ids) == 1 and message.header.data_type == DataType.DHHMAC_INIT
        return text_of(ids[-1]) if alone or len(ids) == 2 else None
    except (DecodeError, PeerError):
        return None


def _ssrcs(words: Respond) -> dict[int, int]:
    if not all(cs_id.isascii() and cs_id.isdecimal() and len(cs_id) <= 3 for cs_id in words.ssrcs):
        raise UsageError("ssrcs names crypto sessions by their decimal CS IDs, from 1")
    return {int(cs_id): ssrc for cs_id, ssrc in words.ssrcs.items()}


def _tolerated(established: Established) -> list[str]:
    return [tolerance.value for tolerance in established.tolerated]
