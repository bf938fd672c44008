"""The deployments of prefect.yaml, registered and run as a plain clone would: no questions, no variables to set."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient

from flows.installation.making import make_installation
from flows.prefect_server.deploying import register_automations
from tasks.registry.feeds_file import part_of
from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows, until
from tests.flows.test_crash import Gate
from tests.places import ROOT
from tests.sites.sample import SampleSite
from tests.sites.server import Page, RequestHandler, Route
from warehouse.records import Feed

FEEDS = ("harbour-en", "harbour-zh", "harbour-world", "harbour-brief", "harbour-dead")
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


def held(api: str) -> set[str]:
    """The global concurrency limits of which a run has held a slot."""
    wanted = {"event": {"name": ["prefect.concurrency-limit.acquired"]}}
    events = ask(f"{api}/events/filter", filter=wanted, limit=50)["events"]
    return {event["resource"]["prefect.resource.name"] for event in events}


def limits_of(api: str) -> dict[str, int]:
    return {limit["name"]: limit["limit"] for limit in ask(f"{api}/v2/concurrency_limits/filter", limit=200)}


def registered(api: str) -> dict[str, list[str]]:
    """The names of what is on the server."""
    return {
        kind: sorted(each["name"] for each in ask(f"{api}/{kind}/filter", limit=200))
        for kind in ("work_pools", "deployments", "automations")
    }


def add_renamed(api: str, name: str, pool: str | None = "newsmill") -> None:
    """A backfill's deployment as newsmill 0.1 called it."""
    now = ask(f"{api}/deployments/name/backfill/backfill-{name}")
    ask(
        f"{api}/deployments/",
        name=name,
        flow_id=now["flow_id"],
        entrypoint=now["entrypoint"],
        work_pool_name=pool,
    )
    assert name in registered(api)["deployments"]


@contextmanager
def unreadable_blocks(home: Path) -> Iterator[None]:
    """As if the key with which the server encrypts blocks were another meanwhile."""
    name, other = "newsmill-alerts-desk", json.dumps("encrypted with another key")
    with closing(sqlite3.connect(home / "prefect" / "prefect.db", timeout=60, isolation_level=None)) as database:
        ((data,),) = database.execute("SELECT data FROM block_document WHERE name = ?", [name])
        database.execute("UPDATE block_document SET data = ? WHERE name = ?", [other, name])
        yield
        database.execute("UPDATE block_document SET data = ? WHERE name = ?", [data, name])


def alert_actions(api: str) -> dict[str, list[Any]]:
    """By the automation's name: the actions that tell somebody."""
    told = {each["name"]: each["actions"] for each in ask(f"{api}/automations/filter", limit=200)}
    return {name: actions for name, actions in told.items() if actions[0]["type"] == "send-notification"}


@pytest.fixture(scope="module")
def environment(clean_environment: dict[str, str], prefect_api: str) -> dict[str, str]:
    """Deployed to a server that knows nothing of newsmill, as docs/running.md says."""
    environment = clean_environment | {"PREFECT_API_URL": prefect_api}
    assert "newsmill" not in registered(prefect_api)["work_pools"]
    prefect(environment, "deploy", "--all")
    prefect(environment, "automation", "create", "--from-file", "flows/automations.yaml")
    return environment


@pytest.mark.parametrize("name", ["ingest", "pages", "images", "reprocess", "publish", "maintain"])
def test_deployment_is_registered_where_the_code_lies(environment: dict[str, str], prefect_api: str, name: str) -> None:
    deployment = ask(f"{prefect_api}/deployments/name/{name}/{name}")
    assert deployment["entrypoint"] == f"flows/{name}.py:{name}"
    assert deployment["work_pool_name"] == "newsmill"
    assert deployment["pull_steps"] == [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]
    lines = (ROOT / "docs" / "running.md").read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith(f"| `{name}/{name}` |"))
    assert set(re.findall(r"`(\w+)`", row)) == set(deployment["parameter_openapi_schema"]["properties"])


