"""A run's log: at INFO what happens, a line for each thing; at DEBUG everything."""

from __future__ import annotations

import logging

from warehouse.errors import NewsmillError


def is_worth_logging(record: logging.LogRecord) -> bool:
    """A filter for the logs of Prefect's tasks.

    Prefect logs that each task finished, and how, each failed try, and each failure with its traceback. These are kept
    for DEBUG: the flow itself logs a line for each feed that failed, and fails with any other NewsmillError.
    """
    if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
        return True
    if isinstance(_error_of(record), NewsmillError):
        return False
    return not record.getMessage().startswith("Finished in state")


def shorten_failure(record: logging.LogRecord) -> bool:
    """A filter for the logs of Prefect's flows: a NewsmillError is a sentence that says what happened and what to do,
    and is logged as that, once and without its traceback."""
    if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
        return True
    error = _error_of(record)
    if isinstance(error, NewsmillError):
        record.msg, record.args, record.exc_info = str(error), (), None
    elif record.getMessage().startswith("Finished in state Failed("):
        record.msg, record.args = "Finished in state Failed()", ()
    return True


def _error_of(record: logging.LogRecord) -> BaseException | None:
    """The error of which the record tells, as its traceback or as a part of its message."""
    if record.exc_info and record.exc_info[1]:
        return record.exc_info[1]
    parts = record.args if isinstance(record.args, tuple) else ()
    return next((part for part in parts if isinstance(part, BaseException)), None)


def shorten_logs() -> None:
    logging.getLogger("prefect.task_runs").addFilter(is_worth_logging)
    logging.getLogger("prefect.flow_runs").addFilter(shorten_failure)
