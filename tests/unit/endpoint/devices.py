"""Offers with several MIKEY messages, for the devices of one user, and what becomes of them on the way."""

from __future__ import annotations

import base64
from collections.abc import Callable

from mikey_sdp.endpoint import Answer, Endpoint, Options, Recipient
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.certificates.trust import Trust
from mikey_sdp.mikey.credentials import Credential
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.sdp.key_mgmt import key_mgmt_lines
from mikey_sdp.sdp.lines import Level, SessionDescription
from mikey_sdp.secret import SeededEntropy
from tests.exchange.ends import NOW_US, authority, certified
from tests.pki import Holder, rsa_key
from tests.unit.endpoint.ends import ALICE, BOB, Clock, body

CAROL = "sip:carol@example.com"
MARK = "a=key-mgmt:mikey "


def device(name: str, user: str = BOB) -> Holder:
    """A device of a user, with a certificate of its own in his name."""
    return authority().issue(user, key=rsa_key(f"{user} {name}"), subject=name)


DESK, MOBILE, TABLET = device("desk"), device("mobile"), device("tablet")


def credential_of(holder: Holder, *known: Holder) -> CertificateCredential:
    trust = Trust(anchors=(authority().certificate,), known=tuple(one.certificate for one in known))
    return CertificateCredential((holder.certificate,), holder.key, trust)


def end(
    identity: str, *held: Credential, modes: tuple[Mode, ...] | None = None, chance: int = 0, **options: object
) -> Endpoint:
    return Endpoint(
        identity,
        credentials=held,
        clock=Clock(NOW_US),
        entropy=SeededEntropy(f"{identity} {chance}".encode()),
        modes=modes,
        options=Options(**options),
    )


def alice_end(*held: Credential, **options: object) -> Endpoint:
    return end(ALICE, *(held or (credential_of(certified(ALICE, "rsa")),)), **options)


def bobs(holder: Holder, *, several: bool = True, **options: object) -> Endpoint:
    held, chance = credential_of(holder, certified(ALICE, "rsa")), holder.certificate.serial_number
    return end(BOB, held, chance=chance, several_messages=several, **options)


FOR_DEVICES = (
    Recipient(peer=BOB, certificate=DESK.certificate),
    Recipient(peer=BOB, certificate=MOBILE.certificate),
    Recipient(peer=BOB, mode=Mode.DHSIGN),
)


def answered(answerer: Endpoint, sdp: str, *media: str) -> Answer:
    return answerer.answer(sdp, body(*media, host=2), caller=ALICE)


def messages(sdp: str, level: Level = None) -> list[Message]:
    lines = key_mgmt_lines(SessionDescription.parse(sdp))
    return [Message.decode(line.data) for line in lines if line.level == level and line.kmpid == "mikey"]


def changed(sdp: str, change: Callable[[list[str]], object]) -> str:
    """The body with its MIKEY lines as a man in the middle leaves them."""
    lines = sdp.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(MARK))
    found = [line for line in lines if line.startswith(MARK)]
    change(found)
    rest = [line for line in lines if not line.startswith(MARK)]
    return "".join(rest[:first] + found + rest[first:])


def with_octets(line: str, change: Callable[[bytes], bytes]) -> str:
    data = change(base64.b64decode(line[len(MARK) :].strip()))
    return f"{MARK}{base64.b64encode(data).decode()}\r\n"


def refused(answerer: Endpoint, sdp: str) -> str:
    answer = answered(answerer, sdp)
    assert answer.keys is None
    assert answer.rejection is not None
    assert answerer.open_bundles == 0
    return answer.rejection.warning[1]
