"""Runs of `newsmill serve` that are cancelled, and killed with their worker; what is served ends here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import duckdb
import psutil
import pytest

from tests.flows.observing import rows, until
from tests.flows.serving import Served, serving
from tests.flows.test_crash import Gate, children, lives
from tests.sites.sample import SampleSite


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def articles(served: Served, site: SampleSite) -> int:
    """Of that site."""
    if not served.newsmill.warehouse.exists():
        return 0
    sql = f"SELECT count(*) FROM clean.articles WHERE starts_with(url, '{site.url('/')}')"
    ((count,),) = rows(served.newsmill.warehouse, sql)
    return int(count)


def progress(served: Served, run: str) -> float | None:
    found = served.artifacts(run).get("ingest-progress-feeds")
    return found and float(found["data"])


def loading(served: Served, run: str) -> bool:
    tasks = served.ask("/task_runs/filter", flow_runs={"id": {"any_": [run]}})
    return any(task["name"].startswith("load ") and task["state_type"] == "RUNNING" for task in tasks)


@contextmanager
def alone(warehouse: Path) -> Iterator[None]:
    """Keep everybody else out of the warehouse, once nobody is in it."""
    with ExitStack() as stack:

        def entered() -> bool:
            with suppress(duckdb.IOException):
                stack.enter_context(duckdb.connect(str(warehouse)))
                return True
            return False

        until(entered, "nobody is in the warehouse")
        yield


@pytest.fixture(autouse=True)
def edited(site: SampleSite) -> Iterator[None]:
    """The site is that of all tests, and edited for these."""
    site.edit()
    yield
    site.restore()


@pytest.mark.thorough
def test_cancelled_in_the_ui_it_stops_with_nothing_half_loaded(served: Served, site: SampleSite) -> None:
    served.newsmill.registry(site.feeds_toml())
    before = articles(served, site)
    with Gate(site, "/en/feed.xml") as gate:
        run = served.run("ingest/ingest", real=True, force=True)
        served.until(gate.arrived.is_set, "the run fetches")
        served.until(lambda: progress(served, run) == 80, "the bar shows that four of the five feeds are done")
        served.ask(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"})
        assert served.finished(run) == "Cancelled"
        assert articles(served, site) == before
    with Gate(site, "/en/feed.xml") as gate:
        run = served.run("ingest/ingest", real=True, force=True)
        served.until(gate.arrived.is_set, "the run fetches")
        before = articles(served, site)  # what the run before it fetched is loaded first
        with alone(served.newsmill.warehouse):
            gate.opened.set()
            served.until(lambda: loading(served, run), "the run would load")
            served.ask(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"})
            assert served.finished(run) == "Cancelled"
    assert articles(served, site) == before
    assert served.finished(served.run("ingest/ingest", real=True, force=True)) == "Completed"
    assert articles(served, site) == 20
    assert list((served.newsmill.landing / "pending").glob("*.json")) == []


def test_worker_and_run_killed_the_next_goes_on(served: Served, site: SampleSite) -> None:
    """The server ends with its worker, and is started again."""
    served.newsmill.registry(site.feeds_toml())
    below = children(served.process.pid)
    (worker,) = [pid for pid in below if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    with Gate(site, "/zh/feed.xml") as gate:
        run = served.run("ingest/ingest", real=True, force=True)
        served.until(gate.arrived.is_set, "the run fetches")
        killed = [worker, *descendants(worker)]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert served.process.wait(60) == 1, "whoever looks after the service is to start it again"
    assert "error: the worker ended with status -9" in served.log.read_text()
    until(lambda: not any(map(lives, below + killed)), "nothing of it is left")

    with serving(served.newsmill, Path(served.newsmill.environment["NEWSMILL_HOME"])) as again:
        assert again.state(run) == "Crashed"
        assert len(again.ask("/automations/filter", limit=50)) == 1, "none is there twice"
        assert again.finished(again.run("ingest/ingest", force=True)) == "Completed"
        assert articles(served, site) == 20
        assert list((served.newsmill.landing / "pending").glob("*.json")) == []
        below = descendants(again.process.pid)
        assert len(below) >= 2
        assert "Stopped the server" in again.stop()
        assert again.process.returncode == 0
        until(lambda: not any(map(lives, below)), "all of it is stopped")
