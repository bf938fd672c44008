"""The local Prefect server that the command line starts once and uses from then on.

Without a server, Prefect starts a temporary one in every process, which takes 12 s each time. Where PREFECT_API_URL is
set (in the environment or in Prefect's active profile), that server is used and none is started here.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import httpx
from filelock import FileLock

from tasks.errors import ServerError
from tasks.orchestration.prefect_database import results_path, vacuum_variables
from tasks.settings import Settings, child_environment, keep_prefect_quiet

if TYPE_CHECKING:
    from prefect.settings.legacy import Setting

START_TIMEOUT = 180
"""Seconds; the first start makes Prefect's database."""
PREFERRED_PORT = 4200
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`: plain HTTP needs no certificates; loading them takes 40 ms."""

_BATCHED_WRITES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "3",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "2000",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "20",
}
"""Defaults for the server's environment. Without them, Prefect writes each state of each task in its own transaction,
and again as an event: 2.5 s of the server's processor for a run over 90 feeds. In batches both take about 1.2 s, some
of it after the run. The event feed lags by up to its flush interval."""


ANSWERS = 60.0
"""Seconds that a server has to answer. Taken for none, a busy one would get a second one beside it."""


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    """The UI's address; the API is at /api."""
    pid: int
    version: str

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    def is_at(self, home: Path) -> bool:
        """Whether it runs and keeps its database in the folder: another installation's server may have its port, after
        a restart of the machine or where both started at once. Where nothing listens, that is known at once; a busy
        server answers late."""
        address, waits = f"{self.api_url}/admin/settings", httpx.Timeout(5, read=ANSWERS)
        try:
            answer = httpx.get(address, timeout=waits, trust_env=False, verify=NO_CERTIFICATES)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                return True  # `check_password` says which password is missing
            return answer.status_code == httpx.codes.OK and home.samefile(answer.json()["home"])
        except (httpx.HTTPError, OSError, ValueError, TypeError, LookupError):
            return False


def running_server(settings: Settings) -> Server | None:
    """The server newsmill started earlier, if it answers."""
    record = _record_path(settings)
    try:
        server = Server(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.is_at(record.parent) else None


def own_server(settings: Settings) -> Server | None:
    """newsmill's own server, if it answers and PREFECT_API_URL names no other: `newsmill serve` prints its address for
    other programs, so it may well be set."""
    from prefect.settings import PREFECT_API_URL

    address, server = PREFECT_API_URL.value(), running_server(settings)
    return server if server and (not address or address == server.api_url) else None


def ensure_server(settings: Settings, say: Callable[[str], None]) -> Server:
    """The local server, started if none runs or one of another version does. Raises ServerError.

    `say` gets a message before a start, which takes seconds.
    """
    import prefect

    if (server := running_server(settings)) and server.version == prefect.__version__:
        return server
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "start.lock", timeout=START_TIMEOUT):
        if server := running_server(settings):  # another process was faster
            if server.version == prefect.__version__:
                return server
            stop_server(settings)
        is_first = not (home / "prefect.db").exists()
        say(
            "Starting Prefect's local server, which `newsmill server stop` ends"
            + (" (the first start makes its database: about 20 s) …" if is_first else " …")
        )
        return _start(settings, home, prefect.__version__)


def stop_server(settings: Settings) -> Server | None:
    """Stop the server newsmill started; returns it, or None if none runs. Raises ServerError if it cannot."""
    server, record = running_server(settings), _record_path(settings)
    if server:
        try:
            os.kill(server.pid, signal.SIGTERM)
        except ProcessLookupError as error:
            raise ServerError(
                f"{server.url}: this installation's Prefect server was not started by newsmill; end it where it was"
            ) from error
        deadline = time.monotonic() + 20
        while server.is_at(record.parent) and time.monotonic() < deadline:
            time.sleep(0.1)
    record.unlink(missing_ok=True)
    return server


def _record_path(settings: Settings) -> Path:
    return settings.home / "prefect" / "server.json"


def _start(settings: Settings, home: Path, version: str) -> Server:
    port = settings.prefect_port or _free_port()
    log = home / "server.log"
    environment = child_environment(
        {
            **_BATCHED_WRITES,
            **vacuum_variables(settings),
            "PREFECT_UI_URL": f"http://127.0.0.1:{port}",  # alerts show the addresses of runs
            # by default the UI asks port 4200, where another server may run; behind a proxy, the operator says which
            "PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api",
        },
        PREFECT_HOME=str(home),
        PREFECT_API_URL="",
        PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT="false",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_SERVER_LEVEL="WARNING",
        PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="WARNING",  # into server.log; the command keeps its own console quiet
        # keep the slots that runs hold over a restart: else a killed run's slot would never be freed
        PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE="prefect.server.concurrency.lease_storage.filesystem",
        DO_NOT_TRACK="1",
    )
    prefect = [sys.executable, "-m", "flows.prefect_server.process"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*prefect, "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid, version)
    deadline = time.monotonic() + START_TIMEOUT
    while not server.is_at(home):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ServerError(
                f"Prefect's local server did not start at port {port} (see {log}); run the command again if another "
                "program has just taken the port, else set PREFECT_API_URL to use another server"
            )
        time.sleep(0.1)
    _record_path(settings).write_text(json.dumps(asdict(server)))
    return server


def _free_port() -> int:
    for port in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("no free port on 127.0.0.1 for Prefect's local server")


@contextmanager
def prefect_server(settings: Settings, say: Callable[[str], None]) -> Iterator[str]:
    """Use the configured server for what runs inside, else the local one, started if need be; yields the UI's address.

    Prefect's log is kept off the console: the command prints a summary, and the UI has the log.
    """
    with _server_in_use(settings, lambda: ensure_server(settings, say)) as ui:
        yield ui


@contextmanager
def present_server(settings: Settings) -> Iterator[str]:
    """As `prefect_server`, but none is started. Raises ServerError if none runs."""

    def find() -> Server:
        if server := running_server(settings):
            return server
        raise ServerError(
            "no Prefect server runs; `newsmill serve` starts one with the deployments and a worker "
            "(PREFECT_API_URL names another server)"
        )

    with _server_in_use(settings, find) as ui:
        yield ui


@contextmanager
def _server_in_use(settings: Settings, find: Callable[[], Server]) -> Iterator[str]:
    keep_prefect_quiet()
    from prefect.settings import (
        PREFECT_API_SSL_CERT_FILE,
        PREFECT_API_URL,
        PREFECT_LOCAL_STORAGE_PATH,
        PREFECT_UI_URL,
        temporary_settings,
    )

    address = PREFECT_API_URL.value()
    server = own_server(settings) if address else find()
    if server is None:
        yield str(PREFECT_UI_URL.value() or address.removesuffix("/api"))
        return
    check_password(server)
    authority = write_one_authority(settings.home / "prefect")
    with temporary_settings(
        {
            **password_settings(),
            PREFECT_API_URL: server.api_url,
            PREFECT_UI_URL: server.url,
            PREFECT_API_SSL_CERT_FILE: str(authority),
            PREFECT_LOCAL_STORAGE_PATH: str(results_path(settings)),  # not in ~/.prefect, where nothing removes it
        }
    ):
        yield server.url


def password_settings() -> dict[Setting, str]:
    """Settings that let this process's clients give the password that PREFECT_SERVER_API_AUTH_STRING has the local
    server ask for, so that it need not be set twice."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING

    if PREFECT_API_AUTH_STRING.value() or not PREFECT_SERVER_API_AUTH_STRING.value():
        return {}
    return {PREFECT_API_AUTH_STRING: str(PREFECT_SERVER_API_AUTH_STRING.value())}


def check_password(server: Server) -> None:
    """Raises ServerError if the server asks for another password than is set here, or for one at all."""
    from prefect.settings import PREFECT_API_AUTH_STRING

    given = password_settings().get(PREFECT_API_AUTH_STRING) or PREFECT_API_AUTH_STRING.value() or ""
    headers = {"Authorization": f"Basic {base64.b64encode(str(given).encode()).decode()}"} if given else {}
    address = f"{server.api_url}/admin/version"
    try:
        answer = httpx.get(address, headers=headers, timeout=30, trust_env=False, verify=NO_CERTIFICATES)
    except httpx.HTTPError as error:
        raise ServerError(
            f"{server.url}: Prefect's local server no longer answers ({error}); run the command again"
        ) from error
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise ServerError(
            f"{server.url}: this Prefect server asks for another password; set PREFECT_SERVER_API_AUTH_STRING here as "
            "it was set when the server was started (`newsmill serve`)"
        )


def write_one_authority(folder: Path) -> Path:
    """A file with a single certificate authority, for Prefect's clients to read in place of certifi's whole list.

    They read it even for a server in plain HTTP, seven times in a run. This saves 4 % of the processor time of an
    ingest of one feed: benchmarks/shortcuts.py.
    """
    path = folder / "authority.pem"
    if not path.exists():
        end = "-----END CERTIFICATE-----"
        first, *_ = Path(certifi.where()).read_text(encoding="utf-8").partition(end)
        new = path.with_name(f"authority.{os.getpid()}.pem")
        new.write_text(f"{first}{end}\n", encoding="utf-8")
        new.replace(path)
    return path


def client_variables() -> dict[str, str]:
    """Environment variables that let a child process use the same server."""
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_SSL_CERT_FILE,
        PREFECT_API_URL,
        PREFECT_LOCAL_STORAGE_PATH,
    )

    settings = {
        "PREFECT_API_AUTH_STRING": PREFECT_API_AUTH_STRING,
        "PREFECT_API_URL": PREFECT_API_URL,
        "PREFECT_API_SSL_CERT_FILE": PREFECT_API_SSL_CERT_FILE,
        "PREFECT_LOCAL_STORAGE_PATH": PREFECT_LOCAL_STORAGE_PATH,
    }
    return {name: str(setting.value()) for name, setting in settings.items() if setting.value()}
