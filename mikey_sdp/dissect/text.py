"""Explained messages as a tree for people: places, names, meanings, remarks; colours are the console's business.

Whatever came from outside is made printable first, so that no message can play tricks on a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.text import Text

from mikey_sdp.dissect.describers import Fields
from mikey_sdp.dissect.explain import Explained
from mikey_sdp.dissect.found import printable
from mikey_sdp.dissect.meanings import HEADER_MEANING, MESSAGE_MEANINGS, NULL_MEANING, PAYLOAD_MEANINGS, label
from mikey_sdp.dissect.opened import Check
from mikey_sdp.dissect.remark import ASKING_BY_V, I_MESSAGES
from mikey_sdp.dissect.tree import Node
from mikey_sdp.dissect.window import window
from mikey_sdp.mikey.message import Message
from mikey_sdp.mikey.payloads import Header, Identity, KeyDataTransport
from mikey_sdp.mikey.registry import DataType, EncrAlg, MacAlg, PayloadType

SHOWN_OCTETS: Final = 32
_STYLES: Final = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_VERDICTS: Final = {True: ("right", "green"), False: ("WRONG", "bold red"), None: ("not checked", "yellow")}
_ROLE_MEANINGS: Final = {"IDi": "IDi, the name of the Initiator", "IDr": "IDr, the name of the Responder"}
_PLACES: Final = ("type", "offset", "octets")
_HEX_NUMBERS: Final = {"csb_id": 8, "ssrc": 8, "ts_value": 16}
_TEXTS: Final = ("text", "utc", "key_data_error")


def tree_of(explained: Explained, *, number: int = 1, of: int = 1, reveal: bool = False) -> Node:
    """One message as a tree; `number` and `of` say which one it is."""
    tree = Node(_title(explained, number, of))
    tree.add(f"found in: {printable(explained.found.origin, most=400)}")
    if explained.header is not None:
        _add_header(tree, explained.header)
    roles = iter(_roles(explained))
    for fields in explained.payload_fields(reveal=reveal):
        _add_payload(tree, fields, roles)
    if explained.error is not None:
        fault = tree.add(Text(f"malformed {explained.error}", style=_STYLES["error"]))
        rows = window(explained.found.octets, explained.error, reveal=reveal)
        if rows:
            fault.add("\n".join(rows))
    _add_opened(tree, explained, reveal)
    for remark in explained.remarks:
        said = Text.assemble((remark.severity, _STYLES[remark.severity]), f": {printable(remark.text, most=400)}")
        tree.add(said.append(f" [{remark.section}]", style="dim"))
    return tree


def _title(explained: Explained, number: int, of: int) -> Text:
    which = f"MIKEY message {number} of {of}" if of > 1 else "MIKEY message"
    header = explained.header
    what = printable(header.data_type.label) if header else "unreadable"
    meaning = _meaning(explained.message, header)
    title = Text.assemble((which, "bold"), ": ", (what, "bold green"))
    return title.append(f"{f', {meaning}' if meaning else ''}, {_octets(len(explained.found.octets))}")


def _meaning(message: Message | None, header: Header | None) -> str:
    kemac = message.find(KeyDataTransport) if message else None
    if kemac is not None and kemac.encr_alg == EncrAlg.NULL and kemac.mac_alg == MacAlg.NULL:
        return NULL_MEANING
    return MESSAGE_MEANINGS.get(header.data_type, "") if header else ""


def _add_header(tree: Node, header: Header) -> None:
    node = tree.add(_place("HDR", 0, 10 + 9 * len(header.sessions), HEADER_MEANING))
    node.add(f"data type: {header.data_type}")
    node.add(f"V: {int(header.v)}{_asks(header)}, PRF func: {header.prf_func}")
    node.add(f"CSB ID: {header.csb_id:08x} ({header.csb_id})")
    node.add(f"#CS: {len(header.sessions)}, CS ID map type: {header.map_type}")
    for cs_id, entry in enumerate(header.sessions, start=1):
        ssrc = f"{entry.ssrc:08x}" if entry.ssrc else "0 (not known yet)"
        node.add(f"CS {cs_id}: policy {entry.policy_no}, SSRC {ssrc}, ROC {entry.roc}")


def _asks(header: Header) -> str:
    if header.data_type not in I_MESSAGES:
        return ""
    if header.data_type not in ASKING_BY_V:
        return " (of no account: this exchange always has an answer)"
    return " (an answer is asked for)" if header.v else " (no answer is asked for)"


def _roles(explained: Explained) -> tuple[str, ...]:
    """Whom the ID payloads name, by their places: RFC 3830 has no field for it."""
    header, message = explained.header, explained.message
    if header is None or message is None:
        return ()
    count = len(message.all(Identity))
    if header.data_type in I_MESSAGES:
        return ("IDr",) if count == 1 and header.data_type == DataType.DHHMAC_INIT else ("IDi", "IDr")
    if header.data_type in (DataType.DH_RESP, DataType.DHHMAC_RESP):
        return ("IDr", "IDi") if count == 2 else ("IDi",)
    return ("IDr",)


def _place(name: str, offset: int, octets: int, meaning: str) -> Text:
    return Text.assemble((name, "bold"), (f"  at {offset}, {_octets(octets)}", "dim"), f": {meaning}")


def _octets(count: int) -> str:
    return f"{count} octet{'' if count == 1 else 's'}"


def _add_payload(tree: Node, fields: Fields, roles: Iterator[str]) -> None:
    kind = PayloadType[fields["type"]]
    meaning = PAYLOAD_MEANINGS.get(kind, "")
    if kind == PayloadType.ID:
        meaning = _ROLE_MEANINGS.get(next(roles, ""), meaning)
    node = tree.add(_place(kind.label, fields["offset"], fields["octets"], meaning))
    _add_fields(node, fields)


def _add_fields(node: Node, fields: Fields) -> None:
    for name, value in fields.items():
        if name in _PLACES or _is_said_anyway(name, fields):
            continue
        if name == "policy_param":
            for param in value:
                node.add(_param(param))
            if not value:
                node.add("no parameters: all at SRTP's defaults")
        elif name == "key_data" and isinstance(value, list):
            for inside in value:
                kind = PayloadType[inside["type"]]
                _add_fields(node.add(f"{kind.label}: {PAYLOAD_MEANINGS.get(kind, '')}"), inside)
        else:
            node.add(f"{label(name)}: {_value(name, value)}")


def _is_said_anyway(name: str, fields: Fields) -> bool:
    """Whether it is the length of octets that are shown themselves."""
    base = name.removesuffix("_len")
    return name == "length" or (base != name and (base in fields or f"{base}_data" in fields))


def _value(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return _point(value)
    if isinstance(value, int):
        digits = _HEX_NUMBERS.get(name)
        return f"{value:0{digits}x} ({value})" if digits else str(value)
    if name in _TEXTS or name.endswith("_fingerprint"):
        return printable(value, most=200)
    return _hex(value)


def _point(point: Fields) -> str:
    return f"{point['name']} ({point['value']})" if point["name"] else str(point["value"])


def _hex(digits: str) -> str:
    octets = len(digits) // 2
    if octets <= SHOWN_OCTETS:
        return f"{digits} ({_octets(octets)})" if digits else "empty"
    return f"{digits[: 2 * SHOWN_OCTETS]}... ({octets} octets; --json has them all)"


def _param(param: Fields) -> str:
    meaning = param.get("meaning")
    value = _point(meaning) if isinstance(meaning, dict) else meaning
    return f"{_point(param['type'])}: {_hex(param['value']) if value is None else value}"


def _add_opened(tree: Node, explained: Explained, reveal: bool) -> None:
    if explained.opened is None:
        return
    for check in explained.opened.checks:
        tree.add(_check(check))
    for fields in explained.fields(reveal=reveal).get("opened", {}).get("data_sas", ()):
        tree.add(_data_sa(fields))


def _check(check: Check) -> Text:
    verdict, style = {True: ("right", "green"), False: ("WRONG", "bold red"), None: ("not checked", "yellow")}[
        check.held
    ]
    text = Text.assemble(f"{check.name}: ", (verdict, style))
    if check.reason:
        text.append(f", {printable(check.reason, most=400)}")
    return text.append(f" [{check.section}]", style="dim") if check.section else text


def _data_sa(fields: Fields) -> str:
    ssrc = f"{fields['ssrc']:08x}" if fields["ssrc"] else "any"
    mki = f", MKI {fields['mki']}" if fields["mki"] else ""
    keys = ", ".join(_key(name, fields) for name in ("tek", "salt"))
    return f"keys of CS {fields['cs_id']}: SSRC {ssrc}, ROC {fields['roc']}, policy {fields['policy_no']}{mki}; {keys}"


def _key(name: str, fields: Fields) -> str:
    octets = _octets(fields[f"{name}_len"])
    shown: Sequence[str] = (fields[name],) if name in fields else ("fingerprint", fields[f"{name}_fingerprint"])
    return f"{name.upper() if name == 'tek' else name} of {octets}, {' '.join(shown)}"
