"""Kamailio under configurations written by us: relays and forks as our own proxy would."""

from __future__ import annotations

import asyncio

import pytest

from mikey_sdp.drivers.kamailio_plan import MOST_BRANCHES
from mikey_sdp.nodes.proxy_config import Forking
from tests.interop.proxied import Script
from tests.interop.scene import BOB, BODY, BUSY, RINGS, Play, Scene, service
from tests.interop.sockets import until


def test_a_call_is_relayed_as_it_is_and_what_follows_goes_past_the_proxy(play: Play):
    async def main(scene: Scene) -> None:
        bob = scene.phone("bob")
        await scene.serve(services={BOB: service(scene.at("bob"))})
        scene.caller.call(BOB, body=BODY)
        answer = await scene.caller.ended()
        assert scene.caller.statuses == [180, 200]
        (invite,) = bob.of("INVITE")
        assert (invite.uri.text, invite.body, len(invite.vias)) == (bob.uri, BODY, 2)
        assert answer.record_routes == ()
        await until(lambda: bob.of("ACK"))

    play(main)


def test_a_proxy_that_records_its_route_sees_the_later_requests(play: Play):
    async def main(scene: Scene) -> None:
        bob = scene.phone("bob")
        await scene.serve(services={BOB: service(scene.at("bob"))}, record_route=True)
        scene.caller.call(BOB)
        answer = await scene.caller.ended()
        assert [route.uri.port for route in answer.record_routes] == [scene.address.port]
        scene.caller.send(scene.caller.inside("BYE", answer, cseq=2), scene.address)
        await until(lambda: bob.of("BYE"))
        assert len(bob.of("BYE")[0].vias) == len(bob.of("ACK")[0].vias) == 2

    play(main)


@pytest.mark.parametrize("count", [3, MOST_BRANCHES])
def test_a_parallel_fork_rings_everywhere_and_all_but_one_are_cancelled(play: Play, count: int):
    names = [f"phone-{number}" for number in range(count)]

    async def main(scene: Scene) -> None:
        early = Script(says=((0, 183), (300, 200)))
        slow = Script(says=((0, 183), (2_000, 200)))
        for name in names:
            scene.phone(name, early if name == names[-1] else slow)
        await scene.serve(services={BOB: service(*map(scene.at, names), forking=Forking.PARALLEL)})
        scene.caller.call(BOB, body=BODY)
        answer = await scene.caller.ended()
        assert answer.to.tag == names[-1]
        assert scene.caller.statuses == [183] * count + [200]
        assert {one.to.tag for one in scene.caller.responses[1:]} == set(names)
        assert max(map(scene.after, names)) < 0.2
        await until(lambda: all(scene.phones[name].of("CANCEL") for name in names[:-1]))
        assert scene.phones[names[-1]].of("CANCEL") == []
        assert {scene.phones[name].of("INVITE")[0].body for name in names} == {BODY}

    play(main)


def test_a_serial_fork_goes_on_after_a_refusal_and_when_patience_is_over(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk", BUSY)
        scene.phone("mobile", RINGS)
        scene.phone("home")
        listed = [scene.at(name) for name in ("desk", "mobile", "home")]
        await scene.serve(services={BOB: service(*listed, forking=Forking.SERIAL, patience_us=300_000)})
        scene.caller.call(BOB)
        answer = await scene.caller.ended()
        assert answer.to.tag == "home"
        assert 0.03 <= scene.after("mobile") < 0.15
        waited = scene.after("home") - scene.after("mobile")
        assert 0.25 <= waited < 0.5
        assert scene.phones["desk"].of("CANCEL") == []
        await until(lambda: scene.phones["mobile"].of("CANCEL"))

    play(main)


def test_the_most_preferred_are_tried_first_and_the_others_only_when_they_refuse(play: Play):
    async def main(scene: Scene) -> None:
        for name in ("lobby", "desk"):
            scene.phone(name, BUSY)
        scene.phone("house")
        listed = (scene.at("house", q=200), scene.at("desk", q=800), scene.at("lobby", q=800))
        await scene.serve(services={BOB: service(*listed)})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).to.tag == "house"
        assert abs(scene.after("desk") - scene.after("lobby")) < 0.03
        assert scene.after("house") - scene.after("desk") >= 0.03

    play(main)


def test_when_all_refuse_the_caller_is_told_once_and_a_6xx_ends_everything(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk", BUSY)
        scene.phone("mobile", Script(says=((50, 603),)))
        scene.phone("home")
        listed = (scene.at("desk"), scene.at("mobile"), scene.at("home", q=100))
        await scene.serve(services={BOB: service(*listed)})
        scene.caller.call(BOB)
        assert (await scene.caller.ended()).status == 603
        await asyncio.sleep(0.1)
        assert scene.phones["home"].of("INVITE") == []
        assert [status for status in scene.caller.statuses if status >= 200] == [603]

    play(main)


def test_staggered_branches_begin_at_their_times_and_late_ones_not_once_somebody_answered(play: Play):
    async def main(scene: Scene) -> None:
        for name in ("one", "two", "three", "four"):
            scene.phone(name, Script(says=((0, 180), (650, 200))))
        listed = [scene.at(name, after_us=at * 250_000) for at, name in enumerate(scene.phones)]
        await scene.serve(services={BOB: service(*listed, forking=Forking.PARALLEL)})
        scene.caller.call(BOB, body=BODY)
        assert (await scene.caller.ended()).to.tag == "one"
        times = [scene.after(name) for name in ("one", "two", "three")]
        assert all(due <= time < due + 0.12 for due, time in zip((0.0, 0.25, 0.5), times, strict=True)), times
        await until(lambda: all(scene.phones[name].of("CANCEL") for name in ("two", "three")))
        await asyncio.sleep(0.3)
        assert scene.phones["four"].of("INVITE") == []
        (invite,) = scene.phones["two"].of("INVITE")
        assert (invite.uri.text, invite.body) == (scene.phones["two"].uri, BODY)

    play(main)


def test_a_late_branch_can_be_the_one_that_answers_and_its_refusal_is_waited_for(play: Play):
    async def main(scene: Scene) -> None:
        scene.phone("desk", BUSY)
        scene.phone("mobile")
        listed = (scene.at("desk"), scene.at("mobile", after_us=250_000))
        await scene.serve(services={BOB: service(*listed, forking=Forking.PARALLEL)})
        scene.caller.call(BOB)
        answer = await scene.caller.ended()
        assert answer.to.tag == "mobile"
        assert 0.25 <= scene.after("mobile") < 0.4
        assert 486 not in scene.caller.statuses

    play(main)


@pytest.mark.parametrize("late", [False, True])
def test_a_caller_who_gives_up_is_told_so_at_once_and_nobody_rings_on(play: Play, late: bool):
    async def main(scene: Scene) -> None:
        scene.phone("desk", RINGS)
        scene.phone("mobile", RINGS)
        listed = (scene.at("desk"), scene.at("mobile", after_us=600_000 if late else 0))
        await scene.serve(services={BOB: service(*listed, forking=Forking.PARALLEL)})
        scene.caller.call(BOB)
        await until(lambda: scene.caller.statuses.count(180) == (1 if late else 2))
        given_up = scene.caller.now()
        scene.caller.cancel()
        assert (await scene.caller.ended()).status == 487
        assert scene.caller.now() - given_up < 0.3
        await asyncio.sleep(0.6 if late else 0.05)
        assert len(scene.phones["desk"].of("CANCEL")) == 1
        assert len(scene.phones["mobile"].of("INVITE")) == (0 if late else 1)

    play(main)
