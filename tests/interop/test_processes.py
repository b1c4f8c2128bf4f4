"""Programs under our hand: what they say, what they are told, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from mikey_sdp.drivers.ports import Ports
from mikey_sdp.drivers.processes import Launch, Program, ProgramFailed, vacate
from mikey_sdp.errors import BackendUnavailable, UsageError
from mikey_sdp.nodes.contract import Transport
from tests.interop.conftest import Need
from tests.interop.sockets import HOST, within_limit

ECHO = "import sys\nprint('ready', flush=True)\nfor line in sys.stdin: print('heard', line.strip(), flush=True)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print('child', child.pid, flush=True)\ntime.sleep(60)"
)


def launch(folder: Path, code: str, **more: Any) -> Launch:
    given = {"name": "thing", "program": sys.executable, "arguments": ("-c", code), "folder": folder / "own", **more}
    return Launch(**given)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/status").read_text().find("State:\tZ") >= 0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def run(main: Coroutine[Any, Any, None]) -> None:
    async def made() -> None:
        await main

    within_limit(made)


def test_what_is_said_is_heard_and_answered_in_order(tmp_path: Path):
    async def main() -> None:
        program = await Program.started(launch(tmp_path, ECHO))
        await program.expect("ready", within_s=3)
        program.say("one")
        program.say("two")
        assert (await program.expect(r"heard (\w+)", within_s=3))[1] == "one"
        assert (await program.expect(r"heard (\w+)", within_s=3))[1] == "two"
        with pytest.raises(UsageError, match="one line at a time"):
            program.say("three\nfour")
        await program.stop()
        assert not program.runs

    run(main())


def test_lines_of_json_go_both_ways_and_others_are_passed_over(tmp_path: Path):
    code = (
        "import sys, json\nprint('noise'); print('{broken}'); print('[1]')\nprint('{\"event\": \"other\"}')\n"
        "told = json.loads(sys.stdin.readline())\nprint(json.dumps({'event': 'told', 'what': told}), flush=True)"
    )

    async def main() -> None:
        program = await Program.started(launch(tmp_path, code))
        program.say_json(do="call", uri="sip:bob")
        told = await program.expect_json(within_s=3, event="told")
        assert told["what"] == {"do": "call", "uri": "sip:bob"}
        await program.stop()

    run(main())


def test_it_has_a_folder_and_a_home_of_its_own_and_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("A_SECRET", "of ours")
    code = "import os; print('home', os.environ['HOME'], os.getcwd(), os.environ.get('A_SECRET'), os.environ['MORE'])"

    async def main() -> None:
        program = await Program.started(launch(tmp_path, code, environment={"MORE": "more"}))
        found = await program.expect(r"home (\S+) (\S+) (\S+) (\S+)", within_s=3)
        assert found.groups() == (str(tmp_path / "own"), str(tmp_path / "own"), "None", "more")
        await program.stop()

    run(main())


def test_who_says_nothing_in_time_or_ends_fails_with_his_last_lines(tmp_path: Path):
    async def main() -> None:
        program = await Program.started(launch(tmp_path, ECHO))
        with pytest.raises(ProgramFailed, match=r"thing: did not say 'never' within 0.2 s(?s:.*)\| ready"):
            await program.expect("never", within_s=0.2)
        await program.stop()
        ended = await Program.started(launch(tmp_path, "print('gives up'); raise SystemExit(7)"))
        with pytest.raises(ProgramFailed, match=r"ended with 7 and never said 'ready'(?s:.*)\| gives up"):
            await ended.expect("ready", within_s=3)
        assert await ended.ended(within_s=3) == 7
        with pytest.raises(ProgramFailed, match="has ended with 7"):
            ended.say("more")
        await ended.stop()

    run(main())


def test_what_ignores_the_request_to_end_is_killed(tmp_path: Path):
    async def main() -> None:
        program = await Program.started(launch(tmp_path, STUBBORN))
        await program.expect("ready", within_s=3)
        assert await program.stop(within_s=0.2) == -signal.SIGKILL
        assert is_gone(program.pid)

    run(main())


def test_what_it_started_itself_ends_with_it(tmp_path: Path):
    async def main() -> None:
        program = await Program.started(launch(tmp_path, PARENT))
        child = int((await program.expect(r"child (\d+)", within_s=3))[1])
        await program.stop()
        assert is_gone(child)

    run(main())


def test_neither_files_nor_zombies_are_left(tmp_path: Path):
    async def main() -> None:
        for _ in range(5):
            program = await Program.started(launch(tmp_path, ECHO))
            await program.expect("ready", within_s=3)
            await program.stop()
        before = open_files()
        for _ in range(5):
            program = await Program.started(launch(tmp_path, ECHO))
            await program.expect("ready", within_s=3)
            await program.stop()
            assert not os.access(f"/proc/{program.pid}", os.F_OK)
        assert open_files() == before

    run(main())


def test_much_that_is_printed_is_kept_only_in_its_last_part(tmp_path: Path):
    code = "print('first')\nfor at in range(100_000): print('line', at)\nprint('last', flush=True)"

    async def main() -> None:
        program = await Program.started(launch(tmp_path, code))
        await program.expect("last", within_s=4)
        assert len(program.text) <= 262_144
        assert program.last_lines(2) == ("line 99999", "last")
        await program.stop()

    run(main())


def test_where_we_are_killed_the_program_ends_too(need: Need, tmp_path: Path):
    need("setpriv")
    ours = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom mikey_sdp.drivers.processes import Launch, Program\n"
        "async def main():\n"
        "    one = Launch(name='one', program=sys.executable, arguments=('-c', 'import time; time.sleep(60)'),"
        f" folder=Path({str(tmp_path)!r}))\n"
        "    program = await Program.started(one)\n    print(program.pid, flush=True)\n    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE, text=True) as us:
        assert us.stdout is not None
        pid = int(us.stdout.readline())
        # The tether is a program that becomes the one it starts: give it that long.
        within_limit(lambda: asyncio.sleep(0.3))
        us.kill()

    async def gone() -> None:
        while not is_gone(pid):  # noqa: ASYNC110 - nobody tells of the end of another's child
            await asyncio.sleep(0.01)

    within_limit(gone)


def test_a_program_that_is_not_installed_is_named_with_what_brings_it(tmp_path: Path):
    missing = launch(tmp_path, "", program="no-such-program", install="apt-get install no-such")

    async def main() -> None:
        with pytest.raises(BackendUnavailable, match=r"no-such-program is not available.*apt-get install no-such"):
            await Program.started(missing)

    run(main())


def test_an_address_is_let_go_of_and_refused_where_somebody_has_it():
    ports = Ports()
    address = ports.sip(HOST, Transport.UDP, Transport.TCP)
    vacate(address, Transport.UDP, ports=ports)
    taken = ports.taken(address, Transport.TCP)
    assert taken is not None
    taken.listen()
    with taken, pytest.raises(UsageError, match="can't be had"):
        vacate(address, Transport.TCP, ports=ports)
    vacate(address, Transport.UDP, Transport.TCP, ports=None)
    ports.close()
