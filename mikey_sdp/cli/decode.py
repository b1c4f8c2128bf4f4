"""`mikey-sdp decode`: every MIKEY message in a file, explained for people or as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from cryptography import x509

from mikey_sdp.cli.common import (
    FAILED,
    HELD,
    NOTHING_FOUND,
    PLACES_OF_SECRETS,
    GivenSecret,
    StandardInput,
    read_file,
    read_secret,
    read_secret_octets,
)
from mikey_sdp.cli.screen import Screen
from mikey_sdp.dissect.carriers import Unrecognised, find
from mikey_sdp.dissect.explain import Explained, explain
from mikey_sdp.dissect.found import Findings, Kind, printable
from mikey_sdp.dissect.known import NOTHING, Known, with_key
from mikey_sdp.dissect.opened import OWN_SIGN_CHECK, Opened
from mikey_sdp.dissect.text import tree_of
from mikey_sdp.dissect.times import from_iso
from mikey_sdp.dissect.tree import draw
from mikey_sdp.errors import DecodeError, UsageError
from mikey_sdp.mikey.certificates.load import certificates_from_pem
from mikey_sdp.report.canvas import ASCII

_MAX_CERTIFICATES_OCTETS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Input:
    """One argument: what it is called in messages, and its octets."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class _Given:
    """What the options give to open messages with, and how secrets that have several forms were read."""

    known: Known
    read: Mapping[str, GivenSecret]


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> int:
    if value is None:
        return time.time_ns() // 1_000
    try:
        return from_iso(value)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is no moment such as 2026-03-01T12:00:00Z") from None


@click.command("decode")
@click.argument("inputs", metavar="[FILE|TEXT|-]...", nargs=-1)
@click.option(
    "--as", "kind", type=click.Choice([kind.value for kind in Kind]), help="What the input is, if not obvious."
)
@click.option("--psk", metavar="@FILE|-", help=f"The pre-shared key, to verify and open messages: {PLACES_OF_SECRETS}.")
@click.option(
    "--key", metavar="@FILE|-", help="A private key in PEM: opens envelope keys sent to it, and ECMQV. Places as --psk."
)
@click.option("--dh-private", metavar="@FILE|-", help="A Diffie-Hellman private value of either end. Places as --psk.")
@click.option(
    "--cert",
    "certs",
    metavar="FILE",
    multiple=True,
    help="Certificates in PEM, of signers or their issuers, to verify signatures by; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a message.")
@click.option("--reveal-keys", is_flag=True, help="Show key octets, not just fingerprints of keys.")
@click.option("--now", metavar="TIME", callback=_moment, help="The time to judge timestamps by, instead of the clock.")
@click.pass_context
def decode(
    context: click.Context,
    inputs: tuple[str, ...],
    kind: str | None,
    psk: str | None,
    key: str | None,
    dh_private: str | None,
    certs: tuple[str, ...],
    as_json: bool,
    reveal_keys: bool,
    now: int,
) -> None:
    """Explain every MIKEY message in files, standard input or text.

    Takes a key-mgmt line, a whole SDP or SIP message, a capture (pcap, pcapng), the trace of a run, the octets of a
    message, or base64 or hex, and finds out which of them it is. An argument that names no file is taken as text:

    \b
      mikey-sdp decode call.pcap
      mikey-sdp decode 'a=key-mgmt:mikey AQAFgM0X...'
      mikey-sdp decode offer.sdp answer.sdp --psk @psk.hex

    --psk opens PSK messages and verifies DHHMAC; --key opens RSA and ECIES messages to its owner and RSA-R answers to
    him; --dh-private opens Diffie-Hellman exchanges, with --key those of ECMQV. Signatures are verified by --cert, or
    else by the certificate in the message, for which nobody vouches then.

    A key file holds raw octets, or one line of hex, base64 or text; start the line with hex:, base64: or text: where
    that could be mistaken. Several inputs belong together: an answer is verified with the offer that is among them.

    Exits 0 if all messages could be read and every check held, 1 if not, 2 if used wrongly, 3 if no message was found.
    """
    standard_input = StandardInput()
    given = _given(psk, key, dh_private, certs, standard_input)
    findings = [_find(one, kind) for one in (_input(name, standard_input) for name in inputs or ("-",))]
    found = [found for finding in findings for found in finding.found]
    explained = explain(found, known=given.known, now_unix_us=now)
    if as_json:
        sys.stdout.write(json.dumps([one.fields(reveal=reveal_keys) for one in explained], indent=2) + "\n")
    else:
        _show(explained, reveal_keys)
    _tell_notes(findings, bool(found))
    context.exit(_status(explained, given))


