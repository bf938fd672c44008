"""The deployments of prefect.yaml, registered and run as a plain clone would: no questions, no variables to set."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.sample import SampleSite

ROOT = Path(__file__).resolve().parents[2]
PREFECT = Path(sys.executable).with_name("prefect")


def prefect(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [PREFECT, "--no-prompt", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"prefect {arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def ask(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def environment(clean_environment: dict[str, str], prefect_api: str) -> dict[str, str]:
    """Deployed, as prefect.yaml's first lines say."""
    environment = clean_environment | {"PREFECT_API_URL": prefect_api}
    prefect(environment, "work-pool", "create", "newsmill", "--type", "process")
    prefect(environment, "deploy", "--all")
    return environment


@pytest.mark.parametrize("name", ["ingest", "images", "reprocess"])
def test_deployment_is_registered_where_the_code_lies(environment: dict[str, str], prefect_api: str, name: str) -> None:
    found = ask(f"{prefect_api}/deployments/name/{name}/{name}")
    assert found["entrypoint"] == f"flows/{name}.py:{name}"
    assert found["work_pool_name"] == "newsmill"
    assert found["pull_steps"] == [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]


def test_ingest_is_scheduled_every_hour_and_never_twice_at_once(environment: dict[str, str], prefect_api: str) -> None:
    found = ask(f"{prefect_api}/deployments/name/ingest/ingest")
    (schedule,) = found["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "7 * * * *"
    assert found["global_concurrency_limit"]["limit"] == 1
    assert found["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_worker_runs_the_deployed_ingest(
    environment: dict[str, str], prefect_api: str, newsmill: Newsmill, prefect_home: Path
) -> None:
    # at seven minutes past the hour the scheduled run would come between
    prefect(environment, "deployment", "schedule", "clear", "-y", "ingest/ingest")
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        environment = environment | {
            "NEWSMILL_FEEDS": str(newsmill.folder / "feeds.toml"),
            "NEWSMILL_WAREHOUSE": str(newsmill.warehouse),
            "NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1",
            "NEWSMILL_RETRY_DELAY": "0.1",
        }
        prefect(environment, "deployment", "run", "ingest/ingest")
        worked = prefect(environment, "worker", "start", "--pool", "newsmill", "--run-once")
    ((flow_run, state),) = rows(newsmill.warehouse, "SELECT flow_run_id, state FROM ops.runs")
    assert state == "partial", worked
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.articles") == [(18,)]
    assert newsmill.published.exists()
    recorded = ask(f"{prefect_api}/flow_runs/{flow_run}")
    assert recorded["state_type"] == "COMPLETED"
    assert recorded["deployment_id"] == ask(f"{prefect_api}/deployments/name/ingest/ingest")["id"]
