"""The pre-shared key mode: the Initiator pushes keys under a key that both ends already share.

Source: RFC 3830 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import ANY_PEER, PskCredential
from mikey_sdp.mikey.crypto.protection import check_algorithms, verify_mac
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup
from mikey_sdp.mikey.modes.csb import context_of, previous_of
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 3830 section 3.1"


class PskInitiator:
    """The end of a PSK exchange that speaks first.

    Raises: UsageError for NULL encryption, which is the business of MIKEY NULL.
    """

    mode: Final = Mode.PSK

    def __init__(self, setup: InitiatorSetup, credential: PskCredential) -> None:
        if setup.encr_alg == EncrAlg.NULL:
            raise UsageError("PSK mode encrypts its keys; for keys in the clear choose NULL mode")
        self._setup = setup
        self._holder = None if credential.peer == ANY_PEER else credential.peer
        self._keys = setup.bundle.context.message_keys(credential.key)
        protection = push.Protection(encr_alg=setup.encr_alg, mac_alg=MacAlg.HMAC_SHA_1_160, keys=self._keys)
        self.message: Final[Message] = push.build_i_message(setup, protection)

    @property
    def early_bundle(self) -> Bundle:
        """The CSB as offered: usable at once, since the Responder adds nothing to the keys."""
        return self._setup.bundle

    def complete(self, octets: bytes) -> Established:
        """Take the verification message of one Responder.

        Raises: DecodeError, PeerError.
        """
        return push.complete(
            octets, mode=self.mode, setup=self._setup, sent=self.message, keys=self._keys, holder=self._holder
        )


class PskResponder:
    """The end of a PSK exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> push.Pushed:
        """Verify the MAC with the key shared with the Initiator; nothing of the message is believed before.

        Raises: PeerError: Invalid EA/MAC (4, 3) for algorithms, Auth failure (0) for an unknown key or a wrong MAC.
        """
        kemac = push.kemac_of(request.message)
        check_algorithms(kemac.encr_alg, kemac.mac_alg)
        if kemac.mac_alg == MacAlg.NULL:  # [3830-4.2.4-4] [3830-4.2.3-9]
            raise PeerError("a PSK message needs a MAC", mikey_error=ErrorNo.INVALID_MAC, section=SECTION)
        if kemac.encr_alg == EncrAlg.NULL and not request.envelope.secure_carrier:  # [3830-4.2.3-5]
            raise PeerError("the keys are not encrypted", mikey_error=ErrorNo.INVALID_EA, section=SECTION)
        previous = previous_of(request, setup)
        context = context_of(request, previous)
        octets = request.message.octets
        covered = octets[: len(octets) - len(kemac.mac)]
        refusal: PeerError | None = None
        for shared in _shared_with(request, previous, setup):
            keys = context.message_keys(shared)
            try:
                verify_mac(kemac.mac_alg, keys, covered, kemac.mac, section="RFC 3830 section 5.2")
            except PeerError as fault:
                refusal = refusal or fault
                continue
            return push.Pushed(request=request, setup=setup, mode=Mode.PSK, keys=keys, previous=previous)
        raise refusal or _no_key_for(request)


def _shared_with(request: Request, previous: Bundle | None, setup: ResponderSetup) -> Iterator[Secret]:
    """The keys by which the message may be protected, which no message names: the envelope key that its CSB left
    # [3830-4.5-12], the key shared beforehand, the newest envelope key that is for the pair # [3830-6.3-3].

    A key that is shared with anybody opens new CSBs only where one of two alone was left: whoever else has it would
    take over theirs.
    """
    if previous is not None and previous.envelope_key is not None:
        yield previous.envelope_key
    configured = setup.credentials.find(PskCredential, request.peer or None)
    left_to_two = previous is not None and previous.envelope_key is not None
    if configured is not None and not (left_to_two and configured.peer == ANY_PEER):
        yield configured.key
    for_pair = setup.bundles.pair_key(request.peer) if request.peer else None
    if for_pair is not None:
        yield for_pair


def psk_of(request: Request, setup: ResponderSetup) -> PskCredential:
    """The pre-shared key of the Initiator.

    Raises: PeerError with Auth failure (0) where there is none.
    """
    credential = setup.credentials.find(PskCredential, request.peer or None)
    if credential is None:
        raise _no_key_for(request)
    return credential


def _no_key_for(request: Request) -> PeerError:
    who = request.peer or "a peer without an identity"
    return PeerError(f"no key is shared with {who}", mikey_error=ErrorNo.AUTH_FAILURE, section=SECTION)
