"""Forgetting articles, from end to end: nothing of their texts stays on the disk, nothing brings them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
import zstandard

from tests.conftest import Newsmill
from tests.flows.observing import contents, rows
from tests.sites.pictures import picture
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive
from tests.tasks.making import Item, rss

HERONS = "Seventeen purple herons circled the customs house"
ARCHIVED = "灯塔看守人的秘密日记今天公开"
GATE = Item("The gate opens", "<p>The north gate opens at eight, the harbour master says.</p>")


def herons(text: str, site: SiteServer) -> Item:
    images = "".join(f'<img src="{site.url(f"/{name}.jpg")}" alt="">' for name in ("herons-400", "quay-400"))
    return Item("Herons", f"<p>{HERONS}, {text}.</p>{images}", site.url("/herons.html"), "herons-1")


def tide(site: SiteServer) -> Item:
    text = f'<p>Une grande marée est attendue jeudi soir.</p><img src="{site.url("/quay-400.jpg")}" alt="">'
    return Item("Grande marée", text, site.url("/tide.html"), "tide-1")


@dataclass
class Harbour:
    """A newsmill that has fetched a feed twice and an archive, and forgotten an article of each."""

    newsmill: Newsmill
    site: SiteServer
    archive: Path

    def show(self, *items: Item) -> None:
        self.site.pages["/feed"] = Page(rss(*items), "application/rss+xml")

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.newsmill.folder / "data").rglob("*") if path.is_file()]

    def holding(self, text: str) -> set[str]:
        """The names of the files that hold the text, those of the landing zone by "landing"."""
        landing = self.newsmill.landing
        return {
            "landing" if path.is_relative_to(landing) else path.name
            for path in self.files
            if text.encode() in _bytes_of(path)
        }

    def others(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything but which documents there are, and the marks of what is forgotten."""
        found = contents(self.newsmill.warehouse)
        del found["documents"]
        return found


def _bytes_of(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix != ".zst":
        return data
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()


@pytest.fixture(scope="module")
def harbour(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Harbour, dict[str, set[str]]]]:
    folder = tmp_path_factory.mktemp("forget")
    newsmill = newsmill_in(folder)
    files = {"quay/1.md": article(1), "quay/2.md": article(2, ARCHIVED), "quay/3.md": article(3)}
    with SiteServer() as site:
        newsmill.registry(
            f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\nfull_text = "always"\n'
        )
        page = f"<html><head><title>Herons</title></head><body><article><h1>Herons</h1><p>{HERONS}, "
        page += "and a hundred people stood on the quay to see them leave for the winter.</p></article></body></html>"
        site.pages["/herons.html"] = Page(page.encode(), "text/html")
        for name in ("herons-400.jpg", "quay-400.jpg"):
            site.pages[f"/{name}"] = Page(picture(name), "image/jpeg")
        story = Harbour(newsmill, site, write_archive(folder / "archive", files))
        story.show(GATE, herons("then left", site), tide(site))
        newsmill.facts("ingest")
        story.show(herons("then came back", site), tide(site))
        newsmill.facts("ingest", "--force")
        newsmill.facts("backfill", "archive", story.archive)
        yield story, {text: story.holding(text) for text in (HERONS, ARCHIVED)}


