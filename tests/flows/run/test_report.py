"""What a run reports: its outcome, its shares and its counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flows.run.report import FeedLine, Report
from tests.tasks.making import FEED, NOW, Item, milled
from warehouse.counts import Counts
from warehouse.load.quality import Check
from warehouse.records import Fetch, Image, PendingImage, Reject


def report(*lines: FeedLine) -> Report:
    return Report("ingest", "run", datetime.now(UTC), {}, feeds=list(lines))


def test_those_left_alone_since_they_failed_count_among_the_failing() -> None:
    run = Report("ingest", "run", datetime.now(UTC), {}, feeds=[FeedLine("a", "failed"), FeedLine("b", "fetched")])
    assert run.failed_share == 0.5
    run.not_due = 8
    assert run.failed_share == 0.1
    run.not_due_failing = 5
    assert run.failed_share == 0.6


def test_a_run_is_partial_if_any_feed_failed() -> None:
    assert report(FeedLine("a", "fetched")).outcome == "completed"
    assert report(FeedLine("a", "fetched"), FeedLine("b", "failed")).outcome == "partial"


def test_feeds_that_had_to_wait_are_no_part_of_the_share() -> None:
    assert report(FeedLine("a", "failed"), FeedLine("b", "skipped")).failed_share == 1.0
    assert report(FeedLine("b", "skipped")).failed_share == 0.0


@pytest.mark.parametrize(
    ("counts", "loaded_nothing"),
    [
        (Counts(), False),
        (Counts(rejected=1), True),
        (Counts(rejected=1, entries=1), False),
        (Counts(rejected=1, unchanged=1), False),
    ],
)
def test_a_run_loaded_nothing_if_all_was_rejected(counts: Counts, loaded_nothing: bool) -> None:
    run = report()
    run.counts = counts
    assert run.loaded_nothing is loaded_nothing
    run.feeds.append(FeedLine("a", "not-modified"))
    assert not run.loaded_nothing


def test_a_line_says_why_a_feed_failed_or_what_was_rejected() -> None:
    run = report()
    partly = replace(
        milled(Item()), rejects=(Reject("parse", "no title", FEED.id), Reject("parse", "no text", FEED.id))
    )
    fetched = Fetch(FEED.id, FEED.url, NOW, 0.5, "fetched", status=200)
    failed = Fetch("gate", "https://gate.example/", NOW, 0.1, "failed", error="the server answered 404 Not Found")
    run.add_feeds([fetched, failed], [partly], Counts(by_feed={FEED.id: (2, 1)}))
    first, second = run.feeds
    assert (first.feed_id, first.new, first.changed) == (FEED.id, 2, 1)
    assert first.detail == "2 rejected: no title"
    assert (second.status, second.detail) == ("failed", "the server answered 404 Not Found")


def test_pages_that_have_not_changed_were_asked_for_all_the_same() -> None:
    """An ingest whose feeds wait, and whose pages all answered 304, said that nothing was asked."""
    run = report(FeedLine("a", "skipped", detail="waits"))
    assert run.asked_nothing
    run.pages_unchanged = 3
    assert run.asked_nothing is None
    assert run.told_of_pages == "0 pages read for their text, 3 not changed, 0 gave none"
    run.counts = Counts(pages=1)
    run.pages_unchanged = 0
    assert run.told_of_pages == "1 page read for its text, 0 gave none"


def test_stored_images_count_for_the_feeds_that_show_them() -> None:
    run = report()
    pending = [PendingImage(name, f"https://quay.example/{name}", None, 0, "quay") for name in ("a", "b")]
    run.add_images(pending, [Image("a", "stored", 1, NOW), Image("b", "failed", 1, NOW)])
    assert (run.images_stored, run.images_failed, run.images_by_feed) == (1, 1, {"quay": 1})


def test_the_report_as_json_has_counts_and_failed_checks() -> None:
    run = report(FeedLine("a", "not-modified"), FeedLine("b", "failed"))
    run.checks = [Check("address", "Every article has one.", NOW, 2, ("a",), 0.1), Check("date", "", NOW, 0, (), 0.1)]
    facts = run.as_dict()
    assert (facts["feeds"], facts["not_modified"], facts["failed"], facts["skipped"]) == (2, 1, 1, 0)
    assert (facts["checks_passed"], facts["checks_failed"]) == (1, ["address"])
    assert "published" not in facts
    assert "plan" not in facts
    run.messages.append("3 documents to read")
    run.facts["removed_files"] = 4
    assert (run.as_dict()["plan"], run.as_dict()["removed_files"]) == (["3 documents to read"], 4)
