"""Events for Prefect's automations: many feeds fail, feeds have fallen silent, articles are gone, quality checks fail.

For a failed run, Prefect itself emits an event (flows/run/failures.py has its words). flows/alerts.yaml has an
automation for each; what it sends is the event's `message`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from prefect.events import emit_event

from flows.run.report import Report
from tasks.settings import Settings
from warehouse.counting import are, counted
from warehouse.load.operations import SilentFeed, silent_feeds
from warehouse.load.quality import failed_before
from warehouse.masking import mask

FAILING = "newsmill.feeds.failing"
SILENT = "newsmill.feeds.silent"
CHECKS = "newsmill.checks.failing"
GONE = "newsmill.articles.gone"

MAX_FEEDS = 50
"""The most feeds that an event names."""
MAX_LINES = 10
"""The most feeds that a message names: it is to be read on a telephone."""
MAX_LINE = 300
"""Characters of what a message says of one of them."""


def listed(head: str, items: Mapping[str, str], total: int | None = None) -> str:
    """The text of a message: a sentence, and below it a line for each of the first items, of `total` that there are."""
    lines = [" ".join(f"- {name}: {text}".split()) for name, text in list(items.items())[:MAX_LINES]]
    lines = [line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…" for line in lines]
    if (more := (len(items) if total is None else total) - len(lines)) > 0:
        lines.append(f"- and {more:,} more")
    return "\n".join([head, *lines])


async def alert_on_feeds(run: Report, settings: Settings, failing_before: Collection[str]) -> None:
    """Emit an event if too large a share of the feeds fail, and one for the feeds newly found silent.

    A run that failed names its failed feeds itself: there is no second alert for them. Nor is there one for feeds that
    only go on failing, those of `failing_before`.
    """
    feeds = {line.feed_id: line.detail for line in run.failed_feeds}
    if not run.failure and run.failed_share > settings.alert_share and not feeds.keys() <= set(failing_before):
        head = (
            f"{run.failed_share:.0%} of the feeds fail; NEWSMILL_ALERT_SHARE allows {settings.alert_share:.0%}. "
            f"Of those that were asked in this run, {counted(len(feeds), 'feed')} failed:"
        )
        _emit(
            run,
            FAILING,
            listed(head, feeds),
            share=round(run.failed_share, 3),
            bound=settings.alert_share,
            feeds=dict(list(feeds.items())[:MAX_FEEDS]),
        )
    silent = await asyncio.to_thread(_find_silent_feeds, settings, run)
    if silent:
        since = {feed.feed_id: f"nothing new since {feed.newest_at:%Y-%m-%d %H:%M} UTC" for feed in silent}
        head = f"{counted(len(silent), 'feed')} {are(len(silent))} silent for longer than is usual:"
        _emit(
            run,
            SILENT,
            listed(head, since),
            feeds={
                feed.feed_id: {
                    "newest_article_at": feed.newest_at.isoformat(),
                    "silent_from": feed.silent_from.isoformat(),
                }
                for feed in silent[:MAX_FEEDS]
            },
        )


def alert_on_gone(run: Report) -> None:
    """Emit an event if articles were found to be taken down."""
    if run.gone:
        head = f"{counted(len(run.gone), 'article')} taken down:"
        _emit(
            run,
            GONE,
            listed(head, {mask(page.url): page.reason for page in run.gone}, len(run.gone)),
            count=len(run.gone),
            articles=[
                {"article_id": page.article_id, "feed_id": page.feed_id, "url": page.url, "reason": page.reason}
                for page in run.gone[:MAX_FEEDS]
            ],
        )


async def alert_on_checks(run: Report, settings: Settings) -> None:
    """Emit an event if quality checks failed, and not only those that failed the last time."""
    checks = {check.name: str(check) for check in run.failed_checks}
    if checks and not checks.keys() <= await asyncio.to_thread(_find_failed_before, settings, run):
        head = f"{counted(len(checks), 'quality check')} failed:"
        _emit(run, CHECKS, "\n".join([head, *(f"- {text}" for text in checks.values())]), **checks)


def _emit(run: Report, event: str, message: str, **payload: object) -> None:
    """Prefect adds the flow run, to which the message then leads."""
    emit_event(
        event,
        {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
        payload={"message": message, **payload},
    )


def _find_failed_before(settings: Settings, run: Report) -> set[str]:
    with settings.store.reading() as connection:
        return failed_before(connection, run.run_id)


def _find_silent_feeds(settings: Settings, run: Report) -> list[SilentFeed]:
    with settings.store.reading() as connection:
        return silent_feeds(connection, run.run_id)
