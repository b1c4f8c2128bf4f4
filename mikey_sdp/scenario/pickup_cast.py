"""Who takes part in a group pickup, and what each of them holds: one caller, and phones that may all take the call."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from mikey_sdp.mikey.credentials import ANY_PEER, Credential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Address
from mikey_sdp.scenario.mode_cases import ALICE, CASES, ModeCase
from mikey_sdp.scenario.modes import CREDENTIALS
from mikey_sdp.scenario.pki import certificate_credentials
from mikey_sdp.scenario.schema import Certified
from mikey_sdp.secret import Secret, SeededEntropy

PICKUP: Final = "sip:pickup@example.com"
"""The address of the group, which is no phone's own."""
MAX_TARGETS: Final = 500
LEFT_OUT: Final = MappingProxyType(
    {
        Mode.NULL: "There is no operation to count: nothing is proved, and all phones have the caller's key.",
        Mode.DHSAML: "Its first round is not the whole exchange: each phone would need a round more, of its own.",
    }
)
"""The modes in which no group is called, and why."""
PICKUP_CASES: Final = tuple(case for case in CASES if case.mode not in LEFT_OUT)
"""The modes in which a group can be called."""

ENVELOPES: Final = (Mode.RSA, Mode.ECIES)
"""The modes in which the caller encrypts to a certificate, before it is known who answers."""
_KEY_PAIRS: Final = 8
"""To make an RSA key takes longer than all that is measured, so that the phones share a few. No two certificates are
the same, and it is certificates that an end remembers."""
_HOSTS_A_NET: Final = 250
_SIP_PORT: Final = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the caller holds, and each phone of the group in turn."""

    caller: tuple[Credential, ...] = field(repr=False)
    targets: tuple[tuple[Credential, ...], ...] = field(repr=False)


def target_name(number: int) -> str:
    """The name of one phone, from 1."""
    return f"target{number}"


def target_identity(case: ModeCase, number: int) -> str:
    """Whose phone it is: its own user's, or the group's where all have the group's certificate."""
    return PICKUP if case.mode in ENVELOPES else f"sip:{target_name(number)}@example.com"


def target_address(number: int) -> Address:
    """Where it takes SIP: in the networks for benchmarks (RFC 2544), since those for documentation are too small."""
    net, host = divmod(number - 1, _HOSTS_A_NET)
    return Address(f"198.18.{net}.{host + 1}", _SIP_PORT)


def holdings(case: ModeCase, targets: int, chance: str) -> Holdings:
    """What everybody holds in a mode; another `chance` gives certificates that nobody has met before.

    Certificates are each phone's own, by one authority, but where the caller has to encrypt to one before it is known
    who answers: then all have the group's. The pre-shared key is the group's as well.
    """
    if CREDENTIALS[case.word] == "psk":
        key = Secret(SeededEntropy(f"pickup|psk|{chance}".encode())(32))
        return Holdings(caller=(PskCredential(ANY_PEER, key),), targets=((PskCredential(ALICE, key),),) * targets)
    kind: Literal["rsa", "ec"] = "ec" if case.certified == "ec" else "rsa"
    names = {target_name(number): target_identity(case, number) for number in range(1, targets + 1)}
    if case.mode in ENVELOPES:
        group = Certified(key=kind, knows=())
        asked = {"alice": Certified(key=kind, knows=("group",)), "group": group}
        asked |= dict.fromkeys(names, Certified(key=kind, knows=(), same_as="group"))
    else:
        asked = dict.fromkeys(("alice", *names), Certified(key=kind, knows=()))
    made = certificate_credentials(asked, {"alice": ALICE, "group": PICKUP, **names}, _Octets(chance))
    return Holdings(caller=(made["alice"],), targets=tuple((made[name],) for name in names))


class _Octets:
    """Octets by purpose; those of key pairs are the same whatever the chance, and shared among the phones."""

    def __init__(self, chance: str) -> None:
        self._chance = chance

    def __call__(self, purpose: str, count: int) -> bytes:
        kind, _, rest = purpose.partition("|")
        if kind not in ("rsa", "ec"):
            return SeededEntropy(f"pickup|{self._chance}|{purpose}".encode())(count)
        holder, _, which = rest.partition("|")
        digits = holder.removeprefix("target")
        if digits.isdecimal():
            holder = f"target{int(digits) % _KEY_PAIRS}"
        return SeededEntropy(f"pickup|{kind}|{holder}|{which}".encode())(count)
