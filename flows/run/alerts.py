"""Events for Prefect's automations: too many feeds fail, a feed has fallen silent, quality checks fail.

For a failed run, Prefect itself emits an event. flows/automations.yaml has an automation for each.
"""

from __future__ import annotations

import asyncio

from prefect.events import emit_event

from flows.run.report import Report
from tasks.settings import Settings
from warehouse.load.operations import SilentFeed, silent_feeds

FAILING = "newsmill.feeds.failing"
SILENT = "newsmill.feed.silent"
CHECKS = "newsmill.checks.failing"

GONE = "newsmill.articles.gone"

MAX_FEEDS = 50
"""The most feeds that an event names."""


async def alert_on_feeds(run: Report, settings: Settings) -> None:
    """Emit an event if too large a share of the feeds failed, and one for each feed newly found silent."""
    if run.failed_feeds and run.failed_share > settings.alert_share:
        emit_event(
            FAILING,
            {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
            payload={
                "share": round(run.failed_share, 3),
                "bound": settings.alert_share,
                "feeds": {line.feed_id: line.detail for line in run.failed_feeds[:MAX_FEEDS]},
            },
        )
    for feed in await asyncio.to_thread(_find_silent_feeds, settings, run):
        emit_event(
            SILENT,
            {"prefect.resource.id": f"newsmill.feed.{feed.feed_id}", "prefect.resource.name": feed.feed_id},
            payload={
                "newest_article_at": feed.newest_at.isoformat(),
                "silent_from": feed.silent_from.isoformat(),
                "message": f"{feed.feed_id}: nothing new since {feed.newest_at:%Y-%m-%d %H:%M} UTC",
            },
        )


def alert_on_gone(run: Report) -> None:
    """Emit an event if articles were found to be taken down."""
    if run.gone:
        emit_event(
            GONE,
            {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
            payload={
                "count": len(run.gone),
                "articles": [
                    {"article_id": page.article_id, "feed_id": page.feed_id, "url": page.url, "reason": page.reason}
                    for page in run.gone[:MAX_FEEDS]
                ],
            },
        )


def alert_on_checks(run: Report) -> None:
    if run.failed_checks:
        emit_event(
            CHECKS,
            {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
            payload={check.name: str(check) for check in run.failed_checks},
        )


def _find_silent_feeds(settings: Settings, run: Report) -> list[SilentFeed]:
    with settings.store.reading() as connection:
        return silent_feeds(connection, run.run_id)
