"""What Prefect's automations hear of: too many feeds failing, a feed gone silent, quality checks that fail.

A failed run is Prefect's own event. flows/automations.yaml has an automation for each.
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

MOST = 50
"""Feeds that an event names."""


async def tell_of_feeds(run: Report, settings: Settings) -> None:
    """Of the share of feeds that failed, and of each feed that this run is the first to find silent."""
    if run.failed and run.failed_share > settings.alert_share:
        emit_event(
            FAILING,
            {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
            payload={
                "share": round(run.failed_share, 3),
                "bound": settings.alert_share,
                "feeds": {line.feed_id: line.detail for line in run.failed[:MOST]},
            },
        )
    for feed in await asyncio.to_thread(_silent, settings, run):
        emit_event(
            SILENT,
            {"prefect.resource.id": f"newsmill.feed.{feed.feed_id}", "prefect.resource.name": feed.feed_id},
            payload={
                "newest_article_at": feed.newest_at.isoformat(),
                "silent_from": feed.silent_from.isoformat(),
                "message": f"{feed.feed_id}: nothing new since {feed.newest_at:%Y-%m-%d %H:%M} UTC",
            },
        )


def tell_of_checks(run: Report) -> None:
    if run.broken:
        emit_event(
            CHECKS,
            {"prefect.resource.id": f"newsmill.flow.{run.flow}", "prefect.resource.name": run.flow},
            payload={check.name: str(check) for check in run.broken},
        )


def _silent(settings: Settings, run: Report) -> list[SilentFeed]:
    with settings.store.reading() as connection:
        return silent_feeds(connection, run.run_id)
