"""What an earlier run landed and was killed, or locked out, before loading."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing

from prefect.logging import get_run_logger

from flows.run.report import Report
from tasks.mill.pool import Mill
from tasks.orchestration.pipeline import in_packs, milled_ahead
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.settings import Settings
from warehouse.landing import record_name
from warehouse.records import Document, Milled


async def load_pending(run: Report, mill: Mill, settings: Settings) -> None:
    """Load it, oldest first; the documents of a pack are loaded together, as they are settled together."""
    pending = await asyncio.to_thread(settings.landing_zone.pending)
    records: dict[str, list[Document]] = defaultdict(list)
    for document in pending:
        records[record_name(document)].append(document)
    if pending:
        get_run_logger().info("%d documents that an earlier run landed are loaded first", len(pending))

    async def batches() -> AsyncIterator[list[Document]]:
        for batch in in_packs(records.values()):
            yield batch

    async def milled(batch: list[Document]) -> list[Milled]:
        return await mill_batch(batch, mill, f"{len(batch)} documents left by an earlier run")

    async with aclosing(milled_ahead(batches(), milled)) as ahead:
        async for _, results in ahead:
            label = f"{len(results)} documents left by an earlier run"
            counts = await load_batch(results, [], settings.store, settings.landing_zone, mill, run.run_id, label)
            run.counts.add(counts)
