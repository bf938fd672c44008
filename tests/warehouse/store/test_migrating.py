"""Schema and views are brought up to date, by writers only."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import OldSchemaError, WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import marts, migrations

pytestmark = pytest.mark.usefixtures("warehouses_made_anew")
APPLIED = "SELECT version, name FROM ops.schema_migrations ORDER BY version"


def test_every_migration_is_applied_once(path: Path) -> None:
    expected = [(0, marts()[0]), *((number, name) for number, name, _ in migrations())]
    for _ in range(2):
        with Warehouse(path).writing() as connection:
            assert connection.execute(APPLIED).fetchall() == expected


def test_changed_views_are_made_again(path: Path) -> None:
    with Warehouse(path).writing() as connection:
        connection.execute("UPDATE ops.schema_migrations SET name = 'other' WHERE version = 0")
        connection.execute("DROP VIEW marts.authors")
    with Warehouse(path).reading() as connection:
        assert connection.execute(APPLIED).fetchall()[0] == (0, "other"), "a reader changes nothing"
    with Warehouse(path).writing() as connection:
        assert connection.execute(APPLIED).fetchall()[0] == (0, marts()[0])
        connection.execute("FROM marts.authors")


def test_a_reader_of_an_old_schema_is_told_what_to_do(path: Path) -> None:
    with Warehouse(path).writing() as connection:
        connection.execute("DELETE FROM ops.schema_migrations WHERE version = $1", [migrations()[-1][0]])
    with pytest.raises(OldSchemaError, match="any command that writes"), Warehouse(path).reading():
        pass


def test_a_newer_schema_is_refused(path: Path) -> None:
    with Warehouse(path).writing() as connection:
        connection.execute("INSERT INTO ops.schema_migrations VALUES (9999, 'later', now())")
    for opening in (Warehouse(path).reading, Warehouse(path).writing):
        with pytest.raises(WarehouseError, match="upgrade newsmill"), opening():
            pass
