"""Alice and Bob with credentials of every kind, for tests that go through all modes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential, NullCredential, PskCredential
from mikey_sdp.mikey.modes.choices import DEFAULT_CHOICES, Choices
from mikey_sdp.mikey.modes.contract import Established, Initiator, InitiatorSetup, Mode, Response
from mikey_sdp.mikey.modes.dhsaml_policy import RoundTwo, Variant
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.mikey.modes.table import MODES
from mikey_sdp.mikey.registry import DhGroup, EncrAlg
from mikey_sdp.mikey.saml import SamlCredential
from tests.exchange.asserted import asserted
from tests.exchange.pair import ALICE, BOB, PSK, Pair
from tests.pki import MOMENT, Authority, Holder, ec_key, rsa_key

NOW_US = int(MOMENT.timestamp()) * 1_000_000
CURVE = ec.SECP256R1()


@dataclass(frozen=True)
class Case:
    """One way of running a mode: with which kind of key, and by which choices."""

    mode: Mode
    key: str = "rsa"
    choices: Choices = DEFAULT_CHOICES

    @property
    def name(self) -> str:
        saml = self.choices.saml
        extra = [] if self.choices is DEFAULT_CHOICES else [self.choices.dh_group.name]
        if self.mode is Mode.DHSAML:
            extra += [saml.variant.name, saml.round_2.name]
        return "-".join(
            [self.mode.value, *([self.key] if MODES[self.mode].credential is CertificateCredential else []), *extra]
        )


def _saml(group: DhGroup, round_2: RoundTwo = RoundTwo.NONE, variant: Variant = Variant.EPHEMERAL) -> Choices:
    return Choices(dh_group=group, saml=SamlChoices(round_2=round_2, variant=variant))


CASES = (
    Case(Mode.PSK),
    Case(Mode.NULL),
    Case(Mode.RSA),
    Case(Mode.DHSIGN),
    Case(Mode.DHSIGN, "ec", Choices(dh_group=DhGroup.ECP_P_256)),
    Case(Mode.DHHMAC),
    Case(Mode.DHHMAC, choices=Choices(dh_group=DhGroup.ECP_P_256)),
    Case(Mode.RSA_R),
    Case(Mode.ECIES, "ec"),
    Case(Mode.ECMQV, "ec"),
    Case(Mode.DHSAML, choices=_saml(DhGroup.ECP_P_256)),
    Case(Mode.DHSAML, choices=_saml(DhGroup.ECP_P_256, RoundTwo.LIVENESS)),
    Case(Mode.DHSAML, choices=_saml(DhGroup.OAKLEY_5, RoundTwo.STRENGTHEN, Variant.STATIC)),
)
PROTECTED = tuple(case for case in CASES if case.mode is not Mode.NULL)


def named(case: Case) -> str:
    return case.name


@lru_cache
def authority() -> Authority:
    return Authority.create("Example root")


@lru_cache
def certified(identity: str, key: str, issuer: Authority | None = None) -> Holder:
    private = rsa_key(identity) if key == "rsa" else ec_key(identity, CURVE)
    return (issuer or authority()).issue(identity, key=private)


def certificate_credential(own: str, peer: str, key: str) -> CertificateCredential:
    mine, theirs = certified(own, key), certified(peer, key)
    trust = Trust(anchors=(authority().certificate,), known=(theirs.certificate,))
    return CertificateCredential((mine.certificate,), mine.key, trust)


def credential(mode: Mode, own: str, peer: str, key: str = "rsa", group: DhGroup = DhGroup.OAKLEY_5) -> Credential:
    kind = MODES[mode].credential
    if kind is SamlCredential:
        return asserted(own, group)
    if kind is PskCredential:
        return PskCredential(peer, PSK)
    if kind is NullCredential:
        return NullCredential(peer)
    return certificate_credential(own, peer, key)


@dataclass
class Ends:
    """The two ends of one case."""

    case: Case
    pair: Pair
    alices: Credential

    @classmethod
    def of(cls, case: Case) -> Ends:
        pair = Pair(
            now_us=NOW_US,
            bobs_credentials=(credential(case.mode, BOB, ALICE, case.key, case.choices.dh_group),),
            bobs_choices=case.choices,
        )
        return cls(case, pair, credential(case.mode, ALICE, BOB, case.key, case.choices.dh_group))

    def setup(self, **changed: object) -> InitiatorSetup:
        row = MODES[self.case.mode]
        unprotected = {"encr_alg": EncrAlg.NULL} if self.case.mode is Mode.NULL else {}
        setup = self.pair.setup(**{"choices": self.case.choices, **unprotected, **changed})
        if "bundle" not in changed and not row.pushes:
            setup = replace(setup, bundle=replace(setup.bundle, keys=()))
        return setup

    def initiator(self, **changed: object) -> Initiator:
        return MODES[self.case.mode].initiate(self.setup(**changed), self.alices, True)

    def respond(self, octets: bytes) -> Response:
        return self.pair.respond(octets, secure_carrier=True)

    def run(self, **changed: object) -> tuple[Initiator, Response, Established]:
        initiator = self.initiator(**changed)
        response = self.respond(initiator.message.octets)
        return initiator, response, initiator.complete(response.reply or b"")
