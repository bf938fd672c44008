"""How a run ends: duplicates are marked, quality checks run, the analysts' copy is published."""

from __future__ import annotations

import logging

from prefect.logging import get_run_logger

from flows.run.alerts import alert_on_checks
from flows.run.artifacts import publish_report
from flows.run.recording import record
from flows.run.report import QualityError, Report
from tasks.orchestration.steps import check_quality, erase_forgotten, find_duplicates, post_outboxes, publish_copy
from tasks.settings import Settings
from warehouse.counting import counted
from warehouse.errors import NewsmillError
from warehouse.read.queries import is_behind, is_current


async def check_and_publish(run: Report, settings: Settings, *, changed: bool, publish: bool) -> None:
    """`changed`: whether the run changed the warehouse. `publish`: whether to publish the analysts' copy, and
    to mark duplicates before, which only the copy shows.

    Raises QualityError, with nothing published, if a check fails and the setting `checks` is "fail".
    """
    log = get_run_logger()
    copy = settings.published_path
    # a run that changed nothing publishes if the copy is missing or an older newsmill's, or lacks another run's rows
    is_due = publish and (changed or not is_current(copy) or is_behind(settings.store, copy, run.run_id))
    if is_due:  # a killed run may have loaded articles, and not compared them
        await find_duplicates(settings.store)
    if changed and settings.checks != "off":
        run.checks = await check_quality(settings, run.run_id, run.counts)
        log.info("%s made, %d failed", counted(len(run.checks), "quality check"), len(run.failed_checks))
        for check in run.failed_checks:
            log.warning("quality check %s", check)
        if settings.checks != "fail":  # else the run fails, and that is an alert already
            await alert_on_checks(run, settings)
        if run.failed_checks and settings.checks == "fail":
            failures = "; ".join(map(str, run.failed_checks))
            run.failure = (
                f"{counted(len(run.failed_checks), 'quality check')} failed ({failures}): nothing was published; "
                "ops.checks has them all, `newsmill reprocess` makes the tables again, NEWSMILL_CHECKS=report "
                "publishes all the same"
            )
            await publish_report(run)
            raise QualityError(run.failure)
    if run.counts.forgotten and (erased := await erase_forgotten(settings, publish=publish)):
        run.notes += [f"{counted(run.counts.forgotten, 'entry')} of forgotten articles left out", *erased.messages]
    if is_due:
        await record(run, settings, run.outcome)  # the copy shows this run as finished, not as running
        run.published = await publish_copy(settings)
        log.info("%s", run.published)
    if settings.outbox:
        await _post(run, settings)


async def _post(run: Report, settings: Settings) -> None:
    """Post to the outboxes. Whatever goes wrong there does the run no harm: what was not taken waits."""
    try:
        posted = await post_outboxes(settings)
    except (NewsmillError, OSError) as error:
        run.notes.append(f"outbox: {error}")
        get_run_logger().warning("outbox: %s", error)
        return
    run.facts |= {"messages_sent": posted.sent, "messages_failed": posted.failed}
    run.notes += posted.messages
    for message in posted.messages:
        get_run_logger().log(logging.WARNING if posted.problems else logging.INFO, "%s", message)
