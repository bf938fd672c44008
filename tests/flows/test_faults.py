"""One ingest of every broken, hostile and odd feed there is, next to a good one; and the ingests after that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.sites.faults import GOOD_FEED, RSS, FaultySite
from tests.sites.server import Page

RETRY_AFTER = 3600
LARGER = "larger than 20,000,000 bytes"
ALONE = "left alone for a while"

FAILED = {
    "/404": "the server answered 404 Not Found",
    "/410": "the server answered 410 Gone",
    "/500": "the server answered 500 Internal Server Error",
    "/429-seconds": ALONE,
    "/503-retry-after": ALONE,
    "/503-date": ALONE,
    "/hang": "no answer within 2 s",
    "/slow": "not finished after 4 s",
    "/cut": "the connection failed (peer closed connection",
    "/loop": "it leads in a circle",
    "/loop-a": "it leads in a circle",
    "/loop-b": "it leads in a circle",
    "/to-file": "leads to an address that is not http or https",
    "/huge": LARGER,
    "/gzip-bomb": LARGER,
    "/br-bomb": LARGER,
    "/zstd-bomb": LARGER,
}
"""What can't be fetched, and the words that say why."""
BUSY = ("/429-seconds", "/503-retry-after", "/503-date")
"""Each has a host of its own, as nothing else is asked of one that answers so."""
ASKED_AGAIN = ("/500", "/hang", "/slow", "/cut")
"""The failures that a second request might have mended."""
REJECTED = {
    "/html": "the document is an HTML page, not a feed",
    "/empty": "the document is empty",
    "/undeclared-prefix": "the document has items, but none of them can be read",
    "/cut-silently": "the document is cut off",
}
"""What is fetched and is no feed, or not a whole one."""
LOADED = {
    "/good": 5,
    "/feed": 5,
    "/moved": 5,
    "/found": 5,
    "/gzip-gzip": 5,
    "/not-gzip": 5,
    "/zip-of-zip": 5,
    "/cut-silently": 2,
    "/latin1": 2,
    "/latin1-header": 2,
    "/latin1-undeclared": 2,
    "/gb18030": 2,
    "/gb18030-header": 2,
    "/gb18030-undeclared": 2,
    "/utf16": 2,
    "/utf16-header": 2,
    "/utf16-undeclared": 2,
    "/entities": 2,
    "/deep": 2,
    "/xss": 1,
    "/nul": 4,
    "/undeclared-namespace": 2,
    "/bad-dates": 8,
}
"""What can be read, and how many entries it has."""
ENCODED = {
    "latin1": "Le café du port rouvre à Évora",
    "gb18030": "港口咖啡馆重新开张",
    "utf16": "港のカフェ、再び開店",
}


def identity(path: str) -> str:
    return path.removeprefix("/")


def table(site: FaultySite, path: str, *, enabled: bool = True) -> str:
    return (
        f'[[feed]]\nid = "{identity(path)}"\nname = "{path}"\nurl = "{site.url(path)}"\n'
        f'timezone = "Asia/Shanghai"\nimages = "none"\nenabled = {str(enabled).lower()}\n'
    )


@dataclass
class Story:
    site: FaultySite
    newsmill: Newsmill
    first: dict[str, Any]
    started: datetime
    finished: datetime
    fetches: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejects: dict[str, list[str]] = field(default_factory=dict)
    entries: dict[str, list[str]] = field(default_factory=dict)
    feeds: dict[str, dict[str, Any]] = field(default_factory=dict)
    """ops.feeds after the first ingest."""
    busy: dict[str, FaultySite] = field(default_factory=dict)
    """The hosts of BUSY."""

    def host(self, path: str) -> FaultySite:
        return self.busy.get(path, self.site)

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.host(path).requests)


def _feeds(newsmill: Newsmill) -> dict[str, dict[str, Any]]:
    names = ("feed_id", "next_fetch_at", "consecutive_failures", "disabled_reason", "moved_to")
    states = rows(newsmill.warehouse, f"SELECT {', '.join(names)} FROM ops.feeds")
    return {row[0]: dict(zip(names, row, strict=True)) for row in states}


