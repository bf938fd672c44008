"""Transactions, begun again where another process committed in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from warehouse.store.lake import is_conflict

Connection = duckdb.DuckDBPyConnection
T = TypeVar("T")
ATTEMPTS = 10
"""How often a transaction is begun, where others' commits come between."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        # a fatal error (a full disk) has ended the transaction, and the database with it
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def transact(connection: Connection, work: Callable[[], T]) -> T:
    """Do the work in one transaction: from its beginning again where another's commit came between, which happens only
    in a lake. The work is to read what it goes by from the warehouse each time."""
    trying = Retrying(
        retry=retry_if_exception(is_conflict),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(0.05, max=5),
        reraise=True,
    )
    result: T = trying(_transacted, connection, work)
    return result


def _transacted(connection: Connection, work: Callable[[], T]) -> T:
    with transaction(connection):
        return work()
