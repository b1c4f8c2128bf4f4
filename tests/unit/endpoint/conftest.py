"""What several tests of the endpoint begin with."""

from __future__ import annotations

import pytest

from mikey_sdp.endpoint import Offer
from tests.unit.endpoint.devices import FOR_DEVICES, alice_end
from tests.unit.endpoint.ends import BOB, body


@pytest.fixture
def offer() -> Offer:
    """An offer that two devices of Bob's can open under their own certificates, and any other by Diffie-Hellman."""
    return alice_end().offer(body(), to=BOB, recipients=FOR_DEVICES)
