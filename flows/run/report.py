"""What a run did: a line for each feed, the counts, and what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warehouse.counting import counted
from warehouse.counts import Counts
from warehouse.errors import NewsmillError
from warehouse.load.pages import GonePage
from warehouse.load.quality import Check
from warehouse.publish.copy import Published
from warehouse.records import Fetch, Image, Milled, PendingImage


@dataclass(slots=True)
class FeedLine:
    """What a run did with one feed."""

    feed_id: str
    status: str
    new: int = 0
    changed: int = 0
    seconds: float = 0.0
    detail: str = ""
    url: str = ""


@dataclass(slots=True)
class Report:
    """What a run did: what the command line prints, what the artifact shows, what ops.runs keeps."""

    flow: str
    run_id: str
    started_at: datetime
    parameters: Mapping[str, Any]
    counts: Counts = field(default_factory=Counts)
    feeds: list[FeedLine] = field(default_factory=list)
    not_due: int = 0
    """Feeds that a scheduled run left out."""
    not_due_failing: int = 0
    """How many of them failed when they were last asked."""
    images_stored: int = 0
    images_failed: int = 0
    images_by_feed: Counter[str] = field(default_factory=Counter)
    """Images stored, by the feed of an article that shows the image."""
    pages_unchanged: int = 0
    """Pages whose server said that they are as they were."""
    pages_failed: int = 0
    """Pages that were asked for in vain, or that gave no text."""
    gone: list[GonePage] = field(default_factory=list)
    """Articles whose page was found to be taken down."""
    seconds: float = 0.0
    state: str = "completed"
    failure: str | None = None
    """Why the run counts as failed, although it raised no other error."""
    published: Published | None = None
    """What publishing did; None if nothing was published."""
    checks: list[Check] = field(default_factory=list)
    """The quality checks that were made."""
    messages: list[str] = field(default_factory=list)
    """Sentences for the reader: a backfill's plan, or what maintain did."""
    notes: list[str] = field(default_factory=list)
    """Sentences below the counts: which hosts failed many times."""
    failing_hosts: dict[str, int] = field(default_factory=dict)
    """Hosts of which many images failed, and how many."""
    facts: dict[str, int] = field(default_factory=dict)
    """Counts beside those of loading: what maintain removed and compacted."""

    @property
    def failed_feeds(self) -> list[FeedLine]:
        return [line for line in self.feeds if line.status == "failed"]

    @property
    def outcome(self) -> str:
        """The state for ops.runs of a run that raised no error but RunFailedError and QualityError."""
        if self.failure:
            return "failed"
        return "partial" if self.failed_feeds else "completed"

    @property
    def asked_nothing(self) -> str | None:
        """For an ingest in which no feed and no page was asked: why, in words; else None."""
        if self.flow != "ingest" or self.pages_asked or any(line.status != "skipped" for line in self.feeds):
            return None
        reasons = []
        if self.feeds:
            first = self.feeds[0]
            reasons.append(f"{counted(len(self.feeds), 'feed')} left alone ({first.feed_id} {first.detail})")
        if self.not_due:
            reasons.append(f"{counted(self.not_due, 'feed')} not due yet")
        return f"nothing was asked: {', '.join(reasons) or 'there are no enabled feeds'}"

    @property
    def pages_asked(self) -> int:
        counts = self.counts
        return counts.pages + counts.pages_without_text + self.pages_unchanged + self.pages_failed

    @property
    def told_of_pages(self) -> str:
        """What became of the pages that were asked for, in words."""
        facts = self.as_dict()
        whose = "its" if facts["pages_read"] == 1 else "their"
        unchanged = f"{facts['pages_unchanged']} not changed, " if facts["pages_unchanged"] else ""
        read = f"{counted(facts['pages_read'], 'page')} read for {whose} text"
        return f"{read}, {unchanged}{facts['pages_failed']} gave none"

    @property
    def failed_share(self) -> float:
        """The share of failing feeds among those that were asked and those that were not due.

        The latter count, as in a scheduled run a failing feed may be the only one due, and after a wave of failures
        all that failed may be waiting.
        """
        feeds = sum(line.status != "skipped" for line in self.feeds) + self.not_due
        return (len(self.failed_feeds) + self.not_due_failing) / feeds if feeds else 0.0

    @property
    def loaded_nothing(self) -> bool:
        """Whether there was something to load and all of it was rejected."""
        counts = self.counts
        accepted = counts.entries or counts.unchanged or any(line.status == "not-modified" for line in self.feeds)
        return bool(counts.rejected and not accepted)

    @property
    def failed_checks(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    def add_feeds(self, fetches: Sequence[Fetch], milled: Sequence[Milled], counts: Counts) -> None:
        """Add a line for each feed of a batch."""
        rejects = {m.document.feed_id: m.rejects for m in milled if m.rejects}
        for fetch in fetches:
            new, changed = counts.by_feed.get(fetch.feed_id, (0, 0))
            rejected = rejects.get(fetch.feed_id, ())
            notes = [f"{blocked} blocked"] if (blocked := counts.blocked[fetch.feed_id]) else []
            notes += [f"{len(rejected)} rejected: {rejected[0].error}"] if rejected else []
            detail = fetch.error or ", ".join(notes)
            self.feeds.append(FeedLine(fetch.feed_id, fetch.outcome, new, changed, fetch.seconds, detail, fetch.url))

    def add_images(self, pending: Sequence[PendingImage], fetched: Sequence[Image]) -> None:
        """Count a batch of images."""
        stored = {image.image_id for image in fetched if image.status == "stored"}
        self.images_stored += len(stored)
        self.images_failed += len(fetched) - len(stored)
        self.images_by_feed.update(image.feed_id for image in pending if image.feed_id and image.image_id in stored)

    def as_dict(self) -> dict[str, Any]:
        statuses = [line.status for line in self.feeds]
        return {
            "run_id": self.run_id,
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "feeds": len(self.feeds),
            **{
                name.replace("-", "_"): statuses.count(name)
                for name in ("fetched", "not-modified", "failed", "skipped")
            },
            "not_due": self.not_due,
            "documents": self.counts.documents,
            "entries": self.counts.entries,
            "new": self.counts.new,
            "changed": self.counts.changed,
            "unchanged": self.counts.unchanged,
            "blocked": self.counts.blocked.total(),
            "rejected": self.counts.rejected,
            "images_stored": self.images_stored,
            "images_failed": self.images_failed,
            "pages_read": self.counts.pages,
            "pages_unchanged": self.pages_unchanged,
            "pages_failed": self.pages_failed + self.counts.pages_without_text,
            "edited": self.counts.edited,
            "gone": len(self.gone),
            **({"failing_image_hosts": self.failing_hosts} if self.failing_hosts else {}),
            "checks_passed": len(self.checks) - len(self.failed_checks),
            "checks_failed": [check.name for check in self.failed_checks],
            **({"published": self.published.as_dict()} if self.published else {}),
            **self.facts,
            **({"plan": self.messages} if self.messages else {}),
        }


class RunFailedError(NewsmillError):
    """The run ended without an error and still counts as failed: too many feeds failed, or nothing could be loaded."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


class QualityError(NewsmillError):
    """A quality check failed, and the setting `checks` is "fail"."""
