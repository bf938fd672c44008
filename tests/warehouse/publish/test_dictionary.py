"""The data dictionary says what the catalogue says."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.places import ROOT
from warehouse.errors import WarehouseError
from warehouse.publish.copy import publish
from warehouse.publish.dictionary import (
    COMMAND,
    LINKS,
    add_published,
    documents,
    escaped,
    example,
    made_by,
    read_macros,
    read_relations,
    schema_document,
    unit,
)
from warehouse.store.connection import Warehouse, open_warehouse
from warehouse.store.lake import Bucket, lake_at
from warehouse.store.transactions import Connection


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(tmp_path / "newsmill.duckdb") as connection:
        add_published(connection, tmp_path)
        yield connection


def section(document: str, name: str) -> str:
    return document.partition(f"\n### {name}\n")[2].partition("\n##")[0]


def written(docs: Path) -> dict[str, str]:
    pages = ["schema.md", *(f"tables/{page.name}" for page in (docs / "tables").iterdir())]
    return {page: (docs / page).read_text(encoding="utf-8") for page in pages}


def test_the_documents_are_current(warehouse: Connection) -> None:
    there, wanted = written(ROOT / "docs"), documents(warehouse)
    old = {page for page in there.keys() | wanted.keys() if there.get(page) != wanted.get(page)}
    assert not old, f"out of date; run: {COMMAND}"


def test_the_command_writes_them(warehouse: Connection, tmp_path: Path) -> None:
    (tmp_path / "docs" / "tables").mkdir(parents=True)
    (tmp_path / "docs" / "tables" / "marts.no_more.md").write_text("# marts.no_more")
    command = [sys.executable, "-m", "warehouse.publish.dictionary", str(tmp_path / "docs")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert written(tmp_path / "docs") == documents(warehouse)


def test_everything_has_an_example_that_runs(warehouse: Connection) -> None:
    names = [each.full_name for each in read_relations(warehouse)] + [each.name for each in read_macros(warehouse)]
    assert not [name for name in names if not example(name)]
    for name in names:
        asked = example(name) or ""
        assert name in asked
        warehouse.execute(asked).fetchall()
    there = {file.stem for file in (ROOT / "warehouse" / "examples").iterdir()}
    assert there == set(names), "an example of what is no more"


def test_it_is_said_of_every_column_where_it_comes_from(warehouse: Connection) -> None:
    tables = [each for each in read_relations(warehouse) if not each.view]
    assert not [f"{t.full_name}.{c.name}" for t in tables for c in t.columns if not made_by(t.full_name, c.name)]
    columns = {f"{t.full_name}.{c.name}" for t in read_relations(warehouse) for c in t.columns}
    columns |= {f"{m.name}.{c.name}" for m in read_macros(warehouse) for c in m.columns}
    known = columns | {column.rpartition(".")[2] for column in columns}
    said = tomllib.loads((ROOT / "warehouse" / "columns.toml").read_text(encoding="utf-8"))
    assert not {column for part in said.values() for column in part} - known, "columns that are no more"


def test_a_page_says_what_a_column_is(warehouse: Connection) -> None:
    pages = documents(warehouse)
    page = pages["tables/clean.images.md"]
    assert "| `width` | INTEGER | pixels | Pixels | read from the file |" in page
    assert "- `image_id` is what [`clean.article_images.image_id`](clean.article_images.md) names" in page
    assert "CREATE OR REPLACE VIEW marts.authors" in pages["tables/marts.authors.md"]
    assert "| `median_seconds` | DOUBLE | seconds |" in pages["tables/marts.publication_lag.md"]
    assert pages["tables/search.md"].startswith("# search(query, n)\n")
    assert "| `share` | DOUBLE | 0 to 1 | Share of the articles that hold the term, " in pages["tables/term_trend.md"]
    for name, text in pages.items():
        for link in re.findall(r"\]\(([^)#]+\.md)\)", text):
            assert (ROOT / "docs" / name).parent.joinpath(link).is_file(), (name, link)


def test_everything_has_a_comment(warehouse: Connection) -> None:
    relations = read_relations(warehouse)
    assert {"clean", "ops", "raw", "marts"} <= {relation.schema for relation in relations}
    macros = read_macros(warehouse)
    bare = [relation.full_name for relation in relations if not relation.comment]
    bare += [f"{r.full_name}.{column.name}" for r in relations for column in r.columns if not column.comment]
    bare += [macro.name for macro in macros if not macro.comment]
    bare += [f"{m.name}.{column.name}" for m in macros for column in m.columns if not column.comment]
    assert not bare


def test_every_number_of_a_view_or_a_macro_has_a_unit(warehouse: Connection) -> None:
    made = [(each.full_name, each.columns) for each in read_relations(warehouse) if each.view]
    made += [(each.name, each.columns) for each in read_macros(warehouse)]
    words = ("VARCHAR", "BOOLEAN")
    assert not [f"{n}.{c.name}" for n, cs in made for c in cs if not c.type.startswith(words) and not unit(n, c)]


def test_an_analyst_sees_the_comments_where_the_warehouse_cannot_keep_them(tmp_path: Path) -> None:
    lake = lake_at(f"ducklake:sqlite:{tmp_path / 'news.sqlite'}", data=None, bucket=Bucket(), password=None)
    with Warehouse(lake).writing():
        pass
    publish(Warehouse(lake), tmp_path / "news.duckdb")
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as copy:
        found = copy.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'marts'"
        ).fetchall()
    assert len(found) > 90
    assert not [(view, column) for view, column, comment in found if not comment]


def test_every_table_has_a_key(warehouse: Connection) -> None:
    assert not [r.full_name for r in read_relations(warehouse) if not r.view and not r.key]


def test_a_new_table_view_and_macro_show(warehouse: Connection) -> None:
    warehouse.execute("""
        CREATE TABLE clean.berths (
            berth_id VARCHAR, opened_at TIMESTAMPTZ, depth DECIMAL(5, 2), PRIMARY KEY (berth_id)
        );
        COMMENT ON TABLE clean.berths IS '泊位 of the harbour.';
        COMMENT ON COLUMN clean.berths.depth IS 'Metres | feet';
        CREATE VIEW marts.deep AS SELECT berth_id, b.depth, opened_at AS since FROM clean.berths b;
        COMMENT ON VIEW marts.deep IS 'The deep ones.';
        COMMENT ON COLUMN marts.deep.depth IS 'Metres';
        COMMENT ON COLUMN marts.deep.since IS 'Its first day';
        CREATE MACRO clean.deeper(metres) AS TABLE SELECT * FROM clean.berths WHERE depth > metres;
        COMMENT ON MACRO TABLE clean.deeper IS 'Deeper than that.';
    """)
    document = schema_document(warehouse)
    assert section(document, "clean.berths").splitlines() == [
        "",
        "泊位 of the harbour.",
        "",
        "Key: `berth_id`.",
        "",
        "| column | type | is |",
        "| --- | --- | --- |",
        "| `berth_id` | VARCHAR | |",
        "| `opened_at` | TIMESTAMPTZ | |",
        "| `depth` | DECIMAL(5,2) | Metres \\| feet |",
        "",
        "[More](tables/clean.berths.md)",
    ]
    view = section(document, "marts.deep")
    assert view.startswith("\nView. The deep ones.\n")
    assert "| `berth_id` | VARCHAR | |" in view  # its table's column may mean something else
    assert "| `depth` | DECIMAL(5,2) | Metres |" in view
    assert "| `since` | TIMESTAMPTZ | Its first day |" in view
    macro = section(document, "clean.deeper(metres)")
    assert macro.startswith("\nDeeper than that.\n\n| column |")
    assert "| `opened_at` | TIMESTAMPTZ | |" in macro
    assert '    clean_berths["clean.berths"] {\n        VARCHAR berth_id PK\n    }\n' in document


def test_links_are_drawn_from_the_one_to_the_many(warehouse: Connection) -> None:
    document = schema_document(warehouse)
    assert '    clean_articles |o--o{ clean_article_versions : "article_id"' in document
    assert document.count("--o") == len(LINKS)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (("clean.articles.nothing", "ops.feeds.feed_id"), r"no column clean\.articles\.nothing"),
        (("clean.articles.feed_id", "ops.nowhere.feed_id"), r"no column ops\.nowhere\.feed_id"),
        (("clean.articles.version", "ops.feeds.feed_id"), r"is INTEGER and ops\.feeds\.feed_id is VARCHAR"),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(warehouse: Connection, link: tuple[str, str], said: str) -> None:
    with pytest.raises(WarehouseError, match=said):
        schema_document(warehouse, [link])


def test_a_key_that_is_no_column_is_an_error(warehouse: Connection) -> None:
    warehouse.execute("COMMENT ON TABLE clean.images IS 'Images. Key: picture_id.'")
    with pytest.raises(WarehouseError, match=r"clean\.images: its key names picture_id"):
        schema_document(warehouse)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a | b", "a \\| b"),
        ("one\ntwo\r\nthree", "one<br>two<br>three"),
        ("<b> *", "\\<b> \\*"),
        ("\\|", "\\\\\\|"),
        ("港口", "港口"),
    ],
)
def test_markdown_in_a_comment_is_escaped(text: str, cell: str) -> None:
    assert escaped(text) == cell
