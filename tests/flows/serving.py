"""`newsmill serve` for tests: a server of its own with the deployments and a worker, over the sample site."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
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
"""Seconds serving may take to be ready: Prefect makes its database."""


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
        """POST, where there is a body; else GET."""
        return ask(self.api + path, **body)

    def patch(self, path: str, **body: Any) -> None:
        ask(self.api + path, "PATCH", **body)

    def deployment(self, name: str) -> Any:
        return self.ask(f"/deployments/name/{name}")

    def run(self, name: str, *, env: dict[str, str] | None = None, **parameters: Any) -> str:
        """Let the deployment run now; the flow run's id."""
        deployment = self.deployment(name)["id"]
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "job_variables": {"env": env or {}}}
        return str(self.ask(f"/deployments/{deployment}/create_flow_run", **body)["id"])

    def state(self, flow_run: str) -> str:
        """The name of the run's state: Completed, Failed, Cancelled …"""
        state = self.ask(f"/flow_runs/{flow_run}")["state"]
        return str(state["name"]) if state else "Pending"

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for what the server says; who asks it all the time keeps its runs from what they do."""
        until(condition, f"{what}; {self.log.read_text()}", 300.0, every=0.5)

    def finished(self, flow_run: str) -> str:
        ends = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut"}
        self.until(lambda: self.state(flow_run) in ends, "the run ends")
        return self.state(flow_run)

    def logs(self, flow_run: str) -> list[tuple[int, str]]:
        """(level, message), oldest first."""
        wanted = {"logs": {"flow_run_id": {"any_": [flow_run]}}, "sort": "TIMESTAMP_ASC"}
        return [(line["level"], line["message"]) for line in self.ask("/logs/filter", **wanted)]

    def artifacts(self, flow_run: str) -> dict[str, Any]:
        """Key → the artifact of the run."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [flow_run]}}}
        return {each["key"]: each for each in self.ask("/artifacts/filter", **wanted)}

    def events(self, name: str) -> list[Any]:
        """What the server recorded under that event's name, newest first."""
        found = self.ask("/events/filter", filter={"event": {"name": [name]}}, limit=50)
        return list(found["events"])

    def stop(self) -> str:
        """SIGTERM; what was said."""
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
    # a worker asks for work every ten seconds, left alone
    environment |= {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_API_URL": ""}
    environment |= {"PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1"}
    log = newsmill.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [preloaded.REAL, "serve"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        ready = "Prefect's UI: "
        until(lambda: process.poll() is not None or ready in log.read_text(), "newsmill serve is ready", STARTS)
        said = log.read_text()
        assert ready in said, said
        ui = said.partition(ready)[2].split()[0]
        served = Served(replace(newsmill, environment=environment), process, log, ui)
        # at seven minutes past the hour the scheduled run would come between
        for each in served.ask("/deployments/filter", limit=50):
            if each["schedules"]:
                served.patch(f"/deployments/{each['id']}", paused=True)
        yield served
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(90)
