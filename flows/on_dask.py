"""Ingest with its milling on a Dask cluster: many machines, or the processes of this one. Needs newsmill[dask].

Each batch of documents is one task of Prefect on one of Dask's workers; fetching and loading stay in the flow's own
process. Dask's workers have to see the landing zone and to be allowed processes of their own, which they are where they
were started with DASK_DISTRIBUTED__WORKER__DAEMON=false.
"""

from __future__ import annotations

from typing import Any, cast

import dask
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from flows.ingest import ingest as flow
from tasks.settings import Settings, current_settings, leave_plugins_out


def runner(settings: Settings) -> DaskTaskRunner:
    leave_plugins_out()
    if settings.dask_scheduler:
        return DaskTaskRunner(address=settings.dask_scheduler)
    dask.config.set({"distributed.worker.daemon": False})  # a mill starts a process for what it mills
    return DaskTaskRunner(
        cluster_kwargs={"n_workers": settings.workers, "threads_per_worker": 1, "dashboard_address": None}
    )


ingest = flow.with_options(task_runner=cast("TaskRunner[Any]", runner(current_settings())))
