"""The main job on real input: the 90 feeds of ../shared/corpus, and the seed article as an item of a feed."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import pytest

from benchmarks.corpus import FEEDS, corpus_site, feeds_toml
from tests.conftest import Newsmill
from tests.sites.server import Page

SEED = FEEDS.parent / "seed"
pytestmark = pytest.mark.skipif(not FEEDS.exists(), reason="../shared/corpus is absent")


def seed_feed() -> bytes:
    """The seed article as the mirror would serve it."""
    text = next(SEED.iterdir()).read_text(encoding="utf-8")
    head, content = text.split("\n------\n\n", 1)
    title, url = head.splitlines()[1].removeprefix("[").removesuffix(")").rsplit("](", 1)
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>seed</title>'
        f"<item><title>{escape(title)}</title><link>{url}</link><description>{escape(content)}</description>"
        "<pubDate>Fri, 15 Nov 2024 03:39:03 GMT</pubDate></item></channel></rss>"
    ).encode()


def tables(warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('raw', 'clean')"
        ).fetchall()
        return {name: sorted(connection.execute(f"FROM {name}").fetchall(), key=repr) for (name,) in names}


def articles(warehouse: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            "SELECT article_id, content_hash, version, title, published_at, entry_id FROM clean.articles ORDER BY ALL"
        ).fetchall()


def test_the_corpus(newsmill: Newsmill) -> None:
    newsmill = newsmill.setting(per_host=10)
    with corpus_site() as site:
        site.pages["/seed"] = Page(seed_feed(), "application/rss+xml")
        newsmill.registry(feeds_toml(site))
        first = newsmill.facts("ingest", "--no-images")
        assert (first["feeds"], first["fetched"], first["failed"]) == (91, 91, 0)
        assert all(line["new"] or line["detail"] for line in first["feed_results"]), "loaded, or rejected with a reason"
        assert first["new"] > 2300
        before = tables(newsmill.warehouse)

        again = newsmill.facts("ingest", "--no-images")
        assert (again["not_modified"], again["documents"]) == (91, 0)
        assert tables(newsmill.warehouse) == before

    with duckdb.connect(str(newsmill.warehouse), read_only=True) as connection:
        seed = connection.execute(
            "SELECT content_text, language, strftime(published_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S'), article_id "
            "FROM clean.articles "
            "WHERE url LIKE 'https://www.voachinese.com/%'"
        ).fetchone()
        assert seed
        images = connection.execute(
            "SELECT url, caption IS NOT NULL FROM clean.article_images JOIN clean.images USING (image_id) "
            "WHERE article_id = ? ORDER BY position",
            [seed[3]],
        ).fetchall()
    assert seed[0].startswith("利马 — 亚太经合组织(APEC)峰会")
    assert seed[0].endswith("2025年的APEC峰会将在韩国召开。")
    assert "GMT" not in seed[0]
    assert "RSS" not in seed[0]
    assert seed[1:3] == ("zh", "2024-11-15 03:39:03")
    assert [captioned for _, captioned in images] == [True, True, True]
    assert all(url.startswith("https://gdb.voanews.com/") for url, _ in images)

    known = articles(newsmill.warehouse)
    newsmill.warehouse.unlink()
    rebuilt = newsmill.facts("reprocess", "--no-publish")
    assert rebuilt["documents"] == 91
    assert articles(newsmill.warehouse) == known
