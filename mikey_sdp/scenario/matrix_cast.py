"""Who plays in the runs of the matrix, and what each of them holds: nothing but what the situation grants him."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mikey_sdp.dissect.known import Known
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, NullCredential, PskCredential
from mikey_sdp.nodes.contract import Address
from mikey_sdp.scenario.build import EPOCH_UNIX_US
from mikey_sdp.scenario.chance import RecordedEntropy, with_private_values
from mikey_sdp.scenario.mode_cases import ALICE, BOB, ModeCase
from mikey_sdp.scenario.modes import CREDENTIALS
from mikey_sdp.scenario.pki import certificate_credentials
from mikey_sdp.scenario.saml import private_octets, saml_credentials
from mikey_sdp.scenario.schema import Asserted, Certified
from mikey_sdp.secret import Secret, SeededEntropy

CAROL: Final = "sip:carol@example.com"
_SIP_PORT: Final = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One party of a situation, before it is given anything.

    Keeps: `known`, whether the caller has something for it beforehand: a shared key, or its certificate; `key_of`,
    whose secrets it holds, those of another party for a device that got a copy; `psk_of`, the same of its pre-shared
    key alone; `in_group`, whether its pre-shared key is one that several hold and the caller uses with all of them;
    `knows_caller`, whether it has the caller's certificate beforehand; `host`, the last octet of its address.
    """

    identity: str
    host: int
    known: bool = True
    key_of: str = ""
    psk_of: str = ""
    in_group: bool = False
    knows_caller: bool = False


ROLES: Final[Mapping[str, Role]] = {
    "alice": Role(identity=ALICE, host=1),
    "bob": Role(identity=BOB, host=2),
    "desk": Role(identity=BOB, host=11),
    "mobile": Role(identity=BOB, host=12),
    "carol": Role(identity=CAROL, host=21),
}
"""Those who play in most situations; desk and mobile are two devices of bob."""
CALLER: Final = "alice"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A party with what it holds.

    Keeps: `long_term`, the same as an attacker would use it; `entropy`, all its chance, written down.
    """

    name: str
    role: Role
    credentials: tuple[Credential, ...]
    long_term: tuple[Known, ...] = field(repr=False)
    entropy: RecordedEntropy = field(repr=False)

    @property
    def address(self) -> Address:
        """Where it takes SIP."""
        return address(self.role.host)

    @cached_property
    def seed(self) -> bytes:
        """What decides its tokens and packets."""
        return f"matrix|{self.name}".encode()

    @property
    def secrets(self) -> tuple[Known, ...]:
        """All that it holds, the private values of its own exchanges so far included."""
        return with_private_values(self.long_term, self.entropy.drawn)


def address(host: int) -> Address:
    """An address of the range for documentation."""
    return Address(f"192.0.2.{host}", _SIP_PORT)


def cast(case: ModeCase, roles: Mapping[str, Role]) -> dict[str, Actor]:
    """The parties with the credentials of a mode; the caller is among them."""
    kind = CREDENTIALS[case.word]
    held = _HOLDINGS[kind](case, roles)
    if case.free_choice and kind != "certificate":
        certified = _certified(case, roles)
        held = {name: _both(held[name], certified[name]) for name in roles}
    return {
        name: Actor(
            name=name,
            role=role,
            credentials=tuple(held[name][0]),
            long_term=tuple(held[name][1]),
            entropy=RecordedEntropy(f"matrix|{case.name}|{name}|chance".encode()),
        )
        for name, role in roles.items()
    }


def shared_key(one: str, other: str) -> Secret:
    """The key that two hold in common."""
    return Secret(SeededEntropy(f"matrix|psk|{'|'.join(sorted((one, other)))}".encode())(32))


_Holding = tuple[Sequence[Credential], Sequence[Known]]


def _both(one: _Holding, other: _Holding) -> _Holding:
    return [*one[0], *other[0]], [*one[1], *other[1]]


def _pre_shared(_case: ModeCase, roles: Mapping[str, Role]) -> dict[str, _Holding]:
    """A key for each identity that the caller knows; who is unknown holds one of which the caller has no copy."""
    held: dict[str, _Holding] = {}
    own: dict[str, Secret] = {}
    for name, role in roles.items():
        if name == CALLER:
            continue
        key = shared_key(CALLER, role.psk_of or role.key_of or name)
        if role.known:
            own.setdefault(ANY_PEER if role.in_group else role.identity, key)
        held[name] = ([PskCredential(ALICE, key)], [Known(psk=key)])
    credentials = [PskCredential(identity, key) for identity, key in own.items()]
    held[CALLER] = (credentials, [Known(psk=key) for key in own.values()])
    return held


def _unprotected(_case: ModeCase, roles: Mapping[str, Role]) -> dict[str, _Holding]:
    return {name: ([NullCredential()], []) for name in roles}


def _certified(case: ModeCase, roles: Mapping[str, Role]) -> dict[str, _Holding]:
    """A certificate each, by one authority; the caller has those of whom it knows at hand, the others nobody's."""
    known = tuple(name for name, role in roles.items() if role.known and not role.key_of)
    caller = (CALLER,)
    asked = {
        name: Certified(
            key="ec" if case.certified == "ec" else "rsa",
            knows=known if name == CALLER else caller[: role.knows_caller],
        )
        for name, role in roles.items()
    }
    made = certificate_credentials(asked, {name: role.identity for name, role in roles.items()}, _octets)
    certificates = tuple(one.certificates[0] for one in made.values())
    held: dict[str, _Holding] = {}
    for name, role in roles.items():
        credential = made[name]
        if role.key_of:
            original = made[role.key_of]
            credential = CertificateCredential(original.certificates, original.key, credential.trust, names_owner=False)
        held[name] = ([credential], [Known(key=credential.key, certificates=certificates)])
    return held


def _asserted(_case: ModeCase, roles: Mapping[str, Role]) -> dict[str, _Holding]:
    identities = {name: role.identity for name, role in roles.items()}
    made = saml_credentials(dict.fromkeys(roles, Asserted()), identities, _octets, now_unix_us=EPOCH_UNIX_US)
    return {name: ([made[name]], [Known(static=private_octets(name, Asserted(), _octets))]) for name in roles}


def _octets(purpose: str, count: int) -> bytes:
    return SeededEntropy(f"matrix|{purpose}".encode())(count)


_HOLDINGS: Final = {
    "psk": _pre_shared,
    "unprotected": _unprotected,
    "certificate": _certified,
    "saml": _asserted,
}
