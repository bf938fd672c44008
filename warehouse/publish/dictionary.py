"""The data dictionary, docs/schema.md and a page for each table in docs/tables, made from the catalogue of a new
warehouse, from columns.toml and from examples/*.sql.

`python -m warehouse.publish.dictionary docs` writes it.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.publish.copy import published_schema
from warehouse.publish.search_index import build
from warehouse.store.connection import open_warehouse
from warehouse.store.transactions import Connection

COMMAND = "python -m warehouse.publish.dictionary docs"

SCHEMAS = {
    "clean": "What analysts read: articles, their versions and images.",
    "ops": "How newsmill's work went.",
    "raw": "What came, as it came; in the pipeline's own file only.",
    "marts": "Views made from the above, for reading.",
    "search": "The index that `search` reads; in the published copy only.",
}
"""In the order of the document; schemas not named here follow by name."""

LINKS = (
    ("clean.article_versions.article_id", "clean.articles.article_id"),
    ("clean.article_keys.article_id", "clean.articles.article_id"),
    ("clean.article_images.article_id", "clean.articles.article_id"),
    ("clean.article_images.image_id", "clean.images.image_id"),
    ("clean.articles.lead_image_id", "clean.images.image_id"),
    ("clean.articles.duplicate_of", "clean.articles.article_id"),
    ("clean.articles.feed_id", "ops.feeds.feed_id"),
    ("clean.similar_articles.article_id", "clean.articles.article_id"),
    ("clean.similar_articles.other_id", "clean.articles.article_id"),
    ("ops.article_signatures.article_id", "clean.articles.article_id"),
    ("clean.articles.entry_id", "raw.entries.entry_id"),
    ("clean.article_versions.lead_image_id", "clean.images.image_id"),
    ("clean.article_versions.feed_id", "ops.feeds.feed_id"),
    ("clean.article_versions.entry_id", "raw.entries.entry_id"),
    ("ops.fetches.feed_id", "ops.feeds.feed_id"),
    ("ops.fetches.run_id", "ops.runs.run_id"),
    ("ops.checks.run_id", "ops.runs.run_id"),
    ("ops.rejects.feed_id", "ops.feeds.feed_id"),
    ("ops.rejects.document_id", "raw.documents.document_id"),
    ("ops.rejects.run_id", "ops.runs.run_id"),
    ("ops.watermarks.run_id", "ops.runs.run_id"),
    ("raw.documents.feed_id", "ops.feeds.feed_id"),
    ("raw.documents.run_id", "ops.runs.run_id"),
    ("raw.entries.feed_id", "ops.feeds.feed_id"),
    ("raw.entries.document_id", "raw.documents.document_id"),
    ("raw.entries.article_id", "clean.articles.article_id"),
    ("search.documents.article_id", "clean.articles.article_id"),
)
"""(column, the column it refers to). The catalogue knows none: the warehouse has no foreign keys, see 0001_initial."""

KEYS = {"ops.watermarks": ("watermark_id",)}
"""Keys of tables whose comment, already released, doesn't name them."""

_KEY = re.compile(r"\bKey: ([a-z0-9_]+(?:, [a-z0-9_]+)*)\.")
_SPECIAL = re.compile(r"[\\|<*]")


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