def test_ingest_is_scheduled_every_hour_and_never_twice_at_once(environment: dict[str, str], prefect_api: str) -> None:
    deployment = ask(f"{prefect_api}/deployments/name/ingest/ingest")
    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "7 * * * *"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"


def test_the_feeds_hosts_have_a_limit(environment: dict[str, str], prefect_api: str) -> None:
    """Of the feeds.toml that comes with newsmill; and the Wayback Machine."""
    limits = limits_of(prefect_api)
    assert limits["newsmill-writer"] == 1
    assert limits["newsmill-host-feedx.net"] == 2
    assert limits["newsmill-host-news.ycombinator.com"] == 2
    assert limits["newsmill-host-web.archive.org"] == 2


def test_without_a_prefect_yaml_nothing_is_deployed(newsmill: Newsmill) -> None:
    done = newsmill("deploy")
    assert done.returncode == 1
    assert "there is no prefect.yaml here" in done.stderr
    for broken, says in (
        ("deployments: [", "prefect.yaml: can't be read (while parsing"),
        ("", "names no deployments"),
    ):
        (newsmill.folder / "prefect.yaml").write_text(broken)
        done = newsmill("deploy")
        assert done.returncode == 1
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def settings_of(newsmill: Newsmill, **more: str) -> dict[str, str]:
    """What a worker's runs are to know of the folder, as variables."""
    folder = {"feeds": str(newsmill.folder / "feeds.toml"), "warehouse": str(newsmill.warehouse)}
    wanted = folder | {"allow_private_addresses": "1"} | more
    return {f"NEWSMILL_{name.upper()}": value for name, value in wanted.items()}


@contextmanager
def waiting_for_company(site: SampleSite, *, first: int) -> Iterator[list[int]]:
    """The site, whose `first` answers wait a moment for another request; how many there were at once, each time."""
    arrival, now = threading.Condition(), 0
    seen: list[int] = []

    def beside_others(route: Route) -> Route:
        def answer(handler: RequestHandler) -> None:
            nonlocal now
            with arrival:
                now += 1
                seen.append(now)
                arrival.notify_all()
                if len(seen) <= first:
                    arrival.wait_for(lambda: now > 1, timeout=0.5)
            try:
                handler.send_page(route) if isinstance(route, Page) else route(handler)
            finally:
                with arrival:
                    now -= 1

        return answer

    pages = dict(site.pages)
    site.pages |= {path: beside_others(route) for path, route in pages.items()}
    try:
        yield seen
    finally:
        site.pages |= pages


def notice_sooner(api: str, automation: str, seconds: int) -> None:
    """Let the automation wait no longer than that."""
    (shipped,) = (found for found in ask(f"{api}/automations/filter", limit=200) if found["name"] == automation)
    wanted = {key: shipped[key] for key in ("name", "description", "enabled", "trigger", "actions")}
    wanted["trigger"]["within"] = seconds
    ask(f"{api}/automations/{shipped['id']}", "PUT", **wanted)


