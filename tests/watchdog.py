"""Ends a test run that cannot go on, and says where it stood.

Two cases, with pytest-xdist and without it:

- A worker process has died. The test it was running fails ("worker 'gw0' crashed while running …"), the other workers
  stop at once, and none is started in the dead one's place: xdist hands a new worker files that are done already, and
  waits for them forever.
- No test has started or ended for ten minutes (SUITE_STALLED_SECONDS, once the first test has started). The tests that
  are running are printed, and the stack of every Python thread.

Either way the run ends with a status other than 0. Workers get time to stop the servers they started; what is left of
their child processes is killed.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

STALLED_SECONDS = 600.0
VARIABLE = "SUITE_STALLED_SECONDS"
GRACE = 20.0
"""Seconds in which workers stop their servers, before they are killed; the same again until the whole run is."""

DUMP_STACKS = signal.SIGUSR1
STOP = signal.SIGUSR2


def watch(config: pytest.Config) -> None:
    """Watch this process' part of the run. To be called by pytest_configure, before output is captured."""
    stderr = os.dup(2)
    faulthandler.register(DUMP_STACKS, stderr, all_threads=True, chain=False)
    config.pluginmanager.register(_Stoppable(), "stoppable")
    if not hasattr(config, "workerinput"):
        config.option.maxworkerrestart = 0
        config.pluginmanager.register(Watchdog(stderr), "watchdog")


class _Stoppable:
    """In each process that runs tests: stops on a signal, after the fixtures' teardown."""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        tested = os.getpid()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            if os.getpid() != tested:  # a fork
                os._exit(1)
            session.shouldstop = "stopped by the watchdog"
            raise pytest.exit.Exception("stopped by the watchdog", returncode=1)

        signal.signal(STOP, stop)


class Watchdog:
    """In the process that was started by hand: xdist's controller, or the one that runs the tests."""

    def __init__(self, stderr: int) -> None:
        self.stderr = stderr
        self.limit = STALLED_SECONDS
        self.workers: list[WorkerController] = []
        self.alive: set[WorkerController] = set()
        self.running: dict[str, float] = {}
        """Test → when it started."""
        self.last_progress = time.monotonic()
        self.reason = ""
        self.finished = threading.Event()

    def pytest_sessionstart(self) -> None:
        self.last_progress = time.monotonic()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def pytest_unconfigure(self) -> None:
        self.finished.set()
        if self.reason:
            self._kill_leftovers()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.reason:
            terminalreporter.write_sep("=", "the run was ended early")
            terminalreporter.write_line(self.reason)

    # --- progress -------------------------------------------------------------------------------------------------

    def pytest_itemcollected(self) -> None:
        self.last_progress = time.monotonic()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.last_progress = self.running[nodeid] = time.monotonic()
        self.limit = float(os.environ.get(VARIABLE, STALLED_SECONDS))

    def pytest_runtest_logreport(self) -> None:
        self.last_progress = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.last_progress = time.monotonic()
        self.running.pop(nodeid, None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        self.workers.append(node)
        self.alive.add(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        self.last_progress = time.monotonic()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: WorkerController, error: object) -> None:
        self.last_progress = time.monotonic()
        self.alive.discard(node)
        if error and not self.reason:
            threading.Thread(target=self._end, args=[f"worker {node.gateway.id} died"], daemon=True).start()

    # --- the end --------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self.finished.wait(1):
            for worker in list(self.alive):
                if worker.gateway._io.popen.poll() is not None:
                    self._kill_forks(worker)
            if time.monotonic() - self.last_progress > self.limit:
                self._end(f"no test has started or ended for {self.limit:g} seconds\n{self._position()}", stacks=True)
                return

    def _kill_forks(self, worker: WorkerController) -> None:
        """Kill what a dead worker has forked: it keeps the worker's pipe open, whose end xdist waits for."""
        pipe = f"pipe:[{os.fstat(worker.gateway._io.popen.stdout.fileno()).st_ino}]"
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                process = int(descriptor.parts[2])
                if process != os.getpid() and str(descriptor.readlink()) == pipe:
                    os.kill(process, signal.SIGKILL)

    def _position(self) -> str:
        now = time.monotonic()
        tests = [f"running for {now - started:.0f} s: {test}" for test, started in self.running.items()]
        return "\n".join(tests) or "no test is running"

    def _end(self, reason: str, *, stacks: bool = False) -> None:
        """Stop the tests' processes, then kill them, then this one."""
        if self.reason:
            return
        self.reason = reason
        os.write(self.stderr, f"\nwatchdog: {reason}\n".encode())
        processes = [worker.gateway._io.popen.pid for worker in self.alive] if self.workers else [os.getpid()]
        if stacks:
            for process in processes:
                self._signal([process], DUMP_STACKS)
                time.sleep(0.5)  # they all write to one terminal
        self._signal(processes, STOP)
        if self.workers and not self.finished.wait(GRACE):
            self._signal([worker.gateway._io.popen.pid for worker in self.alive], signal.SIGKILL)
        if not self.finished.wait(GRACE):
            os.write(self.stderr, f"\nwatchdog: the run does not end, so it is killed: {reason}\n".encode())
            self._kill_leftovers()
            os._exit(1)

    def _signal(self, processes: list[int], number: signal.Signals) -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _kill_leftovers(self) -> None:
        """Kill what workers started and did not stop: servers, commands. All of it inherits the run's id from xdist."""
        runs = {worker.workerinput["testrunuid"] for worker in self.workers}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get("PYTEST_XDIST_TESTRUNUID") in runs:
                    process.kill()
