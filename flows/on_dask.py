"""Ingest that mills on a Dask cluster, of many machines or of processes on this one. Needs newsmill[dask].

Each batch of documents is a Prefect task on one of Dask's workers; fetching and loading stay in the flow's own process.
Dask's workers must see the landing zone and be allowed to start processes: DASK_DISTRIBUTED__WORKER__DAEMON=false.
"""

from __future__ import annotations

from typing import Any, cast

import dask
from prefect.task_runners import TaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from flows.ingest import ingest as flow
from tasks.settings import Settings, current_settings, disable_prefect_plugins


def runner(settings: Settings) -> DaskTaskRunner:
    disable_prefect_plugins()
    if settings.dask_scheduler:
        return DaskTaskRunner(address=settings.dask_scheduler)
    dask.config.set({"distributed.worker.daemon": False})  # lets workers start milling processes
    return DaskTaskRunner(
        cluster_kwargs={"n_workers": settings.workers, "threads_per_worker": 1, "dashboard_address": None}
    )


ingest = flow.with_options(task_runner=cast("TaskRunner[Any]", runner(current_settings())))
