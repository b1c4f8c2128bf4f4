"""What the worker reads and writes: events as lines of JSON, credentials out of a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import Credential, PskCredential
from mikey_sdp.secret import Secret

Words = Mapping[str, Any]


def say(event: str, **facts: Any) -> None:
    """One event on standard output."""
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def credentials_of(words: Words) -> list[Credential]:
    """The credentials that a `start` command brings: `psk` by peer in hex, or `cert`, `key`, `trust` and `known`.

    Raises: UsageError, ValueError for what is no hex.
    """
    held: list[Credential] = [
        PskCredential(peer, Secret(bytes.fromhex(key))) for peer, key in words.get("psk", {}).items()
    ]
    if "cert" in words:
        trust, known = words.get("trust", ()), words.get("known", ())
        held.append(CertificateCredential.from_pem(words["cert"], words["key"], trust=trust, known=known))
    return held
