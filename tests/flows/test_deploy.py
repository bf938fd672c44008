"""The deployments of prefect.yaml, registered and run as a plain clone would: no questions, no variables to set."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows, until
from tests.sites.sample import SampleSite
from tests.sites.server import SiteServer

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


def held(api: str) -> set[str]:
    """The global concurrency limits of which a run has held a slot."""
    wanted = {"filter": {"event": {"name": ["prefect.concurrency-limit.acquired"]}}, "limit": 50}
    found = httpx.post(f"{api}/events/filter", json=wanted, trust_env=False, timeout=30).json()
    return {each["resource"]["prefect.resource.name"] for each in found["events"]}


def limits_of(api: str) -> dict[str, int]:
    found = httpx.post(f"{api}/v2/concurrency_limits/filter", json={"limit": 200}, trust_env=False, timeout=30).json()
    return {each["name"]: each["limit"] for each in found}


def registered(api: str) -> dict[str, list[str]]:
    """The names of what is on the server."""
    return {
        kind: sorted(
            each["name"] for each in httpx.post(f"{api}/{kind}/filter", json={}, trust_env=False, timeout=30).json()
        )
        for kind in ("work_pools", "deployments", "automations")
    }


@pytest.fixture(scope="module")
def environment(clean_environment: dict[str, str], prefect_api: str) -> dict[str, str]:
    """Deployed to a server that knows nothing of newsmill, as docs/operator.md says."""
    environment = clean_environment | {"PREFECT_API_URL": prefect_api}
    assert "newsmill" not in registered(prefect_api)["work_pools"]
    prefect(environment, "deploy", "--all")
    prefect(environment, "automation", "create", "--from-file", "flows/automations.yaml")
    prefect(environment, "global-concurrency-limit", "create", "newsmill-host-127.0.0.1", "--limit", "1")
    return environment


@pytest.mark.parametrize("words", [("deploy", "--help"), ("version",)])
def test_a_command_that_deploys_nothing_makes_no_pool(
    clean_environment: dict[str, str], words: tuple[str, ...]
) -> None:
    with SiteServer() as site:
        prefect(clean_environment | {"PREFECT_API_URL": site.url("/api")}, *words)
        assert not any("work_pools" in request.path for request in site.requests)


def test_prefect_is_imported_in_the_clone_without_a_word(clean_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable],
        cwd=ROOT,
        env=clean_environment,
        input="import prefect",
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("name", ["ingest", "images", "reprocess", "publish", "maintain"])
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


def test_hosts_with_several_feeds_have_a_limit(environment: dict[str, str], prefect_api: str) -> None:
    """Of the feeds.toml that comes with newsmill."""
    limits = limits_of(prefect_api)
    assert limits["newsmill-writer"] == 1
    assert limits["newsmill-host-feedx.net"] == 2
    assert "newsmill-host-news.ycombinator.com" not in limits


def test_without_a_prefect_yaml_nothing_is_deployed(newsmill: Newsmill) -> None:
    done = newsmill("deploy")
    assert done.returncode == 1
    assert "there is no prefect.yaml here" in done.stderr


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
    until(lambda: held(prefect_api) >= {"newsmill-writer", "newsmill-host-127.0.0.1"}, "the run held the limits' slots")
    recorded = ask(f"{prefect_api}/flow_runs/{flow_run}")
    assert recorded["state_type"] == "COMPLETED"
    assert recorded["deployment_id"] == ask(f"{prefect_api}/deployments/name/ingest/ingest")["id"]


def test_newsmill_deploy_leaves_what_is_the_operator_s(
    environment: dict[str, str], prefect_api: str, newsmill: Newsmill, prefect_home: Path
) -> None:
    """The last one here: its deployments name another folder."""
    prefect(environment, "global-concurrency-limit", "update", "newsmill-host-feedx.net", "--limit", "1")
    before = registered(prefect_api)
    (newsmill.folder / "prefect.yaml").symlink_to(ROOT / "prefect.yaml")
    (newsmill.folder / "flows").symlink_to(ROOT / "flows")
    newsmill.registry(
        "".join(f'[[feed]]\nid = "{n}"\nname = "{n}"\nurl = "https://quay.example/{n}"\n' for n in ("one", "two"))
    )
    done = newsmill("deploy")
    assert done.returncode == 0, done.stderr
    assert "prefect worker start --pool newsmill" in done.stdout
    assert registered(prefect_api) == before
    limits = limits_of(prefect_api)
    assert limits["newsmill-host-feedx.net"] == 1
    assert limits["newsmill-host-quay.example"] == 2
