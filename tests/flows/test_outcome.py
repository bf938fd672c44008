"""How a run ends, and what it tries again, as Prefect's server has it."""

from __future__ import annotations

from dataclasses import replace

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED
from tests.sites.server import Page, SiteServer

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
        message = (
            "3 of the feeds that were asked failed; with those left alone since they did, 60%; NEWSMILL_FAIL_SHARE"
        )
        assert f"{message} allows 50%" in strict.stderr
        assert not (elsewhere / "prefect").exists(), "with PREFECT_API_URL no other server is started"
    assert rows(newsmill.published, "SELECT count(*) > 0 FROM clean.articles WHERE feed_id = 'good'") == [(True,)]
    runs = rows(newsmill.warehouse, "SELECT flow_run_id, state FROM ops.runs ORDER BY started_at")
    assert [state for _, state in runs] == ["partial", "failed"]
    assert [ask(f"{prefect_api}/flow_runs/{run}")["state_type"] for run, _ in runs] == ["COMPLETED", "FAILED"]

    tasks = ask(f"{prefect_api}/task_runs/filter", flow_runs={"id": {"any_": [runs[0][0]]}})
    tried = {task["name"]: task["run_count"] for task in tasks}
    assert tried == tried | {"fetch good": 1, "fetch broken": 3, "fetch busy": 1, "fetch missing": 1}
    assert [count for name, count in tried.items() if name.startswith("mill")] == [1], "what is no feed stays none"


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
    runs = rows(newsmill.warehouse, "SELECT state, error LIKE 'nothing could be loaded%' FROM ops.runs")
    assert runs == [("failed", True)] * 2
    assert rows(newsmill.warehouse, "SELECT count(*) FROM ops.rejects") == [(2,)]


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
