"""How a run that loaded something ends: duplicates are marked, checks made, the analysts' copy is published."""

from __future__ import annotations

from flows.runs import Report
from tasks.settings import Settings
from tasks.steps import check_quality, find_duplicates, publish_copy
from warehouse.errors import QualityError


async def check_and_publish(run: Report, settings: Settings, *, changed: bool, publish: bool) -> None:
    """Raises QualityError, with nothing published, where a check fails and the settings say so."""
    if publish and changed:
        await find_duplicates(settings.store)
    if changed and settings.checks != "off":
        run.checks = await check_quality(settings.store, run.run_id, run.counts)
        if run.broken and settings.checks == "fail":
            raise QualityError(
                f"{len(run.broken)} quality checks fail ({'; '.join(map(str, run.broken))}): nothing was published; "
                "ops.checks has them all, `newsmill reprocess` makes the tables again, NEWSMILL_CHECKS=report goes on"
            )
    if publish and (changed or not settings.published_path.exists()):
        run.published = str((await publish_copy(settings)).path)
