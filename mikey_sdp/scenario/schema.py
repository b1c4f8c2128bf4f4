"""What a `*.call.yaml` file may say: one structure a mapping of the file, named as the file names it; `network`
holds those of the network, `expect` those of what is expected.

These structures are the only definition: the loader reads files against them, `mikey-sdp schema` prints them as JSON
Schema for editors, and `build` and `checks` take their values. Where a mapping holds exactly one of several words
(a command, an expectation), its structure lists them in `one_of`, where it holds at least one of them, in `some_of`;
where it holds names of the file's own choice beside fixed words (a step), `names_in` says which field collects them.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.units import Duration


def party_name(text: str) -> str:
    """A name that a scenario gives to a party or an attacker.

    Raises: ValueError that says what a name looks like.
    """
    if re.fullmatch(r"[a-z][a-z0-9-]{0,31}", text, re.ASCII) is None:
        raise ValueError(f"{text!r} is no name; a name is a small letter, then small letters, digits and hyphens")
    if text == "at":
        raise ValueError("a party can't be called 'at', which tells the time of a step")
    return text


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename=lambda name: name.replace("_", " ")):
    """A mapping of a scenario file."""

    one_of: ClassVar[frozenset[str]] = frozenset()
    some_of: ClassVar[frozenset[str]] = frozenset()
    names_in: ClassVar[str | None] = None


_NAME: Final = r"^[a-z][a-z0-9-]{0,31}$"
NewName = Annotated[
    str, Meta(pattern=_NAME, description="A name: small letters, digits and hyphens.", extra={"reads": party_name})
]
PartyName = Annotated[str, Meta(pattern=_NAME, description="The name of a party.", extra={"refers": "party"})]
AttackerName = Annotated[str, Meta(pattern=_NAME, description="The name of an attacker.", extra={"refers": "attacker"})]
AnyName = Annotated[
    str, Meta(pattern=_NAME, description="The name of a party or an attacker.", extra={"refers": "party or attacker"})
]
MediaWord = Literal["audio", "video"]
ModeWord = Literal["psk", "unprotected", "dhhmac", "rsa", "rsa-r", "dhsign", "ecies", "ecmqv", "dhsaml"]
CredentialWord = Literal["psk", "unprotected", "certificate", "saml", "none"]
GroupWord = Literal[
    "oakley-1", "oakley-2", "oakley-5", "modp-2048", "modp-3072", "p-192", "p-224", "p-256", "p-384", "p-521"
]
Status = Annotated[int, Meta(ge=300, le=699, description="A SIP status that ends a request without success.")]
Amount = Annotated[int, Meta(ge=0, le=1_000_000)]


class SharedKey(Part, frozen=True, kw_only=True):
    """A pre-shared key.

    Without more, every two parties that hold one share a key of their own, made from the scenario's name. `label` names
    a key instead: parties that name the same word hold the same key, others don't. `key file` holds it in hex,
    as `mikey-sdp keygen` writes it, or as raw octets.
    """

    shared_with: Annotated[
        tuple[PartyName, ...] | UnsetType,
        Meta(description="Held for these parties only; for all that hold a psk if left out."),
    ] = UNSET
    label: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    key_file: Annotated[str, Meta(min_length=1, description="Relative to the scenario file.")] | UnsetType = UNSET


class Unprotected(Part, frozen=True, kw_only=True):
    """The opt-in to MIKEY NULL: keys travel as they are, over tls only."""


class Certified(Part, frozen=True, kw_only=True):
    """A certificate for the party's SIP identity, made like its key from the scenario's name.

    Without more the scenario's authority, which everybody trusts, issued it, it is valid, and all know it beforehand.
    """

    key: Annotated[Literal["rsa", "ec"], Meta(description="rsa: of 2048 bits; ec: on the curve P-256.")] = "rsa"
    knows: Annotated[
        tuple[PartyName, ...] | UnsetType,
        Meta(description="Whose certificates the party knows beforehand; everybody's if left out."),
    ] = UNSET
    expired: Annotated[bool, Meta(description="It ran out a month before the run.")] = False
    stolen: Annotated[
        bool, Meta(description="The holder shows it, but has another private key than the one that it certifies.")
    ] = False
    issuer: Annotated[Literal["own", "another"], Meta(description="another: an authority whom nobody trusts.")] = "own"
    names: Annotated[
        PartyName | UnsetType, Meta(description="It names this party's identity instead of the holder's own.")
    ] = UNSET


class Asserted(Part, frozen=True, kw_only=True):
    """A SAML assertion by the party's SIP domain about its Diffie-Hellman key, both made from the scenario's name.

    Without more the domain's server, which everybody trusts, issued it an hour ago for a day.
    """

    group: Annotated[
        GroupWord, Meta(description="Where the key lives; both parties of a call need keys in the same group.")
    ] = "p-256"
    expired: Annotated[bool, Meta(description="It ran out ten minutes before the run.")] = False
    stolen: Annotated[
        bool, Meta(description="The holder shows it, but has another private value than the one that it is about.")
    ] = False
    issuer: Annotated[Literal["own", "another"], Meta(description="another: a server whom nobody trusts.")] = "own"
    names: Annotated[PartyName | UnsetType, Meta(description="It is about this party instead of the holder.")] = UNSET


class Credentials(Part, frozen=True, kw_only=True):
    """What a party holds to prove itself and to key its calls; several kinds may stand side by side."""

    psk: SharedKey | UnsetType = UNSET
    unprotected: Unprotected | UnsetType = UNSET
    certificate: Certified | UnsetType = UNSET
    saml: Asserted | UnsetType = UNSET


class Answers(Part, frozen=True, kw_only=True):
    """How a party meets a call: it rings, then answers, rejects or stays silent. Times count from the INVITE."""

    ringing: Annotated[Duration | None, Meta(description="When the 180 leaves; null for none.")] = "0s"
    answer: Annotated[
        Duration | None, Meta(description="When the call is answered or rejected; null to ring for ever.")
    ] = "200ms"
    reject: Annotated[Status | UnsetType, Meta(description="Reject with this status instead of answering.")] = UNSET
    ignore: Annotated[bool, Meta(description="Take no notice of calls.")] = False


class Clock(Part, frozen=True, kw_only=True):
    """How far a party's clock is from the right time."""

    one_of: ClassVar[frozenset[str]] = frozenset({"ahead", "behind"})

    ahead: Duration | UnsetType = UNSET
    behind: Duration | UnsetType = UNSET


