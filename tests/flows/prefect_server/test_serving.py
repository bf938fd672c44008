"""`newsmill serve`: one command from a clone to scheduled runs, and nothing left of it when it is stopped."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.flows.serving import Served
from tests.flows.test_crash import Gate
from tests.sites.sample import SampleSite
from tests.sites.server import Page, SiteServer


def test_everything_is_registered(served: Served) -> None:
    deployments = {deployment["name"]: deployment for deployment in served.ask("/deployments/filter", limit=50)}
    assert {"ingest", "pages", "images", "reprocess", "publish", "maintain"} < set(deployments)
    sources = ("archive", "feeds", "wayback", "paged", "warc", "sitemap")
    assert {f"backfill-{source}" for source in sources} < set(deployments)
    assert all(deployment["work_pool_name"] == "newsmill" for deployment in deployments.values())
    # and no alerts, as long as they would go nowhere
    assert {automation["name"] for automation in served.ask("/automations/filter", limit=50)} == {
        "newsmill: a run has died"
    }
    crons = {
        name: [schedule["schedule"]["cron"] for schedule in deployment["schedules"]]
        for name, deployment in deployments.items()
    }
    assert {name: cron for name, cron in crons.items() if cron} == {"ingest": ["7 * * * *"], "maintain": ["37 3 * * *"]}
    limits = {limit["name"]: limit["limit"] for limit in served.ask("/v2/concurrency_limits/filter", limit=50)}
    assert limits["newsmill-writer"] == 1
    assert limits["newsmill-host-127.0.0.1"] == 2


def test_a_second_one_is_refused(served: Served) -> None:
    done = served.newsmill("serve")
    assert done.returncode == 1
    assert "another `newsmill serve` runs there" in done.stderr or "no prefect.yaml" in done.stderr


def test_a_run_one_can_read(served: Served, site: SampleSite) -> None:
    """Its name, its tags, its progress, its result and its log; a feed's password shows nowhere."""
    secret = site.url("/dead.xml").replace("://", "://reader:s3cret@") + "?token=t0ken"
    served.newsmill.registry(site.feeds_toml().replace(site.url("/dead.xml"), secret))
    run = served.run("ingest/ingest", real=True, groups=["harbour"], force=True)
    # one feed of five failed: that is no failed run
    assert served.finished(run) == "Completed", served.ask(f"/flow_runs/{run}")["state"]["message"]
    shown = served.ask(f"/flow_runs/{run}")
    assert shown["name"].startswith("ingest harbour 2")
    assert set(shown["tags"]) >= {"newsmill", "group:harbour", "feed:harbour-zh", "feed:harbour-dead", "host:127.0.0.1"}
    tasks = served.ask("/task_runs/filter", flow_runs={"id": {"any_": [run]}})
    tags = {task["name"]: set(task["tags"]) for task in tasks}
    assert tags["fetch harbour-zh"] >= {"feed:harbour-zh", "host:127.0.0.1"}

    served.until(lambda: "ingest-summary" in served.artifacts(run), "the summary is there")
    artifacts = served.artifacts(run)
    table = artifacts["ingest-feeds"]["data"]
    first = '"feed": "harbour-dead", "status": "failed", "new": 0, "changed": 0, "images": 0'
    assert first in table.partition("}")[0], "failed feeds come first"
    assert table.count('"images": 0') < 5
    assert artifacts["ingest-progress-feeds"]["data"] == 100
    assert artifacts["ingest-progress-images"]["data"] == 100
    summary = artifacts["ingest-summary"]["data"]
    assert summary.index("1 feed failed") < summary.index("**18 new**")
    assert f"[harbour-dead]({site.url('/dead.xml')}?token=…)" in summary
    assert "the server answered 404 Not Found" in summary

    served.until(lambda: served.logs(run)[-1:] and "Finished in state" in served.logs(run)[-1][1], "the log has come")
    log = served.logs(run)
    assert len(log) < 30, log
    assert any(level == 30 and message.startswith("harbour-dead failed") for level, message in log)
    assert not any("Traceback" in message for _, message in log)
    assert_no_secret(f"{log} {artifacts} {served.log.read_text()}")

    again = served.run("ingest/ingest", groups=["harbour"], force=True, env={"PREFECT_LOGGING_LEVEL": "DEBUG"})
    assert served.finished(again) == "Completed"
    served.until(lambda: "Finished in state" in str(served.logs(again)[-3:]), "the log has come")
    messages = [message for _, message in served.logs(again)]
    assert any(re.match(r"harbour-zh: not-modified in \d+\.\d s, 0 bytes", message) for message in messages)
    assert any(re.match(r"harbour-dead failed after", message) for message in messages)
    assert any(
        re.match(r"http://127.0.0.1:\d+/img/not-an-image.jpg: .*not an image of a format that is kept", message)
        for message in messages
    )
    assert_no_secret(f"{messages} {served.log.read_text()}")


