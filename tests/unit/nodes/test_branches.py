"""The order of branches, and the choice among what they bring."""

from __future__ import annotations

import pytest

from mikey_sdp.nodes import branches
from mikey_sdp.nodes.branches import Fork, best_of, in_groups, redirected
from mikey_sdp.nodes.proxy_config import Destination, Forking
from mikey_sdp.sip import Message, Request, Response, Uri, build_response
from tests.unit.sip.samples import request

ASKED = Message.parse(request("INVITE"))


def refusal(status: int, *contacts: str) -> Response:
    assert isinstance(ASKED, Request)
    return build_response(ASKED, status, headers=[("Contact", contact) for contact in contacts])


PLACES = [Destination(uri=f"sip:{name}@h", q=q) for name, q in (("a", 500), ("b", 900), ("c", 500), ("d", 0))]


@pytest.mark.parametrize(
    ("forking", "order"),
    [(Forking.PARALLEL, ["abcd"]), (Forking.SERIAL, ["b", "a", "c", "d"]), (Forking.BY_Q, ["b", "ac", "d"])],
)
def test_groups(forking: Forking, order: list[str]) -> None:
    groups = in_groups(PLACES, forking)
    assert ["".join(Uri.parse(one.uri).user or "" for one in group) for group in groups] == order


@pytest.mark.parametrize(
    ("statuses", "best"),
    [
        ([486, 302, 500], 302),
        ([404, 486], 404),
        ([486, 404], 486),
        ([404, 407, 486], 407),
        ([503, 500], 500),
        ([408, 603, 302], 603),
        ([503], 503),
    ],
)
def test_the_best(statuses: list[int], best: int) -> None:
    found = best_of([refusal(status) for status in statuses])
    assert found is not None
    assert found.status == best
    assert best_of([]) is None


def test_the_new_places_of_a_redirection() -> None:
    response = refusal(302, "<sip:a@h>;q=0.2, <sip:b@h>", "<tel:+1>", "<sip:C@H>;q=0.7")
    fork = Fork()
    assert fork.first_time(Uri.parse("sip:b@H"))
    places = redirected(response, fork)
    assert [(place.uri, place.q) for place in places] == [("sip:C@H", 700), ("sip:a@h", 200)]
    assert redirected(refusal(302, "<sip:a@h>;q=x"), fork) == []
    assert redirected(refusal(302), fork) == []


def test_a_place_is_tried_once_however_it_is_written() -> None:
    fork = Fork()
    tried = [
        fork.first_time(Uri.parse(text)) for text in ("sip:b@h", "sip:%62@H", "sip:b@h:5060", "sips:b@h", "sip:B@h")
    ]
    assert tried == [True, False, True, True, True]


def test_no_request_has_branches_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "MAX_BRANCHES", 2)
    fork = Fork()
    assert [fork.first_time(Uri.parse(f"sip:{user}@h")) for user in "abc"] == [True, True, False]
