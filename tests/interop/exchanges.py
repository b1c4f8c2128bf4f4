"""Both messages of every mode as its two ends make them, for other people's decoders to read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.payloads import CertificateStyle
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.mikey.registry import DhGroup
from tests.exchange.ends import CASES, Case, Ends

URL: Final = "http://example.com/alice.cer"
_OAKLEY: Final = (DhGroup.OAKLEY_5, DhGroup.OAKLEY_1, DhGroup.OAKLEY_2)


class Exchange(NamedTuple):
    """One way of running a mode, by a name for people."""

    name: str
    case: Case

    def messages(self) -> tuple[Message, Message]:
        """I_MESSAGE and R_MESSAGE."""
        ends = Ends.of(self.case)
        if self.case.choices.certificates is CertificateStyle.URL:
            ends = _with_known_certificates(ends)
        initiator, response, _ = ends.run()
        return initiator.message, Message.decode(response.reply or b"")


def _with_known_certificates(ends: Ends) -> Ends:
    """Each end fetches the other's certificate from where the message says that it lies."""
    (bob,), alice = ends.pair.bobs_credentials, ends.alices
    assert isinstance(bob, CertificateCredential)
    assert isinstance(alice, CertificateCredential)
    for mine, theirs in ((alice, bob), (bob, alice)):
        der = theirs.certificates[0].public_bytes(Encoding.DER)
        found = CertificateCredential(mine.certificates, mine.key, replace(mine.trust, resolve=lambda _url, it=der: it))
        if mine is alice:
            ends.alices = found
        else:
            ends.pair.bobs_credentials = (found,)
    return ends


def _dh(mode: Mode, group: DhGroup, key: str = "rsa") -> Exchange:
    return Exchange(f"{mode.value} in {group.label}", Case(mode, key, Choices(dh_group=group)))


JUDGED: Final = (
    Exchange("PSK", Case(Mode.PSK)),
    Exchange("NULL", Case(Mode.NULL)),
    Exchange("RSA", Case(Mode.RSA)),
    *(_dh(Mode.DHSIGN, group) for group in _OAKLEY),
    Exchange("DHSIGN in OAKLEY 5, signed by ECDSA", Case(Mode.DHSIGN, "ec")),
    *(_dh(Mode.DHHMAC, group) for group in _OAKLEY),
    Exchange("RSA-R", Case(Mode.RSA_R)),
    Exchange("ECIES", Case(Mode.ECIES, "ec")),
)
"""Which tshark reads to the end."""

NOT_JUDGED: Final = (
    Exchange("RSA with CHASH", Case(Mode.RSA, choices=Choices(certificate_hash=True))),
    Exchange(
        "RSA-R, certificates by URL",
        Case(Mode.RSA_R, choices=Choices(certificates=CertificateStyle.URL, certificate_url=URL)),
    ),
    _dh(Mode.DHSIGN, DhGroup.MODP_2048),
    _dh(Mode.DHSIGN, DhGroup.ECP_P_256, "ec"),
    _dh(Mode.DHHMAC, DhGroup.ECP_P_256),
    Exchange("ECMQV", Case(Mode.ECMQV, "ec")),
    Exchange("DHSAML", next(case for case in CASES if case.mode is Mode.DHSAML)),
)
"""Which it can't."""
