"""What an export reads from, and which queries it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks.making import milled
from tests.warehouse.export.making import GATE, load_batch, publish_copy
from warehouse.errors import WarehouseError
from warehouse.export.rows import export_jsonl
from warehouse.store.connection import Warehouse


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1; SELECT 2", "takes one query, and this is 2"),
        ("  -- nothing", "takes one query, and this is none"),
        ("DELETE FROM clean.articles", "takes a query that reads (SELECT, FROM, WITH), and this is DELETE"),
        ("COPY clean.articles TO 'stolen.csv'", "and this is COPY"),
        ("ATTACH 'other.duckdb'", "and this is ATTACH"),
        ("SET memory_limit = '9GB'", "and this is SET"),
        ("SELECT 1) TO 'stolen.csv' (FORMAT csv); --", "the query failed: Parser Error"),
        ("SELECT $1", "takes no parameters"),
        ("SELECT nothing FROM clean.articles", "the query failed: Binder Error"),
        ("SELECT error('halt')", "the query failed: Invalid Input Error: halt"),
    ],
)
def test_only_one_query_that_reads(warehouse: Warehouse, tmp_path: Path, sql: str, said: str) -> None:
    load_batch(warehouse, milled(GATE))
    path = tmp_path / "a.jsonl"
    path.write_text("as it was")
    for source in (publish_copy(warehouse), warehouse):
        with pytest.raises(WarehouseError) as error:
            export_jsonl(source, path, sql=sql)
        assert said in str(error.value)
    assert path.read_text() == "as it was"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "data"]


def test_nothing_is_published(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        export_jsonl(tmp_path / "news.duckdb", tmp_path / "a.jsonl")
    (tmp_path / "news.duckdb").write_text("no database")
    with pytest.raises(WarehouseError, match="can't be opened"):
        export_jsonl(tmp_path / "news.duckdb", tmp_path / "a.jsonl")
