"""The text of Kamailio's configuration: what each word of a plan comes to."""

from __future__ import annotations

import re
from typing import Any

from mikey_sdp.drivers.kamailio_config import configuration
from mikey_sdp.drivers.kamailio_plan import ProxyPlan
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service

AT = Address("127.0.0.2", 5070)
BOB, CAROL = "sip:bob@example.com", "sip:carol@example.com"
HERE = "sip:127.0.0.2:5070"


def there(number: int, **how: Any) -> Destination:
    return Destination(uri=f"sip:p{number}@127.0.0.9:5060", **how)


def text(service: Service | None = None, **more: Any) -> str:
    services = {} if service is None else {BOB: service}
    return configuration(
        ProxyPlan(**{"name": "proxy", "address": AT, "domains": ("example.com",), "services": services, **more})
    )


def block(whole: str, head: str) -> list[str]:
    """The lines of one route, without their indentation."""
    found = re.search(rf"^{re.escape(head)} {{\n(.*?)^}}$", whole, re.MULTILINE | re.DOTALL)
    assert found is not None, head
    return [line.strip() for line in found[1].splitlines()]


def groups(whole: str) -> list[list[str]]:
    """The places of each group, in its order."""
    found: list[list[str]] = []
    for line in block(whole, "route[GROUP]"):
        if line.startswith("if ($var(now)"):
            found.append([])
        uri = re.search(r'(?:\$ru = |append_branch\()"([^"]+)"', line)
        if uri:
            found[-1].append(uri[1])
    return found


def settings(whole: str, identity: str = BOB) -> dict[str, str]:
    """What is set for who is asked for."""
    lines = block(whole, "route[SERVE]")
    start = lines.index(f'if ($var(who) == "{identity}") {{')
    pairs = (re.fullmatch(r"\$\w+\((\w+)\) = (.*);", line) for line in lines[start + 1 : lines.index("}", start)])
    return {found[1]: found[2] for found in pairs if found}


def test_it_listens_where_the_plan_says_for_udp_and_tcp():
    assert re.findall("^listen=.*$", text(), re.MULTILINE) == [
        f"listen={kind}:127.0.0.2:5070" for kind in ("udp", "tcp")
    ]
    six = text(address=Address("::1", 5070))
    assert "listen=udp:[::1]:5070\n" in six
    assert "\ntcp_source_ipv6=[::1]\n" in six
    assert "\ntcp_source_ipv4=127.0.0.2\n" in text()


def test_thirty_branches_no_disk_and_one_child_that_keeps_the_order():
    lines = text().splitlines()
    for line in ("max_branches=30", "children=1", "tcp_children=1", 'modparam("usrloc", "db_mode", 0)', "dns=no"):
        assert line in lines


def test_a_parallel_fork_is_one_group_and_a_serial_one_as_many_as_places():
    three = (there(1), there(2, q=100), there(3))
    uris = [one.uri for one in three]
    assert groups(text(Service(destinations=three, forking=Forking.PARALLEL))) == [uris]
    assert groups(text(Service(destinations=three, forking=Forking.SERIAL))) == [[uris[0]], [uris[2]], [uris[1]]]
    assert groups(text(Service(destinations=three))) == [[uris[0], uris[2]], [uris[1]]]


def test_each_address_has_its_own_groups():
    whole = text(
        services={BOB: Service(destinations=(there(1), there(2, q=1))), CAROL: Service(destinations=(there(3),))}
    )
    assert {name: settings(whole)[name] for name in ("group", "last")} == {"group": "1", "last": "2"}
    assert {name: settings(whole, CAROL)[name] for name in ("group", "last")} == {"group": "3", "last": "3"}


def test_patience_counts_for_all_groups_but_the_last():
    listed = (there(1), there(2), there(3))
    lines = block(text(Service(destinations=listed, forking=Forking.SERIAL, patience_us=2_500_000)), "route[GROUP]")
    limits = [line for line in lines if "_fr(" in line]
    assert limits == ["t_set_fr(2500, 2500);", "t_set_fr(2500, 2500);", "t_reset_fr();"]


def test_a_late_branch_goes_round_through_the_proxy_itself_and_is_held_there():
    late = Service(destinations=(there(1), there(2, after_us=1_500_000)), forking=Forking.PARALLEL)
    assert groups(text(late)) == [[there(1).uri, f"{HERE};late=1"]]
    assert groups(text(late, transport=Transport.TCP))[0][1] == f"{HERE};late=1;transport=tcp"
    held = block(text(late), "route[LATE]")
    assert held[1] == f'$ru = "{there(2).uri}";'
    assert 'async_ms_route("RELAY", "1500")' in held[2]


def test_redirections_are_followed_where_that_is_asked():
    assert settings(text(Service(destinations=(there(1),), follow_redirects=True)))["follows"] == "1"
    assert settings(text(Service(destinations=(there(1),))))["follows"] == "0"
    assert f'if ($(rd{{s.tolower}}) == "example.com") $du = "{HERE}";' in block(text(), "branch_route[PLACE]")


def test_who_stands_for_another_is_looked_up_under_that_name():
    whole = text(services={BOB: Service(retarget=CAROL), CAROL: Service()})
    assert settings(whole)["aor"] == settings(whole, CAROL)["aor"] == f'"{CAROL}"'
    assert settings(whole)["lost"] == "480"


def test_a_redirect_server_tells_places_most_preferred_first_and_relays_to_none():
    whole = text(Service(destinations=(there(1, q=200), there(2, q=900))), redirects=True)
    assert f'append_to_reply("Contact: <{there(2).uri}>;q=0.9, <{there(1).uri}>;q=0.2\\r\\n");' in block(
        whole, "route[SERVE]"
    )
    assert "route[FORK]" not in whole


def test_the_route_is_recorded_and_phones_are_registered_only_where_that_is_asked():
    recorded = 'if (is_method("INVITE")) record_route();'
    assert recorded in block(text(record_route=True), "request_route")
    assert recorded not in block(text(), "request_route")
    assert 'save("location");' in block(text(), "route[REGISTER]")
    assert 'save("location");' not in block(text(registrar=False), "route[REGISTER]")
