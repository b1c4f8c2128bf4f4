"""The interop endpoint: MIKEY exchanges by JSON lines, so that another implementation can be tested against this one.

Nothing here reads a line, a clock or a source of chance itself; whoever runs it hands them in.
"""

from __future__ import annotations

from mikey_sdp.interop.session import MAX_LINE_OCTETS, Session

__all__ = ["MAX_LINE_OCTETS", "Session"]
