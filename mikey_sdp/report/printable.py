"""Texts of strangers made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text on one line, with a question mark for every sign that would move the cursor or change its colour.

    What a peer or a file wrote (reason phrases, URIs, names) may hold escape sequences.
    """
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)
