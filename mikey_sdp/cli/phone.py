"""`mikey-sdp phone`: a small telephone on the command line."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from mikey_sdp.cli.common import FAILED, HELD, ModeChoice, StandardInput, read_file, read_secret, read_secret_octets
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import UsageError
from mikey_sdp.mikey.certificates.credential import CertificateCredential
from mikey_sdp.mikey.credentials import ANY_PEER, Credential, PskCredential
from mikey_sdp.mikey.modes.contract import Mode
from mikey_sdp.nodes.contract import Transport
from mikey_sdp.softphone.edge_places import Listener, literal_of
from mikey_sdp.softphone.phone_plan import PhonePlan
from mikey_sdp.softphone.phone_words import typed, uri_of

_STYLES: Final = {"note": "", "good": "green", "bad": "bold red", "warning": "yellow"}
_PSK: Final = re.compile(r"(?:(?P<peer>sips?:[^=@]*@[^=@]*)=)?(?P<place>@.*|-|keyring:.*)", re.DOTALL)
_READ_OCTETS: Final = 1 << 16
_MODES: Final = ModeChoice(mode.value for mode in Mode if mode is not Mode.NULL)
_FILE: Final = click.Path(path_type=Path)


@click.command("phone")
@click.argument("identity")
@click.option("--psk", multiple=True, metavar="[PEER=]@FILE", help="A key shared with PEER, or with everybody.")
@click.option("--certificate", type=_FILE, help="Our certificate in PEM, with those between it and the root.")
@click.option("--key", metavar="@FILE", help="The private key of the certificate, in PEM; or keyring:SERVICE/USER.")
@click.option("--trust", multiple=True, type=_FILE, help="A root certificate that peers' certificates lead to.")
@click.option("--known", multiple=True, type=_FILE, help="A peer's certificate, which RSA mode needs beforehand.")
@click.option("--mode", "modes", multiple=True, type=_MODES, help="Use this mode only; else the policy chooses.")
@click.option(
    "--listen", multiple=True, metavar="udp:IP:PORT", help="Where to be called; udp:0.0.0.0:5060 if left out."
)
@click.option("--proxy", metavar="URI", help="The SIP server that calls go through.")
@click.option("--call", "target", metavar="'URI [IDENTITY]'", help="Call at once.")
@click.option("--auto-answer", is_flag=True, help="Take every call that can be secured.")
@click.option("--allow-plain", is_flag=True, help="Talk unprotected to those who know no MIKEY. Says so.")
@click.option("--tone", type=click.IntRange(50, 3_400), metavar="HZ", help="Play a tone instead of the microphone.")
@click.option("--play", type=_FILE, help="Play a WAV file instead of the microphone.")
@click.option("--record", type=_FILE, help="Record into a WAV file instead of the loudspeaker.")
@click.option("--no-sound", is_flag=True, help="Leave the machine's sound devices alone.")
@click.pass_context
def phone(context: click.Context, /, identity: str, **said: Any) -> None:
    """Call and be called as IDENTITY, a SIP address, with media keyed by MIKEY.

    \b
      mikey-sdp keygen --out key.psk
      mikey-sdp phone sip:bob@example.com --psk @key.psk --listen udp:127.0.0.1:5070
      mikey-sdp phone sip:alice@example.com --psk @key.psk --listen udp:127.0.0.1:5071 \\
        --call "sip:bob@127.0.0.1:5070 sip:bob@example.com"

    Then type call, answer, hold, resume, transfer, rekey, hangup, status, help or quit. Secrets are given by file
    (@FILE) or keyring (keyring:SERVICE/USER).

    Exits 0 when it was told to end, 1 if a call that it made could not be secured, 2 if used wrongly.
    """
    own = uri_of(identity)
    first = "" if said["target"] is None else f"call {said['target']}"
    typed(first)
    plan = _plan(said)
    held = _credentials(said)
    context.exit(_run(own, held, [Mode(name) for name in said["modes"]], plan, first))


def _plan(said: dict[str, Any]) -> PhonePlan:
    if said["tone"] is not None and said["play"] is not None:
        raise UsageError("--tone and --play are both instead of the microphone; give one of them")
    if said["play"] is not None:
        read_file(said["play"], most=1 << 28)
    return PhonePlan(
        listen=_listeners(said["listen"] or ("udp:0.0.0.0:5060",)),
        proxy="" if said["proxy"] is None else uri_of(said["proxy"]),
        silent=said["no_sound"],
        **{name: said[name] for name in ("auto_answer", "allow_plain", "tone", "play", "record")},
    )


def _listeners(places: Sequence[str]) -> tuple[Listener, ...]:
    found = tuple(map(literal_of, places))
    for one in found:
        if one.transport not in (Transport.UDP, Transport.TCP):
            raise UsageError(f"--listen takes udp and tcp, not {one.transport.lower()}")
        if ":" in one.address.host:
            raise UsageError(f"--listen takes an IPv4 address, not {one.address.host}")
    return found


def _credentials(said: dict[str, Any]) -> list[Credential]:
    """Everything that we prove ourselves by, read from where the options say it is."""
    standard_input = StandardInput()
    held: list[Credential] = []
    for spec in said["psk"]:
        found = _PSK.fullmatch(spec)
        place = spec if found is None else found["place"]
        if place == "-":
            raise UsageError("--psk can't be standard input, where commands are typed; put the key into a file")
        peer = ANY_PEER if found is None or not found["peer"] else uri_of(found["peer"])
        held.append(PskCredential(peer, read_secret(place, "--psk", standard_input).secret))
    if (said["certificate"] is None) != (said["key"] is None):
        raise UsageError("--certificate and --key come together")
    if said["certificate"] is not None:
        if said["key"] == "-":
            raise UsageError("--key can't be standard input, where commands are typed; put the key into a file")
        trust, known = (list(map(read_file, said[name])) for name in ("trust", "known"))
        private = read_secret_octets(said["key"], "--key", standard_input)
        own = read_file(said["certificate"])
        held.append(CertificateCredential.from_pem(own, private, trust=trust, known=known))
    if not held:
        raise UsageError(
            "there is nothing to prove IDENTITY by; give --psk @FILE, or --certificate FILE and --key @FILE"
        )
    return held


def _run(own: str, held: list[Credential], modes: list[Mode], plan: PhonePlan, first: str) -> int:
    from mikey_sdp.softphone.pjsua2_native import OPTIONS
    from mikey_sdp.softphone.pjsua2_phone import CommandPhone
    from mikey_sdp.system import Endpoint

    screen = Screen()

    def tell(kind: str, text: str) -> None:
        screen.show([Text(text, style=_STYLES[kind])])
        sys.stdout.flush()

    telephone = CommandPhone(Endpoint(own, credentials=held, modes=modes or None, options=OPTIONS), plan, tell)
    lines = _Lines()
    try:
        with _until_signalled() as signalled:
            telephone.obey(first)
            while telephone.running and not lines.ended and not signalled:
                telephone.poll()
                for line in lines.come():
                    telephone.obey(line)
    finally:
        telephone.close()
    return FAILED if telephone.failed else HELD


class _Lines:
    """Standard input, line by line, without waiting for it.

    Keeps: `ended`, whether there is no more to come.
    """

    def __init__(self) -> None:
        self.ended = False
        self._rest = b""

    def come(self) -> Iterator[str]:
        """The lines that are there."""
        if not select.select([sys.stdin], [], [], 0)[0]:
            return
        octets = os.read(sys.stdin.fileno(), _READ_OCTETS)
        *lines, self._rest = (self._rest + octets).split(b"\n")
        self._rest = self._rest[:_READ_OCTETS]
        if not octets:
            self.ended = True
        yield from (line.decode("utf-8", "replace") for line in lines)


@contextmanager
def _until_signalled() -> Iterator[list[int]]:
    """Signals that tell to end, as they come."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda got, _frame: came.append(got)) for number in numbers]
    try:
        yield came
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
