"""Kamailio's configuration as text, written from a plan.

Source: the manual of Kamailio 5.6 and its modules tm, registrar, rr, async and uac_redirect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from mikey_sdp.drivers.kamailio_plan import EVERYBODY_ELSE, Meant, ProxyPlan
from mikey_sdp.drivers.kamailio_text import ARRIVAL, CORE, FORK, MODULES, PARAMETERS
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy_config import Destination, Forking
from mikey_sdp.sip import q_text

_INDENT: Final = "    "


def configuration(plan: ProxyPlan) -> str:
    """The text of a configuration file that has Kamailio do what the plan says."""
    own = _authority(plan.address)
    listens = "".join(f"listen={kind}:{own}\n" for kind in ("udp", "tcp"))
    # Else connections of its own come from whichever address the kernel likes.
    listens += f"tcp_source_ipv{'6' if ':' in plan.address.host else '4'}={own.rpartition(':')[0]}\n"
    modules = "".join(f'loadmodule "{module}.so"\n' for module in MODULES)
    record = 'if (is_method("INVITE")) record_route();' if plan.record_route else "# later requests go past us"
    head = f"#!KAMAILIO\n# {plan.name}\n"
    parts = [head, CORE, listens, modules, PARAMETERS, ARRIVAL % {"record": record}, _local(plan), _register(plan)]
    return "\n".join([*parts, *(_redirecting(plan) if plan.redirects else _proxying(plan))])


def _authority(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


def _by(transport: Transport) -> str:
    return "" if transport is Transport.UDP else f";transport={transport.lower()}"


def _block(head: str, lines: Iterable[str]) -> str:
    """A route, its lines indented by their brackets."""
    depth, text = 1, [f"{head} {{"]
    for line in lines:
        depth -= line.startswith("}")
        text.append(_INDENT * depth + line)
        depth += line.endswith("{")
    return "\n".join([*text, "}", ""])


def _local(plan: ProxyPlan) -> str:
    """Whether the request is for somebody here, and who that is: one identity, however it was written."""
    home = plan.domains[0] if plan.domains else _authority(plan.address).removesuffix(":5060")
    lines = [
        "$var(local) = 0;",
        "$var(domain) = $(rd{s.tolower});",
        "if (uri == myself) {",
        "$var(local) = 1;",
        f'$var(domain) = "{home}";',
        "}",
        *(f'if ($var(domain) == "{domain}") $var(local) = 1;' for domain in plan.domains),
        'if ($rU == $null) $var(who) = "sip:" + $var(domain);',
        'else $var(who) = "sip:" + $rU + "@" + $var(domain);',
    ]
    return _block("route[LOCAL]", lines)


def _register(plan: ProxyPlan) -> str:
    # The clock in the answer is what a phone may set its own by.
    taken = ["append_time();", 'save("location");', "exit;"]
    refused = [
        'append_to_reply("Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\\r\\n");',
        'sl_send_reply("405", "Method Not Allowed");',
        "exit;",
    ]
    lines = ["if ($var(local) == 0) route(RELAY);", *(taken if plan.registrar else refused)]
    return _block("route[REGISTER]", lines)


def _who(lines_of: list[tuple[Meant, list[str]]]) -> Iterator[str]:
    """What differs by who is asked for: `$avp(aor)`, whose registrations count, `$var(lost)`, the status where he has
    no place, and the lines given. What holds for everybody else comes first, and is overruled."""
    for meant, lines in sorted(lines_of, key=lambda one: one[0].asked != EVERYBODY_ELSE):
        itself = meant.identity == EVERYBODY_ELSE
        told = [
            "$avp(aor) = $var(who);" if itself else f'$avp(aor) = "{meant.identity}";',
            f"$var(lost) = {404 if itself else 480};",
            *lines,
        ]
        if meant.asked == EVERYBODY_ELSE:
            yield from told
        else:
            yield from (f'if ($var(who) == "{meant.asked}") {{', *told, "}")


def _redirecting(plan: ProxyPlan) -> Iterator[str]:
    def told(meant: Meant) -> list[str]:
        ordered = sorted(meant.service.destinations, key=lambda one: -one.q)
        contacts = ", ".join(f"<{one.uri}>;q={q_text(one.q)}" for one in ordered)
        named = [f'append_to_reply("Contact: {contacts}\\r\\n");'] if contacts else []
        return [*named, f"$var(places) = {len(ordered)};"]

    lines = [
        "t_newtran();",
        *_who([(meant, told(meant)) for meant in plan.resolved()]),
        'if (lookup_to_dset("location", "$avp(aor)")) {',
        "$var(i) = 0;",
        "while ($(branch(uri)[$var(i)]) != $null) {",
        'append_to_reply("Contact: <$(branch(uri)[$var(i)])>\\r\\n");',
        "$var(i) = $var(i) + 1;",
        "}",
        "$var(places) = $var(places) + $var(i);",
        "}",
        'if ($var(places) > 0) t_reply("302", "Moved Temporarily");',
        'else if ($var(lost) == 480) t_reply("480", "Temporarily Unavailable");',
        'else t_reply("404", "Not Found");',
        "exit;",
    ]
    yield _block("route[SERVE]", lines)
    yield _block("route[LATE]", ["return;"])


def _proxying(plan: ProxyPlan) -> Iterator[str]:
    numbers, lates = count(1), count(1)
    services: list[tuple[Meant, list[str]]] = []
    groups: list[str] = []
    late_legs: list[str] = []
    for meant in plan.resolved():
        places = plan.groups(meant.service)
        first = None
        for at, group in enumerate(places):
            number = next(numbers)
            first = first or number
            patience = meant.service.patience_us if at + 1 < len(places) else None
            uris = []
            for destination in group:
                if destination.after_us:
                    late = next(lates)
                    late_legs += _late_leg(late, destination)
                    uris.append(f"sip:{_authority(plan.address)};late={late}{_by(plan.transport)}")
                else:
                    uris.append(destination.uri)
            groups += _group(number, meant, uris, patience)
        start = first or 1
        services.append((meant, _service(meant, start, start + len(places) - 1)))
    yield _serve(services)
    yield _block("route[GROUP]", ["$var(now) = $avp(group);", *groups, "$avp(group) = $avp(group) + 1;"])
    yield _block("route[LATE]", [*late_legs, 'sl_send_reply("404", "Not Found");', "exit;"])
    yield FORK
    yield _place(plan)


def _service(meant: Meant, first: int, last: int) -> list[str]:
    service = meant.service
    return [
        f"$avp(group) = {first};",
        f"$avp(last) = {last};",
        f"$avp(follows) = {int(service.follow_redirects)};",
        f"$avp(at_once) = {int(service.forking is Forking.PARALLEL)};",
    ]


def _group(number: int, meant: Meant, uris: list[str], patience_us: int | None) -> list[str]:
    if patience_us is None:
        limit = "t_reset_fr();"
    else:
        limit = f"t_set_fr({max(1, patience_us // 1000)}, {max(1, patience_us // 1000)});"
    first, *others = uris
    return [
        f"# {meant.asked}",
        f"if ($var(now) == {number}) {{",
        f'$ru = "{first}";',
        *(f'append_branch("{uri}");' for uri in others),
        limit,
        "}",
    ]


def _late_leg(number: int, destination: Destination) -> list[str]:
    """A leg that comes later goes round once more through ourselves and is held back there: a transaction of Kamailio's
    can't be told of a place that is to be tried some time from now."""
    return [
        f'if ($(ru{{uri.param,late}}) == "{number}") {{',
        f'$ru = "{destination.uri}";',
        f'if (!async_ms_route("RELAY", "{max(1, destination.after_us // 1000)}")) sl_send_reply("500", "No Time");',
        "exit;",
        "}",
    ]