@pytest.fixture(scope="module")
def story(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The first ingest, of everything."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("faults")).setting(
        timeout=2, deadline=4, retries=1, max_feed_bytes=20_000_000, per_host=32
    )
    with ExitStack() as hosts:
        site, *others = [hosts.enter_context(FaultySite(retry_after=RETRY_AFTER)) for _ in ("others", *BUSY)]
        busy = dict(zip(BUSY, others, strict=True))
        # articles of its own: all the others tell of the same five, in other words
        good = GOOD_FEED.body.replace(b"notices.example", b"good.example").replace(b"Notice", b"Good notice")
        site.pages["/good"] = Page(good, RSS)
        paths = sorted({*FAILED, *REJECTED, *LOADED})
        feeds = [table(busy.get(path, site), path) for path in paths]
        newsmill.registry("\n".join([*feeds, table(site, "/flaky", enabled=False)]))
        started = datetime.now(UTC)
        first = newsmill.facts("ingest")
        story = Story(site, newsmill, first, started, datetime.now(UTC), feeds=_feeds(newsmill), busy=busy)
        names = ("feed_id", "outcome", "status", "attempts", "error")
        for row in rows(newsmill.warehouse, f"SELECT {', '.join(names)} FROM ops.fetches"):
            story.fetches[row[0]] = dict(zip(names, row, strict=True))
        for feed_id, error in rows(newsmill.warehouse, "SELECT feed_id, error FROM ops.rejects"):
            story.rejects.setdefault(feed_id, []).append(error)
        for feed_id, title in rows(newsmill.warehouse, "SELECT feed_id, title FROM raw.entries ORDER BY position"):
            story.entries.setdefault(feed_id, []).append(title)
        yield story


@pytest.mark.parametrize("path", FAILED)
def test_feed_that_cannot_be_fetched_fails_with_the_reason(story: Story, path: str) -> None:
    fetch = story.fetches[identity(path)]
    assert fetch["outcome"] == "failed"
    assert FAILED[path] in fetch["error"]
    assert fetch["error"].startswith(story.host(path).url(path)), "the reason names the address"
    assert fetch["attempts"] == (2 if path in ASKED_AGAIN else 1)
    assert identity(path) not in story.entries
    line = next(line for line in story.first["feed_results"] if line["feed"] == identity(path))
    assert (line["status"], line["detail"]) == ("failed", fetch["error"]), "the report says the same"


@pytest.mark.parametrize("path", ASKED_AGAIN)
def test_failures_that_may_answer_later_are_asked_twice(story: Story, path: str) -> None:
    requests = [request for request in story.site.requests if request.path == path]
    assert len(requests) == 2


@pytest.mark.parametrize("path", REJECTED)
def test_document_that_is_no_whole_feed_is_rejected_with_the_reason(story: Story, path: str) -> None:
    (reason,) = story.rejects[identity(path)]
    assert REJECTED[path] in reason
    fetch = story.fetches[identity(path)]
    if path in LOADED:
        assert fetch["outcome"] == "fetched"
    else:
        assert (fetch["outcome"], fetch["status"], fetch["attempts"]) == ("failed", 200, 1), "it is no success"
        assert fetch["error"] == f"{story.site.url(path)}: answered 200, but {reason}"
        assert story.feeds[identity(path)]["consecutive_failures"] == 1


def test_health_tells_what_serves_no_feed(story: Story) -> None:
    health = dict(rows(story.newsmill.published, "SELECT feed_id, health FROM marts.feed_health"))
    assert {feed for feed, state in health.items() if state == "rejected"} == {identity(p) for p in REJECTED} - {
        identity(p) for p in LOADED
    }


@pytest.mark.parametrize("path", LOADED)
def test_feed_that_can_be_read_loads(story: Story, path: str) -> None:
    assert story.fetches[identity(path)]["outcome"] == "fetched"
    assert len(story.entries[identity(path)]) == LOADED[path]
    if path not in REJECTED:
        assert identity(path) not in story.rejects


@pytest.mark.parametrize(
    "path",
    [f"/{name}{form}" for name in ENCODED for form in ("", "-header")] + ["/latin1-undeclared", "/utf16-undeclared"],
)
def test_encoding_is_understood(story: Story, path: str) -> None:
    assert story.entries[identity(path)][0] == ENCODED[path[1:].partition("-")[0]]


def test_nothing_is_said_of_good_feeds(story: Story) -> None:
    assert set(story.rejects) == {identity(path) for path in REJECTED}
    failed = {feed for feed, fetch in story.fetches.items() if fetch["outcome"] == "failed"}
    assert failed == {identity(path) for path in FAILED} | (
        {identity(p) for p in REJECTED} - set(map(identity, LOADED))
    )
    assert story.first["state"] == "partial"
    assert story.first["failed"] == len(failed)


def test_good_feed_is_in_the_articles(story: Story) -> None:
    articles = rows(
        story.newsmill.warehouse, "SELECT title, url FROM clean.articles WHERE feed_id = 'good' ORDER BY ALL"
    )
    assert articles == [(f"Good notice {number}", f"https://good.example/{number}.html") for number in range(1, 6)]


def test_script_never_reaches_clean(story: Story) -> None:
    ((title, html),) = rows(
        story.newsmill.warehouse,
        "SELECT DISTINCT v.title, v.content_html FROM clean.article_versions v JOIN raw.entries e USING (entry_id) "
        "WHERE e.feed_id = 'xss'",
    )
    assert "<" not in title
    assert "The harmless words stay." in html
    assert "The last words stay too." in html
    for hostile in ("javascript:", "vbscript:", "data:", "onerror", "onload", "onclick", "<script", "<iframe", "<form"):
        assert hostile not in html.lower()


