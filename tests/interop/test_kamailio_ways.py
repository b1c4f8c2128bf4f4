"""Kamailio under configurations written by us: redirections, retargeting, registrations, transports, its own end."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mikey_sdp.drivers.kamailio import Kamailio
from mikey_sdp.drivers.processes import ProgramFailed
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.nodes.proxy_config import Destination, Forking, Service
from mikey_sdp.sip import Message, Response, StreamFramer, q_of
from tests.interop.proxied import Script
from tests.interop.scene import BOB, BODY, BUSY, CAROL, RINGS, Play, Scene, service
from tests.interop.sockets import HOST, until


def test_a_redirect_server_tells_the_places_with_their_preference(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk")
        named = service(scene.at("desk", q=400), Destination(uri=CAROL, q=900))
        await scene.serve(services={BOB: named}, redirects=True)
        scene.caller.call(BOB)
        answer = await scene.caller.ended()
        assert answer.status == 302
        told = [(contact.uri.text, q_of(contact)) for contact in answer.contacts]
        assert told == [(CAROL, 900), (scene.phones["desk"].uri, 400)]
        assert scene.phones["desk"].seen == []

    play(main)


@pytest.mark.parametrize("follows", [False, True])
def test_a_redirection_is_followed_only_where_that_is_asked(play: Play, follows: bool):
    async def main(scene: Scene) -> None:
        new = scene.phone("new")
        scene.phone("old", Script(says=((0, 302),), contacts=(new.uri,)))
        await scene.serve(services={BOB: service(scene.at("old"), follow_redirects=follows)})
        scene.caller.call(BOB, body=BODY)
        answer = await scene.caller.ended()
        assert answer.status == (200 if follows else 302)
        assert [one.body for one in new.of("INVITE")] == ([BODY] if follows else [])
        assert (302 in scene.caller.statuses) is not follows

    play(main)


def test_a_redirection_to_a_user_of_ours_finds_his_phones(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("carol")
        other = scene.ports.sip(HOST, Transport.UDP, Transport.TCP)
        telling = {BOB: service(Destination(uri=CAROL))}
        passing = {
            BOB: service(Destination(uri=f"sip:bob@{other.host}:{other.port}"), follow_redirects=True),
            CAROL: service(scene.at("carol")),
        }
        await scene.serve(services=passing)
        await scene.serve(other, services=telling, redirects=True)
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).to.tag == "carol"

    play(main)


def test_redirections_in_a_circle_end(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("one")
        two = scene.phone("two", Script(says=((0, 302),), contacts=(scene.phones["one"].uri, BOB)))
        scene.phones["one"].script = Script(says=((0, 302),), contacts=(two.uri,))
        scene.phone("last", Script(says=((0, 486),)))
        listed = (scene.at("one"), scene.at("last", q=100))
        await scene.serve(services={BOB: service(*listed, follow_redirects=True)})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).status >= 300
        assert [len(phone.of("INVITE")) for phone in scene.phones.values()] == [1, 1, 1]

    play(main)


def test_a_retargeted_call_reaches_who_is_meant_with_his_own_order(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk", BUSY)
        scene.phone("mobile")
        listed = (scene.at("desk"), scene.at("mobile"))
        await scene.serve(services={BOB: Service(retarget=CAROL), CAROL: service(*listed, forking=Forking.SERIAL)})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).to.tag == "mobile"
        assert scene.after("mobile") - scene.after("desk") >= 0.03
        (invite,) = scene.phones["mobile"].of("INVITE")
        assert (invite.uri.text, invite.to.uri.text) == (scene.phones["mobile"].uri, BOB)

    play(main)


def test_one_proxy_behind_another(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("bob")
        inner = scene.ports.sip(HOST, Transport.UDP, Transport.TCP)
        onward = Destination(uri=f"sip:bob@{inner.host}:{inner.port}")
        await scene.serve(services={BOB: service(onward)}, record_route=True)
        await scene.serve(inner, services={BOB: service(scene.at("bob"))}, record_route=True)
        scene.caller.call(BOB)
        answer = await scene.caller.ended()
        assert [route.uri.port for route in answer.record_routes] == [inner.port, scene.address.port]
        await until(lambda: scene.phones["bob"].of("ACK"))
        assert len(scene.phones["bob"].of("ACK")[0].vias) == 3

    play(main)


def test_phones_that_register_are_found_and_are_told_the_time(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk")
        scene.phone("mobile", RINGS)
        await scene.serve(services={BOB: Service(forking=Forking.PARALLEL)})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).status == 480
        for number, phone in enumerate(scene.phones.values(), 7):
            register = scene.caller.request("REGISTER", BOB, number=number).with_field("Contact", f"<{phone.uri}>")
            scene.caller.send(register, scene.address)
        await until(lambda: len(scene.caller.answers("REGISTER")) == 2)
        told = scene.caller.answers("REGISTER")[-1]
        assert told.all("Date")[0].endswith(" GMT")
        scene.caller.seen.clear()
        scene.caller.invite = again = scene.caller.request("INVITE", BOB, number=3)
        scene.caller.send(again, scene.address)
        assert (await scene.caller.ended()).to.tag == "desk"
        assert scene.phones["mobile"].of("INVITE")

    play(main)


def test_a_phone_that_registers_where_it_is_expected_anyway_rings_once(play: Play):
    async def main(scene: Scene) -> None:
        bob = scene.phone("bob")
        await scene.serve(services={BOB: service(scene.at("bob"))})
        register = scene.caller.request("REGISTER", BOB, number=7).with_field("Contact", f"<{bob.uri}>")
        scene.caller.send(register, scene.address)
        await until(lambda: scene.caller.answers("REGISTER"))
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).status == 200
        assert len(bob.of("INVITE")) == 1

    play(main)


def test_who_is_not_known_here_is_not_found_and_strangers_are_passed_on(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("stranger")
        await scene.serve(services={})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).status == 404
        scene.caller.seen.clear()
        stranger = scene.phones["stranger"]
        scene.caller.invite = scene.caller.request("INVITE", stranger.uri, number=2)
        scene.caller.send(scene.caller.invite, scene.address)
        assert (await scene.caller.ended()).to.tag == "stranger"

    play(main)


def test_over_tcp_a_large_offer_comes_through_and_a_late_branch_still_comes_late(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk", RINGS)
        scene.phone("mobile")
        listed = (scene.at("desk"), scene.at("mobile", after_us=200_000))
        plan = {BOB: service(*listed, forking=Forking.PARALLEL)}
        await scene.serve(services=plan, transport=Transport.TCP)
        reader, writer = await asyncio.open_connection(*scene.address)
        offer = scene.caller.request("INVITE", BOB, body=b"v=0\r\n" + b"x" * 30_000)
        scene.caller.started = scene.caller.now()
        writer.write(offer.octets.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP", 1))
        framer, answers = StreamFramer(), []
        while not answers or answers[-1].status < 200:
            for octets in framer.feed(await reader.read(65_536)):
                answer = Message.parse(octets)
                assert isinstance(answer, Response)
                answers.append(answer)
        writer.close()
        assert answers[-1].to.tag == "mobile"
        assert 0.2 <= scene.after("mobile") < 0.35
        assert len(scene.phones["mobile"].of("INVITE")[0].body) == 30_005

    play(main)


def test_a_call_on_ipv6(play: Play):
    async def main(scene: Scene) -> None:
        six = scene.ports.sip("::1", Transport.UDP, Transport.TCP)
        await scene.serve(six, services={BOB: service(Destination(uri="sip:bob@[::1]:9"))}, redirects=True)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
            asking.setblocking(False)
            asking.bind(("::1", 0))
            via = f"[::1]:{asking.getsockname()[1]}"
            invite = scene.caller.request("INVITE", BOB).octets.replace(
                f"{HOST}:{scene.caller.address.port};branch".encode(), f"{via};branch".encode()
            )
            await loop.sock_sendto(asking, invite, (six.host, six.port))
            answer = Message.parse(await loop.sock_recv(asking, 65_535))
        assert isinstance(answer, Response)
        assert [contact.uri.text for contact in answer.contacts] == ["sip:bob@[::1]:9"]

    play(main)


def test_it_stops_and_leaves_its_port_free(play: Play):
    async def main(scene: Scene) -> None:
        server = await scene.serve(services={})
        assert server.runs
        await server.stop()
        assert not server.runs
        again = Kamailio(server.plan, scene.folder)
        await again.start()
        await again.stop()

    play(main)


def test_an_address_that_somebody_has_already_is_refused(play: Play):
    async def main(scene: Scene) -> None:
        server = await scene.serve(services={})
        with pytest.raises(UsageError, match=f"{scene.address.port}.*can't be had"):
            await Kamailio(server.plan, scene.folder / "second").start()

    play(main)


def test_what_kamailio_said_before_it_gave_up_is_told(play: Play, monkeypatch: pytest.MonkeyPatch):
    broken = "#!KAMAILIO\nno_such_word=1\n"
    monkeypatch.setattr("mikey_sdp.drivers.kamailio.configuration", lambda plan: broken)

    async def main(scene: Scene) -> None:
        with pytest.raises(ProgramFailed, match=r"(?s)ended with 255 instead of answering.*\| .*line 2"):
            await scene.serve(services={})

    play(main)
