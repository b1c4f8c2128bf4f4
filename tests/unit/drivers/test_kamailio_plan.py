"""What can be asked of Kamailio, and what is refused before it is started."""

from __future__ import annotations

from typing import Any

import pytest

from mikey_sdp.drivers.kamailio_plan import EVERYBODY_ELSE, MOST_BRANCHES, NotExpressible, ProxyPlan, plan_of
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Address, Transport
from mikey_sdp.nodes.proxy import Proxy
from mikey_sdp.nodes.proxy_config import Destination, Forking, Place, ServerConfig, Service
from mikey_sdp.nodes.redirect import RedirectServer

AT = Address("127.0.0.2", 5060)
BOB, CAROL = "sip:bob@example.com", "sip:carol@example.com"


def there(number: int = 1, **how: Any) -> Destination:
    return Destination(uri=f"sip:phone@127.0.0.9:{5_000 + number}", **how)


def plan(**more: Any) -> ProxyPlan:
    return ProxyPlan(**{"name": "proxy", "address": AT, "domains": ("example.com",), **more})


def config(**more: Any) -> ServerConfig:
    return ServerConfig(**{"name": "proxy", "address": AT, "seed": b"s", "epoch_unix_us": 0, **more})


def test_a_plan_is_what_the_server_of_a_run_was_told():
    told = config(
        domains=("Example.com",), services={BOB: Service(destinations=(there(),))}, record_route=True, registrar=False
    )
    made = plan_of(Proxy(told))
    assert made == plan(services=told.services, record_route=True, registrar=False)
    assert plan_of(RedirectServer(told)) == plan(
        services=told.services, record_route=True, registrar=False, redirects=True
    )


def test_what_is_no_server_has_no_plan():
    class Phone:
        name, addresses = "phone", ()

        def handle(self, event: object, now_us: object) -> list[Any]:
            return []

    assert plan_of(Phone()) is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"places": {"example.net": Place(address=AT)}}, "host names of example.net"),
        ({"clock_skew_us": 1}, "machine's own clock"),
        ({"transport": Transport.TLS}, "over UDP and TCP, not over TLS"),
    ],
)
def test_what_kamailio_can_not_play_is_a_reason_to_skip(more: dict[str, Any], reason: str):
    with pytest.raises(NotExpressible, match=f"proxy: .*{reason}"):
        plan_of(Proxy(config(**more)))


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (
            Service(destinations=tuple(there(at) for at in range(MOST_BRANCHES + 1))),
            "in 31 places.*at most 30 branches",
        ),
        (Service(destinations=(there(after_us=30_000_001),)), "wait for more than 30 s"),
        (Service(destinations=(Destination(uri="sip:bob@phone.example.com"),)), "names no IP address"),
        (Service(destinations=(Destination(uri="sip:bob@127.0.0.9;transport=tls"),)), "asks for TLS"),
        (Service(destinations=(Destination(uri="sip:$rU@127.0.0.9"),)), "can't stand in a configuration"),
    ],
)
def test_places_that_kamailio_can_not_try_are_refused(service: Service, reason: str):
    with pytest.raises(NotExpressible, match=reason):
        plan(services={BOB: service})


def test_as_many_places_as_it_has_branches_and_the_longest_wait_are_taken():
    most = tuple(there(at, after_us=30_000_000) for at in range(MOST_BRANCHES))
    assert len(plan(services={BOB: Service(destinations=most)}).resolved()[0].service.destinations) == MOST_BRANCHES


def test_a_redirect_server_may_name_anybody():
    assert plan(services={BOB: Service(destinations=(Destination(uri=CAROL),))}, redirects=True)


def test_an_address_that_stands_for_another_has_that_ones_places():
    carols = Service(destinations=(there(),), forking=Forking.SERIAL)
    made = plan(services={BOB: Service(retarget=CAROL), CAROL: carols})
    assert [(one.asked, one.identity, one.service) for one in made.resolved()] == [
        (BOB, CAROL, carols),
        (CAROL, CAROL, carols),
        (EVERYBODY_ELSE, EVERYBODY_ELSE, Service()),
    ]


def test_an_address_elsewhere_is_a_place_of_its_own():
    made = plan(services={BOB: Service(retarget="sip:bob@192.0.2.9", follow_redirects=True)})
    assert made.resolved()[0].service == Service(
        destinations=(Destination(uri="sip:bob@192.0.2.9"),), follow_redirects=True
    )


def test_addresses_that_stand_for_each_other_and_texts_that_are_no_uri_are_the_callers_fault():
    with pytest.raises(UsageError, match="stand for each other"):
        plan(services={BOB: Service(retarget=CAROL), CAROL: Service(retarget=BOB)})
    with pytest.raises(UsageError, match="'bob' is no URI"):
        plan(services={"bob": Service()})
