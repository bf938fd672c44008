"""Transactions: all or nothing, and a retry only after a conflict."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.store import transactions
from warehouse.store.transactions import Connection, rolled_back, transact, transaction


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(transactions, "ATTEMPTS", 3)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        yield connection


def rows(connection: Connection) -> list[int]:
    return [n for (n,) in connection.execute("FROM t ORDER BY n").fetchall()]


def test_an_error_rolls_back(connection: Connection) -> None:
    with transaction(connection):
        connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(KeyError), transaction(connection):
        connection.execute("INSERT INTO t VALUES (2)")
        raise KeyError
    with rolled_back(connection):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (3)")
    assert rows(connection) == [1]


def conflicting(connection: Connection, conflicts: int, message: str) -> int:
    """Insert the number of the attempt; the first attempts fail."""
    attempts = 0

    def work() -> int:
        nonlocal attempts
        attempts += 1
        connection.execute("INSERT INTO t VALUES ($1)", [attempts])
        if attempts <= conflicts:
            raise duckdb.TransactionException(message)
        return attempts

    try:
        return transact(connection, work)
    finally:
        assert attempts <= 3


def test_a_conflict_is_retried_from_the_beginning(connection: Connection) -> None:
    assert conflicting(connection, 2, "Transaction conflict") == 3
    assert rows(connection) == [3]


@pytest.mark.parametrize(("conflicts", "message"), [(3, "Transaction conflict"), (1, "no such table")])
def test_other_errors_and_the_last_conflict_are_raised(connection: Connection, conflicts: int, message: str) -> None:
    with pytest.raises(duckdb.TransactionException, match=message):
        conflicting(connection, conflicts, message)
    assert rows(connection) == []
