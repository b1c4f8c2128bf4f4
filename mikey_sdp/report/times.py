"""Times of a run as people read them."""

from __future__ import annotations


def say_time(us: int) -> str:
    """A time or span in three or four figures: 250 us, 40 ms, 2.04 s, 1 min 5 s."""
    if 0 < abs(us) < 1_000:
        return f"{us} us"
    if 0 < abs(us) < 1_000_000:
        return f"{us / 1_000:.4g} ms"
    if abs(us) < 60_000_000:
        return f"{us / 1_000_000:.4g} s"
    minutes, rest = divmod(us, 60_000_000)
    seconds = f" {rest / 1_000_000:.3g} s" if rest >= 5_000 else ""
    return f"{minutes} min{seconds}"
