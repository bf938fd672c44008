from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from flows.run import progress
from tasks.orchestration.progress import report_progress


def test_what_is_being_sent_when_the_run_ends_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of two seconds had no progress in Prefect's UI: its end cancelled the only request."""
    begun = asyncio.Event()
    shown = {}

    async def create(percent: float, key: str, description: str) -> UUID:
        begun.set()
        for _ in range(10):
            await asyncio.sleep(0)
        shown[key] = percent, description
        return uuid4()

    async def run() -> None:
        async with progress.show_progress("ingest"):
            report_progress("feeds", 3, 4)
            await begun.wait()

    monkeypatch.setattr(progress, "INTERVAL", 0)
    monkeypatch.setattr(progress, "acreate_progress_artifact", create)
    asyncio.run(run())
    assert shown == {"ingest-progress-feeds": (75.0, "feeds: 3 of 4")}
