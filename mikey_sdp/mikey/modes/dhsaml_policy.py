"""The policy of SAML-assisted Diffie-Hellman: what its second round is for, and which keys enter the first.

It travels in an SP payload of a Prot type of its own, as RFC 5197 suggests without saying more.
Source: RFC 5197 section 3.6; decision note 11.
"""

from __future__ import annotations

import enum
from collections.abc import Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mikey_sdp.errors import PeerError, UsageError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads.sp import PolicyParam, SecurityPolicy
from mikey_sdp.mikey.registry import ErrorNo, ProtType

SECTION: Final = "RFC 5197 section 3.6"
_POLICY_NUMBERS: Final = range(255, -1, -1)


class TermsParam(enum.IntEnum):
    """Which of the terms an entry of the policy tells."""

    ROUND_2 = 1
    VARIANT = 2
    CLOCK = 3


class RoundTwo(enum.IntEnum):
    """What the second round is for: nothing, a proof of liveness, a group's key, or a stronger key."""

    NONE = 0
    LIVENESS = 1
    GROUP = 2
    STRENGTHEN = 3


class Variant(enum.IntEnum):
    """Which Diffie-Hellman keys enter the secret.

    STATIC: those of the assertions alone, so that who learns one of them later reads what was recorded. ONE_TIME: the
    same computation, with assertions about keys that are thrown away after the call. EPHEMERAL: besides them two fresh
    ones, which are never kept.
    """

    STATIC = 0
    ONE_TIME = 1
    EPHEMERAL = 2


class ClockUse(enum.IntEnum):
    """Whether T of the first message is held against the clock, or only the second round shows that it is no replay."""

    CHECK = 0
    IGNORE = 1


_VALUES: Final[Mapping[TermsParam, type[enum.IntEnum]]] = MappingProxyType(
    {TermsParam.ROUND_2: RoundTwo, TermsParam.VARIANT: Variant, TermsParam.CLOCK: ClockUse}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an Initiator asks for; every term has a default, that of a policy which does not tell it.

    Wire: SP of Prot type 241; Type 1 | Length 1 | RoundTwo, Type 2 | Length 1 | Variant, Type 3 | Length 1 | ClockUse.
    Raises: UsageError for a clock that is ignored where no second round makes up for it.
    """

    round_2: RoundTwo = RoundTwo.NONE
    variant: Variant = Variant.EPHEMERAL
    clock: ClockUse = ClockUse.CHECK

    def __post_init__(self) -> None:
        if self.clock is ClockUse.IGNORE and self.round_2 is RoundTwo.NONE:
            raise UsageError("without a second round nothing but the clock tells a replay")

    def to_payload(self, taken: Container[int]) -> SecurityPolicy:
        """The SP payload that says this, under a number that no other policy of the message has."""
        number = next(number for number in _POLICY_NUMBERS if number not in taken)
        values = {
            TermsParam.ROUND_2: self.round_2,
            TermsParam.VARIANT: self.variant,
            TermsParam.CLOCK: self.clock,
        }
        params = tuple(PolicyParam(type=kind, value=bytes((value,))) for kind, value in values.items())
        return SecurityPolicy(policy_no=number, prot_type=ProtType.DHSAML_ROUND_2, params=params)


def terms_of(message: Message) -> Terms:
    """The terms of a first message; the defaults where it has none.

    Raises: PeerError with Invalid SP (9) for two of them, Invalid SPpar (10) for terms that are unknown, stand twice
    or don't go together.
    """
    policies = [sp for sp in message.all(SecurityPolicy) if sp.prot_type == ProtType.DHSAML_ROUND_2]
    if len(policies) > 1:
        raise PeerError("two policies for one second round", mikey_error=ErrorNo.INVALID_SP, section=SECTION)
    values: dict[TermsParam, enum.IntEnum] = {}
    for param in policies[0].params if policies else ():
        kind, value = _read(param)
        if kind in values:
            raise _refused(f"{kind.name} stands twice")
        values[kind] = value
    try:
        return Terms(
            round_2=RoundTwo(values.get(TermsParam.ROUND_2, RoundTwo.NONE)),
            variant=Variant(values.get(TermsParam.VARIANT, Variant.EPHEMERAL)),
            clock=ClockUse(values.get(TermsParam.CLOCK, ClockUse.CHECK)),
        )
    except UsageError as fault:
        raise _refused(str(fault)) from None


def term_in_words(param: PolicyParam) -> tuple[str, str]:
    """The name of one entry and what it says, for somebody who reads a message; empty where nobody knows."""
    try:
        kind, value = _read(param)
    except PeerError:
        return "", ""
    return kind.name.lower().replace("_", " "), value.name.lower().replace("_", " ")


def _read(param: PolicyParam) -> tuple[TermsParam, enum.IntEnum]:
    try:
        kind = TermsParam(param.type)
        (value,) = param.value
        return kind, _VALUES[kind](value)
    except ValueError:
        raise _refused(f"policy parameter {param.type} is not known, or has an impossible value") from None


def _refused(reason: str) -> PeerError:
    return PeerError(f"the second round's policy: {reason}", mikey_error=ErrorNo.INVALID_SPPAR, section=SECTION)
