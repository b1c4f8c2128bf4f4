"""Writes the seeds of `fuzz_sip.py` into corpus/sip: `python -m tests.fuzz.seed_sip`.

The messages of the unit tests, valid and invalid, and values of fields, one for each way in which reading ends early.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.sip.samples import INVITE, SDP, joined, request, response
from tests.unit.sip.test_torture import ALLOWED_SPACE, INVALID, ODD_CHARACTERS, VALID
from tests.unit.sip.test_uri import DIFFERENT, EQUIVALENT

FOLDER = Path(__file__).parent / "corpus" / "sip"
ROUTES = ("Record-Route: <sip:192.0.2.7;lr>, <sip:p2>", "Route: <sip:192.0.2.8;transport=tcp>")
VALUES = {
    "name-addr": b'"x" <sip:a@b>, "y, \\"z\\"" <sip:c@d>;tag=1;p="q"',
    "via": b"SIP/2.0/UDP h:1;branch=z9hG4bK1, SIP/2.0/TLS [::1];rport",
    "via-port": b"SIP/2.0/UDP h:99999",
    "cseq": b"007 INVITE",
    "cseq-high": b"9999999999 INVITE",
    "warning": b'306 h "no \\"a\\"", 399 [::1]:5 "b"',
    "warning-open": b'306 h "a", ',
    "warning-comma": b'306 h "a" 399 h "b"',
    "tel": b"tel:+1-201-555-0123;ext=5",
    "uri-all": b"sips:a;b?c:p%20w@[2001:DB8::1]:5061;transport=tcp;lr?Replaces=x%40y&Subject=",
    "uri-headers": b"sip:h?a=b=c",
    "uri-many": b"sip:h" + b"".join(b";p%d" % number for number in range(70)),
    "uri-long": b"sip:" + b"a" * 5000,
    "host-long": b"sip:a@" + b"h" * 300,
    "addresses": b"<sip:h>," * 130 + b"<sip:h>",
    "keep-alive": b"\r\n\r\n",
    "tag": b"lr",
    "status": b"\xc8OK",
    "token": b"a b",
    "nothing": b"",
}


def messages() -> dict[str, bytes]:
    """Whole messages by the name of their seed."""
    return {
        "invite": INVITE,
        "surplus": INVITE + b"surplus",
        "stream": INVITE
        + request("BYE", "l: 0")
        + b"\r\n\r\n"
        + request("MESSAGE", "Content-Length: 4", body=b"\r\n\r\n"),
        "stream-lengths": request("BYE", "l: 1", "Content-Length: 2"),
        "stream-huge": request("BYE", "l: 70000"),
        "short": INVITE[:-9],
        "routed": joined(*INVITE.decode().split("\r\n")[:2], *ROUTES, *INVITE.decode().split("\r\n")[2:10], body=SDP),
        "rport": request("OPTIONS", "Contact: <sip:a@192.0.2.5:5061;transport=tcp>, sip:b@h").replace(
            b"UDP h", b"UDP h;rport"
        ),
        "maddr": request("OPTIONS", "Contact: <sips:192.0.2.5>, <tel:+1>").replace(
            b"UDP h", b"UDP 192.0.2.1;maddr=192.0.2.9"
        ),
        "fields": request("OPTIONS", *(f"X: {number}" for number in range(300))),
        "field-long": request("OPTIONS", "X: " + "a" * 17_000),
        "head-long": b"X" * 66_000,
        "body-long": request("OPTIONS", body=bytes(65_537)),
        "twice": request("OPTIONS", "f: <sip:c@h>"),
        "missing": joined("OPTIONS sip:h SIP/2.0", "X: y"),
        "no-via": joined("OPTIONS sip:h SIP/2.0", "From: <sip:a>", "To: <sip:b>", "Call-ID: c", "CSeq: 1 OPTIONS"),
        "colon": request("OPTIONS", "no colon"),
        "known-name-no-colon": request("OPTIONS", "Supported"),
        "name": request("OPTIONS", "bad name: x"),
        "line-end": request("OPTIONS", "X: a\nb"),
        "call-id": request("OPTIONS").replace(b"Call-ID: c", b"Call-ID: a b"),
        "route-space": request("OPTIONS", "Route: sip:a@b c"),
        "version": request("OPTIONS").replace(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"),
        "status": response("099 No"),
        "refused": response(
            "488 Not Acceptable Here", 'Warning: 306 h "x", 399 h "y"', "Retry-After: 5 (x);duration=1", "Expires: 9"
        ),
        "refused-badly": response("488 x", "Warning: x", "Retry-After: x", "Expires: x", "Content-Type: x"),
        "typed": response("200 OK", "Content-Type: Application/SDP;x=y"),
        "star": request("REGISTER", "Contact: *"),
        "ack": request("ACK", "no colon"),
        "spaces": ALLOWED_SPACE,
        "characters": ODD_CHARACTERS,
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    seeds = {**messages(), **{f"value-{name}": value for name, value in VALUES.items()}}
    seeds |= {f"valid-{name}": octets for name, (octets, _, _) in VALID.items()}
    seeds |= {f"invalid-{name}": octets for name, octets in INVALID.items()}
    pairs = [uri for pair in (*EQUIVALENT, *DIFFERENT) for uri in pair]
    seeds |= {f"uri-{number:02}": uri.encode() for number, uri in enumerate(pairs)}
    for name, octets in seeds.items():
        (FOLDER / re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")).write_bytes(octets)


if __name__ == "__main__":
    main()
