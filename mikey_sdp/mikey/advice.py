"""What is allowed in a bundle and unwise: advice for whoever configures an end or reads a trace."""

from __future__ import annotations

from mikey_sdp.mikey.bundle import Bundle
from mikey_sdp.mikey.crypto.derive import MIN_RAND_OCTETS
from mikey_sdp.mikey.payloads.validity import IntervalValidity, SpiValidity


def advice_on(bundle: Bundle) -> tuple[str, ...]:
    """One sentence for each thing that the standard advises against."""
    several = len(bundle.sessions) > 1
    advice = []
    if len(bundle.rand) < MIN_RAND_OCTETS:  # [3830-6.11-4]
        advice.append(f"RAND has {len(bundle.rand)} octets; {MIN_RAND_OCTETS} are advised (RFC 3830 section 6.11)")
    if several and any(not isinstance(key.validity, SpiValidity) for key in bundle.keys):  # [3830-4.5-10]
        advice.append("several crypto sessions and no MKI: re-keying can't be synchronised (RFC 3830 section 4.5)")
    if several and any(isinstance(key.validity, IntervalValidity) for key in bundle.keys):  # [3830-6.14-3]
        advice.append("intervals for several streams: an MKI is advised (RFC 3830 section 6.14)")
    if several and sum(isinstance(key.validity, IntervalValidity) for key in bundle.keys) > 1:  # [3830-A.1-4]
        advice.append("several intervals are for very simple cases such as one stream (RFC 3830 appendix A.1)")
    return tuple(advice)
