"""Maintenance, once a night: compaction, retention, removal of unused files, quality checks, publishing."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from flows.run.artifacts import publish_report
from flows.run.failures import say_what_failed
from flows.run.finishing import check_and_publish
from flows.run.recording import open_run
from flows.run.report import Report
from tasks.orchestration.steps import erase_forgotten, forget_old, maintain_warehouse, prune_prefect
from tasks.registry.feeds_file import read_feeds_if_any
from tasks.settings import current_settings
from warehouse.counting import counted
from warehouse.store.rebuild import is_being_rebuilt


def _run_name() -> str:
    return f"maintain {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


@flow(name="maintain", flow_run_name=_run_name)
@say_what_failed
async def maintain(publish: bool = True) -> Report:
    """Compact the warehouse, forget old records of runs, there and in Prefect's database, remove files that nothing
    names, check, publish.

    Articles older than their feed's keep_for are forgotten; nothing else of raw.* and clean.* is dropped. It may run
    beside an ingest, and be killed and begun again.

    Args:
        publish: Publish the analysts' copy afterwards.
    """
    settings = current_settings()
    async with open_run("maintain", settings, {"publish": publish}) as run:
        feeds = read_feeds_if_any(settings.feeds)
        if any(feed.keep_for for feed in feeds) and is_being_rebuilt(settings.rebuild_path):
            feeds = []  # else the rebuilding would begin again, night after night
            run.messages.append("older than keep_for: left for the next time, as `newsmill reprocess` is at work")
        run.facts["articles_forgotten"] = await forget_old(settings, feeds)
        if run.facts["articles_forgotten"]:
            run.messages.append(f"older than keep_for: {counted(run.facts['articles_forgotten'], 'article')} forgotten")
        if erased := await erase_forgotten(settings, publish=publish):
            run.messages += erased.messages
            run.facts |= erased.counts
        upkeep = await maintain_warehouse(settings)
        run.messages += upkeep.messages
        run.facts |= upkeep.counts
        if pruned := await prune_prefect(settings):
            run.messages.append(pruned.message)
            run.facts |= pruned.counts
        await check_and_publish(run, settings, changed=True, publish=publish)
        await publish_report(run)
    return run
