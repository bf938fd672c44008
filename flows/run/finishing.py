"""How a run that loaded something ends: duplicates are marked, checks made, the analysts' copy is published."""

from __future__ import annotations

from prefect.logging import get_run_logger

from flows.run.alerts import tell_of_checks
from flows.run.artifacts import publish_report
from flows.run.recording import record
from flows.run.report import QualityError, Report
from tasks.orchestration.steps import check_quality, find_duplicates, publish_copy
from tasks.settings import Settings
from warehouse.read.queries import is_behind, is_current


async def check_and_publish(run: Report, settings: Settings, *, changed: bool, publish: bool) -> None:
    """Raises QualityError, with nothing published, where a check fails and the settings say so."""
    log = get_run_logger()
    if publish and changed:
        await find_duplicates(settings.store)
    if changed and settings.checks != "off":
        run.checks = await check_quality(settings, run.run_id, run.counts)
        log.info("%d quality checks made, %d failed", len(run.checks), len(run.broken))
        for check in run.broken:
            log.warning("quality check %s", check)
        tell_of_checks(run)
        if run.broken and settings.checks == "fail":
            await publish_report(run)
            raise QualityError(
                f"{len(run.broken)} quality checks fail ({'; '.join(map(str, run.broken))}): nothing was published; "
                "ops.checks has them all, `newsmill reprocess` makes the tables again, NEWSMILL_CHECKS=report goes on"
            )
    copy = settings.published_path
    if publish and (changed or not is_current(copy) or is_behind(settings.store, copy, run.run_id)):
        await record(run, settings, run.outcome)  # to analysts this run is over, as far as it concerns them
        run.published = await publish_copy(settings)
        log.info("%s", run.published)
