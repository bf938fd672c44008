"""Tables, views, table macros and their columns: from the catalogue of a warehouse, and what the catalogue has no place
for, from the files in warehouse/marts, warehouse/columns.toml and warehouse/examples.
"""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.publish.draft import published_schema
from warehouse.publish.mart_files import mart_file
from warehouse.publish.search_index import build
from warehouse.store.connection import open_warehouse
from warehouse.store.transactions import Connection

SCHEMAS = {
    "clean": "What analysts read: articles, their versions and images.",
    "ops": "How newsmill's runs went.",
    "raw": "Every answer and every entry as it came; only in the pipeline's own file.",
    "marts": "Views of the tables above, for reading.",
    "search": "The index that `search` reads; only in the published copy.",
}
"""In the order of the document; other schemas follow by name."""

KEYS = {"ops.watermarks": ("watermark_id",)}
"""Keys of tables whose comment, already released, doesn't name them."""

_KEY = re.compile(r"\bKey: ([a-z0-9_]+(?:, [a-z0-9_]+)*)\.")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Names of columns; empty for a view."""
    view: bool

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def description(self) -> str:
        """The comment without the key that it names."""
        return _KEY.sub("", self.comment).strip()


@dataclass(frozen=True, slots=True)
class Macro:
    """A table macro."""

    name: str
    parameters: tuple[str, ...]
    comment: str
    columns: tuple[Column, ...]
    """What it returns. The catalogue has no comments for these columns: they are the mart file's, or columns.toml's."""

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"


@dataclass(frozen=True, slots=True)
class Catalogue:
    relations: tuple[Relation, ...]
    """In the order of the document."""
    macros: tuple[Macro, ...]
    """By name."""


@contextmanager
def empty_warehouse() -> Iterator[Connection]:
    """A new warehouse in a temporary folder, with what only the published copy has."""
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder) / "newsmill.duckdb") as connection:
        add_published(connection, Path(folder))
        yield connection


def add_published(connection: Connection, folder: Path) -> None:
    """Add what only the published copy has: the search index and the published schema."""
    build(connection, None, folder / "scratch.duckdb")
    connection.execute(published_schema())


def read_catalogue(connection: Connection) -> Catalogue:
    """Raises WarehouseError if a table's comment or a mart's head names a column that doesn't exist."""
    catalogue = Catalogue(tuple(read_relations(connection)), tuple(read_macros(connection)))
    for relation in catalogue.relations:
        _check_head(relation.full_name, relation.columns)
    for macro in catalogue.macros:
        _check_head(macro.name, macro.columns)
    return catalogue


def _check_head(name: str, columns: Sequence[Column]) -> None:
    if mart := mart_file(name):
        named = mart.units.keys() | mart.columns.keys()
        for column in sorted(named - {column.name for column in columns}):
            raise WarehouseError(f"warehouse/marts/{mart.name}.sql: its head names {column}, which is not a column")


def read_relations(connection: Connection) -> list[Relation]:
    """Tables and views in the order of the document."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(*column))
    primary_keys = {
        (schema, table): tuple(names)
        for schema, table, names in connection.execute(
            "SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints() "
            "WHERE database_name = current_database() AND constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    }
    tables = [
        _table(schema, name, comment, columns[schema, name], primary_keys.get((schema, name)))
        for schema, name, comment in connection.execute(
            "SELECT schema_name, table_name, coalesce(comment, '') FROM duckdb_tables() "
            "WHERE database_name = current_database() AND NOT internal"
        ).fetchall()
    ]
    views = [
        Relation(schema, name, comment, tuple(columns[schema, name]), (), view=True)
        for schema, name, comment in connection.execute(
            "SELECT schema_name, view_name, coalesce(comment, '') FROM duckdb_views() "
            "WHERE database_name = current_database() AND NOT internal"
        ).fetchall()
    ]
    order = list(SCHEMAS)
    return sorted(
        tables + views,
        key=lambda relation: (
            order.index(relation.schema) if relation.schema in order else len(order),
            relation.full_name,
        ),
    )


def read_macros(connection: Connection) -> list[Macro]:
    """Table macros by name."""
    macros = connection.execute(
        "SELECT if(schema_name = 'main', function_name, schema_name || '.' || function_name), parameters, "
        "coalesce(comment, '') FROM duckdb_functions() "
        "WHERE database_name = current_database() AND function_type = 'table_macro' AND NOT internal "
        "ORDER BY schema_name, function_name, parameters"
    ).fetchall()
    return [
        Macro(name, tuple(parameters), comment, _returned_columns(connection, name, len(parameters)))
        for name, parameters, comment in macros
    ]


def _returned_columns(connection: Connection, macro: str, parameters: int) -> tuple[Column, ...]:
    file = mart_file(macro)
    return tuple(
        Column(name, kind, file.columns.get(name, "") if file else _column_note("returned", macro, name))
        for name, kind, *_ in connection.execute(
            f"DESCRIBE FROM {macro}({', '.join(['NULL'] * parameters)})"
        ).fetchall()
    )


def _table(
    schema: str, name: str, comment: str, columns: Sequence[Column], primary_key: tuple[str, ...] | None
) -> Relation:
    """The key is the primary key, or the one in the comment: MERGE keeps most tables' rows unique without one."""
    match = _KEY.search(comment)
    stated_key: tuple[str, ...] = tuple(match[1].split(", ")) if match else KEYS.get(f"{schema}.{name}", ())
    key = primary_key or stated_key
    for part in key:
        if part not in {column.name for column in columns}:
            raise WarehouseError(
                f"{schema}.{name}: its key names {part}, which is not one of its columns; correct the table's comment"
            )
    return Relation(schema, name, comment, tuple(columns), key, view=False)


def example(name: str) -> str | None:
    """A query on the table, view or macro."""
    if mart := mart_file(name):
        return mart.example
    file = files("warehouse") / "examples" / f"{name}.sql"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def made_by(table: str, column: str) -> str:
    """How the column's values come about, in words; empty if columns.toml doesn't say."""
    return _column_note("made", table, column)


def unit(table: str, column: Column) -> str:
    """What the column's values count or measure; empty for texts, and if neither the mart's head nor columns.toml says.

    `table` is the full name of a table or view, or the name of a macro.
    """
    if column.type == "TIMESTAMP WITH TIME ZONE":
        return "UTC"
    if mart := mart_file(table):
        return mart.units.get(column.name, "")
    is_number = not column.type.startswith("VARCHAR") or f"{table}.{column.name}" in _column_notes()["unit"]
    return _column_note("unit", table, column.name) if is_number else ""


@cache
def _column_notes() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("warehouse") / "columns.toml").read_text(encoding="utf-8"))


def _column_note(part: str, table: str, column: str) -> str:
    notes = _column_notes()[part]
    return notes.get(f"{table}.{column}") or notes.get(column, "")
