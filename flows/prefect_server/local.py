"""The local Prefect server that the command line starts once and uses from then on.

Without a server, Prefect starts a temporary one in every process: 12 s each time. With PREFECT_API_URL set (in the
environment or in Prefect's active profile) that server is used instead, and nothing is started here.
"""

from __future__ import annotations

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

import certifi
import httpx
from filelock import FileLock

from tasks.errors import ServerError
from tasks.settings import Settings, child_environment, keep_prefect_quiet

START_TIMEOUT = 180
"""Seconds; the first start makes Prefect's database."""
PREFERRED_PORT = 4200
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Whom to trust where it's plain HTTP: reading all authorities' certificates for each request would take 40 ms."""


_LIGHT = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "3",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "2000",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "20",
}
"""Left alone, Prefect writes each state of each task in a transaction of its own, and again as an event: 2.5 s of the
server's processor for a run over 90 feeds. In batches both take about 1.2 s, some of it after the run. What the
environment says of these stays so; the event feed is late by as much as its interval."""


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    """Of the UI; the API is below /api."""
    pid: int
    version: str

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.api_url}/health", timeout=5, trust_env=False, verify=NOBODY).status_code == 200
        except httpx.HTTPError:
            return False


def running(settings: Settings) -> Server | None:
    """The server newsmill started earlier, if it answers."""
    try:
        server = Server(**json.loads(_record(settings).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.answers() else None


def ensure(settings: Settings, say: Callable[[str], None]) -> Server:
    """The local server, started if need be. Raises ServerError. `say` is told when it takes long."""
    import prefect

    if (server := running(settings)) and server.version == prefect.__version__:
        return server
    home = settings.home / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "start.lock", timeout=START_TIMEOUT):
        if server := running(settings):  # another process was faster
            if server.version == prefect.__version__:
                return server
            stop(settings)
        first = not (home / "prefect.db").exists()
        say(
            "Starting Prefect's local server, which `newsmill server stop` ends"
            + (" (the first start makes its database: about 20 s) …" if first else " …")
        )
        return _start(settings, home, prefect.__version__)


def stop(settings: Settings) -> Server | None:
    """Stop the server newsmill started; returns it, or None when none runs."""
    server = running(settings)
    if server:
        os.kill(server.pid, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while server.answers() and time.monotonic() < deadline:
            time.sleep(0.1)
    _record(settings).unlink(missing_ok=True)
    return server


def _record(settings: Settings) -> Path:
    return settings.home / "prefect" / "server.json"


def _start(settings: Settings, home: Path, version: str) -> Server:
    port = settings.prefect_port or _free_port()
    log = home / "server.log"
    environment = child_environment(
        PREFECT_HOME=str(home),
        PREFECT_API_URL="",
        PREFECT_UI_API_URL=f"http://127.0.0.1:{port}/api",  # else the pages ask port 4200, whoever is there
        PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT="false",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_SERVER_LEVEL="WARNING",
        **{name: os.environ.get(name, value) for name, value in _LIGHT.items()},
        # slots that a run holds are remembered over a restart; else one of a killed run would never be free again
        PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE="prefect.server.concurrency.lease_storage.filesystem",
        DO_NOT_TRACK="1",
    )
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid, version)
    deadline = time.monotonic() + START_TIMEOUT
    while not server.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise ServerError(
                f"Prefect's local server did not start (see {log}); set PREFECT_API_URL to use another server"
            )
        time.sleep(0.1)
    _record(settings).write_text(json.dumps(asdict(server)))
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
    """Run flows against the configured server, else the local one; yields the UI's address.

    Prefect's own console log is kept off: the command line has a summary of its own, the log is in the UI.
    """
    keep_prefect_quiet()
    from prefect.settings import PREFECT_API_SSL_CERT_FILE, PREFECT_API_URL, PREFECT_UI_URL, temporary_settings

    if PREFECT_API_URL.value():
        yield str(PREFECT_UI_URL.value() or PREFECT_API_URL.value().removesuffix("/api"))
        return
    server = ensure(settings, say)
    authority = one_authority(settings.home / "prefect")
    with temporary_settings(
        {PREFECT_API_URL: server.api_url, PREFECT_UI_URL: server.url, PREFECT_API_SSL_CERT_FILE: str(authority)}
    ):
        yield server.url


def one_authority(folder: Path) -> Path:
    """A file of one certificate authority, for Prefect to read in place of all that there are: it does so for each of
    the six clients that a run makes, 40 ms of processor each, even where it asks a server in plain HTTP."""
    path = folder / "authority.pem"
    if not path.exists():
        last = "-----END CERTIFICATE-----"
        first, *_ = Path(certifi.where()).read_text(encoding="utf-8").partition(last)
        new = path.with_name(f"authority.{os.getpid()}.pem")
        new.write_text(f"{first}{last}\n", encoding="utf-8")
        new.replace(path)
    return path


def variables() -> dict[str, str]:
    """For a process that newsmill starts: the server that is asked here, and how."""
    from prefect.settings import PREFECT_API_SSL_CERT_FILE, PREFECT_API_URL

    asked = {"PREFECT_API_URL": PREFECT_API_URL, "PREFECT_API_SSL_CERT_FILE": PREFECT_API_SSL_CERT_FILE}
    return {name: str(setting.value()) for name, setting in asked.items() if setting.value()}
