"""The keys of a call as pjsua2's own SRTP takes them: one suite, one key and one salt a direction.

It knows no MKI, no second key of a stream and no rollover counter to start from: what needs one of those is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.endpoint import KeySet, MediaKeys
from mikey_sdp.errors import PeerError
from mikey_sdp.mikey.bundle import DataSa
from mikey_sdp.mikey.registry import ErrorNo
from mikey_sdp.secret import Secret
from mikey_sdp.srtp.profile import profile_for

SUITES: Final = frozenset({"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"})
SECTION: Final = "RFC 3830 section 6.10.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamKeys:
    """What one m= line is sent and received under.

    Keeps: `send` and `receive`, master key and salt in one, as SDES writes them.
    """

    suite: str
    send: Secret
    receive: Secret


def streams_of(keys: KeySet) -> dict[int, StreamKeys]:
    """The keys of every m= line in use.

    Raises: PeerError for what pjsua2's SRTP can't do.
    """
    return {media: _stream(line) for media, line in keys.media.items()}


def _stream(line: MediaKeys) -> StreamKeys:
    send, receive = _only(line.send), _only(line.receive)
    suite = profile_for(send).name
    if suite not in SUITES or profile_for(receive).name != suite:
        raise _refused(f"pjsua2 runs {' and '.join(sorted(SUITES))}, not {suite}", ErrorNo.INVALID_SPPAR)
    return StreamKeys(suite=suite, send=_together(send), receive=_together(receive))


def _only(sas: Sequence[DataSa]) -> DataSa:
    sa = sas[0]
    if len(sas) > 1 or sa.mki:
        raise _refused("the keys go by MKI, which pjsua2's SRTP can't write", ErrorNo.INVALID_SPPAR)
    if sa.roc:
        raise _refused("pjsua2's SRTP starts at rollover counter 0 under new keys", ErrorNo.UNSPECIFIED)
    return sa


def _together(sa: DataSa) -> Secret:
    return Secret(sa.master_key.reveal() + sa.master_salt.reveal())


def _refused(reason: str, number: ErrorNo) -> PeerError:
    return PeerError(reason, mikey_error=number, section=SECTION)