@pytest.mark.thorough
def test_nothing_of_a_forgotten_article_stays(harbour: tuple[Harbour, dict[str, set[str]]]) -> None:
    story, before = harbour
    newsmill = story.newsmill
    assert before[HERONS] == {"landing", "newsmill.duckdb", "news.duckdb"}
    assert before[ARCHIVED] == {"landing", "newsmill.duckdb", "news.duckdb"}
    kept = story.others()
    images = rows(newsmill.warehouse, "SELECT path FROM clean.images WHERE url LIKE '%herons%'")

    planned = newsmill.facts("forget", "--url", story.site.url("/herons.html?utm_source=x"), "--dry-run")
    assert (planned["articles"], planned["images"]) == (1, 1)
    assert story.others() == kept
    done = newsmill.facts("forget", "--url", story.site.url("/herons.html?utm_source=x"), "--yes")
    assert (done["documents_rewritten"], done["images_removed"], done["documents_unreadable"]) == (2, 1, 0)
    assert not (newsmill.folder / "data" / "images" / images[0][0]).exists()
    ((archived,),) = rows(
        newsmill.warehouse, f"SELECT article_id FROM clean.articles WHERE content_text LIKE '%{ARCHIVED}%'"
    )
    assert newsmill.facts("forget", "--article", archived, "--yes")["documents_removed"] == 1

    for text in (HERONS, ARCHIVED, story.site.url("/herons.html"), "herons-1"):
        assert story.holding(text) == set()
    found = rows(newsmill.published, "SELECT title FROM clean.articles ORDER BY ALL")
    assert found == [("Grande marée",), ("The gate opens",), ("泊位 1",), ("泊位 3",)]
    assert rows(newsmill.published, "SELECT * FROM search('purple herons')") == []
    assert rows(newsmill.warehouse, "FROM ops.erasures") == []
    assert all(passed for (passed,) in rows(newsmill.warehouse, "SELECT passed FROM ops.checks"))


@pytest.mark.thorough
def test_it_does_not_come_back(harbour: tuple[Harbour, dict[str, set[str]]]) -> None:
    story, _ = harbour
    newsmill = story.newsmill
    kept = story.others()
    assert len(kept["articles"]) == 4
    again = newsmill.facts("ingest", "--force")  # the same document once more
    story.show(herons("and came again", story.site), tide(story.site))
    edited = newsmill.facts("ingest", "--force")
    (newsmill.folder / "archive2").symlink_to(story.archive)
    newsmill.facts("backfill", "archive", newsmill.folder / "archive2")
    assert (again["new"], edited["new"]) == (0, 0)
    assert story.others() == kept
    newsmill.facts("reprocess")
    assert story.others() == kept
    for text in (HERONS, ARCHIVED):
        assert story.holding(text) == set()


def test_what_keep_for_ends_is_forgotten_by_maintain(newsmill: Newsmill) -> None:
    old = Item(
        "Old ferry",
        "<p>The old ferry is sold to a museum.</p>",
        "https://quay.example/o",
        "o",
        "Mon, 05 Jan 2015 08:00:00 GMT",
    )
    with SiteServer() as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\nkeep_for = "260w"\n')
        site.pages["/feed"] = Page(rss(GATE, old), "application/rss+xml")
        newsmill.facts("ingest")
        done = newsmill.facts("maintain")
        assert (done["articles_forgotten"], done["documents_rewritten"]) == (1, 1)
        story = Harbour(newsmill, site, newsmill.folder)
        assert story.holding("harbour master says") == {"landing", "newsmill.duckdb", "news.duckdb"}
        assert story.holding("is sold to a museum") == set()
    assert rows(newsmill.published, "SELECT title FROM clean.articles") == [("The gate opens",)]
    with duckdb.connect(str(newsmill.warehouse)) as connection:
        assert connection.execute("SELECT count(*) FROM ops.erasures").fetchall() == [(0,)]


@pytest.mark.thorough
def test_nothing_of_it_stays_in_a_lake(newsmill: Newsmill) -> None:
    lake = f"ducklake:sqlite:{newsmill.folder / 'data' / 'news.sqlite'}"
    newsmill = newsmill.setting(warehouse=lake)
    with SiteServer() as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "The Quay"\nurl = "{site.url("/feed")}"\n')
        story = Harbour(newsmill, site, newsmill.folder)
        for text in ("then left", "then came back"):
            title = f"漁港の{HERONS}"  # the last of all titles, which the lake's statistics have
            story.show(GATE, replace(herons(text, site), title=title), tide(site))
            newsmill.facts("ingest", "--force", "--no-images")
        assert "landing" in story.holding(HERONS)
        newsmill.facts("forget", "--url", site.url("/herons.html"), "--yes")
    for text in (HERONS, site.url("/herons.html")):
        assert story.holding(text) == set()
    assert rows(newsmill.published, "SELECT title FROM clean.articles ORDER BY ALL") == [
        ("Grande marée",),
        (GATE.title,),
    ]
