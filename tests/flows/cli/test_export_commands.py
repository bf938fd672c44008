"""The export commands, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import feedparser
import pytest
from click.testing import CliRunner, Result

from tests.tasks.making import FEED, milled
from tests.warehouse.export.making import CAFE, GATE, lines, load_batch, publish_copy
from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "data" / "newsmill.duckdb", lock_timeout=0)


@pytest.fixture
def command(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    from flows.cli.export import export

    monkeypatch.chdir(tmp_path)
    (tmp_path / "feeds.toml").write_text(
        f'[[feed]]\nid = "quay"\nname = "码头"\nurl = "{FEED.url}"\n', encoding="utf-8"
    )
    load_batch(warehouse, milled(GATE, CAFE))
    publish_copy(warehouse)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(export, [*arguments, "--warehouse", str(warehouse.path)])

    return run


def test_commands(command: Callable[..., Result], tmp_path: Path) -> None:
    done = command("archive", "articles", "--generation", "2", "--from", "2024-10-01", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["articles"], facts["written"], facts["list_pages"], facts["folder"]) == (2, 2, 1, "articles")
    assert (tmp_path / "articles" / "quay.md").exists()
    done = command("archive", "articles", "--generation", "2")
    assert "2 articles of 1 site in articles: 0 files written, 2 unchanged" in done.stdout

    facts = json.loads(command("jsonl", "a.jsonl.gz", "--json").stdout)
    assert (facts["rows"], facts["path"], len(lines(tmp_path / "a.jsonl.gz"))) == (2, "a.jsonl.gz", 2)
    done = command("jsonl", "-", "--sql", "SELECT title FROM clean.articles ORDER BY title", "--json")
    assert [json.loads(line)["title"] for line in done.stdout.splitlines()] == ["The gate is open", CAFE.title]
    assert json.loads(done.stderr)["rows"] == 2
    done = command("jsonl", "-", "--live", "--sql", "SELECT link FROM raw.entries")
    assert len(done.stdout.splitlines()) == 2

    facts = json.loads(command("parquet", "months", "--table", "clean.article_versions", "--json").stdout)
    assert (facts["rows"], facts["partitions"]) == (2, 2)
    assert command("parquet", "months", "--table", "a", "--sql", "b").exit_code == 2

    done = command("feed", "--limit", "1")
    assert [entry.title for entry in feedparser.parse(done.stdout_bytes).entries] == ["The gate is open"]
    assert "1 entry" in done.stderr
    assert json.loads(command("feed", "news.atom", "--site", "quay", "--json").stdout)["entries"] == 2
    assert len(feedparser.parse(tmp_path / "news.atom").entries) == 2
    assert command("feed", "--site", "quay", "--sql", "b").exit_code == 2

    assert 'xmlUrl="https://quay.example/feed.xml"' in command("opml", "-").stdout
    assert json.loads(command("opml", "feeds.opml", "--json").stdout)["feeds"] == 1
    assert "码头" in (tmp_path / "feeds.opml").read_text(encoding="utf-8")


def test_a_mistake_is_said_in_words(command: Callable[..., Result]) -> None:
    done = command("archive", "articles", "--site", "nowhere")
    assert isinstance(done.exception, WarehouseError)