def _given(
    psk: str | None, key: str | None, dh_private: str | None, certs: Sequence[str], standard_input: StandardInput
) -> _Given:
    read: dict[str, GivenSecret] = {}
    for option, spec in (("--psk", psk), ("--dh-private", dh_private)):
        if spec is not None:
            read[option] = read_secret(spec, option, standard_input)
    certificates = tuple(one for cert in certs for one in _certificates(_place(cert)))
    known = Known(
        psk=read["--psk"].secret if psk is not None else None,
        dh_private=read["--dh-private"].secret if dh_private is not None else None,
        certificates=certificates,
    )
    if key is not None:
        known = _with_key(known, read_secret_octets(key, "--key", standard_input))
    return _Given(known, read)


def _with_key(known: Known, pem: bytes) -> Known:
    if b"ENCRYPTED" in pem:
        raise UsageError("--key: this key is encrypted, and its password is not asked for here; give it decrypted")
    try:
        return with_key(known, pem)
    except UsageError as error:
        raise UsageError(f"--key: {error}") from None


def _place(spec: str) -> Path:
    """A file by its name, or by the @ before it that secrets have."""
    return Path(spec[1:] if spec.startswith("@") and not os.path.lexists(spec) else spec)


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return certificates_from_pem(read_file(path, most=_MAX_CERTIFICATES_OCTETS))
    except UsageError as error:
        raise UsageError(f"--cert {path}: {error}") from None


def _input(argument: str, standard_input: StandardInput) -> _Input:
    if argument == "-":
        return _Input("standard input", standard_input.read("what to decode"))
    try:
        exists = os.path.lexists(argument)
    except (OSError, ValueError):
        exists = False
    if exists:
        return _Input(argument, read_file(Path(argument)))
    return _Input("", os.fsencode(argument))


def _find(one: _Input, kind: str | None) -> Findings:
    try:
        return find(one.octets, None if kind is None else Kind(kind))
    except DecodeError as error:
        if one.name:
            raise click.ClickException(f"{one.name}: {error}") from None
        shown = printable(os.fsdecode(one.octets), most=60)
        if isinstance(error, Unrecognised):
            looks_like_a_path = "." in shown and not any(character.isspace() for character in shown)
            reading = "" if looks_like_a_path else f"; read as text it is {error}"
            raise UsageError(f"there is no file {shown!r}{reading}") from None
        raise click.ClickException(f"{shown}: {error}") from None


def _show(explained: Sequence[Explained], reveal: bool) -> None:
    screen = Screen()
    width = screen.console.width if screen.console.is_terminal else None
    for number, one in enumerate(explained, start=1):
        if number > 1:
            screen.show([""])
        tree = tree_of(one, number=number, of=len(explained), reveal=reveal)
        screen.show(draw(tree, width=width, ascii_only=screen.glyphs is ASCII))


def _tell_notes(findings: Sequence[Findings], any_found: bool) -> None:
    notes = dict.fromkeys(note for finding in findings for note in finding.notes)
    err = Screen(err=True)
    if not any_found:
        err.show([f"mikey-sdp decode: no MIKEY message was found: {'; '.join(notes) or 'there is none'}"])
    else:
        err.show(f"note: {note}" for note in notes)


def _status(explained: Sequence[Explained], given: _Given) -> int:
    if not explained:
        return NOTHING_FOUND
    checks = (check for one in explained if one.opened is not None for check in one.opened.checks)
    held = not any(one.error for one in explained) and not any(check.held is False for check in checks)
    return HELD if _key_fits(explained, given) and held else FAILED


def _key_fits(explained: Sequence[Explained], given: _Given) -> bool:
    """Whether all that the key could verify is right; tells what may be wrong with the key itself."""
    if given.known == NOTHING:
        return True
    opened = [one.opened for one in explained if one.opened is not None and _is_by(given.known, one.opened)]
    if opened and all(one.all_held for one in opened):
        return True
    err = Screen(err=True)
    if not opened:
        err.show(["note: the key says nothing about these messages; none of them is of a kind that uses one"])
    for option, one in given.read.items() if opened else ():
        name = "the key" if option == "--psk" else f"the secret of {option}"
        err.show([f"note: {name} was read as {one.read_as}, {len(one.secret)} octets; see --help for other forms"])
    return False


def _is_by(known: Known, opened: Opened) -> bool:
    """Whether what was given has a part in what is known of a message; its own certificate says something anyway."""
    return known.reads_signed_messages or any(check.name != OWN_SIGN_CHECK for check in opened.checks)