@pytest.mark.parametrize("path", BUSY)
def test_retry_after_sets_the_next_fetch(story: Story, path: str) -> None:
    due = story.feeds[identity(path)]["next_fetch_at"]
    wait_from, wait_to = (due - story.started).total_seconds(), (due - story.finished).total_seconds()
    # a date has whole seconds, rounded down
    assert wait_to <= RETRY_AFTER <= wait_from + 1


@pytest.mark.parametrize("path", ["/404", "/hang", "/huge"])
def test_failed_feed_backs_off_for_about_ten_minutes(story: Story, path: str) -> None:
    state = story.feeds[identity(path)]
    assert state["consecutive_failures"] == 1
    assert 8 * 60 < (state["next_fetch_at"] - story.started).total_seconds() < 12 * 60


def test_gone_feed_is_disabled(story: Story) -> None:
    assert "410 Gone" in story.feeds["410"]["disabled_reason"]


def test_moved_feed_is_remembered(story: Story) -> None:
    assert story.feeds["moved"]["moved_to"] == story.site.url("/feed")
    assert story.feeds["found"]["moved_to"] is None, "a redirect for now moves nothing"


@pytest.fixture(scope="module")
def second(story: Story) -> dict[str, Any]:
    """The next ingest; the site's requests are its own."""
    for site in (story.site, *story.busy.values()):
        site.requests.clear()
    facts = story.newsmill.facts("ingest")
    return {line["feed"]: line for line in facts["feed_results"]} | {"facts": facts}


@pytest.mark.parametrize("path", FAILED)
def test_failed_feed_is_not_asked_again_at_once(story: Story, second: dict[str, Any], path: str) -> None:
    assert second[identity(path)]["status"] == "skipped"
    # /loop-a and /loop-b are each other's target; neither is asked
    assert story.asked(path) == 0


def test_a_feed_that_was_cut_off_is_asked_for_all_of_it_again(story: Story, second: dict[str, Any]) -> None:
    (request,) = [request for request in story.site.requests if request.path == "/cut-silently"]
    assert "if-none-match" not in request.headers
    assert second["cut-silently"]["status"] == "fetched"


def test_skipped_feeds_say_why(second: dict[str, Any]) -> None:
    assert "`newsmill feeds enable 410` undoes it" in second["410"]["detail"]
    assert "waits until" in second["429-seconds"]["detail"]
    assert second["facts"]["state"] == "completed"


def test_moved_feed_is_asked_at_its_new_address(story: Story, second: dict[str, Any]) -> None:
    assert second["moved"]["status"] == "not-modified"
    assert story.asked("/moved") == 0
    # /feed, /moved at its new address, and /found, which is redirected there
    assert story.asked("/feed") == 3
    assert story.asked("/found") == 1


@pytest.fixture(scope="module")
def third(story: Story, second: dict[str, Any]) -> dict[str, Any]:
    """The gone feed enabled, then asked again together with the flaky one."""
    story.site.requests.clear()
    story.site.reset_flaky()
    enabled = story.newsmill("feeds", "enable", "410")
    assert enabled.returncode == 0, enabled.stderr
    assert _feeds(story.newsmill)["410"]["disabled_reason"] is None
    return dict(story.newsmill.setting(retries=2).facts("ingest", "410", "flaky"))


def test_enabled_feed_is_asked_again_and_disabled_again(story: Story, third: dict[str, Any]) -> None:
    assert story.asked("/410") == 1
    assert "410 Gone" in _feeds(story.newsmill)["410"]["disabled_reason"]


def test_flaky_feed_ends_well_at_the_third_attempt(story: Story, third: dict[str, Any], prefect_api: str) -> None:
    (fetch,) = rows(
        story.newsmill.warehouse,
        f"SELECT outcome, attempts, error FROM ops.fetches WHERE feed_id = 'flaky' AND run_id = '{third['run_id']}'",
    )
    assert fetch == ("fetched", 3, None)
    assert story.asked("/flaky") == 3
    (flow_run,) = rows(
        story.newsmill.warehouse, f"SELECT flow_run_id FROM ops.runs WHERE run_id = '{third['run_id']}'"
    )[0]
    wanted = {"flow_runs": {"id": {"any_": [flow_run]}}, "task_runs": {"name": {"any_": ["fetch flaky"]}}}
    (task_run,) = ask(f"{prefect_api}/task_runs/filter", **wanted)
    assert (task_run["run_count"], task_run["state_type"]) == (3, "COMPLETED")


def test_private_addresses_are_refused_unless_allowed(story: Story, third: dict[str, Any]) -> None:
    story.site.requests.clear()
    refused = story.newsmill.setting(allow_private_addresses=0)("ingest", "feed", "--json")
    assert refused.returncode == 1
    (line,) = json.loads(refused.stdout)["feed_results"]
    assert line["detail"].startswith(f"{story.site.url('/feed')}: leads to a private network address (127.0.0.1)")
    assert refused.stderr == "error: nothing could be fetched: 1 feed failed\n"
    assert story.site.requests == []
