"""Rows of a query by the names of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection


def fetch_dicts(connection: Connection, name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of warehouse/queries/<name>.sql."""
    result = connection.execute(query(name), parameters)
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
