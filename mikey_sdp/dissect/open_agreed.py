"""Opening exchanges whose keys both ends make together: DHSIGN, DHHMAC and ECMQV, with the private value of one end.

Source: RFC 3830 section 3.3; RFC 4650 section 3; draft-ietf-msec-mikey-ecc-03 section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from mikey_sdp.dissect.certified import certificates_in, certified_identity
from mikey_sdp.dissect.open_pushed import closing_mac
from mikey_sdp.dissect.open_signed import is_judged, signature_check
from mikey_sdp.dissect.opened import AGREEMENT, MAC_CHECK, V_CHECK, Check, Missing, Opened, checked
from mikey_sdp.dissect.recording import Recording
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.crypto import mqv
from mikey_sdp.mikey.crypto.curves import curve_of
from mikey_sdp.mikey.crypto.derive import MessageKeys
from mikey_sdp.mikey.crypto.groups import group_of
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.modes.verification import check_v
from mikey_sdp.mikey.payloads import DhValue, EccPoint, Identity, KeyData, Timestamp
from mikey_sdp.mikey.registry import KeyDataType
from mikey_sdp.secret import Secret

SECTION: Final = "RFC 3830 section 3.3"
_AUTH_KEY_OCTETS: Final = 20


def dhhmac_offer(recording: Recording, message: Message) -> Opened | None:
    """A DHHMAC I_MESSAGE, which its MAC authenticates."""
    check = _mac_check(recording, message, lambda: message)
    return None if check is None else Opened(checks=(check,))


def dhhmac_answer(recording: Recording, message: Message) -> Opened | None:
    """A DHHMAC R_MESSAGE: its MAC, and the TGK."""
    check = _mac_check(recording, message, lambda: recording.asked_by(message))
    return _agreed(recording, message, () if check is None else (check,))


def dhsign_answer(recording: Recording, message: Message) -> Opened | None:
    """A DHSIGN R_MESSAGE: its signature, and the TGK."""
    if not is_judged(recording, message):
        return None
    return _agreed(recording, message, (signature_check(recording, message),))


def _mac_check(recording: Recording, message: Message, opening: Callable[[], Message]) -> Check | None:
    psk = recording.known.psk
    if psk is None:
        return None
    return checked(MAC_CHECK, lambda: closing_mac(recording, message, opening(), (psk,)))


def _agreed(recording: Recording, answer: Message, checks: tuple[Check, ...]) -> Opened | None:
    private = recording.known.dh_private
    if private is None:
        return Opened(checks=checks) if checks else None
    made: list[tuple[Message, tuple[KeyData, ...]]] = []
    agreement = checked(AGREEMENT, lambda: made.append(_tgk(recording.asked_by(answer), answer, private)))
    if not made:
        return Opened(checks=(*checks, agreement))
    asked, keys = made[0]
    return recording.with_keys(asked, (*checks, agreement), keys, answer=answer)


def _tgk(asked: Message, answer: Message, octets: Secret) -> tuple[Message, tuple[KeyData, ...]]:
    """The TGK by the private value of either end; none for an update that keeps the old one.

    Raises: PeerError for a value that is neither's, and for an answer that belongs to another offer.
    """
    ours, values = asked.find(DhValue), answer.all(DhValue)
    if ours is None and not values:
        return asked, ()
    if ours is None or len(values) != 2 or ours not in values:
        raise _refused("the answer does not echo the Diffie-Hellman value that was sent")
    theirs = values[0] if values[1] == ours else values[1]
    private = group_of(ours.group).private(octets.reveal())
    if private.public not in (ours.value, theirs.value):
        raise _refused("the private value belongs to neither of the two Diffie-Hellman values")
    other = theirs if private.public == ours.value else ours
    key = private.agree(other.value)
    return asked, (KeyData(key_type=KeyDataType.TGK, key=key, salt=None, validity=ours.validity),)


def ecmqv_answer(recording: Recording, message: Message) -> Opened | None:
    """An ECMQV R_MESSAGE: TGK and V, by the certified and the ephemeral key of one end. V alone tells that both are
    right, so without it there are no keys."""
    known = recording.known
    if not known.reads_signed_messages:
        return None
    made: list[tuple[Message, KeyData]] = []
    check = checked(V_CHECK, lambda: made.append(_mqv(recording, message)))
    if not made:
        return Opened(checks=(check,))
    asked, tgk = made[0]
    return recording.with_keys(asked, (check,), (tgk,), answer=message)


def _mqv(recording: Recording, answer: Message) -> tuple[Message, KeyData]:
    """The TGK under which V is right. Raises: PeerError, Missing."""
    known = recording.known
    if known.dh_private is None or not isinstance(known.key, ec.EllipticCurvePrivateKey):
        raise Missing("V takes the certified key and the ephemeral private value of one end")
    asked = recording.asked_by(answer)
    point, points = asked.find(EccPoint), answer.all(EccPoint)
    if point is None or len(points) != 2 or points[1] != point:
        raise _refused("the answer does not go with the point that was sent")
    ephemeral = mqv.EphemeralKey.of(curve_of(point.curve), known.dh_private.reveal())
    if ephemeral.point not in (point.point, points[0].point):
        raise _refused("the private value belongs to neither of the two points")
    initiates = ephemeral.point == point.point
    theirs = points[0] if initiates else point
    fault: PeerError | Missing = Missing("no certificate of the other end, with a key on the curve, is known")
    for static in _statics(recording, answer if initiates else asked):
        try:
            shared = mqv.agree(known.key, ephemeral, static, theirs.point)
            tgk, auth_key = mqv.keys(shared, known.key.curve, point.tgk_octets, _AUTH_KEY_OCTETS)
            _check_v(recording, asked, answer, auth_key)
        except PeerError as error:
            fault = error
        else:
            return asked, KeyData(key_type=KeyDataType.TGK, key=tgk, salt=None, validity=point.validity)
    raise fault


def _statics(recording: Recording, message: Message) -> Iterator[ec.EllipticCurvePublicKey]:
    """The certified keys that the sender of a message may have."""
    for certificate in (*certificates_in(message), *recording.known.certificates):
        key = certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            yield key


def _check_v(recording: Recording, asked: Message, answer: Message, auth_key: Secret) -> None:
    timestamp, identities = asked.find(Timestamp), answer.all(Identity)
    if timestamp is None:
        raise Missing("there is no T, which V covers")
    idr = identities[0].data if len(identities) > 1 else certified_identity(answer)
    nothing = Secret(b"")
    keys = MessageKeys(encr_key=nothing, auth_key=auth_key, salt_key=nothing)
    check_v(answer, keys=keys, idi=recording.initiator_of(asked), idr=idr, timestamp=timestamp)


def _refused(reason: str) -> PeerError:
    return PeerError(reason, mikey_error=None, section=SECTION)
