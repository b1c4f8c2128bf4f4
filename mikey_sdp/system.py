"""The toolkit on this machine's clock and entropy: what applications use; everything below takes both as arguments."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from mikey_sdp import endpoint
from mikey_sdp.clock import NtpTime
from mikey_sdp.endpoint import Options
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.modes.contract import Mode


def system_clock() -> NtpTime:
    """The time of day of this machine."""
    return NtpTime.from_unix_us(time.time_ns() // 1_000)


class Endpoint(endpoint.Endpoint):
    """Offers, answers and keys for the calls of one identity, on the system's clock and entropy. # [3830-4.2.2-1]

    Units: as `mikey_sdp.endpoint.Endpoint`.
    """

    def __init__(
        self,
        identity: str,
        *,
        credentials: Iterable[Credential],
        modes: Iterable[Mode] | None = None,
        options: Options | None = None,
    ) -> None:
        super().__init__(
            identity, credentials=credentials, modes=modes, options=options, clock=system_clock, entropy=os.urandom
        )
