"""Which mode an offer uses: RFC 5197 section 5 as a table of rules, facts in, a decision with its reasons out."""

from __future__ import annotations

from mikey_sdp.policy.select import Decision, Facts, Fired, select

__all__ = ["Decision", "Facts", "Fired", "select"]
