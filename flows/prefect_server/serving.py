"""`newsmill serve`: Prefect's server, the deployments with their pool and automations, and a worker, until stopped."""

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

from flows.prefect_server.deploying import check_folder, check_no_other_installation, register
from flows.prefect_server.local import client_variables, prefect_server, running_server, stop_server
from flows.prefect_server.metrics import Readings, metrics_export, metrics_page
from flows.prefect_server.plugin import POOL
from tasks.errors import ServerError
from tasks.settings import Settings, child_environment

STOP_TIMEOUT = 20.0
"""Seconds that the worker, and then its runs, get to end. A run that is killed then loses nothing: the next goes on."""


class _StopSignalError(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP came. No Exception, which Prefect's client would take for a failure to try again."""


def serve(
    settings: Settings,
    variables: Mapping[str, str],
    say: Callable[[str], None],
    tell: Callable[[Mapping[str, object]], None],
) -> None:
    """Start all of it, say where the UI is, and stop all of it on SIGINT or SIGTERM. Raises ServerError.

    `variables` are added to the worker's environment. `tell` gets the addresses once all of it runs.
    """
    check_folder()
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "serve.lock", timeout=0), _raise_on_signals():
            try:
                _serve(settings, variables, say, tell)
            except _StopSignalError:
                pass
            finally:
                if not PREFECT_API_URL.value() and (own_server := stop_server(settings)):
                    say(f"Stopped the server at {own_server.url}")
    except Timeout:
        raise ServerError(f"{home}: another `newsmill serve` runs there; stop it first") from None


def _serve(
    settings: Settings,
    variables: Mapping[str, str],
    say: Callable[[str], None],
    tell: Callable[[Mapping[str, object]], None],
) -> None:
    with prefect_server(settings, say) as ui:
        environment = child_environment(
            **client_variables(), **variables, PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="INFO"
        )
        # only on the local server: another may hold runs of other workers, which are alive
        if (own_server := running_server(settings)) and own_server.api_url == PREFECT_API_URL.value():
            asyncio.run(_mark_dead_runs_crashed())
        check_no_other_installation(settings)
        register(settings, variables, say)
        say("`newsmill run ingest` starts a run now; for Prefect's own commands and other programs:")
        say(f"export PREFECT_API_URL={PREFECT_API_URL.value()}")
        readings = Readings(settings)
        with metrics_page(readings, say), metrics_export(readings), _worker(environment, say) as worker:
            say(f"Prefect's UI: {ui} (Ctrl-C stops all of it)")
            api = PREFECT_API_URL.value()
            tell({"prefect_ui": ui, "prefect_api": api, "pool": POOL, "worker_pid": worker.pid})
            worker.wait()
            raise ServerError(f"the worker ended with status {worker.returncode}; its messages are above")


async def _mark_dead_runs_crashed() -> None:
    """Mark the runs that were killed together with their worker as crashed, which frees their slots.

    The server is our own and no worker runs yet, so every run that it shows as running is dead.
    """
    unfinished = FlowRunFilterState(
        type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
    )
    async with get_client() as client:
        dead_runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=unfinished),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
        )
        for run in dead_runs:
            crashed: State[None] = Crashed(
                message="It was killed together with its worker; the next run goes on where it was."
            )
            await client.set_flow_run_state(run.id, crashed, force=True)


@contextmanager
def _worker(environment: dict[str, str], say: Callable[[str], None]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of the pool; at the end, stop it and every run that it started."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # its log; standard output is for what this process says
        start_new_session=True,  # Ctrl-C reaches only this process, which stops the worker in its turn
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
            worker.wait(STOP_TIMEOUT)
        _stop_processes(runs)
        worker.kill()
        worker.wait()


def _stop_processes(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(processes, STOP_TIMEOUT)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def _raise_on_signals() -> Iterator[None]:
    """Let the first of SIGINT, SIGTERM and SIGHUP raise _StopSignalError; later ones are ignored while it stops."""

    def raise_once(number: int, frame: FrameType | None) -> None:
        for handled in old_handlers:
            signal.signal(handled, signal.SIG_IGN)
        raise _StopSignalError

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup has it ignored
        signals.append(signal.SIGHUP)
    old_handlers = {number: signal.signal(number, raise_once) for number in signals}
    try:
        yield
    finally:
        for handled, handler in old_handlers.items():
            signal.signal(handled, handler)
