"""Choosing a mode before an offer, and judging those that are offered, after RFC 5197 section 5."""

from __future__ import annotations

from mikey_sdp.policy.facts import Conference, Cost, Facts
from mikey_sdp.policy.responding import check_offered
from mikey_sdp.policy.select import Decision, Fired, Overruled, after_rejection, select

__all__ = [
    "Conference",
    "Cost",
    "Decision",
    "Facts",
    "Fired",
    "Overruled",
    "after_rejection",
    "check_offered",
    "select",
]
