"""The entry point: finds the command, runs it, and turns every failure into one clear paragraph and an exit status."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NoReturn

import click

from mikey_sdp.cli.common import FAILED, HELD, USED_WRONGLY
from mikey_sdp.errors import BackendUnavailable, MikeySdpError, PolicyRefused, ScenarioError, UsageError

PROGRAM: Final = "mikey-sdp"
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One command: where it is, and what the list of commands says of it before it is loaded."""

    home: str
    what: str


COMMANDS: Final[Mapping[str, Command]] = MappingProxyType(
    {
        "run": Command("mikey_sdp.cli.run:run", "Run scripted calls and check what is expected of them."),
        "sweep": Command("mikey_sdp.cli.sweep:sweep", "Run a scenario with many values, measure and plot the runs."),
        "list": Command("mikey_sdp.cli.list:list_", "List scenario files and what they show."),
        "modes": Command("mikey_sdp.cli.modes:modes", "Key a call in every mode, measure it and attack the recording."),
        "matrix": Command("mikey_sdp.cli.matrix:matrix", "Measure the tables of RFC 5197 section 5.5 in runs."),
        "pickup": Command("mikey_sdp.cli.pickup:pickup", "Call a group whose phones all answer, and count the cost."),
        "decode": Command("mikey_sdp.cli.decode:decode", "Explain MIKEY messages in files, captures or pasted text."),
        "explain": Command("mikey_sdp.cli.explain:explain", "Say which mode the policy chooses, and why."),
        "edge": Command("mikey_sdp.cli.edge:edge", "Give telephones MIKEY that know only SDES or plain RTP."),
        "phone": Command("mikey_sdp.cli.phone:phone", "A small telephone: call and be called, keyed by MIKEY."),
        "interop": Command("mikey_sdp.cli.interop:interop", "Run exchanges by JSON lines, to test another program."),
        "keygen": Command("mikey_sdp.cli.keygen:keygen", "Make a pre-shared key."),
        "registry": Command("mikey_sdp.cli.registry:registry", "Look up the code points of MIKEY."),
        "schema": Command("mikey_sdp.cli.schema:schema", "Print the JSON Schema of scenario files."),
    }
)
"""Every command; a new one is a file and a row here. Loaded only when it is called, so that help comes at once."""

_STATUS: Final = ((UsageError, USED_WRONGLY), (ScenarioError, USED_WRONGLY), (BackendUnavailable, USED_WRONGLY))


class Commands(click.Group):
    """The commands of the table, imported one by one as they are needed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        module, _, function = row.home.partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.what) for name, row in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with, or the nearest name to a mistyped one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(COMMANDS)}."
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from mikey_sdp import __version__

        click.echo(f"{PROGRAM} {__version__}")
        context.exit(HELD)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def commands() -> None:
    """MIKEY key management (RFC 3830) for SIP and SDP.

    Secrets are given by file (@FILE), standard input (-) or the keyring (keyring:SERVICE/USER), never as an argument.
    Exit status: 0 all held, 1 a check failed or a message is malformed, 2 used wrongly, 3 nothing was run or found.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and leave with its status."""
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does. Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAILED
    sys.exit(status)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = commands.main(
            args=None if arguments is None else list(arguments), prog_name=PROGRAM, standalone_mode=False
        )
    except click.UsageError as error:
        error.show()
        return USED_WRONGLY
    except click.ClickException as error:
        click.echo(f"{PROGRAM}: {error.format_message()}", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except MikeySdpError as error:
        told = error.reason if isinstance(error, PolicyRefused) else error
        click.echo(f"{PROGRAM}: {told}", err=True)
        return next((status for kind, status in _STATUS if isinstance(error, kind)), FAILED)
    return result if isinstance(result, int) else HELD