@pytest.mark.thorough
def test_a_worker_is_killed_with_its_run_and_the_next_one_goes_on(
    environment: dict[str, str], prefect_api: str, newsmill: Newsmill, prefect_home: Path
) -> None:
    """On a server of one's own; the second run keeps to the limits."""
    # at seven minutes past the hour the scheduled run would come between
    prefect(environment, "deployment", "schedule", "clear", "-y", "ingest/ingest")
    notice_sooner(prefect_api, "newsmill: a run has died", 40)
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        environment = environment | settings_of(newsmill, retry_delay="0.1")
        prefect(environment, "deployment", "run", "ingest/ingest")
        with Gate(site, "/en/feed.xml") as gate:
            worker = subprocess.Popen(
                [PREFECT, "worker", "start", "--pool", "newsmill"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            until(gate.arrived.is_set, "the run fetches")
            for process in [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]:
                process.kill()
            worker.wait()
        ((killed,),) = rows(newsmill.warehouse, "SELECT flow_run_id FROM ops.runs")
        until(
            lambda: ask(f"{prefect_api}/flow_runs/{killed}")["state_type"] == "CRASHED",
            "the automation sees that the run has died",
            every=1,
        )
        prefect(environment, "global-concurrency-limit", "create", "newsmill-host-127.0.0.1", "--limit", "1")
        prefect(environment, "deployment", "run", "ingest/ingest")
        with waiting_for_company(site, first=8) as at_once:
            worked = prefect(environment, "worker", "start", "--pool", "newsmill", "--run-once")
    assert max(at_once) == 1, "feeds and images together keep to the host's limit"
    assert any("/img/" in request.path for request in site.requests)
    ((flow_run, state),) = rows(
        newsmill.warehouse, f"SELECT flow_run_id, state FROM ops.runs WHERE flow_run_id <> '{killed}'"
    )
    assert state == "partial", worked
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.articles") == [(18,)]
    assert newsmill.published.exists()
    until(lambda: held(prefect_api) >= {"newsmill-writer", "newsmill-host-127.0.0.1"}, "the run held the limits' slots")
    recorded = ask(f"{prefect_api}/flow_runs/{flow_run}")
    assert recorded["state_type"] == "COMPLETED"
    assert recorded["deployment_id"] == ask(f"{prefect_api}/deployments/name/ingest/ingest")["id"]


def test_an_installation_is_deployed_from_what_is_installed(
    environment: dict[str, str], prefect_api: str, newsmill: Newsmill, prefect_home: Path
) -> None:
    """Not from packages of the operator's own in its folder. tests/flows/test_installations.py runs it."""
    make_installation(newsmill.folder)
    for name in ("flows", "tasks", "warehouse"):
        (newsmill.folder / name).mkdir()
        (newsmill.folder / name / "__init__.py").write_text("raise SystemExit('an operator's own package')")
    assert newsmill("alerts", "to", "json://127.0.0.1:9/hook", "--name", "desk").returncode == 0
    with unreadable_blocks(prefect_home):
        assert "can't read the addresses of alerts (it answers 500)" in newsmill("alerts", "list").stderr
        done = newsmill("deploy")
    assert newsmill("alerts", "remove", "desk").returncode == 0
    assert done.returncode == 0, done.stderr
    assert "Alerts are as they were: Prefect's server can't read" in done.stdout
    for name, entrypoint in (
        ("ingest/ingest", "flows.ingest.ingest"),
        ("backfill/backfill-archive", "flows.backfill.archive"),
    ):
        deployment = ask(f"{prefect_api}/deployments/name/{name}")
        assert deployment["entrypoint"] == entrypoint
        assert deployment["pull_steps"] is None or deployment["pull_steps"] == []
        assert deployment["job_variables"]["env"]["NEWSMILL_FOLDER"] == str(newsmill.folder)
    served = {**newsmill.environment, "PREFECT_API_URL": prefect_api}
    other = Newsmill(newsmill.folder / "other", served, newsmill.program)
    make_installation(other.folder)
    refused = other.setting(home=other.folder / "state")("deploy")
    assert refused.returncode == 1
    assert f"this Prefect server has the deployments of {newsmill.folder}, which those of" in refused.stderr


@pytest.mark.thorough
def test_newsmill_deploy_leaves_what_is_the_operator_s(
    environment: dict[str, str], prefect_api: str, newsmill: Newsmill, prefect_home: Path
) -> None:
    """The last one here: its deployments name another folder."""
    ask(f"{prefect_api}/v2/concurrency_limits/newsmill-host-feedx.net", "PATCH", limit=1)
    assert newsmill("alerts", "to", "json://127.0.0.1:9/hook", "--name", "desk").returncode == 0
    add_renamed(prefect_api, "paged", pool=None)  # somebody else's
    before, alerts = registered(prefect_api), alert_actions(prefect_api)
    add_renamed(prefect_api, "archive")
    assert len(alerts) == 6
    (newsmill.folder / "prefect.yaml").write_text(in_parts_on_dask((ROOT / "prefect.yaml").read_text("utf-8")), "utf-8")
    (newsmill.folder / "flows").symlink_to(ROOT / "flows")
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml().replace(site.url("/brief.json"), "http://quay.localhost:9/brief.json"))
        done = newsmill("deploy", "--json")
        assert done.returncode == 0, done.stderr
        assert "`newsmill prefect worker start --pool newsmill`" in done.stderr
        facts = json.loads(done.stdout)
        assert facts["prefect_api"] == prefect_api
        assert {"ingest", "maintain", "backfill-archive"} <= set(facts["deployments"])
        assert {"newsmill: a run failed", "newsmill: a run has died"} <= set(facts["automations"])
        assert facts["alerts_to"] == ["desk"]
        assert registered(prefect_api) == before
        assert alert_actions(prefect_api) == alerts
        assert newsmill("alerts", "remove", "desk").returncode == 0
        assert alert_actions(prefect_api) == {}
        limits = limits_of(prefect_api)
        assert limits["newsmill-host-feedx.net"] == 1
        assert limits["newsmill-host-quay.localhost"] == 2

        deployment = ask(f"{prefect_api}/deployments/name/ingest/ingest")
        form = deployment["parameter_openapi_schema"]["properties"]
        assert form["feeds"]["items"]["enum"] == list(FEEDS)
        assert form["groups"]["items"]["enum"] == ["harbour"]
        assert {schedule["slug"]: schedule["parameters"] for schedule in deployment["schedules"]} == {
            "first": {"partition": "1/2"},
            "second": {"partition": "2/2"},
        }
        environment = environment | settings_of(newsmill, retries="0", workers="2")
        ask(f"{prefect_api}/deployments/{deployment['id']}", "PATCH", paused=True)
        prefect(environment, "deployment", "run", "ingest/ingest", "--param", "partition=1/2")
        worked = prefect(environment, "worker", "start", "--pool", "newsmill", "--run-once")
    ((flow_run, state),) = rows(newsmill.warehouse, "SELECT flow_run_id, state FROM ops.runs")
    assert state == "partial", worked
    asked = {feed for (feed,) in rows(newsmill.warehouse, "SELECT feed_id FROM ops.fetches")}
    feeds = [Feed(id, "", "") for id in FEEDS]
    assert asked == {feed.id for feed in part_of(feeds, "1/2")}, worked
    wanted = {"flow_runs": {"id": {"any_": [flow_run]}}, "task_runs": {"name": {"like_": "elsewhere"}}}
    milled = ask(f"{prefect_api}/task_runs/filter", **wanted)
    assert milled, "it was Dask that milled"
    assert rows(newsmill.warehouse, "SELECT count(*) > 0 FROM clean.articles") == [(True,)]


def in_parts_on_dask(text: str) -> str:
    """prefect.yaml as its own comments say: two runs that share the feeds, their milling on Dask."""
    head, rest = text.split('    schedules:\n      - cron: "7 * * * *"\n        timezone: UTC\n', 1)
    rest = rest.replace("    # schedules:", "    schedules:").replace("    #   - {", "      - {")
    return (head + rest).replace("flows/ingest.py:ingest", "flows/on_dask.py:ingest")


def test_a_server_that_refuses_automations_is_told_of_and_no_more() -> None:
    """Not every plan of Prefect Cloud has them; `newsmill serve` ended with a traceback."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403 if "automations" in request.url.path else 404)  # it has no tokens against CSRF

    transport = {"transport": httpx.MockTransport(answer)}
    said: list[str] = []
    with SyncPrefectClient("http://prefect.example/api", httpx_settings=transport) as client:
        assert register_automations(client, said.append) == []
    assert said == ["Automations and alerts are as they were: Prefect's server answers 403 when asked for them"]
