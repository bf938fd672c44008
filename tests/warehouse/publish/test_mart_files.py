"""The head of a mart's file: what it may hold, and what is refused."""

from __future__ import annotations

import duckdb
import pytest

from tests.places import ROOT
from warehouse.errors import WarehouseError
from warehouse.publish.mart_files import MartFile, mart_file, mart_files, parse_mart_file

HEAD = """\
-- topic: How much
-- note: Berths of the harbour,
--   counted every morning.
-- empty in the demo: its harbour has no berths
-- column berth: Its name: as painted on the quay
-- column depth: Depth at low tide
-- unit depth: metres
-- example:
--   SELECT berth
--   FROM berths('quay')
--     ORDER BY depth
"""
SQL = """\
CREATE OR REPLACE MACRO berths(harbour) AS TABLE
-- topic: not of the head
SELECT 1 AS berth, 2 AS depth;
"""


def test_a_head_is_read() -> None:
    assert parse_mart_file("berths", HEAD + SQL + "COMMENT ON MACRO TABLE berths IS 'Berths.';\n") == MartFile(
        name="berths",
        topic="How much",
        note="Berths of the harbour, counted every morning.",
        example="SELECT berth\nFROM berths('quay')\n  ORDER BY depth",
        empty_in_demo="its harbour has no berths",
        sql=SQL.strip(),
        columns={"berth": "Its name: as painted on the quay", "depth": "Depth at low tide"},
        units={"depth": "metres"},
    )


def test_a_file_says_whether_it_makes_a_macro() -> None:
    assert parse_mart_file("berths", HEAD + SQL).is_macro
    assert not parse_mart_file("berths", HEAD + "CREATE OR REPLACE VIEW marts.berths AS SELECT 1;").is_macro


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "its head has no `-- topic:`"),
        ("-- topic: How much\n", "its head has no `-- example:`"),
        ("-- topic: How much\n-- example:\n", "its head has no `-- example:`"),
        ("-- topic: How much\n-- exmaple:\n", "line 2: '-- exmaple:' is not an item of the head"),
        ("-- How much\n", "line 1: '-- How much' is not an item of the head"),
        ("-- unit: metres\n", "line 1: '-- unit: metres' is not an item of the head"),
        ("-- note depth: deep\n", "line 1: '-- note depth: deep' is not an item of the head"),
        ("--   continued\n", "line 1: '--   continued' is not an item of the head"),
    ],
)
def test_a_wrong_head_is_refused(head: str, message: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        parse_mart_file("berths", head + SQL)
    assert str(caught.value).startswith("warehouse/marts/berths.sql")
    assert message in str(caught.value)


def test_every_file_is_found_by_the_name_of_its_view_or_macro() -> None:
    assert mart_files().keys() == {path.stem for path in (ROOT / "warehouse" / "marts").iterdir()}
    for name, mart in mart_files().items():
        assert mart_file(name if mart.is_macro else f"marts.{name}") is mart
    assert mart_file("clean.articles") is None


@pytest.mark.parametrize("name", sorted(mart_files()))
def test_duckdb_reads_every_file_as_it_is(name: str) -> None:
    text = (ROOT / "warehouse" / "marts" / f"{name}.sql").read_text(encoding="utf-8")
    create, *comments = duckdb.extract_statements(text)
    assert "CREATE OR REPLACE" in create.query
    assert comments
    # a lake's comments are recognised by how their statements begin, see warehouse/store/migrating.py
    assert all(statement.query.lstrip().startswith("COMMENT ON") for statement in comments)
