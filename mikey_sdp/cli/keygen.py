"""`mikey-sdp keygen`: a new pre-shared key, straight into a file or the keyring."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from mikey_sdp.cli.common import keyring_call
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.credentials import MIN_PSK_OCTETS
from mikey_sdp.secret import Secret

DEFAULT_OCTETS: Final = MIN_PSK_OCTETS
MAX_OCTETS: Final = 256
_OWNER_ONLY: Final = 0o600

_FORMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "hex": lambda octets: octets.hex().encode() + b"\n",
    "base64": lambda octets: base64.b64encode(octets) + b"\n",
    "raw": lambda octets: octets,
}


@click.command("keygen")
@click.option(
    "--octets",
    type=click.IntRange(MIN_PSK_OCTETS, MAX_OCTETS),
    default=DEFAULT_OCTETS,
    show_default=True,
    help="How long the key is.",
)
@click.option(
    "--format", "form", type=click.Choice(list(_FORMS)), default="hex", show_default=True, help="How it is written."
)
@click.option("--out", metavar="FILE", help="Write it into a new file that only you can read.")
@click.option("--keyring", nargs=2, metavar="SERVICE USER", help="Put it into the keyring of the operating system.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; the key only if it goes nowhere else.")
def keygen(octets: int, form: str, out: str | None, keyring: tuple[str, str] | None, as_json: bool) -> None:
    """Make a pre-shared key from the system's randomness.

    Both ends of a call need the same key: make it once and bring it to the other end over a safe channel. The
    fingerprint lets two people compare their keys without telling them.

    \b
      mikey-sdp keygen --out alice-bob.psk
      mikey-sdp decode call.pcap --psk @alice-bob.psk
    """
    if out is not None and keyring is not None:
        raise UsageError("--out and --keyring exclude each other; a key in two places is twice as easily lost")
    key = Secret(os.urandom(octets))
    written = _FORMS[form](key.reveal())
    if out is not None:
        _write_new(Path(out), written)
    elif keyring is not None:
        keyring_call("set_password", *keyring, f"hex:{key.reveal().hex()}")
    _tell(key, written, _place(out, keyring), as_json)


def _place(out: str | None, keyring: tuple[str, str] | None) -> str:
    if out is not None:
        return f"@{out}"
    return f"keyring:{'/'.join(keyring)}" if keyring is not None else ""


def _write_new(path: Path, octets: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        raise UsageError(f"{path} exists; a key is never overwritten. Remove it or choose another name") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)


def _tell(key: Secret, written: bytes, place: str, as_json: bool) -> None:
    """The key itself goes to standard output only where it was put nowhere else."""
    if as_json:
        fields: dict[str, object] = {"octets": len(key), "fingerprint": key.fingerprint()}
        fields |= {"place": place} if place else {"hex": key.reveal().hex()}
        sys.stdout.write(json.dumps(fields) + "\n")
        return
    if place:
        sys.stdout.write(f"{len(key)} octets, fingerprint {key.fingerprint()}; use it with --psk {place}\n")
        return
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()
    if sys.stdout.isatty():
        sys.stderr.write("This key is on your screen now. --out FILE or --keyring SERVICE USER keep it out of sight.\n")
