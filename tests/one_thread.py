"""DuckDB with one thread, for tests: split over threads, small queries cost up to a third more processor time."""

from __future__ import annotations

from typing import Any

import duckdb

_connect = duckdb.connect


def use_one_thread() -> None:
    """For connections that this process opens from now on, unless they set their own number."""
    duckdb.connect = _connect_with_one_thread


def _connect_with_one_thread(
    database: Any = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    return _connect(database, read_only, {"threads": 1} | (config or {}))
