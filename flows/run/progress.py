"""How far a run is, as progress artifacts in Prefect's UI: one for each step, brought up to date every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

from tasks.orchestration.progress import watcher

EVERY = 1.0
"""Seconds; an update is a request to Prefect's server."""


class _Shown:
    """The steps of a run, and what of them the server knows."""

    def __init__(self, flow: str) -> None:
        self.flow = flow
        self.reached: dict[str, tuple[int, int]] = {}
        self.told: dict[str, tuple[int, int]] = {}
        self.artifacts: dict[str, UUID] = {}

    async def tell(self) -> None:
        for step, (done, total) in list(self.reached.items()):
            if self.told.get(step) == (done, total):
                continue
            self.told[step] = (done, total)
            percent = round(100 * done / total, 1) if total else 100.0
            says = f"{step}: {done:,} of {total:,}"
            if artifact := self.artifacts.get(step):
                await aupdate_progress_artifact(artifact, percent, says)
            else:
                self.artifacts[step] = await acreate_progress_artifact(percent, f"{self.flow}-progress-{step}", says)

    async def keep_telling(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.tell()


@asynccontextmanager
async def progress_shown(flow: str) -> AsyncIterator[None]:
    """Show the steps of what runs inside, besides telling whoever watches already."""
    shown, watching = _Shown(flow), watcher.get()

    def watch(step: str, done: int, total: int) -> None:
        watching(step, done, total)
        shown.reached[step] = done, total

    token = watcher.set(watch)
    telling = asyncio.ensure_future(shown.keep_telling())
    try:
        yield
    finally:
        watcher.reset(token)
        telling.cancel()
        try:
            await asyncio.gather(telling, return_exceptions=True)
            await shown.tell()
        except (httpx.HTTPError, PrefectException) as error:  # the run itself is what counts
            get_run_logger().warning("the progress could not be shown: %s", error)
