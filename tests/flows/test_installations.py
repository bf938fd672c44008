"""Installations that are served at once on one machine: two, and a third made of a backup of the first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import contents, rows
from tests.flows.serving import Served, serving_home
from tests.places import ROOT
from tests.preloaded import REAL
from tests.sites.sample import SampleSite

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(900)]

SHADOWS = ("flows", "tasks", "warehouse")
"""Packages of the operator's own in an installation's folder."""
PASSWORD = "quay:s3cret"


@dataclass(frozen=True)
class Two:
    north: Served
    south: Served
    """Its Prefect server asks for a password."""

    def newsmill(self, served: Served, folder: Path | None = None) -> Newsmill:
        return Newsmill(folder or served.newsmill.folder, served.newsmill.environment, REAL)


@pytest.fixture(scope="module")
def environment(newsmill_environment: dict[str, str]) -> dict[str, str]:
    """Nothing that sets installations apart: their own files do."""
    kept = {name: value for name, value in newsmill_environment.items() if not name.startswith("NEWSMILL_")}
    return kept | {"NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1", "NEWSMILL_WORKERS": "1", "NEWSMILL_FULL_TEXT": "never"}


@pytest.fixture(scope="module")
def two(environment: dict[str, str], prefect_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("installations")
    with SampleSite() as site, ExitStack() as stack:
        served = []
        for name, more in (("north", {}), ("south", {"PREFECT_SERVER_API_AUTH_STRING": PASSWORD})):
            newsmill = Newsmill(folder / name, environment | more, REAL)
            assert Newsmill(folder, environment, REAL)("init", name).returncode == 0
            newsmill.registry(site.feeds_toml())
            for shadow in SHADOWS:
                (newsmill.folder / shadow).mkdir()
                (newsmill.folder / shadow / "__init__.py").write_text("raise SystemExit('an operator's own package')")
            state = newsmill.folder / "state" / "prefect"
            state.mkdir(parents=True)
            shutil.copy(prefect_database, state)
            served.append(stack.enter_context(serving_home(newsmill)))
        yield Two(*served)


def test_each_runs_its_own_deployments_into_its_own_warehouse(two: Two) -> None:
    for served in (two.north, two.south):
        done = two.newsmill(served)("run", "ingest", "--param", "force=true", "--watch", "--json")
        assert done.returncode == 0, f"{done.stdout}{done.stderr}{served.log.read_text()}"
        facts = json.loads(done.stdout)
        assert facts["state"] == "Completed"
        assert facts["prefect_ui"].startswith(served.ui)
        warehouse = served.newsmill.folder / "data" / "newsmill.duckdb"
        runs = [flow_run_id for (flow_run_id,) in rows(warehouse, "SELECT flow_run_id FROM ops.runs")]
        assert runs.count(facts["flow_run_id"]) == 1  # at seven minutes past the hour, the schedule brings another
        assert rows(warehouse, "SELECT count(*) FROM clean.articles") == [(18,)]
    assert two.north.ui != two.south.ui


def test_home_pool_and_limits_are_apart(two: Two) -> None:
    limits = f"{two.north.api}/v2/concurrency_limits/filter"
    (writer,) = [limit for limit in ask(limits, limit=200) if limit["name"] == "newsmill-writer"]
    ask(f"{two.north.api}/v2/concurrency_limits/{writer['id']}", "PATCH", limit=5)
    shown = two.newsmill(two.south)("prefect", "global-concurrency-limit", "inspect", "newsmill-writer")
    assert shown.returncode == 0, shown.stderr
    assert "limit=1," in shown.stdout
    ask(f"{two.north.api}/v2/concurrency_limits/{writer['id']}", "PATCH", limit=1)
    workers = ask(f"{two.north.api}/work_pools/newsmill/workers/filter", limit=20)
    assert len(workers) == 1
    for served in (two.north, two.south):
        assert (served.newsmill.folder / "state" / "prefect" / "prefect.db").exists()


def test_runs_do_not_import_what_lies_in_the_folder(two: Two) -> None:
    """Nor do they leave anything there but data: their working folder is another."""
    for served in (two.north, two.south):
        assert "an operator's own" not in served.log.read_text()
        assert not list((served.newsmill.folder / "tasks").glob("__pycache__"))
        assert not two.newsmill(served)("maintain", "--no-publish").returncode
    (deployment,) = [
        each for each in ask(f"{two.north.api}/deployments/filter", limit=50) if each["name"] == "maintain"
    ]
    assert deployment["entrypoint"] == "flows.maintain.maintain"
    assert deployment["job_variables"]["env"]["NEWSMILL_FOLDER"] == str(two.north.newsmill.folder)


def test_without_the_password_one_learns_what_to_set(two: Two) -> None:
    unset = {name: value for name, value in two.south.newsmill.environment.items() if "AUTH_STRING" not in name}
    outsider = Newsmill(two.south.newsmill.folder, unset, REAL)
    for command in (["run", "ingest"], ["ingest", "--no-images"], ["prefect", "flow-run", "ls"]):
        done = outsider(*command)
        assert done.returncode == 1
        assert "asks for another password; set PREFECT_SERVER_API_AUTH_STRING" in done.stderr
    found = json.loads(outsider("doctor", "--json").stdout)["checks"]
    (server,) = [each for each in found if each["name"] == "Prefect server"]
    assert (server["state"], "PREFECT_SERVER_API_AUTH_STRING" in server["mend"]) == ("failed", True)
    assert PASSWORD not in two.south.log.read_text()


def test_a_backup_of_a_served_installation_is_served_elsewhere(two: Two, tmp_path: Path) -> None:
    """Its runs, blocks, variables and automations come along, and its deployments run where it is now."""
    north = two.newsmill(two.north)
    made = ask(f"{two.north.api}/variables/", name="newsmill_contact", value="mailto:north@quay.example")
    assert made["id"]
    assert north("alerts", "to", "json://127.0.0.1:9/hook", "--name", "desk").returncode == 0
    started = two.north.run("ingest/ingest", real=True, force=True)
    saved = north.facts("backup", tmp_path)
    two.north.finished(started)
    assert north.facts("restore", saved["backup"], "--verify")["files"] == saved["files"]
    refused = north("restore", saved["backup"], "--replace")
    assert refused.returncode == 1
    assert "`newsmill serve` runs there, or " in refused.stderr

    again = Newsmill(tmp_path / "again", north.environment, REAL)
    restored = north.facts("restore", saved["backup"], again.folder)
    assert (restored["folder"], restored["moved_aside"]) == (str(again.folder), [])
    environment = {name: value for name, value in north.environment.items() if name != "NEWSMILL_PREFECT_PORT"}
    with serving_home(Newsmill(again.folder, environment, REAL)) as served:
        assert ask(f"{served.api}/variables/name/newsmill_contact")["value"] == "mailto:north@quay.example"
        names = [each["name"] for each in ask(f"{served.api}/automations/filter", limit=50)]
        assert "newsmill: a run failed" in names
        assert [each["name"] for each in two.newsmill(served).facts("alerts", "list")] == ["desk"]
        states = {run["state_name"] for run in ask(f"{served.api}/flow_runs/filter", limit=50)}
        assert "Running" not in states, "what was under way is marked as crashed"
        done = two.newsmill(served)("run", "ingest", "--param", "force=true", "--watch", "--json")
        assert json.loads(done.stdout)["state"] == "Completed", f"{done.stderr}{served.log.read_text()}"
    assert contents(again.folder / "data" / "newsmill.duckdb") == contents(
        two.north.newsmill.folder / "data" / "newsmill.duckdb"
    )
    assert ROOT not in again.folder.parents
