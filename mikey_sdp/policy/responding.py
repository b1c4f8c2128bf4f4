"""Which offered modes a Responder takes.

Source: RFC 5197 section 5: a peer may reject the Initiator's certificate, or work in Diffie-Hellman modes only.
"""

from __future__ import annotations

from mikey_sdp.errors import PolicyRefused
from mikey_sdp.policy.facts import Facts
from mikey_sdp.policy.rules import REQUIREMENTS


def check_offered(mode: str, facts: Facts) -> None:
    """Refuse an offered mode that our own rules don't allow, or that can't give what we ask of a key.

    `facts` are the Responder's own: what it allows, and what it asks for.
    Raises: PolicyRefused, which names the rule.
    """
    if facts.allowed is not None and mode not in facts.allowed:
        names = ", ".join(sorted(facts.allowed)) or "none"
        raise PolicyRefused("accepted-modes", f"{mode} is not accepted here; accepted: {names}")
    for row in REQUIREMENTS:
        if row.applies(facts) and row.concerns(facts, mode):
            raise PolicyRefused(row.name, f"{mode} is not accepted here: {row.why} ({row.section})")
