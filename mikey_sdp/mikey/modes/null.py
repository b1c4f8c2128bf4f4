"""The unprotected mode: keys in the clear and unauthenticated, for a carrier that protects them itself.

Source: RFC 3830 sections 4.2.3 and 4.2.4, RFC 5197 section 3.4.
"""

from __future__ import annotations

from typing import Final

from mikey_sdp.errors import PeerError, PolicyRefused
from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.credentials import NullCredential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes import push
from mikey_sdp.mikey.modes.contract import Established, InitiatorSetup, Mode, Request, ResponderSetup
from mikey_sdp.mikey.modes.csb import context_of, previous_of
from mikey_sdp.mikey.modes.tolerant import only_teks
from mikey_sdp.mikey.payloads.rand import Rand
from mikey_sdp.mikey.registry import EncrAlg, ErrorNo, MacAlg

SECTION: Final = "RFC 3830 section 4.2.4"
_UNPROTECTED: Final = push.Protection(encr_alg=EncrAlg.NULL, mac_alg=MacAlg.NULL, keys=None)


class NullInitiator:
    """The end of a NULL exchange that speaks first.

    Raises: PolicyRefused unless the carrier is declared secure; the credential is the second half of the permission.
    """

    mode: Final = Mode.NULL

    def __init__(self, setup: InitiatorSetup, credential: NullCredential, *, secure_carrier: bool) -> None:
        if not secure_carrier:  # [3830-4.2.3-5] [3830-4.2.4-4]
            raise PolicyRefused(
                "null-needs-secure-carrier",
                "MIKEY NULL sends keys in the clear; declare the carrier secure or choose another mode",
                facts={"secure_carrier": False, "permitted for": credential.peer},
            )
        self._setup = setup
        self.message: Final[Message] = push.build_i_message(setup, _UNPROTECTED)

    @property
    def early_bundle(self) -> Bundle:
        """The CSB as offered."""
        return self._setup.bundle

    def complete(self, octets: bytes) -> Established:
        """Take the answer of one Responder, which proves nothing.

        Raises: DecodeError, PeerError.
        """
        return push.complete(octets, mode=self.mode, setup=self._setup, sent=self.message, keys=None)


def _derives(message: Message) -> bool:
    """Whether RAND, or its lack, makes any difference: not where all keys are TEKs."""
    return message.find(Rand) is not None or not only_teks(push.keys_in_clear(message))


class NullResponder:
    """The end of a NULL exchange that answers."""

    def authenticate(self, request: Request, setup: ResponderSetup) -> push.Pushed:
        """There is nothing to verify; both permissions must be there instead.

        Raises: PeerError with Invalid MAC (3), or Invalid PRF (2) for a function that derives no keys here.
        """
        permitted = setup.credentials.find(NullCredential, request.peer or None) is not None
        if not (permitted and request.envelope.secure_carrier):  # [3830-4.2.3-5] [3830-4.2.4-4]
            why = "is not permitted here" if not permitted else "needs a carrier that is declared secure"
            raise PeerError(
                f"a message without encryption and MAC {why}", mikey_error=ErrorNo.INVALID_MAC, section=SECTION
            )
        previous = previous_of(request, setup, derives=_derives(request.message))
        context_of(request, previous)
        return push.Pushed(request=request, setup=setup, mode=Mode.NULL, keys=None, previous=previous)
