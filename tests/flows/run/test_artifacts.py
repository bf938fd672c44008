"""The summary that a run leaves in Prefect's UI."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.run.artifacts import MAX_FEEDS, summary
from flows.run.report import FeedLine, Report
from tests.tasks.making import NOW
from warehouse.load.quality import Check


def run(*lines: FeedLine) -> Report:
    return Report("ingest", "run", datetime.now(UTC), {}, feeds=list(lines))


def test_failures_come_first() -> None:
    report = run(FeedLine("good", "fetched", 3, 1), FeedLine("bad", "failed", detail="404", url="https://bad.example/"))
    report.checks = [
        Check("address", "Every article has one.", NOW, 1, ("a",), 0.1),
        Check("date", "", NOW, 0, (), 0.1),
    ]
    paragraphs = summary(report).split("\n\n")
    assert paragraphs[:3] == ["## ingest: partial", "### 1 feed failed", "- [bad](https://bad.example/): 404"]
    assert paragraphs[3] == "### 1 quality check failed"
    assert paragraphs[4].startswith("- **address**: address: Every article has one. Not so for 1 row")
    assert "- **good**: 3 new, 1 changed" in paragraphs
    assert paragraphs[-1] == "1 quality check passed: date."


def test_text_from_outside_is_shown_as_it_is() -> None:
    text = summary(run(FeedLine("bad", "failed", detail="<b>*no*</b>\n# [feed](x) `y` a_b|c")))
    assert "\\<b\\>\\*no\\*\\</b\\> \\# \\[feed\\](x) \\`y\\` a\\_b\\|c" in text


def test_a_password_in_an_address_is_not_shown() -> None:
    assert "s3cret" not in summary(run(FeedLine("a", "failed", url="https://me:s3cret@quay.example/feed")))


def test_the_feeds_with_most_articles_are_listed() -> None:
    text = summary(run(*(FeedLine(f"feed-{n}", "fetched", n) for n in range(MAX_FEEDS + 3))))
    assert text.count(" new, 0 changed") == MAX_FEEDS
    assert "- **feed-22**: 22 new, 0 changed\n- **feed-21**" in text
