"""How a party of a scenario behaves, as its node and its endpoint take it."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from mikey_sdp.endpoint.core import Options
from mikey_sdp.mikey.modes.choices import Choices
from mikey_sdp.mikey.modes.saml_choices import SamlChoices
from mikey_sdp.nodes.config import Answering, Reaction, Speaks, Streams
from mikey_sdp.policy import Cost
from mikey_sdp.scenario.behaviour import Budget, ModeCost
from mikey_sdp.scenario.build_servers import uri_of
from mikey_sdp.scenario.modes import DH_GROUPS, MODES, SECOND_ROUNDS
from mikey_sdp.scenario.schema import Party
from mikey_sdp.scenario.units import micros

_SPEAKS: Final = {"confirmation": Speaks.CONFIRMED, "answer": Speaks.ANSWERED, "offer": Speaks.OFFERED}


def options_of(party: Party) -> Options:
    """What a party chooses where the standards leave a choice."""
    budget = Budget() if party.budget is UNSET else party.budget
    saml = SamlChoices(round_2=SECOND_ROUNDS[party.second_round])
    return Options(
        choices=Choices(dh_group=DH_GROUPS[party.dh_group], saml=saml),
        verification=party.asks_for_proof,
        require_idr=party.must_be_named,
        answers_for=frozenset(map(uri_of, party.answers_for)),
        forward_secrecy=party.forward_secrecy,
        both_contribute=party.both_contribute,
        max_octets=None if budget.octets is UNSET else budget.octets,
        max_time_us=None if budget.time is UNSET else micros(budget.time),
        costs={MODES[mode]: _cost(cost) for mode, cost in budget.costs.items()},
        several_messages=party.several_messages,
        accepts=None if party.accepts is UNSET else frozenset(MODES[word] for word in party.accepts),
    )


def _cost(cost: ModeCost) -> Cost:
    return Cost(octets=0, offer_us=micros(cost.offer), answer_us=micros(cost.answer))


def streams_of(party: Party) -> Streams:
    """What a party sends in each call."""
    talks = party.talks
    return Streams(
        kinds=party.media,
        packets=talks.packets,
        interval_us=micros(talks.every),
        first_sequence=None if talks.first_sequence is UNSET else talks.first_sequence,
    )


def answering_of(party: Party) -> Answering:
    """How a party meets calls."""
    answers = party.answers
    reaction = Reaction.ANSWER
    if answers.ignore:
        reaction = Reaction.IGNORE
    elif answers.reject is not UNSET:
        reaction = Reaction.REJECT
    return Answering(
        reaction=reaction,
        ringing_after_us=None if answers.ringing is None else micros(answers.ringing),
        decide_after_us=None if answers.answer is None else micros(answers.answer),
        status=answers.reject if answers.reject is not UNSET else 486,
        early_media_after_us=None if answers.early_media is UNSET else micros(answers.early_media),
        reliable=answers.reliable,
        speaks=_SPEAKS[answers.talks_from],
        early_packets=None if answers.early_packets is UNSET else answers.early_packets,
    )


def skew_us_of(party: Party) -> int:
    """What a party's clock shows too much."""
    if party.clock is UNSET:
        return 0
    if party.clock.ahead is not UNSET:
        return micros(party.clock.ahead)
    return -micros(party.clock.behind) if party.clock.behind is not UNSET else 0
