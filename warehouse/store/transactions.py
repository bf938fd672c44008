"""Transactions, and their retries after a conflict with another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from warehouse.store.lake_errors import is_conflict

Connection = duckdb.DuckDBPyConnection
T = TypeVar("T")
ATTEMPTS = 10
"""How often a transaction is tried when other commits conflict with it."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """BEGIN, then COMMIT, or ROLLBACK if there was an error."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        # a fatal error (a full disk) has already ended the transaction and the database
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def transact(connection: Connection, work: Callable[[], T]) -> T:
    """Run `work` in one transaction, and all of it again if another commit conflicts with it (only in a lake).

    So `work` must read everything that it depends on from the warehouse, each time.
    """
    retrying = Retrying(
        retry=retry_if_exception(is_conflict),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(0.05, max=5),
        reraise=True,
    )
    result: T = retrying(_run_in_transaction, connection, work)
    return result


def _run_in_transaction(connection: Connection, work: Callable[[], T]) -> T:
    with transaction(connection):
        return work()


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """End the transaction that is still open. Closing the connection would do it too, but if PostgreSQL has gone away
    in the meantime and that fails, DuckDB aborts the process."""
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
