"""Exports through the command line, read back by others' readers; an archive gives back its own bytes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import feedparser
import pytest

from tests.conftest import Newsmill
from tests.places import CORPUS
from tests.tasks.backfill.archives import article, write_archive

ODD = {
    "码头/1_标题.md": "<!--1717221600000-->\n[码头「一号」[重开](再次)](https://quay.example/a_(b))\n------\n\n<p>开放。</p>\n",
    "码头/2.md": '<!--NaN-->\n[He said "stop"](https://quay.example/2)\n------\n\n<p>a</p>  <p>b</p>',
    "quay/two lines.md": "<!--1717221600001-->\n[two\nlines](https://quay.example/3?x=1&y=[2])\n------\n\n<div><i>x</i></div>\n",
    "quay/empty.md": "<!--1717221600002-->\n[only a title](https://quay.example/4)\n------\n\n\n",
    "quay/control.md": "<!--1717221600003-->\n[a typo](https://quay.example/6)\n------\n\n<p>back\b, \0, \x1b[1m</p>",
    "quay/space.md": "<!--0-->\n[the epoch](https://quay.example/5)\n------\n\n<p>spaces stay \t</p> \n\n",
}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def template(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Newsmill:
    """A newsmill with five articles, for `filled` to copy."""
    template = newsmill_in(tmp_path_factory.mktemp("filled"))
    template.registry('[[feed]]\nid = "matou"\nname = "码头"\nurl = "https://quay.example/feed"\n')
    archive = {f"quay/{number}.md": article(number) for number in range(1, 6)}
    assert template.facts("backfill", "archive", write_archive(template.folder / "archive", archive))["new"] == 5
    return template


@pytest.fixture
def filled(newsmill: Newsmill, template: Newsmill) -> Newsmill:
    shutil.copytree(template.folder, newsmill.folder, dirs_exist_ok=True)
    return newsmill


def test_an_archive_gives_back_its_bytes(newsmill: Newsmill) -> None:
    newsmill.registry('[[feed]]\nid = "matou"\nname = "码头"\nurl = "https://quay.example/feed"\n')
    write_archive(newsmill.folder / "archive", ODD)
    newsmill.facts("backfill", "archive", "archive", "--no-publish")
    newsmill.facts("export", "archive", "out", "--no-list-page")
    wanted = {name.replace("码头/", "matou/"): text.encode() for name, text in ODD.items()}
    assert files(newsmill.folder / "out") == wanted


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real archives is not here")
def test_the_seed_gives_back_its_bytes(newsmill: Newsmill) -> None:
    newsmill.registry("")
    newsmill.facts("backfill", "archive", CORPUS / "seed", "--no-publish")
    newsmill.facts("export", "archive", "out", "--no-list-page")
    assert list(files(newsmill.folder / "out").values()) == [path.read_bytes() for path in (CORPUS / "seed").iterdir()]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real archives is not here")
def test_nearly_all_files_of_the_second_generation_give_back_their_bytes(newsmill: Newsmill) -> None:
    newsmill.registry("")
    newsmill.facts("backfill", "archive", CORPUS / "archive", "--no-publish")
    newsmill.facts("export", "archive", "out", "--generation", "2", "--no-list-page")
    original, written = files(CORPUS / "archive"), files(newsmill.folder / "out")
    same = sum(written.get(name) == data for name, data in original.items())
    assert same >= len(original) - 1  # one article is there twice; the warehouse has it as two versions of one


def test_the_second_export_changes_nothing(filled: Newsmill) -> None:
    first = filled.facts("export", "archive", "out")
    before = {path: path.stat().st_mtime_ns for path in (filled.folder / "out").rglob("*")}
    again = filled.facts("export", "archive", "out")
    assert (first["written"], again["written"], again["unchanged"]) == (5, 0, 5)
    assert {path: path.stat().st_mtime_ns for path in (filled.folder / "out").rglob("*")} == before
    page = (filled.folder / "out" / "quay.md").read_text(encoding="utf-8")
    assert next(line[:18] for line in page.splitlines() if line.startswith("- ")) == "- 2023-11-15 11:13"  # UTC+8


def test_jsonl_and_parquet_are_read_back(filled: Newsmill) -> None:
    filled.facts("export", "jsonl", "articles.jsonl.gz")
    filled.facts("export", "parquet", "months")
    wanted = [(f"泊位 {number}",) for number in range(1, 6)]
    with duckdb.connect() as connection:
        for reader in ("read_json('{}/articles.jsonl.gz')", "read_parquet('{}/months/**/*.parquet')"):
            source = reader.format(filled.folder)
            assert connection.execute(f"SELECT title FROM {source} ORDER BY url").fetchall() == wanted
    assert [path.name for path in (filled.folder / "months").iterdir()] == ["month=2023-11"]
    done = filled("export", "jsonl", "-", "--sql", "SELECT title FROM clean.articles ORDER BY url LIMIT 1")
    assert json.loads(done.stdout) == {"title": "泊位 1"}


def test_a_feed_of_any_query(filled: Newsmill) -> None:
    filled.facts("export", "feed", "feed.xml", "--site", "quay", "--limit", "3")
    feed = feedparser.parse((filled.folder / "feed.xml").read_bytes())
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["泊位 5", "泊位 4", "泊位 3"]
    assert feed.entries[0].link == "https://quay.example/berth/5"
    ElementTree.parse(filled.folder / "feed.xml")


@pytest.mark.parametrize(
    "query", ["DROP TABLE clean.articles", "SELECT 1; DROP TABLE clean.articles", "COPY clean.articles TO 'x.csv'"]
)
def test_only_queries_that_read(filled: Newsmill, query: str) -> None:
    done = filled("export", "jsonl", "out.jsonl", "--sql", query)
    assert done.returncode != 0
    assert not (filled.folder / "out.jsonl").exists()
    assert filled.facts("export", "jsonl", "out.jsonl")["rows"] == 5


def test_opml(filled: Newsmill) -> None:
    filled.facts("export", "opml", "feeds.opml")
    assert 'xmlUrl="https://quay.example/feed"' in (filled.folder / "feeds.opml").read_text(encoding="utf-8")