class Talk(Part, frozen=True, kw_only=True):
    """The packets that a party sends on each media line once a call is up; 0 packets for a party that only listens."""

    packets: Annotated[int, Meta(ge=0, le=100_000)] = 50
    every: Duration = "20ms"


class Party(Part, frozen=True, kw_only=True):
    """One phone: what it holds, what it offers, and how it meets calls."""

    credentials: Annotated[
        CredentialWord | tuple[CredentialWord, ...] | Credentials | UnsetType, Meta(description="Left out: none.")
    ] = UNSET
    offers: Annotated[
        Literal["policy"] | ModeWord | tuple[ModeWord, ...],
        Meta(
            description="policy: the rules of RFC 5197 section 5 choose; one or more modes narrow the choice to these."
        ),
    ] = "policy"
    answers: Answers = Answers()
    security: Annotated[Literal["mikey", "none"], Meta(description="none: a phone that knows plain RTP only.")] = (
        "mikey"
    )
    clock: Clock | UnsetType = UNSET
    media: Annotated[tuple[MediaWord, ...], Meta(min_length=1, max_length=8)] = ("audio",)
    level: Annotated[Literal["session", "media"], Meta(description="Where the offer's a=key-mgmt lines stand.")] = (
        field(name="key-mgmt level", default="session")
    )
    other_protocols: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,32}$")], ...],
        Meta(description="Further key management protocols that the offer lists after MIKEY, with opaque data."),
    ] = ()
    talks: Talk = Talk()
    dh_group: Annotated[
        GroupWord, Meta(description="Where the Diffie-Hellman values of its offers live (dhhmac, dhsign).")
    ] = "oakley-5"
    second_round: Annotated[
        Literal["none", "liveness", "group key", "stronger key"],
        Meta(description="What the second round of its calls is for, which follows in a re-INVITE (dhsaml)."),
    ] = "none"


class Command(Part, frozen=True, kw_only=True):
    """What a party is told to do; with whom."""

    one_of: ClassVar[frozenset[str]] = frozenset({"call", "hang up", "cancel", "re-key", "hold", "resume"})

    call: PartyName | UnsetType = UNSET
    hang_up: PartyName | UnsetType = UNSET
    cancel: PartyName | UnsetType = UNSET
    re_key: PartyName | UnsetType = field(name="re-key", default=UNSET)
    hold: PartyName | UnsetType = UNSET
    resume: PartyName | UnsetType = UNSET


class Step(Part, frozen=True, kw_only=True):
    """A moment of the time line, and what each party named here is told then."""

    names_in: ClassVar[str | None] = "commands"

    at: Duration
    commands: dict[PartyName, Command]
