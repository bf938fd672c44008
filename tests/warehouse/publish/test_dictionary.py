"""The data dictionary agrees with the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT
from warehouse.errors import WarehouseError
from warehouse.publish.catalogue import empty_warehouse, read_catalogue
from warehouse.publish.dictionary import COMMAND, LINKS, documents, escaped, schema_document
from warehouse.store.transactions import Connection


@pytest.fixture
def warehouse() -> Iterator[Connection]:
    with empty_warehouse() as connection:
        yield connection


def section(document: str, name: str) -> str:
    return document.partition(f"\n### {name}\n")[2].partition("\n##")[0]


def read_documents(docs: Path) -> dict[str, str]:
    pages = ["schema.md", *(f"tables/{page.name}" for page in (docs / "tables").iterdir())]
    return {page: (docs / page).read_text(encoding="utf-8") for page in pages}


def test_the_documents_are_current(warehouse: Connection) -> None:
    present, generated = read_documents(ROOT / "docs"), documents(read_catalogue(warehouse))
    stale = {page for page in present.keys() | generated.keys() if present.get(page) != generated.get(page)}
    assert not stale, f"out of date; run: {COMMAND}"


def test_the_command_writes_them(warehouse: Connection, tmp_path: Path) -> None:
    (tmp_path / "docs" / "tables").mkdir(parents=True)
    (tmp_path / "docs" / "tables" / "marts.no_more.md").write_text("# marts.no_more")
    command = [sys.executable, "-m", "warehouse.publish.dictionary", str(tmp_path / "docs")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert read_documents(tmp_path / "docs") == documents(read_catalogue(warehouse))


def test_a_page_says_what_a_column_is(warehouse: Connection) -> None:
    pages = documents(read_catalogue(warehouse))
    page = pages["tables/clean.images.md"]
    assert "| `width` | INTEGER | pixels | Pixels | read from the file |" in page
    assert "- `image_id` is referred to by [`clean.article_images.image_id`](clean.article_images.md)" in page
    assert "CREATE OR REPLACE VIEW marts.authors" in pages["tables/marts.authors.md"]
    assert "| `median_seconds` | DOUBLE | seconds |" in pages["tables/marts.publication_lag.md"]
    assert pages["tables/search.md"].startswith("# search(query, n)\n")
    assert "| `share` | DOUBLE | 0 to 1 | Share of the articles that hold the term, " in pages["tables/term_trend.md"]
    for name, text in pages.items():
        for link in re.findall(r"\]\(([^)#]+\.md)\)", text):
            assert (ROOT / "docs" / name).parent.joinpath(link).is_file(), (name, link)


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
    document = schema_document(read_catalogue(warehouse))
    assert section(document, "clean.berths").splitlines() == [
        "",
        "泊位 of the harbour.",
        "",
        "Key: `berth_id`.",
        "",
        "| column | type | meaning |",
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
    document = schema_document(read_catalogue(warehouse))
    assert '    clean_articles |o--o{ clean_article_versions : "article_id"' in document
    assert document.count("--o") == len(LINKS)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (("clean.articles.nothing", "ops.feeds.feed_id"), r"no column clean\.articles\.nothing"),
        (("clean.articles.feed_id", "ops.nowhere.feed_id"), r"no column ops\.nowhere\.feed_id"),
        (("clean.articles.version", "ops.feeds.feed_id"), r"is INTEGER and ops\.feeds\.feed_id is VARCHAR"),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error(warehouse: Connection, link: tuple[str, str], message: str) -> None:
    with pytest.raises(WarehouseError, match=message):
        schema_document(read_catalogue(warehouse), [link])


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
