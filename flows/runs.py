"""A run: its row in ops.runs, from its start to however it ends, and what it has to show."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.progress import progress_shown
from tasks.limits import limits_known
from tasks.logs import keep_brief
from tasks.settings import Settings
from warehouse import operations
from warehouse.connection import Warehouse
from warehouse.errors import NewsmillError
from warehouse.publish import Published
from warehouse.quality import Check
from warehouse.records import Counts, Fetch, Image, Milled, PendingImage


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
    """Feeds a scheduled run left out."""
    not_due_failing: int = 0
    """Of them, those that failed when they were last asked."""
    images_stored: int = 0
    images_failed: int = 0
    images_by_feed: Counter[str] = field(default_factory=Counter)
    """Images stored, by the feed of an article that shows them."""
    seconds: float = 0.0
    state: str = "completed"
    published: Published | None = None
    """What publishing did, where it was done."""
    checks: list[Check] = field(default_factory=list)
    """Quality checks, where any were made."""
    says: list[str] = field(default_factory=list)
    """What it was about to do, in words: a backfill's plan; or what it did: maintain's upkeep."""
    did: dict[str, int] = field(default_factory=dict)
    """What it did beside loading, in numbers."""

    @property
    def failed(self) -> list[FeedLine]:
        return [line for line in self.feeds if line.status == "failed"]

    @property
    def outcome(self) -> str:
        """How it went, as long as nothing raised: what ops.runs will say."""
        return "partial" if self.failed else "completed"

    @property
    def failed_share(self) -> float:
        """Of the feeds that were asked, and of those that need not be yet: a failing one may be the only one due, and
        those that failed before may all be left alone for now."""
        asked = sum(line.status != "skipped" for line in self.feeds) + self.not_due
        return (len(self.failed) + self.not_due_failing) / asked if asked else 0.0

    @property
    def loaded_nothing(self) -> bool:
        """Whether there was something to load, and none of it would do."""
        counts = self.counts
        held = counts.entries or counts.unchanged or any(line.status == "not-modified" for line in self.feeds)
        return bool(counts.rejected and not held)

    @property
    def broken(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    def note(self, fetches: Sequence[Fetch], milled: Sequence[Milled], counts: Counts) -> None:
        """Add a line for each feed of a batch."""
        rejects = {m.document.feed_id: m.rejects for m in milled if m.rejects}
        for fetch in fetches:
            new, changed = counts.by_feed.get(fetch.feed_id, (0, 0))
            found = rejects.get(fetch.feed_id, ())
            detail = fetch.error or (f"{len(found)} rejected: {found[0].error}" if found else "")
            self.feeds.append(FeedLine(fetch.feed_id, fetch.outcome, new, changed, fetch.seconds, detail, fetch.url))

    def note_images(self, asked: Sequence[PendingImage], fetched: Sequence[Image]) -> None:
        """Count a batch of images."""
        stored = {image.image_id for image in fetched if image.status == "stored"}
        self.images_stored += len(stored)
        self.images_failed += len(fetched) - len(stored)
        self.images_by_feed.update(image.feed_id for image in asked if image.feed_id and image.image_id in stored)

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
            "rejected": self.counts.rejected,
            "images_stored": self.images_stored,
            "images_failed": self.images_failed,
            "checks_passed": len(self.checks) - len(self.broken),
            "checks_failed": [check.name for check in self.broken],
            **({"published": self.published.as_dict()} if self.published else {}),
            **self.did,
            **({"plan": self.says} if self.says else {}),
        }


async def tag(*tags: str) -> None:
    """Add tags to the flow run: by them it is found among the others in Prefect's UI."""
    if flow_run.id and (new := set(tags).difference(flow_run.tags)):
        async with get_client() as client:
            await client.update_flow_run(UUID(flow_run.id), tags=[*flow_run.tags, *sorted(new)])


class RunFailedError(NewsmillError):
    """Nothing broke, and yet the run counts as failed: too few feeds could be fetched, or nothing could be loaded."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


@asynccontextmanager
async def open_run(flow: str, settings: Settings, parameters: Mapping[str, Any]) -> AsyncIterator[Report]:
    """Record the run as running, then as completed, partial or failed. A killed run stays `running`."""
    report = Report(flow, uuid.uuid4().hex, datetime.now(UTC), parameters)
    keep_brief()
    log = get_run_logger()
    await record(report, settings, "running")
    log.info("%s begins, into %s", flow, settings.store.place)
    try:
        async with limits_known(), progress_shown(flow):
            yield report
    except BaseException as error:
        try:
            await record(report, settings, "failed", str(error) or type(error).__name__)
        except NewsmillError as second:
            # the warehouse itself is what failed: the first error says so
            error.add_note(f"the run could not be recorded as failed either: {second}")
        raise
    await record(report, settings, report.outcome)
    log.info("%s is %s after %.1f s", flow, report.state, report.seconds)


async def record(report: Report, settings: Settings, state: str, error: str | None = None) -> None:
    """Bring its row in ops.runs up to date."""
    report.state = state
    report.seconds = (datetime.now(UTC) - report.started_at).total_seconds()
    await asyncio.to_thread(_record, settings.store, report, error, flow_run.id)


def _record(store: Warehouse, report: Report, error: str | None, flow_run_id: str | None) -> None:
    with store.writing() as connection:
        operations.record_run(
            connection,
            run_id=report.run_id,
            flow=report.flow,
            parameters=report.parameters,
            started_at=report.started_at,
            state=report.state,
            counts=report.as_dict(),
            error=error,
            flow_run_id=flow_run_id,
        )
