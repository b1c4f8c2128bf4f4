"""What people read: the tree as golden text, the octets around a fault, and no key octet in either."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.text import Text

from mikey_sdp.dissect.carriers import find
from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.found import Found, Where
from mikey_sdp.dissect.known import Known
from mikey_sdp.dissect.text import tree_of
from mikey_sdp.dissect.tree import Node, draw
from mikey_sdp.dissect.window import window
from mikey_sdp.errors import DecodeError
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Certificate, Identity, KeyDataTransport, Timestamp
from mikey_sdp.mikey.registry import CertType, DataType, IdType, PayloadType
from mikey_sdp.secret import Secret
from tests.samples import (
    DHHMAC_I,
    DHHMAC_R,
    I_MESSAGE,
    PSK,
    R_MESSAGE,
    RFC4567_ANSWER,
    RFC4567_OFFER,
    T_UNIX_US,
    TGK,
    sdp,
)
from tests.unit.dissect.test_describe import SECRET_KEY, SECRET_SALT, null_message
from tests.unit.leaks import Leaks

OFFER = """\
MIKEY message 1 of 2: Pre-shared, I_MESSAGE of the pre-shared key mode, 132 octets
├── found in: session level of the SDP
├── HDR  at 0, 19 octets: which message this is, and of which streams it speaks
│   ├── data type: Pre-shared (0)
│   ├── V: 1 (an answer is asked for), PRF func: MIKEY-1 (HMAC-SHA-1) (0)
│   ├── CSB ID: cd177e50 (3440868944)
│   ├── #CS: 1, CS ID map type: SRTP-ID (0)
│   └── CS 1: policy 0, SSRC 0 (not known yet), ROC 0
├── T  at 19, 10 octets: when the Initiator made its message; the Responder echoes it
│   ├── TS type: NTP-UTC (0)
│   ├── TS value: c8e350ea00000000 (14475502593251475456)
│   └── UTC: 2006-10-20T13:43:06Z
├── RAND  at 29, 18 octets: the random octets that make all keys of the bundle fresh
│   └── RAND: 4a28da979ee21a7651a0d7f19136d98c (16 octets)
├── ID  at 47, 19 octets: IDi, the name of the Initiator
│   ├── ID type: NAI (0)
│   ├── ID data: 646f6e616c64406475636b2e636f6d (15 octets)
│   └── in words: donald@duck.com
├── SP  at 66, 5 octets: a security policy for streams
│   ├── Policy no: 0
│   ├── Prot type: SRTP (0)
│   └── no parameters: all at SRTP's defaults
├── KEMAC  at 71, 61 octets: the keys on their way to the Responder, and the MAC over the message
│   ├── Encr alg: AES-CM-128 (1)
│   ├── Encr data: d092a981a5640da6b08bdc21541b41b74299d78ca636ebbadbe36fde8ccf2f28... (36 octets; --json has them all)
│   ├── Mac alg: HMAC-SHA-1-160 (1)
│   └── MAC: 5f627a69c6508675f5f59050e4abcca4c0bfdcd5 (20 octets)
├── warning: no SDP IDs extension: the list of offered protocols is not protected [RFC 4567 section 4.1.4]
├── warning: #CS is 1; two for each of 2 m= lines would make 4 [RFC 4567 section 7.1]
├── note: T is 2006-10-20T13:43:06Z, 0 s before now [RFC 3830 section 6.6]
├── note: SSRC 0 in every CS: not known yet, to be filled in or bound by the first packet [RFC 3830 section 6.1.1]
└── note: one identity only: without IDr a Responder can't tell whether it is meant [RFC 3830 section 9.5]
"""

ANSWER = """\
MIKEY message 2 of 2: PSK ver msg, R_MESSAGE of the pre-shared key mode, 71 octets
├── found in: m= line 0 (audio) of the SDP
├── HDR  at 0, 19 octets: which message this is, and of which streams it speaks
│   ├── data type: PSK ver msg (1)
│   ├── V: 1, PRF func: MIKEY-1 (HMAC-SHA-1) (0)
│   ├── CSB ID: cd177e50 (3440868944)
│   ├── #CS: 1, CS ID map type: SRTP-ID (0)
│   └── CS 1: policy 0, SSRC 0 (not known yet), ROC 0
├── T  at 19, 10 octets: when the Initiator made its message; the Responder echoes it
│   ├── TS type: NTP-UTC (0)
│   ├── TS value: c8e350ea00000000 (14475502593251475456)
│   └── UTC: 2006-10-20T13:43:06Z
├── ID  at 29, 20 octets: IDr, the name of the Responder
│   ├── ID type: NAI (0)
│   ├── ID data: 6d69636b6579406d6f7573652e636f6d (16 octets)
│   └── in words: mickey@mouse.com
├── V  at 49, 22 octets: the Responder's proof that it has the key
│   ├── Auth alg: HMAC-SHA-1-160 (1)
│   └── Ver data: 9fc1dd184e413035c522e18481afbad80818e5c7 (20 octets)
├── note: T is 2006-10-20T13:43:06Z, 0 s before now [RFC 3830 section 6.6]
└── note: V=1 means nothing in a message of a Responder [RFC 3830 section 6.1]
"""


def one(octets: bytes, **how: object) -> Explained:
    (found,) = explain([Found(where=Where(), octets=octets, origin="here")], now_unix_us=T_UNIX_US)
    return replace(found, **how) if how else found


def lines(tree: Node, **how: object) -> str:
    return "".join(f"{line.plain}\n" for line in draw(tree, **how))  # type: ignore[arg-type]


def test_the_example_of_rfc_4567_as_a_person_reads_it() -> None:
    found = find(sdp(RFC4567_OFFER, media=(None, None))).found + find(sdp(media=(RFC4567_ANSWER,))).found
    offer, answer = explain(found, now_unix_us=T_UNIX_US)
    assert lines(tree_of(offer, number=1, of=2)) == OFFER
    assert lines(tree_of(answer, number=2, of=2)) == ANSWER


def opened(*messages: bytes, psk: bytes = PSK) -> list[Explained]:
    found = [Found(where=Where(), octets=octets, origin="here") for octets in messages]
    return list(explain(found, known=Known(psk=Secret(psk)), now_unix_us=T_UNIX_US))


def test_what_the_key_opened() -> None:
    offer, answer = opened(I_MESSAGE, R_MESSAGE)
    shown = lines(tree_of(offer))
    assert "├── MAC of KEMAC: right\n├── decryption of KEMAC: right\n├── keys against policies: right\n" in shown
    assert "│       ├── Key data fingerprint: 646c13d799e6797b\n" in shown
    assert (
        "keys of CS 1: SSRC any, ROC 0, policy 0; TEK of 16 octets, fingerprint 7f631712a5fb1ce9, salt of 14" in shown
    )
    assert "├── V: right\n" in lines(tree_of(answer))


def test_what_the_key_did_not_open() -> None:
    (offer,) = opened(I_MESSAGE, psk=bytes(16))
    assert "MAC of KEMAC: WRONG, the MAC does not verify [RFC 3830 section 5.2]" in lines(tree_of(offer))
    (answer,) = opened(R_MESSAGE)
    assert "V: not checked, the I_MESSAGE that this answers" in lines(tree_of(answer))


@pytest.mark.parametrize(("message", "roles"), [(DHHMAC_I, ["IDi", "IDr"]), (DHHMAC_R, ["IDr", "IDi"])])
def test_whose_name_an_id_is(message: bytes, roles: list[str]) -> None:
    shown = lines(tree_of(one(message)))
    assert [line.split(": ")[1].split(",")[0] for line in shown.splitlines() if "── ID  at" in line] == roles


def test_the_single_id_of_a_dhhmac_offer_is_the_responders() -> None:
    message = Message.decode(DHHMAC_I)
    kept = [payload for payload in message.payloads if not isinstance(payload, Identity)]
    kept.insert(2, message.all(Identity)[1])
    assert "IDr, the name of the Responder" in lines(tree_of(one(Message.build(message.header, kept).octets)))


def test_no_key_octet_without_being_asked() -> None:
    leaks = Leaks([SECRET_KEY, SECRET_SALT, TGK, PSK])
    everything = [one(null_message().octets), *opened(I_MESSAGE, R_MESSAGE), *opened(null_message().octets)]
    assert [leaks.found_in(lines(tree_of(found))) for found in everything] == [[]] * len(everything)
    assert SECRET_KEY.hex() in lines(tree_of(everything[0], reveal=True))
    assert TGK.hex() in lines(tree_of(everything[1], reveal=True))


NULL = null_message().octets


@pytest.mark.parametrize("message", [NULL, NULL + b"x"])
def test_no_key_octet_in_what_is_shown_of_a_broken_message(message: bytes) -> None:
    leaks = Leaks([SECRET_KEY[:8], SECRET_KEY[8:], SECRET_SALT[:8]])
    for place in range(len(message)):
        for damaged in (message[:place], message[:place] + b"\xff" + message[place + 1 :]):
            fault = fault_of(damaged)
            if fault is not None and not taken_for_another_payload(damaged, fault):
                assert leaks.found_in("\n".join(window(damaged, fault))) == [], place


def fault_of(octets: bytes) -> DecodeError | None:
    try:
        Message.decode(octets)
    except DecodeError as error:
        return error
    return None


def taken_for_another_payload(octets: bytes, fault: DecodeError) -> bool:
    """Whether damage to a length made key octets part of a payload that has none, which nobody can see."""
    shown = repr([payload for payload in fault.partial if not isinstance(payload, KeyDataTransport)])
    return repr(SECRET_KEY[8:])[2:-1] in shown or repr(SECRET_SALT[:8])[2:-1] in shown


def test_where_a_message_broke_off() -> None:
    broken = one(I_MESSAGE[:60])
    assert lines(tree_of(broken)).endswith(
        "└── malformed at offset 51, ID ID data: the octets end too soon (wanted 15, left 9) [RFC 3830 section 6.7]\n"
        "    └──    32  28 da 97 9e e2 1a 76 51 a0 d7 f1 91 36 d9 8c 06\n"
        "           48  00 00 0f 64 ·· ·· ·· ·· ·· ·· ·· ··\n"
        "                        ^^\n"
        "               ·· may hold keys; --reveal-keys shows it\n"
    )
    assert "RAND  at 29, 18 octets" in lines(tree_of(broken))


def fault(offset: int, *partial: object) -> DecodeError:
    return DecodeError("x", offset=offset, field="y", section="z", partial=partial)


def test_the_pointer_stands_under_the_octet() -> None:
    octets = bytes(range(64))
    message = Message.decode(I_MESSAGE)
    for offset in (0, 15, 16, 40, 63):
        rows = window(octets, fault(offset, message.header, message.payloads[0]), reveal=True)
        (pointer,) = (number for number, row in enumerate(rows) if "^^" in row)
        column = rows[pointer].index("^^")
        assert rows[pointer - 1][column : column + 2] == f"{offset:02x}"
        assert len(rows) <= 4
    behind = window(octets, fault(64), reveal=True)
    assert behind[-1].index("^^") == 7 + 3 * 16
    assert window(b"", fault(0)) == []


def test_an_encrypted_kemac_may_be_seen_and_one_in_clear_may_not() -> None:
    for message, dotted in ((I_MESSAGE + b"x", False), (NULL + b"x", True)):
        error = fault_of(message)
        assert error is not None
        assert ("··" in "".join(window(message, error))) is dotted
        assert "··" not in "".join(window(message, error, reveal=True))


def test_text_from_outside_is_made_printable() -> None:
    names = (
        Identity(id_type=IdType.URI, data=b"sip:\x1b[2Jx\r\n"),
        Certificate(cert_type=CertType.X509V3_URL, data=b"u"),
    )
    header = replace(Message.decode(I_MESSAGE).header, data_type=DataType.ERROR)
    evil = Message.build(header, (Timestamp(value=1), *names))
    place = Found(where=Where(), octets=evil.octets, origin="\x1b]0;title\x07")
    (found,) = explain([place])
    assert all(line.isprintable() for line in lines(tree_of(found)).splitlines())
    assert "sip:\\x1b[2Jx\\r\\n" in lines(tree_of(found))


def test_an_unreadable_message_has_a_tree_too() -> None:
    shown = lines(tree_of(one(b"\x02")))
    assert shown.startswith("MIKEY message: unreadable, 1 octet\n")
    assert "HDR version 2 is not supported" in shown


def test_every_payload_has_a_meaning() -> None:
    from mikey_sdp.dissect.meanings import MESSAGE_MEANINGS, PAYLOAD_MEANINGS
    from mikey_sdp.mikey.composition import COMPOSITIONS
    from mikey_sdp.mikey.payloads import PAYLOADS

    assert set(PAYLOAD_MEANINGS) == set(PAYLOADS)
    assert set(MESSAGE_MEANINGS) == set(COMPOSITIONS)
    assert PayloadType.LAST not in PAYLOAD_MEANINGS


def test_long_lines_go_on_beside_the_guides() -> None:
    root = Node(Text("root " * 10))
    child = root.add("one two three four five six seven eight nine ten")
    child.add("leaf " * 8)
    root.add("last")
    assert lines(root, width=32).splitlines() == [
        "root root root root root root ",
        "root root root root ",
        "├── one two three four five ",
        "│   │   six seven eight nine ten",
        "│   └── leaf leaf leaf leaf ",
        "│           leaf leaf leaf leaf ",
        "└── last",
    ]
    assert "\n".join(lines(root, ascii_only=True).splitlines()[1:3]).isascii()


def test_a_word_longer_than_the_line_is_broken() -> None:
    assert lines(Node(Text("x" * 60)), width=30).splitlines() == ["x" * 30, "x" * 30]
