"""`mikey-sdp edge`: MIKEY for telephones that know none."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.live import Live
from rich.text import Text

from mikey_sdp.cli.common import HELD, StandardInput, read_secret, read_secret_octets
from mikey_sdp.cli.screen import Screen
from mikey_sdp.errors import UsageError
from mikey_sdp.nodes.edge_contract import Interface
from mikey_sdp.secret import Secret
from mikey_sdp.softphone.edge_config import EdgeSettings, LogSettings, load
from mikey_sdp.softphone.edge_example import EXAMPLE
from mikey_sdp.softphone.edge_log import LOGGER
from mikey_sdp.softphone.edge_places import say
from mikey_sdp.softphone.edge_service import EdgeService, ServiceStatus
from mikey_sdp.softphone.edge_status import json_line, page

_LIVE_EVERY_S: Final = 1.0
_PIPED_EVERY_S: Final = 10.0
_ROWS_BESIDE_CALLS: Final = 14
_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(message)s"

Show = Callable[[ServiceStatus], None]


class _Places:
    """Secrets where the configuration says they are, read as the other commands read theirs."""

    def __init__(self) -> None:
        self._standard_input: Final = StandardInput()

    def secret(self, place: str, name: str) -> Secret:
        return read_secret(place, name, self._standard_input).secret

    def octets(self, place: str, name: str) -> bytes:
        return read_secret_octets(place, name, self._standard_input)


@click.command("edge")
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--status", "show", is_flag=True, help="Show calls, keys and packets while it runs.")
@click.option("--every", type=click.FloatRange(0.1, 3600), help="So often, in seconds: 1 on a terminal, 10 elsewhere.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the status, or what --check found, as JSON, one line each."
)
@click.option("--check", is_flag=True, help="Only see whether the configuration is in order.")
@click.option("--example-config", is_flag=True, help="Print a configuration with comments, to start from.")
@click.pass_context
def edge(
    context: click.Context,
    config: Path | None,
    show: bool,
    every: float | None,
    as_json: bool,
    check: bool,
    example_config: bool,
) -> None:
    """Give telephones MIKEY that know only SDES or plain RTP: an outbound proxy in front of them.

    \b
      mikey-sdp edge --example-config > edge.toml
      mikey-sdp edge edge.toml --check
      mikey-sdp edge edge.toml --status

    Then write the address of phone.listen into the telephone as its outbound proxy. docs/edge.md tells every word of
    the configuration. Ctrl-C hangs up all calls and ends it.

    Exits 0 when it was told to end, 2 if the configuration can't be used.
    """
    if example_config:
        sys.stdout.write(EXAMPLE)
        context.exit(HELD)
    if config is None:
        raise UsageError("give the configuration, a TOML file; --example-config prints one to start from")
    settings = load(config, _Places())
    if check:
        _tell(settings, as_json=as_json)
        context.exit(HELD)
    live = show and not as_json and Screen().console.is_terminal
    _log_to(settings.log, quiet=live)
    asyncio.run(_run(settings, show=show, as_json=as_json, every=every or (_LIVE_EVERY_S if live else _PIPED_EVERY_S)))


def _tell(settings: EdgeSettings, *, as_json: bool) -> None:
    """What a configuration that is in order comes to."""
    accounts = [account.identity for account in settings.node.accounts]
    told = {
        "file": settings.file,
        "accounts": accounts,
        "phone": _places(settings.node.phone_side),
        "network": _places(settings.node.network_side),
        "proxy": None if settings.proxy is None else str(settings.proxy),
    }
    if as_json:
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    Screen().show([f"{settings.file} is in order: {', '.join(accounts)}", *_where(settings)])


def _places(side: tuple[Interface, ...]) -> list[str]:
    return [say(transport, one.address) for one in side for transport in one.transports]


def _where(settings: EdgeSettings) -> list[str]:
    proxy = "where each request says" if settings.proxy is None else str(settings.proxy)
    return [
        f"phones find it at {', '.join(_places(settings.node.phone_side))}",
        f"the network finds it at {', '.join(_places(settings.node.network_side))}; it sends to {proxy}",
    ]


async def _run(settings: EdgeSettings, *, show: bool, as_json: bool, every: float) -> None:
    """From start to a signal, showing what is asked for."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with EdgeService(settings) as service:
        if as_json:
            await _repeat(service, ended, every, lambda status: _write(json_line(status)))
        elif show and Screen().console.is_terminal:
            await _page_until(service, ended, every)
        else:
            _write("\n".join(_where(settings)))
            await _repeat(service, ended, every, _plain if show else None)


async def _page_until(service: EdgeService, ended: asyncio.Event, every: float) -> None:
    """The page in place, as large as the terminal is."""
    screen = Screen()
    with Live(console=screen.console, auto_refresh=False, screen=True) as live:

        def update(status: ServiceStatus) -> None:
            rows = max(1, screen.console.height - _ROWS_BESIDE_CALLS)
            live.update(Text("\n").join(page(status, width=screen.width, most_calls=rows)), refresh=True)

        await _repeat(service, ended, every, update)


async def _repeat(service: EdgeService, ended: asyncio.Event, every: float, show: Show | None) -> None:
    """Show the status at once, so often, and at the end."""
    while not ended.is_set():
        if show is not None:
            show(service.status)
        try:
            async with asyncio.timeout(None if show is None else every):
                await ended.wait()
        except TimeoutError:
            continue
    if show is not None:
        show(service.status)


def _plain(status: ServiceStatus) -> None:
    Screen().show([*page(status, width=Screen().width), ""])
    sys.stdout.flush()


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _log_to(log: LogSettings, *, quiet: bool) -> None:
    """Where faults are written down; a page on the terminal shows them itself."""
    try:
        handler = logging.StreamHandler() if log.file is None else logging.FileHandler(log.file, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"log.file: {log.file} can't be written: {error.strerror}") from None
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    LOGGER.setLevel(log.level)
    LOGGER.propagate = False
    LOGGER.handlers = [logging.NullHandler() if quiet and log.file is None else handler]
