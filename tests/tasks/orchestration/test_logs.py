"""Which lines of Prefect's tasks are logged."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from tasks.orchestration.logs import is_worth_logging
from warehouse.errors import NewsmillError

NAME = "tests.task_runs"


@pytest.fixture(autouse=True)
def level() -> Iterator[logging.Logger]:
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(logging.NOTSET)


def record(message: str, error: Exception | None = None) -> logging.LogRecord:
    record = logging.LogRecord(NAME, logging.INFO, __file__, 1, message, None, None)
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


def test_only_unexpected_errors_keep_their_traceback() -> None:
    expected, unexpected = record("failed", NewsmillError("the disk is full")), record("failed", KeyError("gate"))
    assert is_worth_logging(expected)
    assert is_worth_logging(unexpected)
    assert expected.exc_info is None
    assert unexpected.exc_info