@dataclass(frozen=True, slots=True)
class Macro:
    """A table macro."""

    name: str
    parameters: tuple[str, ...]
    comment: str
    columns: tuple[Column, ...]
    """What it returns; their comments are columns.toml's, as the catalogue has none."""

    @property
    def full_name(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"


def documents(connection: Connection, links: Sequence[tuple[str, str]] = LINKS) -> dict[str, str]:
    """The path below docs/ of each document of a migrated warehouse, and its text."""
    relations, macros = read_relations(connection), read_macros(connection)
    found = {"schema.md": schema_document(connection, links)}
    found |= {f"tables/{each.full_name}.md": "\n".join(_page(each, links)) + "\n" for each in relations}
    return found | {f"tables/{each.name}.md": "\n".join(_macro_page(each)) + "\n" for each in macros}


def schema_document(connection: Connection, links: Sequence[tuple[str, str]] = LINKS) -> str:
    """docs/schema.md for a migrated warehouse.

    Raises WarehouseError where a link or a key names a column that isn't there, or a link joins two types.
    """
    relations = read_relations(connection)
    return "\n".join(_document(relations, read_macros(connection), links)) + "\n"


# --- the catalogue --------------------------------------------------------------------------------------------------


def read_relations(connection: Connection) -> list[Relation]:
    """Tables and views in the order of the document."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(*column))
    keys = {
        (schema, table): tuple(names)
        for schema, table, names in connection.execute(
            "SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints() "
            "WHERE database_name = current_database() AND constraint_type = 'PRIMARY KEY'"
        ).fetchall()
    }
    tables = [
        _table(schema, name, comment, columns[schema, name], keys.get((schema, name)))
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
        key=lambda each: (order.index(each.schema) if each.schema in order else len(order), each.full_name),
    )


def read_macros(connection: Connection) -> list[Macro]:
    """Table macros by name."""
    found = connection.execute(
        "SELECT if(schema_name = 'main', function_name, schema_name || '.' || function_name), parameters, "
        "coalesce(comment, '') FROM duckdb_functions() "
        "WHERE database_name = current_database() AND function_type = 'table_macro' AND NOT internal "
        "ORDER BY schema_name, function_name, parameters"
    ).fetchall()
    return [
        Macro(name, tuple(parameters), comment, _returned(connection, name, len(parameters)))
        for name, parameters, comment in found
    ]


def _returned(connection: Connection, name: str, parameters: int) -> tuple[Column, ...]:
    described = connection.execute(f"DESCRIBE FROM {name}({', '.join(['NULL'] * parameters)})").fetchall()
    return tuple(Column(column, kind, _said("returned", name, column)) for column, kind, *_ in described)


def _table(
    schema: str, name: str, comment: str, columns: Sequence[Column], primary: tuple[str, ...] | None
) -> Relation:
    """The key is the primary key; or what the comment says, as MERGE keeps most tables' rows unique without one."""
    said = _KEY.search(comment)
    stated: tuple[str, ...] = tuple(said[1].split(", ")) if said else KEYS.get(f"{schema}.{name}", ())
    key = primary or stated
    for part in key:
        if part not in {column.name for column in columns}:
            raise WarehouseError(
                f"{schema}.{name}: its key names {part}, which is no column of it; mend the table's comment"
            )
    return Relation(schema, name, comment, tuple(columns), key, view=False)


# --- the document ---------------------------------------------------------------------------------------------------


def _document(
    relations: Sequence[Relation], macros: Sequence[Macro], links: Sequence[tuple[str, str]]
) -> Iterator[str]:
    yield "# Tables and views"
    yield ""
    yield f"Made from the warehouse's own catalogue by `{COMMAND}`; don't edit it."
    yield "[For analysts](analyst.md) says how to use them. Times are UTC."
    yield ""
    yield "```mermaid"
    yield from _diagram([each for each in relations if not each.view], links)
    yield "```"
    for schema in dict.fromkeys(each.schema for each in relations):
        yield from ("", f"## {schema}")
        if said := SCHEMAS.get(schema):
            yield from ("", said)
        for relation in relations:
            if relation.schema == schema:
                yield from _section(relation)
    if macros:
        yield from ("", "## Table macros", "", "Queries with parameters: `FROM name(value, …)`.")
    for macro in macros:
        yield from ("", f"### {macro.full_name}", "", escaped(macro.comment), "")
        yield from _listed(macro.columns)
        yield from ("", f"[More](tables/{macro.name}.md)")


def _section(relation: Relation) -> Iterator[str]:
    yield from ("", f"### {relation.full_name}", "")
    yield f"{'View. ' if relation.view else ''}{escaped(_KEY.sub('', relation.comment).strip())}".strip()
    if relation.key:
        yield from ("", f"Key: {', '.join(f'`{name}`' for name in relation.key)}.")
    yield ""
    yield from _listed(relation.columns)
    yield from ("", f"[More](tables/{relation.full_name}.md)")


def _listed(columns: Sequence[Column]) -> Iterator[str]:
    yield from ("| column | type | is |", "| --- | --- | --- |")
    for each in columns:
        yield f"| `{each.name}` | {escaped(_short(each.type))} | {escaped(each.comment)} |".replace("|  |", "| |")


def _diagram(tables: Sequence[Relation], links: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A Mermaid erDiagram (https://mermaid.js.org/syntax/entityRelationshipDiagram.html): keys and links only."""
    known = {table.full_name: table for table in tables}
    referring = {column for column, _ in links}
    yield "erDiagram"
    for table in tables:
        yield f'    {_entity(table.full_name)}["{table.full_name}"] {{'
        for each in table.columns:
            marks = ["PK"] if each.name in table.key else []
            marks += ["FK"] if f"{table.full_name}.{each.name}" in referring else []
            if marks:
                # a type is one word in Mermaid
                kind = re.sub(r"[^\w()\[\]]+", "_", _short(each.type))
                yield f"        {kind} {each.name} {', '.join(marks)}"
        yield "    }"
    for column, target in links:
        one, many = _linked(known, column, target), _linked(known, target, column)
        kind, wanted = _type(one, column), _type(many, target)
        if kind != wanted:
            raise WarehouseError(
                f"LINKS: {column} is {kind} and {target} is {wanted}; mend warehouse/publish/dictionary.py"
            )
        left = "|o" if many.key == (target.rpartition(".")[2],) else "}o"
        right = "o|" if one.key == (column.rpartition(".")[2],) else "o{"
        name = column.rpartition(".")[2]
        yield f'    {_entity(many.full_name)} {left}--{right} {_entity(one.full_name)} : "{name}"'


def _linked(known: dict[str, Relation], column: str, other: str) -> Relation:
    """The table of a link's column."""
    name, _, part = column.rpartition(".")
    if name not in known or part not in {each.name for each in known[name].columns}:
        raise WarehouseError(
            f"LINKS: there is no column {column} (linked with {other}); mend warehouse/publish/dictionary.py"
        )
    return known[name]


def _type(table: Relation, column: str) -> str:
    return next(each.type for each in table.columns if each.name == column.rpartition(".")[2])


def _entity(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _short(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table (GFM 4.10): on one line, and nothing in it ends the cell or is HTML."""
    return "<br>".join(_SPECIAL.sub(lambda found: "\\" + found[0], text).splitlines())


# --- pages ----------------------------------------------------------------------------------------------------------


def example(name: str) -> str | None:
    """A query on the table, view or macro."""
    file = files("warehouse") / "examples" / f"{name}.sql"
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None


def made_by(table: str, column: str) -> str:
    """How the column's values come about, in words; empty where columns.toml has none."""
    return _said("made", table, column)


@cache
def _columns() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("warehouse") / "columns.toml").read_text(encoding="utf-8"))


def _said(what: str, table: str, column: str) -> str:
    said = _columns()[what]
    return said.get(f"{table}.{column}") or said.get(column, "")


def unit(table: str, column: Column) -> str:
    """What the column's values are counted or measured in; empty for words, and where columns.toml has none."""
    of_type = "UTC" if column.type == "TIMESTAMP WITH TIME ZONE" else ""
    is_number = not column.type.startswith("VARCHAR") or f"{table}.{column.name}" in _columns()["unit"]
    return of_type or (_said("unit", table, column.name) if is_number else "")


def _page(relation: Relation, links: Sequence[tuple[str, str]]) -> Iterator[str]:
    name = relation.full_name
    yield from (f"# {name}", "", f"Made by `{COMMAND}`; don't edit it. [All tables and views](../schema.md).", "")
    yield f"{'View. ' if relation.view else ''}{escaped(_KEY.sub('', relation.comment).strip())}"
    if relation.key:
        yield from ("", f"Key: {', '.join(f'`{part}`' for part in relation.key)}.")
    yield ""
    yield from _columns_of(name, relation.columns, made=not relation.view)
    refers = [(column.rpartition(".")[2], target) for column, target in links if column.rpartition(".")[0] == name]
    referred = [(column, target.rpartition(".")[2]) for column, target in links if target.rpartition(".")[0] == name]
    if refers or referred:
        yield from ("", "## Links", "")
        yield from (f"- `{column}` is {_linked_to(target)}" for column, target in refers)
        yield from (f"- `{column}` is what {_linked_to(other)} names" for other, column in referred)
    yield from _shown(name, "marts" if relation.view else None, relation.name)


def _columns_of(name: str, columns: Sequence[Column], *, made: bool) -> Iterator[str]:
    """What is made by SQL says so in its comments and shows that; of a table's column columns.toml says it."""
    if made:
        yield from ("| column | type | unit | is | comes from |", "| --- | --- | --- | --- | --- |")
    else:
        yield from ("| column | type | unit | is |", "| --- | --- | --- | --- |")
    for each in columns:
        cells = [f"`{each.name}`", *map(escaped, (_short(each.type), unit(name, each), each.comment))]
        cells += [escaped(made_by(name, each.name))] if made else []
        yield "".join(f"| {cell} ".replace("|  ", "| ") for cell in cells) + "|"


def _macro_page(macro: Macro) -> Iterator[str]:
    yield from (f"# {macro.full_name}", "")
    yield from (f"Made by `{COMMAND}`; don't edit it. [All tables and views](../schema.md).", "")
    yield from (f"Table macro. {escaped(macro.comment)}", "")
    yield from _columns_of(macro.name, macro.columns, made=False)
    yield from _shown(macro.name, "search" if macro.name == "search" else "marts", macro.name)


def _linked_to(column: str) -> str:
    table = column.rpartition(".")[0]
    return f"[`{column}`]({table}.md)"


def _shown(name: str, folder: str | None, file: str) -> Iterator[str]:
    """An example, and the SQL of what is made by SQL alone."""
    if asked := example(name):
        yield from ("", "## For example", "", "```sql", asked, "```")
    if folder and (source := files("warehouse") / folder / f"{file}.sql").is_file():
        sql = source.read_text(encoding="utf-8").partition("\nCOMMENT ON")[0]
        yield from ("", "## Made by", "", "```sql", sql.strip(), "```")


def add_published(connection: Connection, folder: Path) -> None:
    """What only the published copy has."""
    build(connection, None, folder / "scratch.duckdb")
    connection.execute(published_schema())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docs", type=Path, help="the folder docs/")
    docs: Path = parser.parse_args().docs
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder) / "newsmill.duckdb") as connection:
        add_published(connection, Path(folder))
        found = documents(connection)
    (docs / "tables").mkdir(parents=True, exist_ok=True)
    for page in (docs / "tables").glob("*.md"):
        if f"tables/{page.name}" not in found:
            page.unlink()
    for path, text in found.items():
        (docs / path).write_bytes(text.encode())


if __name__ == "__main__":
    main()
