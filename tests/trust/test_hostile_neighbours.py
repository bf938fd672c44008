"""Ten feeds that do harm, each in another way, cost the thirty beside them nothing. neighbours.py measures the time."""

from __future__ import annotations

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.trust.neighbours import GOOD, HOSTILE, LIMITS, neighbourhood


def test_the_others_are_loaded_completely(newsmill: Newsmill) -> None:
    with neighbourhood() as feeds:
        newsmill.registry(f"{feeds.hostile}\n{feeds.good}")
        done = newsmill.setting(**LIMITS).facts("ingest")
    lines = {line["feed"]: line for line in done["feed_results"]}
    assert len(lines) == GOOD + len(HOSTILE)
    assert {line["status"] for feed, line in lines.items() if feed.startswith("feed-")} == {"fetched"}
    ((articles, of_feeds),) = rows(
        newsmill.published, "SELECT count(*), count(DISTINCT feed_id) FROM clean.articles WHERE feed_id LIKE 'feed-%'"
    )
    assert (articles, of_feeds) == (feeds.texts, GOOD)
    assert rows(newsmill.warehouse, "SELECT count(*) FROM ops.rejects WHERE feed_id LIKE 'feed-%'") == [(0,)]
    failed = {feed for feed, line in lines.items() if line["status"] == "failed"}
    readable = {"hostile-entities", "hostile-deep"}
    assert failed == {f"hostile-{path[1:]}" for path in HOSTILE} - readable
