"""The commands that read the warehouse: sql, status."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Newsmill


def test_status_as_json(filled: Newsmill) -> None:
    facts = filled.facts("status")
    assert facts["counts"]["articles"] == 18
    assert facts["counts"]["versions"] == 18
    assert facts["counts"]["entries"] == 20
    assert facts["documents_waiting"] == 0
    assert facts["runs"][0]["state"] == "partial"
    assert [facts["runs"][0][name] for name in ("new", "changed", "failed")] == [18, 0, 1]
    health = {feed["feed_id"]: (feed["health"], feed["articles"]) for feed in facts["feeds"]}
    assert health["harbour-dead"] == ("shaky", 0)
    assert health["harbour-zh"] == ("healthy", 6)
    assert len(health) == 5


def test_status_in_words(filled: Newsmill) -> None:
    done = filled("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("18 articles in 18 versions, 20 entries,")


def test_sql_as_csv(filled: Newsmill) -> None:
    done = filled("sql", "SELECT title, language FROM clean.articles WHERE feed_id = 'harbour-zh' ORDER BY 1", "--csv")
    header, *lines = csv.reader(io.StringIO(done.stdout))
    assert header == ["title", "language"]
    assert len(lines) == 6
    assert ["图书馆阅览室开放至午夜", "zh"] in lines


def test_sql_as_json(filled: Newsmill) -> None:
    assert filled.facts(
        "sql", "SELECT count(*) AS n, max(published_at) > '2000-01-01' AS late FROM clean.articles"
    ) == [{"n": 18, "late": True}]


def test_sql_as_parquet(filled: Newsmill, tmp_path: Path) -> None:
    target = tmp_path / "articles.parquet"
    done = filled("sql", "SELECT title, published_at FROM clean.articles", "--parquet", target)
    assert done.stdout == f"wrote {target}\n"
    assert len(duckdb.sql(f"SELECT DISTINCT title FROM '{target}'").fetchall()) == 18


def test_sql_as_a_table_is_cut_at_the_limit(filled: Newsmill) -> None:
    done = filled("sql", "SELECT title FROM clean.articles", "--limit", "3")
    assert len(done.stdout.splitlines()) == 4
    assert done.stderr.startswith("… 15 more rows")


def test_sql_reads_raw_only_live(filled: Newsmill) -> None:
    assert filled.facts("sql", "SELECT count(*) AS n FROM raw.entries", "--live") == [{"n": 20}]
    done = filled("sql", "SELECT count(*) FROM raw.entries")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the query failed: Catalog Error")


@pytest.mark.parametrize("where", [(), ("--live",)])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO clean.article_keys (key, article_id) VALUES ('a', 'b')",
        "DELETE FROM clean.articles",
        "DROP VIEW marts.feed_health",
    ],
)
def test_sql_cannot_write(filled: Newsmill, statement: str, where: tuple[str, ...]) -> None:
    done = filled("sql", statement, *where)
    assert done.returncode == 1
    assert "read-only mode" in done.stderr
    assert "Traceback" not in done.stderr
    assert filled.facts("sql", "SELECT count(*) AS n FROM clean.articles", *where) == [{"n": 18}]


def test_mistaken_sql_is_explained(filled: Newsmill) -> None:
    done = filled("sql", "SELECT titel FROM clean.articles")
    assert done.returncode == 1
    assert '"titel" not found' in done.stderr
    assert "Traceback" not in done.stderr
