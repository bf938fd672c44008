"""How far a run is, as progress artifacts in Prefect's UI: one for each step, updated every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import httpx
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from tasks.orchestration.progress import watcher

INTERVAL = 1.0
"""Seconds between updates; each is a request to Prefect's server."""


class _ProgressArtifacts:
    """The progress of a run's steps, and what of it Prefect's server has."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.progress: dict[str, tuple[int, int]] = {}
        """(items done, items in all) by step."""
        self.sent: dict[str, tuple[int, int]] = {}
        self.artifacts: dict[str, UUID] = {}
        self.ended = asyncio.Event()

    async def send(self) -> None:
        for step, (done, total) in list(self.progress.items()):
            if self.sent.get(step) == (done, total):
                continue
            percent = round(100 * done / total, 1) if total else 100.0
            description = f"{step}: {done:,} of {total:,}"
            if artifact := self.artifacts.get(step):
                await aupdate_progress_artifact(artifact, percent, description)
            else:
                key = f"{self.flow}-progress-{step}"
                self.artifacts[step] = await acreate_progress_artifact(percent, key, description)
            self.sent[step] = (done, total)

    async def send_until_end(self) -> None:
        while not self.ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), INTERVAL)
            await self.send()


@asynccontextmanager
async def show_progress(flow: str) -> AsyncIterator[None]:
    """Show the progress of the steps that run inside in Prefect's UI, and still report it to the present watcher."""
    artifacts, outer_watcher = _ProgressArtifacts(flow), watcher.get()

    def watch(step: str, done: int, total: int) -> None:
        outer_watcher(step, done, total)
        artifacts.progress[step] = done, total

    token = watcher.set(watch)
    sender = asyncio.ensure_future(artifacts.send_until_end())
    try:
        yield
    finally:
        watcher.reset(token)
        artifacts.ended.set()  # not cancelled: an artifact whose request is under way would be lost
        try:
            await asyncio.gather(sender, return_exceptions=True)
            await artifacts.send()
        except (httpx.HTTPError, PrefectException) as error:  # must not fail the run
            get_run_logger().warning("the progress could not be shown: %s", error)
