"""Bringing a warehouse's schema and views up to date."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.errors import OldSchemaError, WarehouseError
from warehouse.store.lake import Lake, Location
from warehouse.store.sql_files import marts, migrations
from warehouse.store.transactions import Connection, transaction

NOT_IN_A_LAKE = ("COMMENT ON MACRO", "COMMENT ON COLUMN marts.")
"""Statements that a lake refuses begin so."""


def migrate(connection: Connection, location: Location, *, read_only: bool = False) -> None:
    """Bring schema and views up to date. Raises WarehouseError if the schema is newer than this newsmill, and
    OldSchemaError if it is older and the connection is read-only."""
    known = migrations()
    applied = applied_migrations(connection)
    newest = max(applied, default=0)
    if newest > known[-1][0]:
        raise WarehouseError(
            f"{location}: its schema is number {newest}, this newsmill knows up to {known[-1][0]}; upgrade newsmill, "
            "or restore the backup that was made before the upgrade (`newsmill restore`)"
        )
    if read_only:
        if any(number not in applied for number, _, _ in known):
            raise OldSchemaError(
                f"{location}: its schema is out of date (number {newest}, this newsmill's is {known[-1][0]}); any "
                "command that writes (`newsmill ingest`) updates it"
            )
        return
    if pending := [migration for migration in known if migration[0] not in applied]:
        # A lake's in one transaction: its catalog keeps the former shape of a table that is altered later, with the
        # rows it had, until `maintain` moves them and drops it; whatever reads it just then fails. A file's in one
        # each: DuckDB alters no table that the transaction has updated.
        together = [pending] if isinstance(location, Lake) else [[migration] for migration in pending]
        for group in together:
            with transaction(connection):
                for number, name, sql in group:
                    _run_script(connection, sql, location)
                    connection.execute(
                        "INSERT INTO ops.schema_migrations VALUES (?, ?, ?)", [number, name, datetime.now(UTC)]
                    )
    digest, sql = marts()
    if applied.get(0) != digest:
        with transaction(connection):
            _run_script(connection, sql, location)
            connection.execute("DELETE FROM ops.schema_migrations WHERE version = 0")
            connection.execute("INSERT INTO ops.schema_migrations VALUES (0, ?, ?)", [digest, datetime.now(UTC)])


def _run_script(connection: Connection, sql: str, location: Location) -> None:
    """Run a script. A lake cannot store comments on macros and on views' columns; the published copy, a file, can."""
    for statement in connection.extract_statements(sql):
        if not (isinstance(location, Lake) and statement.query.lstrip().startswith(NOT_IN_A_LAKE)):
            connection.execute(statement)


def applied_migrations(connection: Connection) -> dict[int, str]:
    """version → name of each applied migration; version 0 has the digest of the views instead of a name."""
    exists = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'ops' AND table_name = 'schema_migrations'"
    ).fetchone()
    if not exists or not exists[0]:
        return {}
    return dict(connection.execute("SELECT version, name FROM ops.schema_migrations").fetchall())
