"""What a `*.call.yaml` file may say of its parties: one structure a mapping of the file, named as the file names it;
`behaviour` holds how they meet calls, `steps` what they are told, `network` what lies between them, `expect` what must
come of it.

These structures are the only definition: the loader reads files against them, `mikey-sdp schema` prints them as JSON
Schema for editors, and `build` and `checks` take their values.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from mikey_sdp.scenario.behaviour import Answers, Budget, Clock, Conference, Expects, Talk
from mikey_sdp.scenario.parts import CalledName, ModeWord, NewName, Part, PartyName
from mikey_sdp.scenario.units import Duration

KindWord = Literal["node", "pjsua2", "baresip", "linphone", "sipp"]
MediaWord = Literal["audio", "video"]
CredentialWord = Literal["psk", "unprotected", "certificate", "saml", "none"]
GroupWord = Literal[
    "oakley-1", "oakley-2", "oakley-5", "modp-2048", "modp-3072", "p-192", "p-224", "p-256", "p-384", "p-521"
]


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
    of_group: Annotated[
        bool, Meta(description="A key of a group rather than of two: used with whoever it is that calls or answers.")
    ] = False
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
    same_as: Annotated[
        PartyName | UnsetType,
        Meta(description="No certificate of its own: the holder has that of this party, and its private key too."),
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


class Party(Part, frozen=True, kw_only=True):
    """One phone: what it holds, what it offers, and how it meets calls."""

    kind: Annotated[
        KindWord,
        Meta(
            description="Who plays it: a node of ours, or another program, which takes part in live runs only. pjsua2 "
            "is keyed by MIKEY, baresip and linphone are by an edge before them; with security: none these two are "
            "plain phones, as sipp always is."
        ),
    ] = "node"
    identity: Annotated[
        NewName | UnsetType,
        Meta(
            description="Whose phone it is, where that is not its own name: several phones of one user bear one SIP "
            "identity, and what is said of keys and certificates of that user holds for each of them."
        ),
    ] = UNSET
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
    security: Annotated[
        Literal["mikey", "sdes", "none"],
        Meta(
            description="none: a phone that knows plain RTP only. sdes: one that writes its keys into its descriptions "
            "(RFC 4568) instead of MIKEY, for comparison."
        ),
    ] = "mikey"
    supports: Annotated[
        tuple[Literal["100rel", "replaces", "timer"], ...],
        Meta(description="The SIP extensions that it says it knows."),
    ] = ("100rel", "replaces")
    session_expires: Annotated[
        Duration,
        Meta(description="After what time its calls are over unless they are refreshed, where it supports timer."),
    ] = "1800s"
    early_answers: Annotated[
        Literal["at once", "on media"],
        Meta(description="When it works on the answer in a 183: at once, or when media comes from who sent it."),
    ] = "at once"
    keeps: Annotated[
        Literal["first", "all"], Meta(description="Which of several answers to one call become calls.")
    ] = "first"
    buffer: Annotated[
        Annotated[int, Meta(ge=0, le=10_000)], Meta(description="How many packets of a stream wait for their keys.")
    ] = 64
    follows_redirects: Annotated[bool, Meta(description="It calls again where a 3xx points.")] = False
    preconditions: Annotated[
        Literal["mandatory", "optional", "none"] | UnsetType,
        Meta(description="How much it matters that keys are agreed on before a phone rings; left out: not known of."),
    ] = UNSET
    early_offers: Annotated[
        Literal["PRACK", "UPDATE"], Meta(description="In which request it makes a further offer before the call is up.")
    ] = "PRACK"
    takes_referrals: Annotated[bool, Meta(description="A peer may have it call somebody else.")] = True
    clock_from_registrar: Annotated[
        bool, Meta(description="It sets its clock by the Date of the registrar's answers.")
    ] = False
    accepts_retarget: Annotated[bool, Meta(description="Somebody else than it called may answer.")] = False
    accepts: Annotated[
        Annotated[tuple[ModeWord, ...], Meta(min_length=1)] | UnsetType,
        Meta(description="The modes in which it takes offers; all that it has credentials for if left out."),
    ] = UNSET
    tries_other_modes: Annotated[
        bool, Meta(description="After a 488 it offers the next mode that the policy names.")
    ] = False
    messages_for: Annotated[
        dict[CalledName, Annotated[tuple[PartyName, ...], Meta(min_length=2, max_length=32)]],
        Meta(
            description="By whom it calls, for which parties its offer has a MIKEY message each; encrypted for the "
            "certificates of those that have one."
        ),
    ] = field(default_factory=dict)
    several_messages: Annotated[
        bool,
        Meta(description="It passes over messages of an offer that are for somebody else, up to the first for it."),
    ] = False
    both_contribute: Annotated[
        bool, Meta(description="It offers and takes only modes in which both ends have a part in the key.")
    ] = False
    expects: Expects = Expects()
    budget: Budget | UnsetType = UNSET
    conference: Annotated[Conference | UnsetType, Meta(description="It is the focus of a conference.")] = UNSET
    responder_ssrc: Annotated[
        Annotated[int, Meta(ge=1, le=4_294_967_000)] | UnsetType,
        Meta(description="The SSRC of its first stream in each call that it answers; drawn by chance if left out."),
    ] = UNSET
    answers_for: Annotated[
        tuple[CalledName, ...], Meta(description="For whom else than itself it takes offers, as for a forwarded call.")
    ] = ()
    names_peer: Annotated[bool, Meta(description="Its offers say whom they are for (IDr).")] = True
    must_be_named: Annotated[bool, Meta(description="It refuses offers that don't say whom they are for.")] = True
    asks_for_proof: Annotated[
        bool, Meta(description="Its offers ask for a verification message, where the mode leaves that open (flag V).")
    ] = True
    forward_secrecy: Annotated[
        bool, Meta(description="It offers only modes in which no key that leaks later opens what was recorded before.")
    ] = False
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
