"""Rebuilding the warehouse; that its tables become the same is tested in test_ingest.py."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.conftest import Newsmill
from tests.flows.observing import rows, tables
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive
from tests.tasks.making import Item, rss


def test_reprocess_keeps_what_backfills_and_checks_left(newsmill: Newsmill, tmp_path: Path) -> None:
    newsmill.registry("")
    archive = write_archive(tmp_path / "archive", {"quay/1.md": article(1), "quay/2.md": article(2) + "很长" * 9_000})
    done = newsmill.setting(max_page_bytes=20_000).facts("backfill", "archive", archive)
    assert (done["new"], done["rejected"]) == (1, 1)
    kept = {
        table: rows(newsmill.warehouse, f"FROM ops.{table} ORDER BY ALL")
        for table in ("watermarks", "rejects", "checks")
    }
    assert all(kept.values())
    newsmill.facts("reprocess")
    for table, before in kept.items():
        assert set(map(repr, before)) <= set(map(repr, rows(newsmill.warehouse, f"FROM ops.{table}"))), table


PODCAST = (
    '<enclosure url="https://media.quay.example/7.mp3" length="5000" type="audio/mpeg"/>'
    "<itunes:episode>7</itunes:episode><dc:creator>Oda Brandt</dc:creator><dc:creator>Ana Reis</dc:creator>"
)
NEW = """
    UPDATE clean.articles SET authors = NULL, language_confidence = NULL;
    UPDATE clean.article_versions SET authors = NULL, language_confidence = NULL;
    DELETE FROM clean.enclosures;
    DELETE FROM ops.feeds WHERE feed_id <> 'quay';
    UPDATE ops.feeds SET title = NULL, description = NULL, link = NULL, icon = NULL, stated_language = NULL,
        described_at = NULL;
"""
"""Makes of a warehouse what the version before had of the same documents."""


def test_reprocess_fills_what_the_version_before_did_not_have(newsmill: Newsmill, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", {"海港日报/1.md": article(1), "海港日报/2.md": article(2)})
    with SiteServer() as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\n')
        for text in ("The gate opens at eight.", "The gate opens at nine."):
            feed = rss(Item(text=text, extra=PODCAST))
            site.pages["/feed"] = Page(feed, "application/rss+xml")
            newsmill.facts("ingest", "--force", "--no-images", "--no-publish")
    newsmill.facts("backfill", "archive", archive, "--no-publish")
    described = (
        "SELECT feed_id, name, title, description, link, icon, language, described_at FROM ops.feeds ORDER BY ALL"
    )
    before, feeds = tables(newsmill.warehouse, "clean"), rows(newsmill.warehouse, described)
    assert [name for _, name, *_ in feeds] == ["The Quay", "海港日报"]
    with duckdb.connect(str(newsmill.warehouse)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(NEW)
    assert tables(newsmill.warehouse, "clean") != before
    newsmill.facts("reprocess")
    assert tables(newsmill.warehouse, "clean") == before
    assert rows(newsmill.warehouse, described) == feeds
    assert rows(newsmill.published, "SELECT url, episode FROM clean.enclosures") == [
        ("https://media.quay.example/7.mp3", 7)
    ]
    assert rows(newsmill.published, "SELECT count(*) FROM clean.article_versions WHERE len(authors) = 2") == [(2,)]
