"""The data dictionary as Markdown: docs/schema.md, and a page in docs/tables for each table, view and macro.

`make docs` writes it with the other generated documents; `python -m warehouse.publish.dictionary docs` only it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.publish.catalogue import (
    SCHEMAS,
    Catalogue,
    Column,
    Macro,
    Relation,
    empty_warehouse,
    example,
    made_by,
    read_catalogue,
    unit,
)
from warehouse.publish.mart_files import mart_file

COMMAND = "make docs"

LINKS = (
    ("clean.article_versions.article_id", "clean.articles.article_id"),
    ("clean.article_keys.article_id", "clean.articles.article_id"),
    ("clean.article_images.article_id", "clean.articles.article_id"),
    ("clean.article_images.image_id", "clean.images.image_id"),
    ("clean.enclosures.article_id", "clean.articles.article_id"),
    ("clean.pages.article_id", "clean.articles.article_id"),
    ("clean.pages.feed_id", "ops.feeds.feed_id"),
    ("clean.pages.document_id", "raw.documents.document_id"),
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
    ("ops.article_events.article_id", "clean.articles.article_id"),
    ("ops.article_events.feed_id", "ops.feeds.feed_id"),
    ("ops.outbox.event_id", "ops.article_events.event_id"),
    ("ops.outbox.article_id", "clean.articles.article_id"),
    ("ops.outbox_cursors.outbox", "ops.outbox.outbox"),
    ("ops.checks.run_id", "ops.runs.run_id"),
    ("ops.rejects.feed_id", "ops.feeds.feed_id"),
    ("ops.rejects.document_id", "raw.documents.document_id"),
    ("ops.rejects.run_id", "ops.runs.run_id"),
    ("ops.watermarks.run_id", "ops.runs.run_id"),
    ("ops.hosts.run_id", "ops.runs.run_id"),
    ("raw.documents.feed_id", "ops.feeds.feed_id"),
    ("raw.documents.run_id", "ops.runs.run_id"),
    ("raw.entries.feed_id", "ops.feeds.feed_id"),
    ("raw.entries.document_id", "raw.documents.document_id"),
    ("raw.entries.article_id", "clean.articles.article_id"),
    ("search.documents.article_id", "clean.articles.article_id"),
)
"""(column, the column it refers to). The warehouse has no foreign keys to read them from, see 0001_initial."""

_SPECIAL = re.compile(r"[\\|<*]")


def documents(catalogue: Catalogue, links: Sequence[tuple[str, str]] = LINKS) -> dict[str, str]:
    """The text of each document, by its path below docs/."""
    pages = {"schema.md": schema_document(catalogue, links)}
    for relation in catalogue.relations:
        pages[f"tables/{relation.full_name}.md"] = "\n".join(_relation_page(relation, links)) + "\n"
    for macro in catalogue.macros:
        pages[f"tables/{macro.name}.md"] = "\n".join(_macro_page(macro)) + "\n"
    return pages


def schema_document(catalogue: Catalogue, links: Sequence[tuple[str, str]] = LINKS) -> str:
    """docs/schema.md.

    Raises WarehouseError if a link names a column that doesn't exist, or joins two types.
    """
    return "\n".join(_schema_lines(catalogue, links)) + "\n"


def _schema_lines(catalogue: Catalogue, links: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "# Tables and views"
    yield ""
    yield f"Generated from the warehouse's catalogue by `{COMMAND}`; don't edit it."
    yield "[For analysts](analyst.md) says how to use the tables. Times are UTC."
    yield ""
    yield "```mermaid"
    yield from _diagram([relation for relation in catalogue.relations if not relation.view], links)
    yield "```"
    for schema in dict.fromkeys(relation.schema for relation in catalogue.relations):
        yield from ("", f"## {schema}")
        if schema in SCHEMAS:
            yield from ("", SCHEMAS[schema])
        for relation in catalogue.relations:
            if relation.schema == schema:
                yield from _relation_section(relation)
    if catalogue.macros:
        yield from ("", "## Table macros", "", "Queries with parameters: `FROM name(value, …)`.")
    for macro in catalogue.macros:
        yield from ("", f"### {macro.signature}", "", escaped(macro.comment), "")
        yield from _short_column_table(macro.columns)
        yield from ("", f"[More](tables/{macro.name}.md)")


def _relation_section(relation: Relation) -> Iterator[str]:
    yield from ("", f"### {relation.full_name}", "")
    yield from _description(relation)
    yield ""
    yield from _short_column_table(relation.columns)
    yield from ("", f"[More](tables/{relation.full_name}.md)")


def _description(relation: Relation) -> Iterator[str]:
    yield f"{'View. ' if relation.view else ''}{escaped(relation.description)}".strip()
    if relation.key:
        yield from ("", f"Key: {', '.join(f'`{name}`' for name in relation.key)}.")


def _short_column_table(columns: Sequence[Column]) -> Iterator[str]:
    yield from ("| column | type | meaning |", "| --- | --- | --- |")
    for column in columns:
        yield _table_row(f"`{column.name}`", escaped(_short_type(column.type)), escaped(column.comment))


def _table_row(*cells: str) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def _diagram(tables: Sequence[Relation], links: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A Mermaid erDiagram (https://mermaid.js.org/syntax/entityRelationshipDiagram.html): only keys and links."""
    tables_by_name = {table.full_name: table for table in tables}
    referring_columns = {column for column, _ in links}
    yield "erDiagram"
    for table in tables:
        yield f'    {_entity(table.full_name)}["{table.full_name}"] {{'
        for column in table.columns:
            marks = ["PK"] if column.name in table.key else []
            marks += ["FK"] if f"{table.full_name}.{column.name}" in referring_columns else []
            if marks:
                # a type is one word in Mermaid
                kind = re.sub(r"[^\w()\[\]]+", "_", _short_type(column.type))
                yield f"        {kind} {column.name} {', '.join(marks)}"
        yield "    }"
    for column_name, target_name in links:
        yield _diagram_link(tables_by_name, column_name, target_name)


