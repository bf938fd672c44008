"""newsmill's command line for tests, in a process of its own each time, but with Prefect imported already.

Importing takes three seconds of a core, and the tests run some hundred commands. So one process imports everything and
waits; `newsmill()` below makes a program that asks it, with its arguments, environment, folder and standard streams,
for a fork that runs the command. One whose environment differs in more than newsmill's settings (Prefect reads its own
at import), and one that starts servers, is the real program.

Run by itself (`python preloaded.py ask …`) this imports the standard library only.
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Never

ROOT = Path(__file__).resolve().parents[1]
REAL = Path(sys.executable).with_name("newsmill")
"""The console script."""
THE_REAL_ONE_S = frozenset({"serve", "server", "deploy"})
MAY_DIFFER = ("NEWSMILL_", "PATH", "PWD", "OLDPWD", "SHLVL", "_")
"""Variables that nothing reads at import."""


@contextmanager
def newsmill(environment: Mapping[str, str]) -> Iterator[Path]:
    """The program's path, for commands in an environment like this one."""
    with tempfile.TemporaryDirectory(prefix="newsmill-preloaded-") as folder:
        address, program = Path(folder) / "socket", Path(folder) / "newsmill"
        asking = shlex.join([sys.executable, "-IS", __file__, "ask", str(address)])
        program.write_text(f'#!/bin/sh\nexec {asking} "$@"\n')
        program.chmod(0o755)
        (Path(folder) / "environment.json").write_text(json.dumps(_read_at_import(environment)))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(address))
            server.listen()
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded", "serve", str(server.fileno())],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                pass_fds=[server.fileno()],
            )
        try:
            yield program
        finally:
            process.terminate()
            process.wait(30)


def _read_at_import(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(MAY_DIFFER)}


# --- the side of the command ----------------------------------------------------------------------------------------


def ask(address: str, arguments: list[str]) -> int:
    """Let the command run; its exit status."""
    expected = json.loads(Path(address).with_name("environment.json").read_text())
    if _read_at_import(os.environ) != expected or THE_REAL_ONE_S.intersection(arguments[:1]):
        os.execv(REAL, [str(REAL), *arguments])
    order = json.dumps({"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [len(order).to_bytes(4, "big")], [0, 1, 2])
        connection.sendall(order)
        return int(connection.makefile().read() or 70)


# --- the side of what is imported -----------------------------------------------------------------------------------


def serve(listening: int) -> None:
    with socket.socket(fileno=listening) as server:
        _import_everything()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
            connection.close()


def _import_everything() -> None:
    from tasks.settings import keep_prefect_quiet

    keep_prefect_quiet()
    for name in ("cli.main", "ingest", "images", "backfill", "reprocess", "maintain"):
        import_module(f"flows.{name}")
    import_module("fastapi")  # by Prefect, when a flow begins

    assert threading.active_count() == 1, "a fork would lack the other threads"


def _answer(connection: socket.socket) -> Never:
    head, streams, *_ = socket.recv_fds(connection, 4, 3)
    order = json.loads(connection.makefile("rb").read(int.from_bytes(head, "big")))
    command = os.fork()
    if command == 0:
        connection.close()
        for stream, given in enumerate(streams):
            os.dup2(given, stream)
            os.close(given)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        sys.argv = ["newsmill", *order["arguments"]]
        os._exit(_run())

    def watch() -> None:
        if not connection.recv(1):  # whoever asked was killed
            os.kill(command, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, status = os.waitpid(command, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


def _run() -> int:
    """All that an interpreter does before it ends, but for native libraries' ends: Arrow's aborts in a fork."""
    from flows.cli.main import main

    status: object = 0
    try:
        main()
    except SystemExit as leave:
        status = leave.code
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status if isinstance(status, int) else int(status is not None)


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        sys.exit(ask(sys.argv[2], sys.argv[3:]))
    serve(int(sys.argv[2]))
