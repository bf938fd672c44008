"""Loading what an earlier run landed but did not load, as it was killed or the warehouse was locked."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing

from prefect.logging import get_run_logger

from flows.run.report import Report
from tasks.load import Batch
from tasks.mill.pool import MillingPool
from tasks.orchestration.pipeline import batch_records, mill_ahead
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.settings import Settings
from warehouse.counting import counted
from warehouse.landing_records import record_name
from warehouse.records import Document, Milled, Reject


async def load_pending(run: Report, pool: MillingPool, settings: Settings) -> None:
    """Load the pending documents, oldest first.

    Those of one landing record go into one batch, as the landing zone marks whole records as loaded. A file among the
    records that is none is rejected and set aside.
    """
    await _reject_damaged(run, pool, settings)
    pending = await asyncio.to_thread(settings.landing_zone.pending)
    records: dict[str, list[Document]] = defaultdict(list)
    for document in pending:
        records[record_name(document)].append(document)
    if pending:
        get_run_logger().info("first, %s landed by an earlier run", counted(len(pending), "document"))

    async def batches() -> AsyncIterator[list[Document]]:
        for batch in batch_records(records.values()):
            yield batch

    async def mill(documents: list[Document]) -> list[Milled]:
        return await mill_batch(documents, pool, f"{counted(len(documents), 'document')} left by an earlier run")

    async with aclosing(mill_ahead(batches(), mill)) as ahead:
        async for _, milled in ahead:
            batch = Batch(store=settings.store, run_id=run.run_id, milled=milled, landing=settings.landing_zone)
            counts = await load_batch(batch, pool, f"{counted(len(milled), 'document')} left by an earlier run")
            run.counts.add(counts)


async def _reject_damaged(run: Report, pool: MillingPool, settings: Settings) -> None:
    landing = settings.landing_zone
    damaged = await asyncio.to_thread(landing.damaged_pending)
    if not damaged:
        return
    for record in damaged:
        get_run_logger().warning("%s; it is set aside in %s", record.error, landing.root / "damaged")
    # the row first: if the run is killed before the file is moved, the next one finds it again
    rejects = [
        Reject("land", record.error, location=record.path.relative_to(landing.root).as_posix()) for record in damaged
    ]
    batch = Batch(store=settings.store, run_id=run.run_id, rejects=rejects)
    run.counts.add(await load_batch(batch, pool, f"{counted(len(rejects), 'damaged landing record')}"))
    await asyncio.to_thread(landing.set_aside, damaged)
