"""A run's HTTP client. Hosts that asked to be left alone are not asked, nor by later runs: ops.hosts keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from flows.run.report import Report
from tasks.fetch.http import Client, open_client
from tasks.fetch.refusals import Refusals
from tasks.orchestration.limits import hold_host_slot
from tasks.settings import Settings
from warehouse.load.operations import host_refusals, record_host_refusals
from warehouse.records import Feed, HostRefusal


@asynccontextmanager
async def open_run_client(
    run: Report, settings: Settings, feeds: Sequence[Feed], *, force: bool = False
) -> AsyncIterator[Client]:
    """The sites of the `feeds` are asked with their access. With `force`, the refusals of earlier runs do not count."""
    known = () if force else await asyncio.to_thread(_read, settings)
    refusals = Refusals(known)
    async with open_client(settings, hold_host_slot, refusals, feeds) as client:
        try:
            yield client
        finally:
            if new := refusals.take_new():
                await asyncio.to_thread(_record, settings, new, run.run_id)


def _read(settings: Settings) -> Sequence[HostRefusal]:
    with settings.store.reading() as connection:
        return host_refusals(connection, datetime.now(UTC))


def _record(settings: Settings, refusals: Sequence[HostRefusal], run_id: str) -> None:
    with settings.store.writing() as connection:
        record_host_refusals(connection, refusals, run_id=run_id)
