"""Opening the published copy or the warehouse to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


@contextmanager
def open_read_only(source: Path | Warehouse) -> Iterator[Connection]:
    """A read-only connection in UTC to the published copy (its path) or to the warehouse. Raises WarehouseError."""
    if isinstance(source, Warehouse):
        with source.reading() as connection:
            yield connection
        return
    if not source.exists():
        raise WarehouseError(f"{source}: nothing is published yet; `newsmill ingest` or `newsmill publish` makes it")
    try:
        connection = duckdb.connect(str(source), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(
            f"{source}: can't be opened ({str(error).splitlines()[0]}); `newsmill publish` makes it anew"
        ) from error
    with connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