def _serve(services: list[tuple[Meant, list[str]]]) -> str:
    lines = [
        *_who(services),
        '$avp(tried) = $ru + " " + $var(who) + " " + $avp(aor);',
        "if ($avp(group) <= $avp(last)) {",
        "route(GROUP);",
        'lookup_to_dset("location", "$avp(aor)");',
        "route(FORK);",
        "}",
        'if (!lookup("location", "$avp(aor)")) {',
        'if ($var(lost) == 480) sl_send_reply("480", "Temporarily Unavailable");',
        'else sl_send_reply("404", "Not Found");',
        "exit;",
        "}",
        "if ($avp(at_once) == 0) {",
        "t_load_contacts();",
        "t_next_contacts();",
        "}",
        "route(FORK);",
    ]
    return _block("route[SERVE]", lines)


def _place(plan: ProxyPlan) -> str:
    """No place is tried twice for one request; users of ours whom a redirection names are looked up here again."""
    own = f"sip:{_authority(plan.address)}{_by(plan.transport)}"
    lines = [
        'if (in_list("$ru", "$avp(tried)", " ")) drop;',
        '$avp(tried) = $avp(tried) + " " + $ru;',
        *(f'if ($(rd{{s.tolower}}) == "{domain}") $du = "{own}";' for domain in plan.domains),
    ]
    return _block("branch_route[PLACE]", lines)
