"""Changes of scenario files, as the tables of twins write them."""

from __future__ import annotations

Change = tuple[str, str]
"""A text of the file, which stands there once, and what stands there instead."""

TAMPERED: Change = (
    "network:\n",
    "network:\n  attackers: {mallory: {between: [alice, proxy], tamper: {payload: HDR}}}\n",
)
"""Somebody alters every offer on its way from alice to the proxy."""


def holds(party: str, before: str, after: str) -> Change:
    """A party holds something else; more of its line may follow in both."""
    return f"{party}: {{credentials: {before}", f"{party}: {{credentials: {after}"


def held(phone: str, before: str, after: str, *, user: str = "bob") -> Change:
    """One of several phones of a user holds something else."""
    first = f"{phone}{' ' if phone.endswith('&phone') else ': '}{{identity: {user}, credentials: "
    return f"{first}{before}", f"{first}{after}"
