"""Rows of a query by the names of its columns."""

from __future__ import annotations

from pathlib import Path

from warehouse.store.connection import Warehouse
from warehouse.store.rows import fetch_dicts


def test_rows_have_the_names_of_the_columns(tmp_path: Path) -> None:
    with Warehouse(tmp_path / "newsmill.duckdb").writing() as connection:
        assert fetch_dicts(connection, "messages", {"state": None, "most": 9}) == []
        connection.execute(
            "INSERT INTO ops.outbox (outbox, event_id, article_id, position, state, attempts) VALUES "
            "('index', 'b', 'x', 2, 'dead', 8), ('index', 'a', 'x', 1, 'sent', 1)"
        )
        (row,) = fetch_dicts(connection, "messages", {"state": None, "most": 9})
        assert (row["outbox"], row["event_id"], row["attempts"], row["kind"]) == ("index", "b", 8, None)
        assert [row["event_id"] for row in fetch_dicts(connection, "messages", {"state": "sent", "most": 9})] == ["a"]
