"""Rebuilding the warehouse from the landing zone, without the network: after a change of cleaning, or a lost warehouse.

The new warehouse is built beside the old one and swapped in under its lock. Killed, it leaves the old one as it was.
Other runs may fetch, load and forget meanwhile: what is landed is loaded into the new one, too, and where articles are
forgotten, it is begun again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from filelock import AsyncFileLock
from prefect import flow
from prefect.logging import get_run_logger

from flows.pages import page_policies, plan
from flows.run.artifacts import publish_report
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.forget import lock_path
from tasks.load import Batch
from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.orchestration.limits import WRITER, hold_slot
from tasks.orchestration.pipeline import batch_documents, mill_ahead
from tasks.orchestration.progress import report_progress
from tasks.orchestration.steps import load_batch, mill_batch
from tasks.registry.feeds_file import read_registry
from tasks.settings import Settings, current_settings
from warehouse.counting import counted
from warehouse.counts import Counts
from warehouse.errors import ForgottenMeanwhileError
from warehouse.filters import Filters
from warehouse.records import Document, Feed, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.rebuild import Key, begin, check_present, rebuilding_alone, swap


def _run_name() -> str:
    return f"reprocess {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="reprocess", flow_run_name=_run_name)
@say_what_failed
async def reprocess(publish: bool = True) -> Report:
    """Build raw.* and clean.* again from every document that was ever landed; nothing is fetched.

    Args:
        publish: Publish the analysts' copy afterwards.
    """
    settings = current_settings()
    registry, shared_filters = await asyncio.to_thread(read_registry, settings.feeds)
    async with open_run("reprocess", settings, {"publish": publish}) as run:
        with rebuilding_alone(settings.rebuild_path):
            while not await _rebuild(settings, registry, shared_filters, run):
                get_run_logger().info("articles were forgotten meanwhile: beginning again")
                run.counts = Counts()
        await asyncio.to_thread(plan, settings, page_policies(registry, settings))
        await check_and_publish(run, settings, changed=True, publish=publish)
        await publish_report(run)
    return run


async def _rebuild(settings: Settings, registry: Sequence[Feed], filters: Filters, run: Report) -> bool:
    """Build the warehouse and put it into the old one's place; False, with nothing changed, if articles were forgotten
    meanwhile."""
    rebuilt, landing = Warehouse(settings.rebuild_path, settings.lock_timeout), settings.landing_zone
    done: dict[Key, str] = {}
    try:
        await asyncio.to_thread(begin, settings.store, rebuilt)
        documents = await asyncio.to_thread(landing.documents)
        with open_milling_pool(settings, registry, shared_filters=filters) as pool:
            # other runs go on landing documents and loading them into the old warehouse: `swap` returns those that the
            # new one lacks, and swaps once there are none
            while True:
                await _load_all(documents, rebuilt, pool, run)
                done |= {document.key: document.landing_path for document in documents}
                async with AsyncFileLock(lock_path(settings)), hold_slot(WRITER):
                    documents = await asyncio.to_thread(swap, settings.store, rebuilt, landing, done)
                    if not documents:
                        pending = await asyncio.to_thread(landing.pending)
                        landing.mark_loaded(document for document in pending if document.key in done)
                        return True
    except ForgottenMeanwhileError:
        return False


async def _load_all(documents: Sequence[Document], store: Warehouse, pool: MillingPool, run: Report) -> None:
    """Load the documents, oldest first."""
    done = 0

    async def mill(documents: list[Document]) -> list[Milled]:
        return await mill_batch(documents, pool, counted(len(documents), "document"))

    async with aclosing(mill_ahead(batch_documents(documents), mill)) as ahead:
        async for _, milled in ahead:
            check_present(store)
            batch = Batch(store=store, run_id=run.run_id, milled=milled)
            counts = await load_batch(batch, pool, counted(len(milled), "document"))
            run.counts.add(replace(counts, by_feed={}))
            done += len(milled)
            get_run_logger().info("%d of %s done", done, counted(len(documents), "document"))
            report_progress("documents", done, len(documents))
