"""The twins of the scenarios with a focus and its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.scenarios.changes import Change

_SILENT: Final = ("talks: {packets: 20}", "talks: {packets: 0}")
_NO_MEMBER: Final = (
    "&member {credentials: psk, offers: psk, expects: {conference: member}",
    "&member {credentials: psk, offers: psk",
)
"""Members that know of no conference open what the focus itself sends, and nothing of other members."""

CONFERENCES: Final[Mapping[str, Mapping[str, tuple[Change, ...]]]] = {
    "conference-pushed-key": {
        "the focus mixes": (
            (
                "offers: psk, expects: {conference: focus}, conference: {media: relayed}",
                "offers: psk, conference: {media: mixed}",
            ),
        ),
        "members know of no conference": (_NO_MEMBER,),
        "the focus offers another mode": (
            ("focus: {credentials: psk, offers: psk", "focus: {credentials: psk, offers: dhhmac"),
        ),
        "members say nothing": (_SILENT,),
        "members hold another key": (("&member {credentials: psk", "&member {credentials: {psk: {label: x}}"),),
    },
    "conference-asked-key": {
        "the stranger is a member": (("members: [one,", "members: [stranger, one,"),),
        "members offer another mode": (
            ("&member {credentials: certificate, offers: rsa-r", "&member {credentials: certificate, offers: rsa"),
        ),
        "most are no members": (("members: [one, two, three,", "members: [three,"),),
        "members say nothing": (("talks: {packets: 5}", "talks: {packets: 0}"),),
    },
    "conference-ssrc-collision": {
        "members know of no conference": (_NO_MEMBER,),
        "ann comes later": (("at: 0s, focus: {call: ann}", "at: 600ms, focus: {call: ann}"),),
        "each has an SSRC of its own": ((", responder ssrc: 4711", ""),),
        "members hold another key": (("&member {credentials: psk", "&member {credentials: {psk: {label: x}}"),),
        "members say nothing": (("packets: 100", "packets: 0"),),
    },
    "conference-signed-dh-mixed": {
        "all have one key": (
            ("focus: {credentials: {certificate: {key: ec}}", "focus: {credentials: psk"),
            ("offers: dhsign, dh group: p-256, conference: {media: mixed", "offers: psk, conference: {media: relayed"),
            (
                "&member {credentials: {certificate: {key: ec}}, offers: dhsign",
                "&member {credentials: psk, offers: psk",
            ),
        ),
        "members say nothing": (_SILENT,),
    },
    "conference-members-bring-keys": {
        "all leave the offer to the focus": (
            ("at: 0s, ann: {call: focus}", "at: 0s, ann: {call without offer: focus}"),
            ("at: 0s, ben: {call: focus}", "at: 0s, ben: {call without offer: focus}"),
            (
                "ann: {credentials: psk, offers: psk,",
                "ann: {credentials: psk, offers: psk, expects: {conference: member},",
            ),
            (
                "ben: {credentials: psk, offers: psk,",
                "ben: {credentials: psk, offers: psk, expects: {conference: member},",
            ),
        ),
        "the focus mixes": (
            ("expects: {conference: focus}, conference: {media: relayed}", "conference: {media: mixed}"),
        ),
        "the focus holds nothing": (
            ("focus: {credentials: psk, offers: psk", "focus: {credentials: none, offers: policy"),
        ),
    },
    "conference-join-and-leave": {
        "nobody joins": (("  - {at: 1s, focus: {call: cleo}}\n", "  - {at: 4900ms, focus: {call: cleo}}\n"),),
        "nobody leaves": (("  - {at: 2s, ben: {hang up: focus}}\n", ""),),
        "members hold another key": (("&member {credentials: psk", "&member {credentials: {psk: {label: x}}"),),
        "members say little": (("packets: 150", "packets: 5"),),
    },
    "conference-offerless": {
        "the focus makes an offer": (
            ("focus: {call without offer: ann}", "focus: {call: ann}"),
            ("focus: {call without offer: ben}", "focus: {call: ben}"),
            ("focus: {call without offer: cleo}", "focus: {call: cleo}"),
        ),
        "ann is called with an offer that she can take": (
            ("focus: {call without offer: ann}", "focus: {call: ann}"),
            ("offers: rsa-r, expects: {conference: focus}", "offers: rsa, expects: {conference: focus}"),
        ),
        "members say nothing": (_SILENT,),
    },
}
