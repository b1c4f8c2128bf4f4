"""The credentials of a scenario's parties, which follow from its name and seed, or come from a key file."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Final

from cryptography import x509
from msgspec import UNSET

from mikey_sdp.mikey.credentials import ANY_PEER, MIN_PSK_OCTETS, Credential, NullCredential, PskCredential
from mikey_sdp.scenario.build_servers import uri_of
from mikey_sdp.scenario.document import Scenario
from mikey_sdp.scenario.pki import OctetSource, certificate_credentials
from mikey_sdp.scenario.reading import credentials_of, identity_of
from mikey_sdp.scenario.saml import private_octets, saml_credentials
from mikey_sdp.scenario.schema import SharedKey
from mikey_sdp.scenario.source import Source
from mikey_sdp.secret import Secret

_KEY_OCTETS: Final = 32
_MAX_KEY_FILE_OCTETS: Final = 1024
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+")


class Holdings:
    """Who holds what. Credentials belong to users: all phones of one share his keys, each has its own certificate.

    Raises: BackendUnavailable.
    """

    def __init__(self, scenario: Scenario, source: Source, octets: OctetSource, *, now_unix_us: int) -> None:
        self._scenario: Final = scenario
        self._source: Final = source
        self._octets: Final = octets
        identities = {name: uri_of(identity_of(scenario, name)) for name in scenario.parties}
        certified = {name: credentials_of(party).certificate for name, party in scenario.parties.items()}
        self._certified: Final = certificate_credentials(certified, identities, octets, now_unix_us=now_unix_us)
        asserted = {name: credentials_of(party).saml for name, party in scenario.parties.items()}
        self._asserted: Final = saml_credentials(asserted, identities, octets, now_unix_us=now_unix_us)

    def of(self, name: str) -> list[Credential]:
        """What a party holds.

        Raises: ScenarioError where a key file can't be used.
        """
        held: list[Credential] = []
        credentials = credentials_of(self._scenario.parties[name])
        if credentials.psk is not UNSET:
            held += self._shared_keys(name, credentials.psk)
        if credentials.unprotected is not UNSET:
            held.append(NullCredential())
        if name in self._certified:
            held.append(self._certified[name])
        if name in self._asserted:
            held.append(self._asserted[name])
        return held

    def certificate_of(self, name: str) -> x509.Certificate | None:
        """The certificate of a party, if it has one."""
        held = self._certified.get(name)
        return None if held is None else held.certificates[0]

    def assertion_of(self, name: str) -> dict[str, Secret]:
        """The private value of a party's assertion, under its name, if it has one."""
        asserted = credentials_of(self._scenario.parties[name]).saml
        return {} if asserted is UNSET else {name: private_octets(name, asserted, self._octets)}

    def _shared_keys(self, name: str, psk: SharedKey) -> list[Credential]:
        """One key for each user with whom the party shares one, however many phones he has."""
        own = identity_of(self._scenario, name)
        if psk.of_group:
            return [PskCredential(ANY_PEER, self._key(name, own, ANY_PEER, psk))]
        others = {
            identity_of(self._scenario, other): other
            for other in reversed(list(self._scenario.parties))
            if other != name and self._holds_for(name, other)
        }
        users = [user for user in reversed(others) if user != own]
        return [PskCredential(uri_of(user), self._key(name, own, user, psk)) for user in users]

    def _holds_for(self, name: str, peer: str) -> bool:
        """Whether a party that holds a psk holds one for that peer."""
        own, theirs = (credentials_of(self._scenario.parties[party]).psk for party in (name, peer))
        if own is not UNSET and own.shared_with is not UNSET:
            return peer in own.shared_with
        return theirs is not UNSET and (theirs.shared_with is UNSET or name in theirs.shared_with)

    def _key(self, name: str, own: str, other: str, psk: SharedKey) -> Secret:
        if psk.key_file is not UNSET:
            return self._key_from_file(name, psk.key_file)
        purpose = f"label|{psk.label}" if psk.label is not UNSET else f"pair|{'|'.join(sorted((own, other)))}"
        return Secret(self._octets(f"psk|{purpose}", _KEY_OCTETS))

    def _key_from_file(self, name: str, file: str) -> Secret:
        """The key in a file, whose name counts from the scenario file's folder: hex digits, or else raw octets."""
        path = ("parties", name, "credentials", "psk", "key file")
        try:
            with open(FilePath(self._source.file).parent / file, "rb") as stream:
                octets = stream.read(_MAX_KEY_FILE_OCTETS + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
            raise self._source.error(path, f"the key file can't be read: {reason}") from None
        text = octets.strip()
        key = bytes.fromhex(text.decode("ascii")) if _HEX.fullmatch(text) else octets
        if not MIN_PSK_OCTETS <= len(key) <= _MAX_KEY_FILE_OCTETS:
            bounds = f"{MIN_PSK_OCTETS} to {_MAX_KEY_FILE_OCTETS}"
            raise self._source.error(path, f"a key has {bounds} octets, this has {len(key)}")
        return Secret(key)
