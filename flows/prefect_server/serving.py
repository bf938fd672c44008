"""One machine: Prefect's server, the work pool, limits, deployments, automations and a worker, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import psutil
from filelock import FileLock, Timeout
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_API_URL
from prefect.states import Crashed

from flows.prefect_server.deploying import check_clone, register
from flows.prefect_server.local import prefect_server, running, stop, variables
from flows.prefect_server.plugin import POOL
from tasks.errors import ServerError
from tasks.settings import Settings, child_environment

LEAVE = 20.0
"""Seconds that runs under way have for leaving off; one that is killed then loses nothing, the next goes on."""


class _StoppedError(Exception):
    """Somebody wants it to end."""


def serve(settings: Settings, given: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Start all of it, say where the UI is, and stop all of it on SIGINT or SIGTERM. Raises ServerError.

    `given` are variables for the worker, beside those of this process.
    """
    check_clone()
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "serve.lock", timeout=0), _stoppable():
            try:
                _serve(settings, given, say)
            except _StoppedError:
                pass
            finally:
                if not PREFECT_API_URL.value() and (own := stop(settings)):
                    say(f"Stopped the server at {own.url}")
    except Timeout:
        raise ServerError(f"{home}: another `newsmill serve` runs there; stop it first") from None


def _serve(settings: Settings, given: Mapping[str, str], say: Callable[[str], None]) -> None:
    with prefect_server(settings, say) as ui:
        environment = child_environment(**variables(), **given, PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="INFO")
        if (own := running(settings)) and own.api_url == PREFECT_API_URL.value():  # else others' runs may live there
            asyncio.run(_bury())
        register(given, say)
        with _worker(environment, say) as worker:
            say(f"Prefect's UI: {ui} (Ctrl-C stops all of it)")
            worker.wait()
            raise ServerError(f"the worker ended with status {worker.returncode}; what it said is above")


async def _bury() -> None:
    """Runs that were killed together with their worker: nobody else would say that they ended, and free their slots.

    The server is ours and no worker runs yet, so none of them lives.
    """
    begun = FlowRunFilterState(
        type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
    )
    async with get_client() as client:
        dead = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=begun),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
        )
        for run in dead:
            died: State[None] = Crashed(
                message="It was killed together with its worker; the next run goes on where it was."
            )
            await client.set_flow_run_state(run.id, died, force=True)


@contextmanager
def _worker(environment: dict[str, str], say: Callable[[str], None]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the pool. At the end it is stopped, and every run it had started with it."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C comes to us; the worker hears of it in its turn
    )
    runs: list[psutil.Process] = []
    try:
        yield worker
    finally:
        say("Stopping the worker and its runs …")
        with suppress(psutil.NoSuchProcess):
            runs = psutil.Process(worker.pid).children(recursive=True)
        worker.terminate()
        with suppress(subprocess.TimeoutExpired):
            worker.wait(LEAVE)
        _end(runs)
        worker.kill()
        worker.wait()


def _end(runs: Sequence[psutil.Process]) -> None:
    for each in runs:
        with suppress(psutil.NoSuchProcess):
            each.terminate()
    for each in psutil.wait_procs(runs, LEAVE)[1]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGINT, SIGTERM and a closed terminal raise _StoppedError, once: what they stop is to end in order."""

    def stopped(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise _StoppedError

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # else it was started with nohup
        wanted.append(signal.SIGHUP)
    before = {each: signal.signal(each, stopped) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
