"""Which lines of Prefect's tasks and flows are logged."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from tasks.orchestration.logs import is_worth_logging, shorten_failure
from warehouse.errors import NewsmillError

NAME = "tests.task_runs"


@pytest.fixture(autouse=True)
def level() -> Iterator[logging.Logger]:
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(logging.NOTSET)


def record(message: str, error: Exception | None = None, *, args: tuple[object, ...] = ()) -> logging.LogRecord:
    record = logging.LogRecord(NAME, logging.INFO, __file__, 1, message, args, None)
    if error:
        try:
            raise error
        except Exception:
            record.exc_info = sys.exc_info()
    return record


def test_that_a_task_finished_is_logged_at_debug_only(level: logging.Logger) -> None:
    assert not is_worth_logging(record("Finished in state Completed()"))
    assert is_worth_logging(record("harbour-en failed after 0.1 s: 404"))
    level.setLevel(logging.DEBUG)
    assert is_worth_logging(record("Finished in state Completed()"))


def test_failures_and_tries_of_a_task_that_the_flow_tells_of_are_logged_at_debug_only(level: logging.Logger) -> None:
    error = NewsmillError("the server answered 500")
    told = [
        record("Task run failed with exception: NewsmillError() - Retries are exhausted", error),
        record("Task run failed with %s: %r - Retry %s/%s", args=("exception", error, 1, 2)),
    ]
    assert not any(map(is_worth_logging, told))
    level.setLevel(logging.DEBUG)
    assert all(map(is_worth_logging, told))
    assert told[0].exc_info


def test_unexpected_errors_keep_their_traceback() -> None:
    unexpected = record("Encountered exception during execution", KeyError("gate"))
    assert is_worth_logging(unexpected)
    assert shorten_failure(unexpected)
    assert unexpected.exc_info
    assert unexpected.getMessage() == "Encountered exception during execution"


def test_a_flow_that_fails_logs_a_sentence() -> None:
    error = NewsmillError("/srv/100%: not there; give an archive's folder")
    failed = record("Encountered exception during execution: %r", error, args=(error,))
    assert shorten_failure(failed)
    assert failed.getMessage() == "/srv/100%: not there; give an archive's folder"
    assert failed.exc_info is None
    finished = record("Finished in state Failed('Flow run encountered an exception: NewsmillError: …')")
    assert shorten_failure(finished)
    assert finished.getMessage() == "Finished in state Failed()"
