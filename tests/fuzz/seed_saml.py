"""Writes the seeds of `fuzz_saml.py` into corpus/saml: `python -m tests.fuzz.seed_saml`.

The sound and unsound assertions of the unit tests, and some in deflated form.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mikey_sdp.mikey.registry import DhGroup
from mikey_sdp.mikey.saml import deflate, endorse
from tests.pki import MOMENT, at
from tests.unit.mikey.test_saml.samples import ALICE, FIELD, FORGED, GOOD, MALFORMED, THIRD, WRAPPED, issued, public_of

FOLDER = Path(__file__).parent / "corpus" / "saml"


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = DhGroup.ECP_P_256
    word = endorse(key=THIRD.key, certificate=THIRD.certificate, subject=ALICE, group=group, public=public_of(group))
    early, over = at(MOMENT - timedelta(hours=2)), at(MOMENT - timedelta(hours=1))
    seeds = {
        "good": GOOD,
        "field": FIELD,
        "endorsed": issued(third_party=word),
        "deflated": deflate(GOOD),
        "bomb": deflate(bytes(16_000))[:-1],
        "surplus": deflate(GOOD) + b"x",
        "nothing": b"",
        "over": issued(not_before=early, not_on_or_after=over),
        "to-come": issued(not_before=at(MOMENT + timedelta(minutes=5))),
    }
    for kind, samples in (("malformed", MALFORMED), ("forged", FORGED), ("wrapped", WRAPPED)):
        seeds |= {f"{kind}-{name}": xml for name, xml in samples.items()}
    for name, octets in seeds.items():
        (FOLDER / name).write_bytes(octets)


if __name__ == "__main__":
    main()
