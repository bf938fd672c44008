"""Rebuilding the warehouse; that its tables become the same is tested in test_ingest.py."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.forget import forget
from tasks.settings import Settings
from tests.conftest import Newsmill
from tests.flows.observing import contents, rows, tables, until
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive
from tests.tasks.making import Item, rss
from warehouse.landing import Landing
from warehouse.load.forgetting import Selection


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


def notice(name: str) -> Item:
    text = f"<p>{name} is what the harbour master saw today.</p>"
    return Item(name, text, f"https://quay.example/{name}", name, "Mon, 05 Jan 2015 08:00:00 GMT")


class Quay:
    """A feed, its newsmill, and a `newsmill reprocess` that waits while it reads the first document."""

    def __init__(self, newsmill: Newsmill, site: SiteServer) -> None:
        self.newsmill, self.site = newsmill.setting(workers=1), site
        self.newsmill.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\n')

    def ingest(self, *names: str) -> None:
        self.site.pages["/feed"] = Page(rss(*map(notice, names)), "application/rss+xml")
        self.newsmill.facts("ingest", "--force", "--no-images", "--no-publish")

    @contextmanager
    def reprocess(self) -> Iterator[list[Any]]:
        """Its facts, once what is done inside is done."""
        landing = Landing(self.newsmill.landing)
        facts: list[Any] = []
        blob = landing.root / landing.documents()[0].landing_path
        data, pipe = blob.read_bytes(), blob.with_suffix(".pipe")
        os.mkfifo(pipe)
        blob.with_suffix(".whole").write_bytes(data)
        pipe.replace(blob)
        process = self.newsmill.start("reprocess", "--no-publish", "--json")
        ends: list[int] = []

        def is_read() -> bool:
            with suppress(OSError):  # nobody has opened it for reading yet
                ends.append(os.open(blob, os.O_WRONLY | os.O_NONBLOCK))
            return bool(ends) or process.poll() is not None

        try:
            until(is_read, "reprocess reads the first document")
            (end,) = ends
            blob.with_suffix(".whole").replace(blob)  # whoever reads it from now on
            yield facts
            os.write(end, data)
            os.close(end)
            out, errors = process.communicate(timeout=300)
            assert process.returncode == 0, f"{out}\n{errors}"
            facts.append(json.loads(out))
        finally:
            process.kill()
            process.wait()

    @property
    def titles(self) -> set[str]:
        return {title for (title,) in rows(self.newsmill.warehouse, "SELECT title FROM clean.articles")}

    def check(self) -> None:
        """Every landed document is loaded, nothing else is, and all of them could be read."""
        landed = {(each.document_id, each.landing_path) for each in Landing(self.newsmill.landing).documents()}
        assert set(rows(self.newsmill.warehouse, "SELECT document_id, landing_path FROM raw.documents")) == landed
        entries = rows(self.newsmill.warehouse, "SELECT DISTINCT document_id FROM raw.entries")
        assert {id for (id,) in entries} <= {id for id, _ in landed}
        assert rows(self.newsmill.warehouse, "FROM ops.rejects") == []
        assert Landing(self.newsmill.landing).pending() == []


@pytest.fixture
def quay(newsmill: Newsmill) -> Iterator[Quay]:
    with SiteServer() as site:
        quay = Quay(newsmill, site)
        quay.ingest("boats")
        quay.ingest("boats", "herons")
        quay.ingest("herons", "tide")
        yield quay


def test_what_is_forgotten_and_what_is_loaded_while_it_runs(quay: Quay) -> None:
    """It failed at its end, as the new warehouse might have held what was forgotten."""
    with quay.reprocess() as facts:
        quay.newsmill.facts("forget", "--url", "https://quay.example/herons", "--yes")
        quay.ingest("tide", "ferry")
        before = contents(quay.newsmill.warehouse)
        other = quay.newsmill("reprocess", "--no-publish")
        assert other.returncode == 1
        assert "another `newsmill reprocess` is at work there; let it finish" in other.stderr
    assert quay.titles == {"boats", "tide", "ferry"}
    assert contents(quay.newsmill.warehouse) == before
    assert facts[0]["documents"] == 4
    quay.check()


def test_documents_that_are_rewritten_while_it_runs(quay: Quay) -> None:
    """They were read after they had been removed: their articles were lost, but for a reject."""
    settings = Settings(warehouse=str(quay.newsmill.warehouse))
    assert forget(settings, Selection(keys=("url:quay.example/herons",))).article_ids
    with quay.reprocess():
        assert quay.newsmill.facts("forget", "--finish")["documents_rewritten"] == 2
        before = contents(quay.newsmill.warehouse)
    assert quay.titles == {"boats", "tide"}
    assert contents(quay.newsmill.warehouse) == before
    quay.check()


def test_keep_for_waits_for_it(quay: Quay) -> None:
    """Else, each night it would begin again."""
    registry = quay.newsmill.folder / "feeds.toml"
    registry.write_text(f'{registry.read_text()}keep_for = "52w"\n')
    with quay.reprocess():
        done = quay.newsmill.facts("maintain", "--no-publish")
        assert done["articles_forgotten"] == 0
        assert "`newsmill reprocess` is at work" in str(done)
    assert quay.newsmill.facts("maintain", "--no-publish")["articles_forgotten"] == 3
