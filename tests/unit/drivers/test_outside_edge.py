"""An edge's configuration in a live run: it names its secrets by files that only we can read."""

from __future__ import annotations

import tomllib

from mikey_sdp.drivers.outside_edge import EdgeSetup
from mikey_sdp.drivers.phones import Media
from mikey_sdp.nodes.contract import Address


def test_the_configuration_says_where_everybody_is_and_names_files_for_secrets():
    setup = EdgeSetup(
        identity="sip:bob@example.com",
        network=Address("127.1.2.3", 5060),
        inner=Address("127.1.2.3", 5062),
        home=Address("127.1.2.3", 5064),
        proxy=Address("127.1.3.1", 5070),
        media=Media.SDES,
        media_ports=(20_000, 20_007),
        modes=("PSK", "DHSIGN"),
        account={"certificate": '"own.pem"'},
        peers={"sip:alice@example.com": "peer-0.psk"},
        files={"peer-0.psk": "c0ffee"},
    )
    read = tomllib.loads(setup.text())
    assert read["phone"] == {"listen": ["udp:127.1.2.3:5062"], "media": "sdes"}
    assert read["network"] == {"listen": ["udp:127.1.2.3:5060"], "proxy": "udp:127.1.3.1:5070"}
    assert read["accounts"] == [
        {"identity": "sip:bob@example.com", "contact": "sip:bob@127.1.2.3:5064", "certificate": "own.pem"}
    ]
    assert read["peers"] == [{"identity": "sip:alice@example.com", "psk": "@peer-0.psk"}]
    assert read["media"] == {"ports": [20_000, 20_007]}
    assert read["policy"] == {"modes": ["PSK", "DHSIGN"]}
    assert "c0ffee" not in setup.text()
