"""How the parts of an edge's configuration are read: files by name, secrets by place, faults by path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final, Protocol, TypeVar

from mikey_sdp.errors import BackendUnavailable, DecodeError, MikeySdpError, UsageError
from mikey_sdp.secret import Secret
from mikey_sdp.softphone.edge_faults import Faults, Path
from mikey_sdp.softphone.edge_places import PlaceFault
from mikey_sdp.softphone.edge_words import MAX_CONFIG_OCTETS

_KEYRING: Final = "keyring:"
_IN = TypeVar("_IN")
_OUT = TypeVar("_OUT")


class SecretPlaces(Protocol):
    """Reads what lies at a place such as `@/etc/alice.psk` or `keyring:mikey/alice`; `name` is for complaints."""

    def secret(self, place: str, name: str) -> Secret:
        """A key, whichever way it is written down. Raises: UsageError, BackendUnavailable."""

    def octets(self, place: str, name: str) -> bytes:
        """All that lies there, of a PEM text, say. Raises: UsageError, BackendUnavailable."""


def read_file(path: FilePath) -> bytes:
    """All octets of a file of the size of a configuration.

    Raises: UsageError where it can't be read, or is longer.
    """
    try:
        with path.open("rb") as stream:
            octets = stream.read(MAX_CONFIG_OCTETS + 1)
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        raise UsageError(f"{path} can't be read: {told}") from None
    if len(octets) > MAX_CONFIG_OCTETS:
        raise UsageError(f"{path} has more than {MAX_CONFIG_OCTETS} octets")
    return octets


@dataclass(frozen=True, slots=True)
class Reading:
    """One file under reading: whatever is wrong is noted, and reading goes on."""

    path: FilePath
    faults: Faults
    secrets: SecretPlaces

    def file(self, name: str) -> FilePath:
        """The file of that name, looked for from the folder of the configuration."""
        return self.path.parent / FilePath(name)

    def text(self, name: str, path: Path) -> bytes | None:
        """What is in a file."""
        return self.attempt(path, lambda given: read_file(self.file(given)), name)

    def secret(self, place: str, path: Path) -> Secret | None:
        """A pre-shared key."""
        return self.attempt(path, lambda given: self.secrets.secret(self._place(given), "psk"), place)

    def private(self, place: str, path: Path) -> bytes | None:
        """The PEM text of a private key."""
        return self.attempt(path, lambda given: self.secrets.octets(self._place(given), "key"), place)

    def attempt(self, path: Path, read: Callable[[_IN], _OUT], given: _IN | None) -> _OUT | None:
        """What `read` makes of a word; None where there is none, and where it complains, which is noted.

        Raises: BackendUnavailable.
        """
        if given is None:
            return None
        try:
            return read(given)
        except BackendUnavailable:
            raise
        except PlaceFault as fault:
            self.faults.note(path, fault.reason, fault.hint)
        except DecodeError as error:
            self.faults.note(path, error.reason)
        except MikeySdpError as error:
            self.faults.note(path, str(error))
        return None

    def _place(self, spec: str) -> str:
        """A place of a secret, its file as the secrets' reader finds it."""
        if spec.startswith("@"):
            return f"@{self.file(spec[1:])}"
        if spec.startswith(_KEYRING):
            return spec
        raise UsageError("a secret does not stand in this file; give '@FILE' or 'keyring:SERVICE/USER'")