def assert_no_secret(shown: str) -> None:
    assert "s3cret" not in shown
    assert "t0ken" not in shown


def test_a_schedule_brings_a_run(served: Served) -> None:
    """Prefect's scheduler, server and worker do that; with a library that Prefect doesn't know, it plans none."""
    deployment = served.deployment("ingest/ingest")["id"]
    soon = datetime.now(UTC) + timedelta(seconds=8)
    schedule = {"interval": 7 * 86_400, "anchor_date": soon.isoformat()}
    served.patch(f"/deployments/{deployment}", schedules=[{"active": True, "schedule": schedule}], paused=False)
    wanted = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}

    def planned() -> list[Any]:
        return [run for run in served.ask("/flow_runs/filter", **wanted) if run["auto_scheduled"]]

    served.until(planned, "a run is planned")
    first = planned()[0]
    assert first["expected_start_time"][:19] == soon.isoformat()[:19]
    assert served.finished(first["id"]) == "Completed"
    served.patch(f"/deployments/{deployment}", paused=True)


def test_the_other_deployments_run_beside_one_another(served: Served) -> None:
    runs = {name: served.run(f"{name}/{name}") for name in ("maintain", "publish", "images", "pages")}
    assert {name: served.finished(run) for name, run in runs.items()} == dict.fromkeys(runs, "Completed")


def test_a_retried_run_asks_what_failed_and_one_that_asks_nothing_says_so(served: Served) -> None:
    """Retry in Prefect's UI: a failed run's feeds wait after their failure, and are asked all the same."""
    feed = notices(datetime.now(UTC) - timedelta(hours=2), 3)
    with SiteServer({"/well": feed, "/ill": Page(b"", "text/plain", 404)}) as other:
        served.newsmill.registry(
            "".join(f'[[feed]]\nid = "{id}"\nname = "{id}"\nurl = "{other.url(f"/{id}")}"\n' for id in ("well", "ill"))
        )
        run = served.run("ingest/ingest", env={"NEWSMILL_FAIL_SHARE": "0.1"})
        assert served.finished(run) == "Failed"
        served.until(lambda: "ingest-summary" in served.artifacts(run), "the summary is there")
        assert served.artifacts(run)["ingest-summary"]["data"].startswith("## ingest: failed\n\n1 of the feeds that")

        other.pages["/ill"] = feed
        retry(served, run)
        assert served.finished(run) == "Completed"
        assert [request.path for request in other.requests] in (["/well", "/ill", "/ill"], ["/ill", "/well", "/ill"])

        again = served.run("ingest/ingest")
        assert served.finished(again) == "Completed"
        message = served.ask(f"/flow_runs/{again}")["state"]["message"]
        assert message == "nothing was asked: 2 feeds not due yet"
        assert len(other.requests) == 3


def retry(served: Served, run: str) -> None:
    """As the button in Prefect's UI does."""
    state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the Prefect UI"}
    answer = served.ask(f"/flow_runs/{run}/set_state", state=state, force=False)
    assert answer["status"] == "ACCEPT", answer


def notices(newest: datetime, count: int) -> Page:
    """A feed of hourly notices, whose links are no addresses."""
    items = "".join(
        f"<item><title>Notice {n}</title><link>http://./{n}</link><guid isPermaLink='false'>notice-{n}</guid>"
        f"<pubDate>{format_datetime(newest - timedelta(hours=n))}</pubDate><description>No ferry.</description></item>"
        for n in range(count)
    )
    return Page(
        f'<rss version="2.0"><channel><title>Pier</title>{items}</channel></rss>'.encode(), "application/rss+xml"
    )


def test_a_second_run_waits_and_of_scheduled_ones_the_first_does_the_work_of_all(
    served: Served, site: SampleSite
) -> None:
    served.newsmill.registry(site.feeds_toml())
    with Gate(site, "/en/feed.xml") as gate:
        running = served.run("ingest/ingest", force=True)
        served.until(gate.arrived.is_set, "the first run fetches")
        scheduled = [served.run("ingest/ingest", tags=["auto-scheduled"]) for _ in range(3)]
        other = served.run("ingest/ingest", tags=["auto-scheduled"], partition="1/2")
        by_hand = served.run("ingest/ingest")
        waiting = [*scheduled, other, by_hand]
        served.until(lambda: {served.state(run) for run in waiting} == {"AwaitingConcurrencySlot"}, "all wait")
        gate.opened.set()
        assert served.finished(running) == "Completed"
    assert sorted(map(served.finished, scheduled)) == ["Cancelled", "Cancelled", "Completed"]
    (cancelled, _) = [run for run in scheduled if served.state(run) == "Cancelled"]
    message = served.ask(f"/flow_runs/{cancelled}")["state"]["message"]
    assert message.startswith("ingest all feeds 20")
    assert message.endswith(", scheduled as well, does what it would have done.")
    assert [served.finished(run) for run in (other, by_hand)] == ["Completed", "Completed"]
