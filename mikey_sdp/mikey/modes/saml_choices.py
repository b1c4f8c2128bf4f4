"""What SAML-assisted Diffie-Hellman leaves to the end that uses it.

Source: RFC 5197 section 3.6; decision note 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.modes.dhsaml_policy import ClockUse, RoundTwo, Terms, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlChoices:
    """How one end makes and takes the messages of that mode.

    Keeps: `round_2`, what the second round is for that our offers ask for; `variant`, which keys enter the secret;
    `ignore_clock`, ask for timestamps not to be held against the clock, and grant it to whoever asks: good for phones
    that don't know the time, and only where a second round is on; `deflate`, compress our assertion; `literal`, the
    weaker form that RFC 5197 prints: answers without V, in which nothing shows that a message was altered. That one is
    for demonstrations.
    Raises: UsageError for choices that don't go together.
    """

    round_2: RoundTwo = RoundTwo.NONE
    variant: Variant = Variant.EPHEMERAL
    ignore_clock: bool = False
    deflate: bool = True
    literal: bool = False

    def __post_init__(self) -> None:
        if self.literal and self.round_2 is not RoundTwo.NONE:
            raise UsageError("the literal form is there to show what one round without V leaves open")

    @property
    def terms(self) -> Terms:
        """What our offers ask for."""
        asks = self.ignore_clock and self.round_2 is not RoundTwo.NONE
        return Terms(round_2=self.round_2, variant=self.variant, clock=ClockUse.IGNORE if asks else ClockUse.CHECK)


DEFAULT_SAML_CHOICES: Final = SamlChoices()
