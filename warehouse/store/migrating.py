"""Bringing a warehouse's schema and views up to date."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.errors import OldSchemaError, WarehouseError
from warehouse.store.lake import Lake, Place
from warehouse.store.sql_files import marts, migrations
from warehouse.store.transactions import Connection, transaction

NOT_IN_A_LAKE = ("COMMENT ON MACRO", "COMMENT ON COLUMN marts.")
"""Beginnings of statements that a lake refuses."""


def migrate(connection: Connection, place: Place, *, read_only: bool = False) -> None:
    """Bring the schema up to date; each migration is one transaction. Raises WarehouseError for a newer schema."""
    known = migrations()
    applied = _applied(connection)
    newest = max(applied, default=0)
    if newest > known[-1][0]:
        raise WarehouseError(
            f"{place}: its schema is number {newest}, this newsmill knows up to {known[-1][0]}; upgrade newsmill"
        )
    if read_only:
        if any(number not in applied for number, _, _ in known):
            raise OldSchemaError(
                f"{place}: its schema is out of date (number {newest}, this newsmill's is {known[-1][0]}); any command "
                "that writes (`newsmill ingest`) updates it"
            )
        return
    if pending := [migration for migration in known if migration[0] not in applied]:
        # All at once: of a table that is altered later a lake's catalog keeps the former form, with the rows it had,
        # until `maintain` writes them elsewhere and drops it, and what is reading just then fails.
        with transaction(connection):
            for number, name, sql in pending:
                _run(connection, sql, place)
                connection.execute(
                    "INSERT INTO ops.schema_migrations VALUES (?, ?, ?)", [number, name, datetime.now(UTC)]
                )
    digest, sql = marts()
    if applied.get(0) != digest:
        with transaction(connection):
            _run(connection, sql, place)
            connection.execute("DELETE FROM ops.schema_migrations WHERE version = 0")
            connection.execute("INSERT INTO ops.schema_migrations VALUES (0, ?, ?)", [digest, datetime.now(UTC)])


def _run(connection: Connection, sql: str, place: Place) -> None:
    """Run a script. A lake keeps no comments of macros and of views' columns; the published copy, a file, has them."""
    for statement in connection.extract_statements(sql):
        if not (isinstance(place, Lake) and statement.query.lstrip().startswith(NOT_IN_A_LAKE)):
            connection.execute(statement)


def _applied(connection: Connection) -> dict[int, str]:
    """The migrations that were applied; version 0 holds the digest of the views."""
    exists = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'ops' AND table_name = 'schema_migrations'"
    ).fetchone()
    if not exists or not exists[0]:
        return {}
    return dict(connection.execute("SELECT version, name FROM ops.schema_migrations").fetchall())