def _diagram_link(tables: dict[str, Relation], column: str, target: str) -> str:
    referring, referred = _linked_table(tables, column, target), _linked_table(tables, target, column)
    column_type, target_type = _column_type(referring, column), _column_type(referred, target)
    if column_type != target_type:
        raise WarehouseError(
            f"LINKS: {column} is {column_type} and {target} is {target_type}; correct warehouse/publish/dictionary.py"
        )
    name = _column_name(column)
    left = "|o" if referred.key == (_column_name(target),) else "}o"
    right = "o|" if referring.key == (name,) else "o{"
    return f'    {_entity(referred.full_name)} {left}--{right} {_entity(referring.full_name)} : "{name}"'


def _linked_table(tables: dict[str, Relation], column: str, other: str) -> Relation:
    """The table of a link's column."""
    table = tables.get(_table_name(column))
    if table is None or _column_name(column) not in {each.name for each in table.columns}:
        raise WarehouseError(
            f"LINKS: there is no column {column} (linked with {other}); correct warehouse/publish/dictionary.py"
        )
    return table


def _column_type(table: Relation, full_name: str) -> str:
    return next(column.type for column in table.columns if column.name == _column_name(full_name))


def _table_name(column: str) -> str:
    return column.rpartition(".")[0]


def _column_name(column: str) -> str:
    return column.rpartition(".")[2]


def _entity(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _short_type(kind: str) -> str:
    return kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def escaped(text: str) -> str:
    """Text for a cell of a Markdown table (GFM 4.10): on one line, nothing in it ends the cell or is HTML."""
    return "<br>".join(_SPECIAL.sub(lambda match: "\\" + match[0], text).splitlines())


def _relation_page(relation: Relation, links: Sequence[tuple[str, str]]) -> Iterator[str]:
    name = relation.full_name
    yield from _page_head(name)
    yield from _description(relation)
    yield from _note(name)
    yield ""
    yield from _column_table(name, relation.columns, with_source=not relation.view)
    referred = [(_column_name(column), target) for column, target in links if _table_name(column) == name]
    referring = [(_column_name(target), column) for column, target in links if _table_name(target) == name]
    if referred or referring:
        yield from ("", "## Links", "")
        yield from (f"- `{column}` refers to {_page_link(target)}" for column, target in referred)
        yield from (f"- `{column}` is referred to by {_page_link(other)}" for column, other in referring)
    yield from _example_and_sql(name, "marts" if relation.view else None)


def _macro_page(macro: Macro) -> Iterator[str]:
    yield from _page_head(macro.signature)
    yield f"Table macro. {escaped(macro.comment)}"
    yield from _note(macro.name)
    yield ""
    yield from _column_table(macro.name, macro.columns, with_source=False)
    yield from _example_and_sql(macro.name, "search" if macro.name == "search" else "marts")


def _page_head(title: str) -> Iterator[str]:
    yield from (f"# {title}", "", f"Generated by `{COMMAND}`; don't edit it. [All tables and views](../schema.md).", "")


def _note(name: str) -> Iterator[str]:
    if (mart := mart_file(name)) and mart.note:
        yield from ("", mart.note)


def _column_table(name: str, columns: Sequence[Column], *, with_source: bool) -> Iterator[str]:
    """Only tables' columns have a source: a view's or macro's SQL is on its page, and their comments name theirs."""
    heads = ("column", "type", "unit", "meaning", *(("source",) if with_source else ()))
    yield from (_table_row(*heads), _table_row(*("---",) * len(heads)))
    for column in columns:
        cells = (_short_type(column.type), unit(name, column), column.comment)
        sources = (made_by(name, column.name),) if with_source else ()
        yield _table_row(f"`{column.name}`", *map(escaped, cells + sources))


def _page_link(column: str) -> str:
    return f"[`{column}`]({_table_name(column)}.md)"


def _example_and_sql(name: str, folder: str | None) -> Iterator[str]:
    """An example, and the SQL of a view or macro, which `folder` holds."""
    if query := example(name):
        yield from ("", "## Example", "", "```sql", query, "```")
    if sql := _sql(name, folder):
        yield from ("", "## SQL", "", "```sql", sql, "```")


def _sql(name: str, folder: str | None) -> str | None:
    if mart := mart_file(name):
        return mart.sql
    source = files("warehouse") / folder / f"{name}.sql" if folder else None
    if source is None or not source.is_file():
        return None
    return source.read_text(encoding="utf-8").partition("\nCOMMENT ON")[0].strip()


def write(docs: Path, pages: dict[str, str]) -> None:
    """Write the documents below `docs`, and delete pages of tables that no longer exist."""
    (docs / "tables").mkdir(parents=True, exist_ok=True)
    for page in (docs / "tables").glob("*.md"):
        if f"tables/{page.name}" not in pages:
            page.unlink()
    for path, text in pages.items():
        (docs / path).write_bytes(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("docs", type=Path, help="the folder docs/")
    docs: Path = parser.parse_args().docs
    with empty_warehouse() as connection:
        write(docs, documents(read_catalogue(connection)))


if __name__ == "__main__":
    main()
