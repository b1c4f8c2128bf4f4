"""`mikey-sdp explain`: which mode the selection policy would choose in a situation, and why."""

from __future__ import annotations

import io
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import click
import msgspec
from rich.text import Text
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mikey_sdp.cli.common import FAILED, HELD, ModeChoice, read_file
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import BackendUnavailable, PolicyRefused, UsageError
from mikey_sdp.policy import Conference, Cost, Decision, Fired, Overruled, after_rejection, select
from mikey_sdp.policy.situation import KeyKind, ModeName, Situation
from mikey_sdp.scenario.mode_cases import CASES, held
from mikey_sdp.scenario.mode_table import record

_MOST_YAML: Final = 1 << 16
_KINDS: Final = click.Choice(get_args(KeyKind), case_sensitive=False)
_MODES: Final = ModeChoice(get_args(ModeName))
_PARTS: Final = click.Choice(list(Conference), case_sensitive=False)


@click.command("explain")
@click.option("--psk", is_flag=True, help="A key is shared with the peer.")
@click.option("--own-certificate", type=_KINDS, help="We have a certificate with a key of that kind.")
@click.option("--peer-certificate", type=_KINDS, help="The peer's certificate is known beforehand.")
@click.option("--assertion", is_flag=True, help="Our SIP domain vouches for a Diffie-Hellman key of ours (SAML).")
@click.option("--unprotected", is_flag=True, help="MIKEY NULL is permitted.")
@click.option("--modes", type=_MODES, multiple=True, help="Narrow the choice to these; asks for experimental ones.")
@click.option("--secure-carrier", is_flag=True, help="The signalling is protected end to end.")
@click.option("--forward-secrecy", is_flag=True, help="A key that leaks later must not open recordings.")
@click.option("--both-contribute", is_flag=True, help="The peer wants a part in the key.")
@click.option("--forking", is_flag=True, help="Several targets may answer.")
@click.option("--retargeting", is_flag=True, help="Somebody else than the called party may answer, and is welcome.")
@click.option("--early-media", is_flag=True, help="Media may come before the answer.")
@click.option("--conference", type=_PARTS, help="Our part in a conference with one key.")
@click.option("--max-octets", type=click.IntRange(1, 65_535), help="How large the MIKEY message may be.")
@click.option("--rejected", type=_MODES, multiple=True, help="The peer has refused an offer in this mode.")
@click.option("--situation", type=click.Path(path_type=Path), help="The same words as a YAML file.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@click.pass_context
def explain(context: click.Context, /, situation: Path | None, as_json: bool, **said: Any) -> None:
    """Say which mode RFC 5197 section 5 chooses in a situation, what it would try next, and why.

    \b
    mikey-sdp explain --psk --forking
    mikey-sdp explain --own-certificate rsa --forward-secrecy
    mikey-sdp explain --psk --forking --max-octets 250
    mikey-sdp explain --situation office.yaml --rejected rsa

    For --max-octets a message of each possible mode is made and measured.
    Exits 0 with a decision, 1 where no mode fits.
    """
    given = {name.replace("_", "-"): value for name, value in said.items() if value not in (None, False, ())}
    found = _situation({**(_read(situation) if situation else {}), **given})
    facts = replace(found.facts, costs=_measured(found)) if found.max_octets else found.facts
    try:
        decision = after_rejection(facts, found.rejected) if found.rejected else select(facts)
    except PolicyRefused as refusal:
        _print_refusal(refusal, as_json=as_json)
        context.exit(FAILED)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(decision), indent=2).decode() + "\n")
    else:
        screen = Screen()
        screen.show(_sentences(decision, screen.width))
    context.exit(HELD)


def _measured(asked: Situation) -> dict[str, Cost]:
    """How large a message of each possible mode is, made with keys of the kinds that are at hand; a mode whose library
    is missing stays unmeasured."""
    kinds = {"", asked.own_certificate}
    sizes: dict[str, Cost] = {}
    for case in CASES:
        if case.mode in asked.facts.credentials and case.certified in kinds and case.mode not in sizes:
            with suppress(BackendUnavailable):
                message, _answer = record(case, held(case)).messages
                sizes[case.mode.value] = Cost(octets=len(message), offer_us=0, answer_us=0)
    return sizes


def _read(path: Path) -> dict[str, object]:
    try:
        found = YAML(typ="safe", pure=True).load(io.BytesIO(read_file(path, most=_MOST_YAML)))
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} holds no words of a situation, such as 'psk: true'")
    return {word: _in_our_letters(value) for word, value in found.items()}


def _in_our_letters(value: object) -> object:
    """The names of modes as the policy has them, in whatever letters the file writes them."""
    if isinstance(value, list):
        return [_MODES.known_as(one) if isinstance(one, str) else one for one in value]
    return value.lower() if isinstance(value, str) else value


def _situation(words: dict[str, object]) -> Situation:
    try:
        return msgspec.convert(words, Situation)
    except msgspec.ValidationError as error:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(Situation))
        raise UsageError(f"{error}; a situation has: {known}") from None


def _print_refusal(refusal: PolicyRefused, *, as_json: bool) -> None:
    if as_json:
        told = {"mode": None, "rule": refusal.rule, "why": refusal.reason, "facts": dict(refusal.facts)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
        return
    screen = Screen()
    screen.show([Text("No mode fits.", style="bold red")])
    rows = refusal.reason.partition(": ")[2]
    screen.show(f"  {row}" for row in rows.split("; "))


def _sentences(decision: Decision, width: int) -> Iterator[Text | str]:
    """The decision as a person would say it."""
    reasons = {entry.mode: entry for entry in decision.fired}
    yield Text.assemble((decision.mode, "bold green"), f": {reasons[decision.mode].why}.")
    yield Text(f"  {_source(reasons[decision.mode])}", style="dim")
    for against in decision.drawbacks_of(decision.mode):
        yield from _paragraph(f"Against it speaks that {against.why}", _source(against), width, style="yellow")
    for number, mode in enumerate(decision.alternatives):
        lead = "If it is rejected" if number == 0 else "After that"
        yield from _paragraph(f"{lead}, offer {mode}: {reasons[mode].why}", _source(reasons[mode]), width)
        for against in decision.drawbacks_of(mode):
            yield from _paragraph(f"It stands behind since {against.why}", _source(against), width)
    if not decision.alternatives:
        yield "If it is rejected there is nothing left to offer."
    for gone in decision.overruled:
        yield from _paragraph(f"Not {gone.mode}: {gone.why}", _source(gone), width)
    yield from _paragraph(
        "If the call is redirected, ask again with what is at hand for the new target", "RFC 5197 section 5.3", width
    )


def _source(entry: Fired | Overruled) -> str:
    """Where it is written, and what bears it out."""
    return f"{entry.section}; shown by {entry.run}"


def _paragraph(sentence: str, section: str, width: int, *, style: str = "") -> Iterator[Text]:
    for line in textwrap.wrap(f"{sentence}.", max(20, width - 2)):
        yield Text(line, style=style)
    yield Text(f"  {section}", style="dim")
