"""`newsmill serve` for tests: a server of its own with the deployments and a worker, over the sample site."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests import preloaded
from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import until
from tests.places import ROOT
from tests.stores import free_port

STARTS = 240.0
"""Seconds until it must be ready: Prefect first makes its database."""


@dataclass(frozen=True)
class Served:
    """A running `newsmill serve`."""

    newsmill: Newsmill
    process: subprocess.Popen[bytes]
    log: Path
    ui: str

    @property
    def api(self) -> str:
        return f"{self.ui}/api"

    def ask(self, path: str, **body: Any) -> Any:
        """POST if there is a body, else GET."""
        return ask(self.api + path, **body)

    def patch(self, path: str, **body: Any) -> None:
        ask(self.api + path, "PATCH", **body)

    def put(self, path: str, **body: Any) -> None:
        ask(self.api + path, "PUT", **body)

    def delete(self, path: str) -> None:
        ask(self.api + path, "DELETE")

    def deployment(self, name: str) -> Any:
        return self.ask(f"/deployments/name/{name}")

    def run(
        self,
        name: str,
        *,
        env: dict[str, str] | None = None,
        tags: Sequence[str] = (),
        real: bool = False,
        **parameters: Any,
    ) -> str:
        """Start a run of the deployment now. Returns the flow run's id.

        The worker starts a fork (tests/preloaded.py) or, for a `real` one, what it starts for every run.
        """
        deployment = self.deployment(name)["id"]
        variables: dict[str, object] = {"env": env or {}}
        if not real:
            variables["command"] = f"{self.newsmill.program} {preloaded.ENGINE}"
        body: dict[str, Any] = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "job_variables": variables}
        body |= {"tags": list(tags)} if tags else {}
        return str(self.ask(f"/deployments/{deployment}/create_flow_run", **body)["id"])

    def state(self, flow_run: str) -> str:
        """The name of the run's state: Completed, Failed, Cancelled …"""
        state = self.ask(f"/flow_runs/{flow_run}")["state"]
        return str(state["name"]) if state else "Pending"

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition on the server. Polls slowly, as polling holds up the server's runs."""
        until(condition, f"{what}; {self.log.read_text()}", 300.0, every=0.5)

    def finished(self, flow_run: str) -> str:
        ends = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut"}
        self.until(lambda: self.state(flow_run) in ends, "the run ends")
        return self.state(flow_run)

    def logs(self, flow_run: str) -> list[tuple[int, str]]:
        """(level, message), oldest first."""
        query = {"logs": {"flow_run_id": {"any_": [flow_run]}}, "sort": "TIMESTAMP_ASC"}
        return [(line["level"], line["message"]) for line in self.ask("/logs/filter", **query)]

    def artifacts(self, flow_run: str) -> dict[str, Any]:
        """Key → the artifact of the run."""
        query = {"artifacts": {"flow_run_id": {"any_": [flow_run]}}}
        return {artifact["key"]: artifact for artifact in self.ask("/artifacts/filter", **query)}

    def events(self, name: str) -> list[Any]:
        """The recorded events of that name, newest first."""
        page = self.ask("/events/filter", filter={"event": {"name": [name]}}, limit=50)
        return list(page["events"])

    def stop(self) -> str:
        """Send SIGTERM and wait. Returns the log."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)
        return self.log.read_text()


@contextmanager
def serving(newsmill: Newsmill, home: Path, **settings: object) -> Iterator[Served]:
    """Serve the folder's feeds.toml from the clone, where prefect.yaml lies."""
    environment = dict(
        newsmill.setting(
            home=home,
            feeds=newsmill.folder / "feeds.toml",
            warehouse=newsmill.warehouse,
            prefect_port=free_port(),
            **settings,
        ).environment
    )
    # by default a worker asks for work every ten seconds
    environment |= {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_API_URL": ""}
    environment |= {"PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "12"}  # thirty by default
    environment |= {"PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1"}
    with _served(replace(newsmill, environment=environment), preloaded.REAL, ROOT) as served:
        # the scheduled run, at seven minutes past the hour, would disturb a test
        for deployment in served.ask("/deployments/filter", limit=50):
            if deployment["schedules"]:
                served.patch(f"/deployments/{deployment['id']}", paused=True)
        yield served


@contextmanager
def serving_home(newsmill: Newsmill) -> Iterator[Served]:
    """Serve an installation that `newsmill init` made, from its folder."""
    environment = {**newsmill.environment, "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_API_URL": ""}
    environment.setdefault("NEWSMILL_PREFECT_PORT", str(free_port()))
    with _served(replace(newsmill, environment=environment), newsmill.program, newsmill.folder) as served:
        yield served


@contextmanager
def _served(newsmill: Newsmill, program: Path, folder: Path) -> Iterator[Served]:
    log = newsmill.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "serve", "--json"],
            cwd=folder,
            env=dict(newsmill.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        ready = "Prefect's UI: "
        until(lambda: process.poll() is not None or ready in log.read_text(), "newsmill serve is ready", STARTS)
        text = log.read_text()
        assert ready in text, text
        ui = text.partition(ready)[2].split()[0]
        yield Served(newsmill, process, log, ui)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(90)
