"""How a run ends, and what it tries again, as Prefect's server has it."""

from __future__ import annotations

from dataclasses import replace

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED
from tests.sites.pictures import picture
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss

PAGES = {
    "/good": GOOD_FEED,
    "/broken": Page(b"", "text/plain", status=500),
    "/garbage": Page(b"this is no feed", "text/plain"),
}


BUSY = Page(b"", "text/plain", status=429, headers={"retry-after": "3600"})


def test_a_run_fails_by_share_and_only_what_may_pass_is_tried_again(newsmill: Newsmill, prefect_api: str) -> None:
    with SiteServer(PAGES) as site, SiteServer({"/busy": BUSY}) as busy:
        names = ("good", "broken", "busy", "missing", "garbage")
        urls = {name: (busy if name == "busy" else site).url(f"/{name}") for name in names}
        newsmill.registry(
            "\n".join(f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{urls[name]}"\n' for name in names)
        )
        tolerant = newsmill("ingest", "--no-images")
        assert tolerant.returncode == 0, tolerant.stderr
        elsewhere = newsmill.folder / "home"
        named = replace(newsmill, environment={**newsmill.environment, "PREFECT_API_URL": prefect_api})
        strict = named.setting(home=elsewhere, fail_share=0.5)("ingest", "--force", "--no-images")
        assert strict.returncode == 1
        message = (
            "4 of the feeds that were asked failed; with those left alone since they did, 80%; NEWSMILL_FAIL_SHARE"
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


def test_an_image_host_that_refuses_is_left_alone_over_runs(newsmill: Newsmill) -> None:
    """One that answered 429 with Retry-After: 600 was asked forty times in a run, and again in the next."""
    with SiteServer({}) as busy, SiteServer({"/good.png": Page(picture("quay-40.png"), "image/png")}) as site:
        pictures = "".join(f'<img src="{busy.url(f"/{number}.jpg")}">' for number in range(40))
        body = f'<p>The harbour in forty pictures.</p>{pictures}<img src="{site.url("/good.png")}">'
        site.pages["/feed"] = Page(rss(Item(text=body)), "application/rss+xml")
        for number in range(40):
            busy.pages[f"/{number}.jpg"] = BUSY
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{site.url("/feed")}"\n')
        first = newsmill.facts("ingest")
        asked = len(busy.requests)
        assert 1 <= asked <= 2, "a request for each lane to the host"
        assert (first["images_stored"], first["images_failed"]) == (1, asked)
        newsmill.facts("images")
        assert len(busy.requests) == asked
        host = busy.url("/").removeprefix("http://").rstrip("/")
    counts = rows(newsmill.warehouse, "SELECT status, count(*) FROM clean.images GROUP BY ALL ORDER BY ALL")
    assert counts == [("failed", asked), ("pending", 40 - asked), ("stored", 1)]
    refused = "SELECT host, status, round(date_sub('second', refused_at, refused_until) / 10) FROM ops.hosts"
    assert rows(newsmill.warehouse, refused) == [(host, 429, 360)]
