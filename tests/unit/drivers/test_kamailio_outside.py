"""Which servers of a run Kamailio plays."""

from __future__ import annotations

import pytest

from mikey_sdp.drivers.kamailio_outside import kamailios
from mikey_sdp.drivers.kamailio_plan import NotExpressible
from mikey_sdp.drivers.ports import Ports
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer

BOB = "sip:bob@example.com"


def config(number: int, *, leads_to: int | None = None, transport: Transport = Transport.UDP) -> ServerConfig:
    there = () if leads_to is None else (Destination(uri=f"sip:bob@127.0.0.{leads_to}:5060"),)
    return ServerConfig(
        name=f"server-{number}",
        address=Address(f"127.0.0.{number}", 5060),
        transport=transport,
        services={BOB: Service(destinations=there)},
        seed=b"s",
        epoch_unix_us=0,
    )


def test_servers_that_have_nothing_to_do_with_each_other_are_all_played():
    nodes = [RedirectServer(config(1, leads_to=9)), Proxy(config(2, leads_to=9)), Proxy(config(3))]
    assert sorted(kamailios(nodes, Ports())) == ["server-1", "server-2", "server-3"]
    assert kamailios([], Ports()) == {}


def test_of_two_servers_one_behind_the_other_only_one_is_played():
    chain = [Proxy(config(1, leads_to=2)), Proxy(config(2, leads_to=3)), Proxy(config(3, leads_to=9))]
    assert list(kamailios(chain, Ports())) == ["server-1", "server-3"]
    assert list(kamailios(chain[::-1], Ports())) == ["server-3", "server-1"]
    assert list(kamailios([RedirectServer(config(2)), Proxy(config(1, leads_to=2))], Ports())) == ["server-1"]


def test_one_server_that_can_not_be_played_is_a_reason_not_to_run_at_all():
    with pytest.raises(NotExpressible, match="server-2: Kamailio is run over UDP and TCP"):
        kamailios([Proxy(config(1)), Proxy(config(2, transport=Transport.TLS))], Ports())


def test_a_server_takes_no_commands():
    with pytest.raises(UsageError, match="server-1 takes no commands, least of all str"):
        kamailios([Proxy(config(1))], Ports())["server-1"].give("call")
