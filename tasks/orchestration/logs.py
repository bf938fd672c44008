"""A run's log: at INFO what happens, at DEBUG everything."""

from __future__ import annotations

import logging

from warehouse.errors import NewsmillError


def is_worth_logging(record: logging.LogRecord) -> bool:
    """A filter for the logs of Prefect's tasks.

    Prefect logs that each task finished, and how: a hundred lines for a hundred feeds. These are kept for DEBUG; the
    flow itself logs which feeds failed. The traceback of a NewsmillError is dropped, as its message says what happened.
    """
    if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
        return True
    if record.exc_info and isinstance(record.exc_info[1], NewsmillError):
        record.exc_info = None
    return not record.getMessage().startswith("Finished in state")


def shorten_task_logs() -> None:
    logging.getLogger("prefect.task_runs").addFilter(is_worth_logging)
