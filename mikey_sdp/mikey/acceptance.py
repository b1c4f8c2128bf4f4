"""How strictly a peer's messages are read: two profiles, and a name for everything that the lenient one lets pass.

Source: RFC 3830, RFC 4650 and RFC 4738 where implementations in the field are known to read them in different ways.
"""

from __future__ import annotations

import enum
from typing import Final, Self

_BY_V: Final = ("PSK", "RSA", "ECIES", "ECMQV")
_PUSHED: Final = ("PSK", "NULL", "RSA", "ECIES")
_DIFFIE_HELLMAN: Final = ("DHSIGN", "DHHMAC", "ECMQV")
_ALL: Final = (*_PUSHED, *_DIFFIE_HELLMAN, "RSA-R", "DHSAML")


class Profile(enum.StrEnum):
    """Which departures from the standards an end puts up with: none, or those that have a `Tolerance`."""

    STRICT = "strict"
    COMPAT = "compat"


class Tolerance(enum.StrEnum):
    """One departure that the compat profile lets pass; each leaves the authentication of keys untouched.

    A member is written `NAME = name for people, section, what is done, who does it, modes, taken in strict as well`.
    """

    section: str
    what: str
    sent_by: str
    modes: tuple[str, ...]
    in_strict: bool

    def __new__(  # noqa: D102 - the class says it
        cls, value: str, section: str, what: str, sent_by: str, modes: tuple[str, ...], in_strict: bool = False
    ) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.section, member.what, member.sent_by = section, what, sent_by
        member.modes, member.in_strict = modes, in_strict
        return member

    V_WITHOUT_IDENTITIES = (
        "V without identities",
        "RFC 3830 section 5.2",
        "V covers the message and the TS value, but neither identity",
        "minisip's libmikey, which sends no ID payloads in PSK mode",
        _BY_V,
    )
    V_OVER_ID_PAYLOADS = (
        "V over whole ID payloads",
        "RFC 3830 section 5.2",
        "V covers the ID and T payloads as transported, from their Next payload octets on, instead of what they hold",
        'readers who take "Identity" for the payload',
        _BY_V,
    )
    FRESH_T = (
        "fresh T in the answer",
        "RFC 3830 section 5.2",
        "the first answer of a CSB has a T of the Responder's own, not the one that was sent",
        "minisip's libmikey",
        _ALL,
    )
    V_OVER_FRESH_T = (
        "V over the fresh T",
        "RFC 3830 section 5.2",
        "V covers that fresh T instead of the T that was sent",
        "peers that take V's timestamp from the message it stands in",
        _BY_V,
    )
    ERROR_V_OVER_MESSAGE = (
        "V of an Error message over the message only",
        "RFC 3830 section 5.1.2",
        "V of an Error message covers neither identities nor the TS value beside the message",
        "readers of RFC 6043 section 5.4, which has it so",
        ("PSK", "RSA", "ECIES"),
    )
    SIGNR_WITHOUT_SIGN_PAYLOAD = (
        "SIGNr leaves out the whole SIGN payload",
        "RFC 4738 section 3.6",
        "SIGNr does not cover the S type and length before it, as RFC 4738 has it against RFC 3830 section 5.2",
        "readers of RFC 4738 to the letter",
        ("RSA-R",),
        True,
    )
    SIGNR_WITHOUT_IDENTITIES = (
        "SIGNr without identities",
        "RFC 4738 section 3.6",
        "SIGNr covers the message and the TS value, but neither identity",
        "peers that send certificates only",
        ("RSA-R",),
    )
    SIGNR_OVER_MESSAGE = (
        "SIGNr over the message only",
        "RFC 4738 section 3.6",
        "SIGNr covers neither identities nor the TS value beside the message",
        "peers that sign as in DHSIGN",
        ("RSA-R",),
    )
    ANSWER_WITHOUT_POLICY = (
        "no SP in the answer",
        "RFC 4738 section 3.6",
        "the answer to a request with policies states none of them; those that were offered hold",
        "peers that repeat no policy which is not changed",
        ("RSA-R",),
    )
    GROUP_ENVELOPE_OF_HDR = (
        "envelope of a group under the CSB ID of the header",
        "RFC 4738 section 3.6",
        "the new CSB ID enters the traffic keys only; the envelope keys and the IV are made with that of the header",
        'readers who take "key computation" for what the TGK gives',
        ("RSA-R",),
    )
    IDI_MISSING = (
        "no IDi in the answer",
        "RFC 3830 section 3.3",
        "the answer does not repeat IDi; the echoed public value alone ties it to what was sent",
        "peers that identify both ends by certificates or by the key",
        _DIFFIE_HELLMAN,
    )
    IDENTITIES_SWAPPED = (
        "IDi before IDr in the answer",
        "RFC 4650 section 3",
        "the answer has its two identities in the order of the I_MESSAGE",
        "peers that copy the payloads",
        _DIFFIE_HELLMAN,
    )
    RAND_IN_ANSWER = (
        "RAND in the answer",
        "RFC 3830 section 3",
        "the answer brings a RAND, which is ignored: the CSB keeps the Initiator's",
        "peers that use one builder for all messages",
        (*_PUSHED, *_DIFFIE_HELLMAN, "RSA-R"),
    )
    RAND_IN_UPDATE = (
        "RAND repeated in an update",
        "RFC 3830 section 4.5",
        "an update repeats the RAND of its CSB; any other RAND for a known CSB is refused",
        "peers that use one builder for all messages",
        (*_PUSHED, *_DIFFIE_HELLMAN),
    )
    TRAILING_ZEROS = (
        "zeros behind the last payload",
        "RFC 3830 section 6.1",
        "up to three zero octets follow the last payload; no MAC or signature covers them",
        "peers that send a string's terminator, or fill words",
        _ALL,
    )
    RAND_MISSING = (
        "no RAND beside TEKs",
        "RFC 3830 section 3",
        "the first message of a CSB has no RAND; it brings TEKs only, from which nothing is derived",
        "cameras by the ONVIF specifications",
        ("NULL",),
    )
    SP_MISSING = (
        "no SP beside TEKs",
        "RFC 3830 section 6.10",
        "the first message of a CSB has no SP; it brings TEKs only, and SRTP's default policy holds",
        "cameras by the ONVIF specifications",
        _PUSHED,
    )
    TEK_WITH_SALT = (
        "TEK and salt in one",
        "RFC 3830 section 6.13",
        "a TEK of 30 octets is master key and salt, 16 and 14 octets, without the type that says so",
        "GStreamer, and cameras by the ONVIF specifications",
        _PUSHED,
    )
    TAG_LENGTH_IN_TYPE_3 = (
        "tag length in place of key length",
        "RFC 3830 section 6.10.1",
        "the policy gives 4 or 10 as authentication key length of HMAC-SHA-1 and no tag length: it means the tag",
        "GStreamer, and early gortsplib",
        (*_PUSHED, *_DIFFIE_HELLMAN),
    )
    ABSURD_T = (
        "T out of any clock's reach",
        "RFC 3830 section 5.4",
        "the timestamp is outside the skew; only unprotected, over a carrier that vouches for freshness itself",
        "a camera that writes a Windows FILETIME as NTP time",
        ("NULL",),
    )
    NULL_ENCRYPTION_IS_2 = (
        "NULL encryption as 2",
        "RFC 4650 section 4.2",
        "an empty KEMAC has Encr alg 2, which the table of RFC 4650 prints for NULL; elsewhere 2 is AES key wrap",
        "readers of RFC 4650 to the letter",
        ("DHHMAC",),
    )
    HMAC_IS_0 = (
        "HMAC-SHA-1 as 0",
        "RFC 4650 section 4.2",
        "Mac alg 0 is followed by the 20 octets of an HMAC-SHA-1, as the table of RFC 4650 prints it; it must verify",
        "readers of RFC 4650 to the letter",
        ("DHHMAC",),
    )


class Acceptance:
    """The reading of one message: what its profile lets pass, and what was let pass.

    Keeps: one of these per message, since the result names what that message needed.
    """

    __slots__ = ("_taken", "profile")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._taken: dict[Tolerance, None] = {}

    def allows(self, tolerance: Tolerance) -> bool:
        """Whether the profile lets this pass; to ask is not yet to use it."""
        return self.profile is Profile.COMPAT or tolerance.in_strict

    def take(self, *tolerances: Tolerance) -> None:
        """Note that this was let pass."""
        self._taken.update(dict.fromkeys(tolerances))

    def lets(self, tolerance: Tolerance) -> bool:
        """Whether the profile lets this pass; if so, it is noted as used."""
        allowed = self.allows(tolerance)
        if allowed:
            self.take(tolerance)
        return allowed

    @property
    def tolerated(self) -> tuple[Tolerance, ...]:
        """What was let pass, in the order in which it was met."""
        return tuple(self._taken)
