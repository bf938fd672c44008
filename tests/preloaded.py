"""newsmill's command line for tests: each command in a process of its own, but with everything imported already.

Importing takes three seconds of a core, and the tests run some hundred commands. So one process imports everything
and waits. `newsmill()` below makes a program that sends it the arguments, environment, folder and standard streams of
a command; it runs the command in a fork. With the argument `engine`, it runs what a worker of Prefect's starts for a
flow run. The program starts the real newsmill instead for commands that start servers, and where the environment
differs in more than settings of newsmill and Prefect.

Run by itself (`python preloaded.py ask …`) this imports the standard library only.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
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
SERVER_COMMANDS = frozenset({"serve", "server"})
"""Run by the real program."""
ENGINE = "engine"
"""In place of a command: `python -m prefect.engine`."""
UNREAD_AT_IMPORT = (
    *("NEWSMILL_", "PREFECT_", "TESTS_", "TRUST_"),
    *("PATH", "PWD", "OLDPWD", "PYTHONSAFEPATH", "SHLVL", "_"),
)
"""Beginnings of environment variables that no module reads when it is imported, or that are read again in a fork."""
IMPORTED_LATER = (
    *("encodings.idna", "encodings.utf_8_sig", "feedgen.feed", "multiprocessing.popen_forkserver"),
    *("multiprocessing.resource_tracker", "opyml", "rensa", "rich._emoji_codes"),
    # by Prefect when a flow begins
    *("fastapi", "graphviz", "prefect.engine", "prefect.flow_engine", "prefect.task_engine"),
    *("prefect.concurrency.v1.context", "prefect.telemetry.run_telemetry", "prefect.utilities.visualization"),
    # by pyarrow for the first array, if it is installed: half a second
    *("pandas", "pyarrow.dataset", "pyarrow.pandas_compat", "pyarrow.parquet"),
)
"""What commands import only when they need it."""


@contextmanager
def newsmill(environment: Mapping[str, str]) -> Iterator[Path]:
    """The path of a program that runs newsmill in an environment like this one."""
    with tempfile.TemporaryDirectory(prefix="newsmill-preloaded-") as folder:
        address, program = Path(folder) / "socket", Path(folder) / "newsmill"
        command = shlex.join([sys.executable, "-IS", __file__, "ask", str(address)])
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
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
    return {name: value for name, value in environment.items() if not name.startswith(UNREAD_AT_IMPORT)}


# --- the program that tests start -----------------------------------------------------------------------------------


def ask(address: str, arguments: list[str]) -> int:
    """Have the command run. Returns its exit status."""
    expected = json.loads(Path(address).with_name("environment.json").read_text())
    if _read_at_import(os.environ) != expected or SERVER_COMMANDS.intersection(arguments[:1]):
        os.execv(REAL, [str(REAL), *arguments])
    request = json.dumps({"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [len(request).to_bytes(4, "big")], [0, 1, 2])
        connection.sendall(request)
        return int(connection.makefile().read() or 70)


# --- the process that has imported everything -----------------------------------------------------------------------


def serve(listening: int) -> None:
    with socket.socket(fileno=listening) as server:
        _import_everything()
        _share_milling()
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
    from tests.one_thread import use_one_thread

    use_one_thread()
    keep_prefect_quiet()
    for name in ("flows", "tasks", "warehouse"):
        package = import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if module.name != "flows.on_dask":  # needs an extra, and no test runs it as a command
                import_module(module.name)
    for name in IMPORTED_LATER:
        import_module(name)
    gc.collect()
    gc.freeze()  # no garbage collection in a fork looks through all of this
    assert threading.active_count() == 1, "a fork would lack the other threads"


def _share_milling() -> None:
    """Let all commands' milling processes be copies of one process: importing what they need takes each command that
    mills half a second of a core. A real newsmill starts one for itself."""
    from multiprocessing import forkserver

    from tasks.mill.spawning import PRELOADED
    from tasks.settings import without_current_folder

    forkserver.set_forkserver_preload(PRELOADED)
    with without_current_folder():
        forkserver.ensure_running()
    # in a fork it would look for the process among its own children, of which it is none
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]


def _answer(connection: socket.socket) -> Never:
    head, streams, *_ = socket.recv_fds(connection, 4, 3)
    request = json.loads(connection.makefile("rb").read(int.from_bytes(head, "big")))
    command = os.fork()
    if command == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        settings_at_import = _prefect_settings()
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.argv = ["newsmill", *request["arguments"]]
        os._exit(_run(settings_at_import))

    def watch() -> None:
        if not connection.recv(1):  # the program that asked was killed
            os.kill(command, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, status = os.waitpid(command, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


def _prefect_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}


def _read_prefect_settings() -> None:
    """Do what Prefect does with its settings when it is imported."""
    from prefect.context import refresh_global_settings_context
    from prefect.logging.configuration import setup_logging

    refresh_global_settings_context()
    setup_logging(incremental=False)


def _run_command() -> None:
    from flows.cli.main import main

    main()


def _run_engine() -> None:
    sys.argv = ["prefect.engine"]
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    del sys.modules["prefect.engine"]
    runpy.run_module("prefect.engine", run_name="__main__")


def _run(settings_at_import: Mapping[str, str]) -> int:
    """Run the command and do what an interpreter does at its end, except for native libraries: Arrow's end aborts in a
    fork. Returns the exit status."""
    from tasks.settings import keep_prefect_quiet

    status: object = 0
    try:
        run = _run_engine if sys.argv[1:] == [ENGINE] else _run_command
        if run is _run_command:
            keep_prefect_quiet()
        if _prefect_settings() != settings_at_import:
            _read_prefect_settings()
        if template := os.environ.get("TESTS_NEW_WAREHOUSE"):
            import_module("tests.new_warehouses").copy_from(Path(template))
        if change := os.environ.get("TRUST_STOP"):  # tests/trust/kill.py
            import_module("tests.trust.stopping").prepare(change)
        if shift := os.environ.get("TRUST_CLOCK"):
            import_module("tests.trust.clock").prepare(shift)
        run()
    except SystemExit as error:
        status = error.code
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
