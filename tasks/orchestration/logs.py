"""What a run's log tells: at INFO its story, at DEBUG everything."""

from __future__ import annotations

import logging

from warehouse.errors import NewsmillError


def brief(record: logging.LogRecord) -> bool:
    """A filter for the logs of Prefect's tasks.

    Prefect says of each task that it finished, and how: a hundred lines for a hundred feeds. Those are for DEBUG; the
    flow says which feeds failed. An error of ours says what happened, so it needs no traceback.
    """
    if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
        return True
    if record.exc_info and isinstance(record.exc_info[1], NewsmillError):
        record.exc_info = None
    return not record.getMessage().startswith("Finished in state")


def keep_brief() -> None:
    logging.getLogger("prefect.task_runs").addFilter(brief)
