"""Export as JSON Lines and Parquet."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.tasks.making import milled
from tests.warehouse.export.making import CAFE, GATE, files, lines, load_batch, publish_copy
from warehouse.errors import NewsmillError, WarehouseError
from warehouse.export.rows import export_jsonl, export_parquet
from warehouse.store.connection import Warehouse


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_jsonl(warehouse: Warehouse, tmp_path: Path, ending: str) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    with warehouse.writing() as connection:
        connection.execute("UPDATE clean.images SET path = 'ab/cd/x.jpg'")
        columns = [row[0] for row in connection.execute("DESCRIBE clean.articles").fetchall()]
    path = tmp_path / f"articles.{ending}"
    assert export_jsonl(publish_copy(warehouse), path) == 2
    cafe, gate = sorted(lines(path), key=lambda line: str(line["published_at"]))
    assert list(cafe) == [*columns, "images", "enclosures"]
    assert cafe["title"] == CAFE.title
    assert cafe["published_at"] == "2024-10-31T17:30:00.000000Z"
    assert cafe["updated_at"] is None
    assert cafe["categories"] == []
    assert cafe["images"] == [
        {"url": "https://quay.example/cafe.jpg", "alt": "门口", "caption": None, "path": "ab/cd/x.jpg"}
    ]
    assert (gate["images"], gate["enclosures"]) == ([], [])
    found = duckdb.sql(f"SELECT title, typeof(published_at) FROM read_json_auto('{path}') ORDER BY title").fetchall()
    assert found == [(GATE.title, "TIMESTAMP"), (CAFE.title, "TIMESTAMP")]
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name, "data"]


def test_jsonl_of_enclosures(warehouse: Warehouse, tmp_path: Path) -> None:
    extra = '<enclosure url="https://quay.example/7.mp3" type="audio/mpeg"/><itunes:episode>7</itunes:episode>'
    load_batch(warehouse, milled(replace(GATE, extra=extra), CAFE))
    export_jsonl(publish_copy(warehouse), tmp_path / "a.jsonl")
    enclosures = {line["title"]: line["enclosures"] for line in lines(tmp_path / "a.jsonl")}
    names = ("url", "media_type", "bytes", "duration", "title", "episode", "season", "image")
    file = dict.fromkeys(names) | {"url": "https://quay.example/7.mp3", "media_type": "audio/mpeg", "episode": 7}
    assert enclosures == {GATE.title: [file], CAFE.title: []}


def test_jsonl_of_more_rows_than_are_read_at_once(warehouse: Warehouse, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.export.rows.TABLE_ROWS", 3)
    items = [replace(GATE, link=f"https://quay.example/{n}", guid=str(n), title=f"Gate {n}") for n in range(10)]
    load_batch(warehouse, milled(*items))
    assert export_jsonl(publish_copy(warehouse), tmp_path / "a.jsonl") == 10
    assert {line["title"] for line in lines(tmp_path / "a.jsonl")} == {f"Gate {n}" for n in range(10)}


def test_jsonl_of_a_query(warehouse: Warehouse) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    out = io.BytesIO()
    sql = """
        SELECT title AS "the "" title", published_at, 'nan'::DOUBLE AS nan, 1.5::DECIMAL(4, 2) AS price, [1, 2] AS list
        FROM clean.articles ORDER BY published_at DESC -- newest first
    """
    assert export_jsonl(publish_copy(warehouse), out, sql=sql) == 2
    first, second = (json.loads(line) for line in out.getvalue().decode().splitlines())
    assert first == {
        'the " title': "The gate is open",
        "published_at": "2026-11-20T08:00:00.000000Z",
        "nan": None,
        "price": 1.5,
        "list": [1, 2],
    }
    assert second['the " title'] == CAFE.title


def test_parquet_by_month(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE, replace(GATE, link="https://quay.example/2", guid="2", title="Another")))
    done = export_parquet(publish_copy(warehouse), target)
    assert (done.rows, done.partitions, done.files) == (3, 2, 2)
    assert sorted(path.name for path in target.iterdir()) == ["month=2024-10", "month=2026-11"]
    sql = f"FROM read_parquet('{target}/*/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"SELECT month, count(*) {sql} GROUP BY ALL ORDER BY ALL").fetchall() == [
        ("2024-10", 1),
        ("2026-11", 2),
    ]
    with warehouse.reading() as connection:
        wanted = connection.execute("FROM clean.articles ORDER BY article_id").fetchall()
    assert duckdb.sql(f"SELECT * EXCLUDE (month) {sql} ORDER BY article_id").fetchall() == wanted
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{target}/*/*.parquet')").fetchall()
    assert codecs == [("ZSTD",)]


def test_parquet_is_made_anew(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    export_parquet(publish_copy(warehouse), target)
    done = export_parquet(publish_copy(warehouse), target, sql="FROM clean.articles WHERE published_at < '2025-01-01'")
    assert (done.rows, [path.name for path in target.iterdir()]) == (1, ["month=2024-10"])
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_parquet_by_any_columns(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE, replace(GATE, link="https://quay.example/2", guid="2", title="Another")))
    news = publish_copy(warehouse)
    done = export_parquet(news, target, partition=["feed_id", "language", "month"])
    assert (done.rows, done.partitions) == (3, 2)
    assert sorted(str(path.relative_to(target).parent) for path in target.rglob("*.parquet")) == [
        "feed_id=quay/language=en/month=2026-11",
        "feed_id=quay/language=zh/month=2024-10",
    ]
    done = export_parquet(news, target, sql="SELECT title, version FROM clean.articles", partition=["version"])
    assert (done.rows, [path.name for path in target.iterdir()]) == (3, ["version=1"])
    before = files(target)
    with pytest.raises(WarehouseError, match=r"no column nothing to partition by; there are: key, article_id"):
        export_parquet(news, target, table="clean.article_keys", partition=["nothing"])
    with pytest.raises(WarehouseError, match="name fewer"):
        export_parquet(news, target, table="clean.article_keys", partition=["key", "article_id", "key_hash"])
    assert files(target) == before


def test_every_table_and_view_can_be_exported(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    news = publish_copy(warehouse)
    with duckdb.connect(str(news), read_only=True) as copy:
        tables = copy.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema <> 'main'"
        ).fetchall()
        for (table,) in tables:
            row = copy.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert (export_parquet(news, target, table=table).rows,) == row, table


def test_parquet_without_months(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    done = export_parquet(publish_copy(warehouse), target, table="clean.images")
    assert (done.rows, done.partitions, [path.name for path in target.iterdir()]) == (1, 0, ["data_0.parquet"])
    done = export_parquet(publish_copy(warehouse), target, table="marts.latest_articles")
    assert done.rows == 2
    done = export_parquet(warehouse, target, sql="SELECT link, title FROM raw.entries")
    assert (done.rows, done.partitions) == (2, 0)
    for table in ("clean.nothing", "clean.articles; DROP", "articles", "information_schema.tables"):
        with pytest.raises(WarehouseError, match="there is no table"):
            export_parquet(publish_copy(warehouse), target, table=table)
    with pytest.raises(WarehouseError, match=r"there is no table raw\.entries"):
        export_parquet(publish_copy(warehouse), target, table="raw.entries")


def test_a_query_that_fails_leaves_the_folder_as_it_was(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    export_parquet(publish_copy(warehouse), target)
    before = files(target)
    late = "SELECT *, CASE WHEN title = 'The gate is open' THEN error('halt') END AS x FROM clean.articles"
    for sql in (late, "SELECT nothing", "SELECT 'no time' AS published_at"):
        with pytest.raises(WarehouseError, match="the query failed"):
            export_parquet(publish_copy(warehouse), target, sql=sql)
    assert files(target) == before
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_a_killed_parquet_export(warehouse: Warehouse, target: Path) -> None:
    """Killed before the new folder is in its place: the old one is whole, and the next export clears what was left."""
    load_batch(warehouse, milled(GATE, CAFE))
    news = publish_copy(warehouse)
    export_parquet(news, target)
    before = files(target)
    code = (
        "import os, signal, sys; from pathlib import Path; import warehouse.export.rows as export\n"
        "export._count_parquet_rows = lambda written: os.kill(os.getpid(), signal.SIGKILL)\n"
        "export.export_parquet(Path(sys.argv[1]), Path(sys.argv[2]), sql='FROM clean.articles LIMIT 1')"
    )
    killed = subprocess.run([sys.executable, "-c", code, news, target], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(target.with_name(".out.newsmill-export").rglob("*.parquet"))
    assert files(target) == before
    assert export_parquet(news, target).rows == 2
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_killed_between_the_two_renames(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    export_parquet(publish_copy(warehouse), target)
    before = files(target)
    target.rename(target.with_name(".out.newsmill-before"))
    with pytest.raises(WarehouseError):
        export_parquet(publish_copy(warehouse), target, sql="SELECT nothing")
    assert files(target) == before


@pytest.mark.parametrize(
    "other", ["notes.txt", "sub/a.parquet", "month=2024-05/notes.txt", "month=2024-05/sub/a.parquet"]
)
def test_a_folder_of_something_else_is_not_replaced(warehouse: Warehouse, target: Path, other: str) -> None:
    load_batch(warehouse, milled(GATE))
    (target / other).parent.mkdir(parents=True)
    (target / other).write_text("mine")
    with pytest.raises(NewsmillError, match="holds what is not an earlier export"):
        export_parquet(publish_copy(warehouse), target)
    assert files(target) == {other: b"mine"}
