"""Scheduled runs take what is due; commands ask what they are told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss

ALL = ["cached", "lost", "quiet", "two-hourly"]


def feed(gap: timedelta, newest: datetime, head: str = "", headers: dict[str, str] | None = None) -> Page:
    """Twelve articles, one every `gap`."""
    items = []
    for number in range(12):
        link = f"https://quay.example/{gap.total_seconds():.0f}/{number}"
        items.append(Item(f"Berth {number}", link=link, guid=link, date=format_datetime(newest - number * gap)))
    body = rss(*items).replace(b"<description>News", f"{head}<description>News".encode(), 1)
    return Page(body, "application/rss+xml", headers=headers or {})


@dataclass
class Story:
    site: SiteServer
    newsmill: Newsmill

    def asked(self, *arguments: str) -> tuple[list[str], dict[str, Any]]:
        """The feeds that were asked, and what the ingest reports."""
        self.site.requests.clear()
        facts = self.newsmill.facts("ingest", "--no-images", "--no-publish", *arguments)
        return sorted(request.path.strip("/") for request in self.site.requests), facts

    def feeds(self) -> dict[str, dict[str, Any]]:
        return {row["feed_id"]: row for row in self.newsmill.facts("status")["feeds"]}

    def remember(self, sql: str) -> None:
        with duckdb.connect(str(self.newsmill.warehouse)) as connection:
            connection.execute(f"UPDATE ops.feeds SET {sql}")


@pytest.fixture(scope="module")
def story(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Four feeds, asked once."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("rhythm"))
    now = datetime.now(UTC)
    pages = {
        "/two-hourly": feed(timedelta(hours=2), now),
        "/cached": feed(timedelta(minutes=10), now, "<ttl>90</ttl>", {"cache-control": "max-age=1200"}),
        "/quiet": feed(timedelta(days=1), now - timedelta(days=100)),
    }
    with SiteServer(pages) as site:
        newsmill.registry(
            "".join(f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{site.url("/" + name)}"\n' for name in ALL)
        )
        story = Story(site, newsmill)
        first, facts = story.asked()
        assert first == ALL
        assert (facts["fetched"], facts["failed"], facts["not_due"]) == (3, 1, 0)
        yield story


def test_status_says_when_each_feed_is_due_and_why(story: Story) -> None:
    feeds = story.feeds()
    rules = {name: row["rule"] for name, row in feeds.items()}
    assert rules == {
        "two-hourly": "an article every 2 h",
        # by its ttl an hour and a half, but by then more than half of what it holds would be gone
        "cached": "its ttl: 90 min, but half of its articles are replaced within 55 min",
        "quiet": "silent for 100 days (max_interval)",
        "lost": "1 failure in a row",
    }
    waits = dict(rows(story.newsmill.warehouse, "SELECT feed_id, due_at - last_fetched_at FROM ops.feeds"))
    assert waits.pop("lost") == pytest.approx(timedelta(minutes=10), abs=timedelta(minutes=1))
    assert waits == {
        "two-hourly": timedelta(hours=1),
        "cached": timedelta(minutes=55),
        "quiet": timedelta(days=1),
    }
    assert feeds["lost"]["due_at"] == feeds["lost"]["next_fetch_at"]
    assert {name: row["health"] for name, row in feeds.items()} == {
        "two-hourly": "healthy",
        "cached": "healthy",
        "quiet": "silent",
        "lost": "shaky",
    }
    assert {"due_at", "rule"} <= set(story.newsmill("status").stdout.split())


def test_scheduled_run_asks_nobody_before_it_is_due(story: Story) -> None:
    story.site.requests.clear()
    done = story.newsmill("ingest", "--due", "--no-images", "--no-publish")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 feeds are not due yet" in done.stdout
    assert story.site.requests == []


def test_command_asks_what_it_is_told_to(story: Story) -> None:
    asked, facts = story.asked()
    assert asked == ["cached", "quiet", "two-hourly"], "all but the one that failed a moment ago"
    assert (facts["not_modified"], facts["skipped"], facts["not_due"]) == (3, 1, 0)


def test_scheduled_run_in_which_only_a_failing_feed_is_due_does_not_fail(story: Story) -> None:
    story.remember("due_at = now(), next_fetch_at = now() WHERE feed_id = 'lost'")
    asked, facts = story.asked("--due")
    assert (asked, facts["not_due"], facts["state"]) == (["lost"], 3, "partial")


def test_scheduled_run_asks_what_is_due_and_disables_what_is_missing_for_days(story: Story) -> None:
    story.remember("due_at = now() - INTERVAL 1 MINUTE WHERE feed_id = 'cached'")
    story.remember("due_at = now() + INTERVAL 5 MINUTE WHERE feed_id = 'two-hourly'")
    story.remember("due_at = now(), next_fetch_at = now() WHERE feed_id = 'lost'")
    story.remember("missing_count = 4, missing_since = now() - INTERVAL 4 DAY WHERE feed_id = 'lost'")
    asked, facts = story.asked("--due")
    assert (asked, facts["not_due"]) == (["cached", "lost", "two-hourly"], 1), "a moment early will do"
    lost = story.feeds()["lost"]
    assert lost["health"] == "disabled"
    assert lost["problem"].startswith("the server said 404 Not Found 5 times in a row, since ")


def test_disabled_feed_is_asked_again_once_it_is_enabled(story: Story) -> None:
    story.remember("due_at = NULL, next_fetch_at = NULL WHERE feed_id = 'lost' AND disabled_reason IS NOT NULL")
    story.remember("due_at = NULL WHERE feed_id = 'quiet'")
    story.site.pages["/lost"] = story.site.pages["/quiet"]
    asked, facts = story.asked("--due")
    assert (asked, facts["not_due"]) == (["quiet"], 3), "due, and disabled"
    assert story.newsmill("feeds", "enable", "lost").returncode == 0
    asked, facts = story.asked("--due")
    assert (asked, facts["fetched"]) == (["lost"], 1)
    assert story.feeds()["lost"]["problem"] is None


def test_scheduled_run_asks_what_it_names(story: Story) -> None:
    asked, facts = story.asked("--due", "quiet")
    assert (asked, facts["not_due"]) == (["quiet"], 0)
