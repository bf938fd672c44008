"""What the tests share: newsmill's commands, and one local Prefect server for each worker process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from flows.prefect_server.local import write_one_authority
from tests import new_warehouses, preloaded
from tests.one_thread import use_one_thread
from tests.stores import Postgres, Store, free_port, postgres_server, s3_server
from tests.suite import (
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
]

use_one_thread()

TIMEOUT = 180.0
"""Seconds a command may take: one that hangs fails its test, not the whole run."""


SETTINGS = {
    "NEWSMILL_WAREHOUSE": "data/newsmill.duckdb",
    "NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1",
    "NEWSMILL_RETRY_DELAY": "0.1",
    "NEWSMILL_FULL_TEXT": "never",  # tests of pages set it: most samples link to addresses that nobody serves
    "NEWSMILL_METRICS_PORT": "0",  # several run at once
    "NEWSMILL_WORKERS": "1",  # tests of several workers set it
}
"""Of every newsmill that is tried here."""


@dataclass(frozen=True)
class Newsmill:
    """The newsmill command, run in a folder: newsmill("ingest", "--json")."""

    folder: Path
    environment: Mapping[str, str]
    program: Path = preloaded.REAL

    @property
    def warehouse(self) -> Path:
        return self.folder / "data" / "newsmill.duckdb"

    @property
    def published(self) -> Path:
        return self.warehouse.with_name("news.duckdb")

    @property
    def landing(self) -> Path:
        return self.warehouse.with_name("landing")

    def setting(self, **variables: object) -> Newsmill:
        """The same with more settings: retries=2 sets NEWSMILL_RETRIES=2."""
        settings = {f"NEWSMILL_{name.upper()}": str(value) for name, value in variables.items()}
        return replace(self, environment={**self.environment, **settings})

    def registry(self, text: str) -> None:
        (self.folder / "feeds.toml").write_text(text, encoding="utf-8")

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self._run(self.program, *arguments)

    def python(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program where the command would run, to its end."""
        return self._run(sys.executable, "-c", code, *arguments)

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def facts(self, *arguments: str | Path) -> Any:
        """What the command prints with --json; it must succeed."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, f"newsmill {arguments}: {done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def start(self, *arguments: str | Path, real: bool = False) -> subprocess.Popen[str]:
        """Start the command in the background; tests kill only the process of the real one."""
        return subprocess.Popen(
            [preloaded.REAL if real else self.program, *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all worker processes of this run."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse, made once for all workers."""
    folder = _shared_folder(tmp_path_factory)
    template = folder / "warehouse-template" / "new.duckdb"
    with FileLock(folder / "warehouse-template.lock"):
        if not template.exists():
            new_warehouses.make(template)
    return template


@pytest.fixture(scope="session", autouse=True)
def warehouses_are_copied(new_warehouse: Path) -> Iterator[None]:
    with new_warehouses.copied_from(new_warehouse):
        yield


@pytest.fixture
def warehouses_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newsmill makes each new warehouse itself, as it does for a user."""
    new_warehouses.make_anew(monkeypatch)


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment without settings of Prefect or newsmill."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "NEWSMILL_"))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # some images set it: each process would compile newsmill anew
    home = tmp_path_factory.mktemp("prefect-client")
    return environment | {
        "PREFECT_HOME": str(home),  # a profile in the home folder may name another server
        "PREFECT_API_SSL_CERT_FILE": str(write_one_authority(home)),
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture(scope="session")
def newsmill_environment(
    clean_environment: dict[str, str], new_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    return clean_environment | {
        new_warehouses.VARIABLE: str(new_warehouse),
        "NEWSMILL_HOME": str(tmp_path_factory.mktemp("newsmill-home")),
        **SETTINGS,
        "COLUMNS": "110",
        # so that tests need not wait for events
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    }


@pytest.fixture(scope="session")
def program(newsmill_environment: dict[str, str]) -> Iterator[Path]:
    """A newsmill that starts faster: tests/preloaded.py."""
    with preloaded.newsmill(newsmill_environment) as program:
        yield program


@pytest.fixture(scope="session")
def prefect_database(clean_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty Prefect database, made once for all workers: a server without one takes 20 s to make it."""
    folder = _shared_folder(tmp_path_factory)
    template = folder / "prefect-template" / "prefect.db"
    with FileLock(folder / "prefect-template.lock"):
        if not template.parent.exists():
            new = tmp_path_factory.mktemp("prefect-new")
            command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
            environment = clean_environment | {"PREFECT_HOME": str(new)}
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=TIMEOUT)
            new.rename(template.parent)
    return template


@pytest.fixture(scope="session")
def prefect_home(
    newsmill_environment: dict[str, str], prefect_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """NEWSMILL_HOME of a running Prefect server that newsmill starts and stops."""
    home = Path(newsmill_environment["NEWSMILL_HOME"])
    (home / "prefect").mkdir()
    shutil.copy(prefect_database, home / "prefect")
    command = Newsmill(tmp_path_factory.mktemp("server"), newsmill_environment)
    started = command.setting(prefect_port=free_port())("server", "start")
    assert started.returncode == 0, started.stderr
    yield home
    stopped = command("server", "stop")
    assert stopped.stdout.startswith("stopped"), stopped


@pytest.fixture(scope="session")
def prefect_api(prefect_home: Path) -> str:
    """The address of that server's API."""
    return str(json.loads((prefect_home / "prefect" / "server.json").read_text())["url"]) + "/api"


@pytest.fixture(scope="session")
def newsmill_in(prefect_home: Path, newsmill_environment: dict[str, str], program: Path) -> Callable[[Path], Newsmill]:
    """Makes a newsmill in the given folder that uses the shared Prefect server."""
    return lambda folder: Newsmill(folder, newsmill_environment, program)


@pytest.fixture
def newsmill(newsmill_in: Callable[[Path], Newsmill], tmp_path: Path) -> Newsmill:
    return newsmill_in(tmp_path)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    with s3_server() as server:
        yield server
