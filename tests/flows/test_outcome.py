"""How a run ends, and what it tries again, as Prefect's server has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flows.run.report import FeedLine, Report
from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED
from tests.sites.server import Page, SiteServer
from warehouse.store.connection import Warehouse

PAGES = {
    "/good": GOOD_FEED,
    "/broken": Page(b"", "text/plain", status=500),
    "/busy": Page(b"", "text/plain", status=429, headers={"retry-after": "3600"}),
    "/garbage": Page(b"this is no feed", "text/plain"),
}


def test_a_run_fails_by_share_and_only_what_may_pass_is_tried_again(newsmill: Newsmill, prefect_api: str) -> None:
    with SiteServer(PAGES) as site:
        names = ("good", "broken", "busy", "missing", "garbage")
        newsmill.registry(
            "\n".join(f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{site.url(f"/{name}")}"\n' for name in names)
        )
        tolerant = newsmill("ingest", "--no-images")
        assert tolerant.returncode == 0, tolerant.stderr
        elsewhere = newsmill.folder / "home"
        named = replace(newsmill, environment={**newsmill.environment, "PREFECT_API_URL": prefect_api})
        strict = named.setting(home=elsewhere, fail_share=0.5)("ingest", "--force", "--no-images")
        assert strict.returncode == 1
        said = "3 of the feeds that were asked failed; with those left alone since they did, 60%; NEWSMILL_FAIL_SHARE"
        assert f"{said} allows 50%" in strict.stderr
        assert not (elsewhere / "prefect").exists(), "with PREFECT_API_URL no other server is started"
    assert rows(newsmill.published, "SELECT count(*) > 0 FROM clean.articles WHERE feed_id = 'good'") == [(True,)]
    runs = rows(newsmill.warehouse, "SELECT flow_run_id, state FROM ops.runs ORDER BY started_at")
    assert [state for _, state in runs] == ["partial", "failed"]
    assert [ask(f"{prefect_api}/flow_runs/{run}")["state_type"] for run, _ in runs] == ["COMPLETED", "FAILED"]

    tasks = ask(f"{prefect_api}/task_runs/filter", flow_runs={"id": {"any_": [runs[0][0]]}})
    tried = {task["name"]: task["run_count"] for task in tasks}
    assert tried == tried | {"fetch good": 1, "fetch broken": 3, "fetch busy": 1, "fetch missing": 1}
    assert [count for name, count in tried.items() if name.startswith("mill")] == [1], "what is no feed stays none"


def test_those_left_alone_since_they_failed_count_among_the_failing() -> None:
    run = Report("ingest", "run", datetime.now(UTC), {}, feeds=[FeedLine("a", "failed"), FeedLine("b", "fetched")])
    assert run.failed_share == 0.5
    run.not_due = 8
    assert run.failed_share == 0.1
    run.not_due_failing = 5
    assert run.failed_share == 0.6


def test_a_run_that_can_load_nothing_fails_and_says_why(newsmill: Newsmill) -> None:
    (newsmill.folder / "archive").mkdir()
    (newsmill.folder / "archive" / "notes.md").write_text("no article")
    with SiteServer(PAGES) as site:
        newsmill.registry(f'[[feed]]\nid = "garbage"\nname = "garbage"\nurl = "{site.url("/garbage")}"\n')
        for command in (("ingest", "--no-images"), ("backfill", "archive", "archive")):
            done = newsmill(*command)
            assert done.returncode == 1
            assert done.stderr == ("error: nothing could be loaded: all of it is in ops.rejects, with the reasons\n"), (
                command
            )
    found = rows(newsmill.warehouse, "SELECT state, error LIKE 'nothing could be loaded%' FROM ops.runs")
    assert found == [("failed", True)] * 2
    assert rows(newsmill.warehouse, "SELECT count(*) FROM ops.rejects") == [(2,)]


def test_what_another_run_loaded_and_did_not_publish_is_published(newsmill: Newsmill) -> None:
    with SiteServer({"/good": GOOD_FEED}) as site:
        newsmill.registry(f'[[feed]]\nid = "good"\nname = "good"\nurl = "{site.url("/good")}"\n')
        assert newsmill.facts("ingest", "--no-images", "--no-publish")["new"] > 0
        again = newsmill.facts("ingest", "--no-images")
        assert (again["new"], again["published"]["kind"]) == (0, "full")
        assert "published" not in newsmill.facts("ingest", "--no-images")
        with Warehouse(newsmill.warehouse).writing() as connection:  # as a run is left that was killed after loading
            connection.execute("INSERT INTO ops.runs (run_id, started_at, state) VALUES ('killed', now(), 'running')")
        assert newsmill.facts("ingest", "--no-images")["published"]["kind"] == "incremental"


def test_a_backfill_s_place_is_shown_without_its_secrets(newsmill: Newsmill, prefect_api: str) -> None:
    newsmill.registry("")
    with SiteServer({"/feed": GOOD_FEED}) as site:
        address = site.url("/feed?token=t0ken").replace("://", "://reader:s3cret@")
        done = newsmill("backfill", "paged", address, "--no-images", "--no-publish", "--dry-run")
    assert done.returncode == 0, done.stderr
    ((parameters, run),) = rows(newsmill.warehouse, "SELECT parameters::VARCHAR, flow_run_id FROM ops.runs")
    name = ask(f"{prefect_api}/flow_runs/{run}")["name"]
    for shown in (parameters, name):
        assert "token=…" in shown
        assert "s3cret" not in shown
        assert "t0ken" not in shown
