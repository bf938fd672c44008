"""What is known about every table, view, macro and column is complete, and names nothing that no longer exists."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.places import ROOT
from warehouse.errors import WarehouseError
from warehouse.publish import catalogue as module
from warehouse.publish.catalogue import Catalogue, Column, empty_warehouse, example, made_by, read_catalogue, unit
from warehouse.publish.copy import publish
from warehouse.publish.mart_files import mart_files, parse_mart_file
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, lake_at
from warehouse.store.transactions import Connection


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Connection]:
    """Only read; tests that change a warehouse make their own."""
    with empty_warehouse() as connection:
        yield connection


@pytest.fixture(scope="module")
def catalogue(warehouse: Connection) -> Catalogue:
    return read_catalogue(warehouse)


def columns_of_all(catalogue: Catalogue) -> dict[str, tuple[Column, ...]]:
    """The columns of every table, view and macro, by its name."""
    columns = {relation.full_name: relation.columns for relation in catalogue.relations}
    return columns | {macro.name: macro.columns for macro in catalogue.macros}


def test_everything_has_an_example_that_runs(warehouse: Connection, catalogue: Catalogue) -> None:
    names = columns_of_all(catalogue).keys()
    assert not [name for name in names if not example(name)]
    for name in names:
        query = example(name) or ""
        assert name in query
        warehouse.execute(query).fetchall()
    files = {file.stem for file in (ROOT / "warehouse" / "examples").iterdir()}
    marts = {mart.name if mart.is_macro else f"marts.{mart.name}" for mart in mart_files().values()}
    assert not files & marts, "a mart's example stands in its own file"
    assert files | marts == names, "an example of something that no longer exists"


def test_every_column_of_a_table_says_where_it_comes_from(catalogue: Catalogue) -> None:
    tables = [relation for relation in catalogue.relations if not relation.view]
    assert not [f"{t.full_name}.{c.name}" for t in tables for c in t.columns if not made_by(t.full_name, c.name)]


def test_columns_toml_names_only_columns_that_exist(catalogue: Catalogue) -> None:
    columns = {f"{name}.{column.name}" for name, columns in columns_of_all(catalogue).items() for column in columns}
    columns |= {column.rpartition(".")[2] for column in columns}
    notes = tomllib.loads((ROOT / "warehouse" / "columns.toml").read_text(encoding="utf-8"))
    assert not {column for part in notes.values() for column in part} - columns, "columns that no longer exist"


def test_everything_has_a_comment(catalogue: Catalogue) -> None:
    assert {"clean", "ops", "raw", "marts"} <= {relation.schema for relation in catalogue.relations}
    bare = [relation.full_name for relation in catalogue.relations if not relation.comment]
    bare += [macro.name for macro in catalogue.macros if not macro.comment]
    bare += [
        f"{name}.{c.name}" for name, columns in columns_of_all(catalogue).items() for c in columns if not c.comment
    ]
    assert not bare


def test_every_number_of_a_view_or_a_macro_has_a_unit(catalogue: Catalogue) -> None:
    tables = {relation.full_name for relation in catalogue.relations if not relation.view}
    made = {name: columns for name, columns in columns_of_all(catalogue).items() if name not in tables}
    words = ("VARCHAR", "BOOLEAN")
    assert not [
        f"{n}.{c.name}" for n, cs in made.items() for c in cs if not c.type.startswith(words) and not unit(n, c)
    ]


def test_an_analyst_sees_the_comments_where_the_warehouse_cannot_keep_them(tmp_path: Path) -> None:
    lake = lake_at(f"ducklake:sqlite:{tmp_path / 'news.sqlite'}", data=None, bucket=Bucket(), password=None)
    with Warehouse(lake).writing():
        pass
    publish(Warehouse(lake), tmp_path / "news.duckdb")
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as copy:
        columns = copy.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'marts'"
        ).fetchall()
    assert len(columns) > 90
    assert not [(view, column) for view, column, comment in columns if not comment]


def test_every_table_has_a_key(catalogue: Catalogue) -> None:
    assert not [r.full_name for r in catalogue.relations if not r.view and not r.key]


def test_a_key_that_is_no_column_is_an_error() -> None:
    with empty_warehouse() as connection:
        connection.execute("COMMENT ON TABLE clean.images IS 'Images. Key: picture_id.'")
        with pytest.raises(WarehouseError, match=r"clean\.images: its key names picture_id"):
            read_catalogue(connection)


@pytest.mark.parametrize("key", ["unit", "column"])
def test_a_head_that_names_no_column_is_an_error(
    warehouse: Connection, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    text = f"-- topic: How much\n-- {key} berths: of the harbour\n-- example:\n--   FROM marts.authors\n"
    mart = parse_mart_file("authors", text)
    monkeypatch.setattr(module, "mart_file", lambda name: mart if name == "marts.authors" else None)
    with pytest.raises(WarehouseError, match=r"warehouse/marts/authors\.sql: its head names berths, which is not"):
        read_catalogue(warehouse)
