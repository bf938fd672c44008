"""The sample newspaper from its first ingest to its last: what lands in which table, and what stays as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows, tables
from tests.sites.article import Article, Photo
from tests.sites.pictures import picture
from tests.sites.sample import FALSE_IMAGE, MISSING_IMAGE, SampleSite
from tests.sites.server import Page
from warehouse.load.quality import assertions
from warehouse.publish.mart_files import mart_files

ARTICLES = """
    SELECT url, article_id, feed_id, title, language, published_at, author, content_hash, version FROM clean.articles
"""
VERSIONS = "SELECT article_id, version, title, content_hash, valid_from, valid_to FROM clean.article_versions"
IMAGES = "SELECT url, status, error, proxy_url, attempts, path, sha256, media_type FROM clean.images"


@dataclass
class Edition:
    """What there was after a run."""

    facts: dict[str, Any]
    tables: dict[str, list[str]]
    articles: dict[str, dict[str, Any]]
    """By address."""
    versions: dict[str, list[tuple[Any, ...]]]
    """By article_id, oldest first: version, title, content_hash, valid_from, valid_to."""
    images: dict[str, dict[str, Any]]
    """By address."""


def look(newsmill: Newsmill, facts: dict[str, Any]) -> Edition:
    path = newsmill.warehouse
    articles = (
        "url",
        "article_id",
        "feed_id",
        "title",
        "language",
        "published_at",
        "author",
        "content_hash",
        "version",
    )
    images = ("url", "status", "error", "proxy_url", "attempts", "path", "sha256", "media_type")
    versions: dict[str, list[tuple[Any, ...]]] = {}
    for article_id, *version in rows(path, f"{VERSIONS} ORDER BY article_id, version"):
        versions.setdefault(article_id, []).append(tuple(version))
    return Edition(
        facts=facts,
        tables=tables(path, "raw", "clean", "ops"),
        articles={row[0]: dict(zip(articles, row, strict=True)) for row in rows(path, ARTICLES)},
        versions=versions,
        images={row[0]: dict(zip(images, row, strict=True)) for row in rows(path, IMAGES)},
    )


@dataclass
class Story:
    site: SampleSite
    newsmill: Newsmill
    published_first: tuple[Article, ...]
    published_then: tuple[Article, ...]
    first: Edition
    second: Edition
    third: Edition
    images: Edition
    reader: dict[str, int]
    """Articles seen through the published copy: opened before the second ingest, asked after it; and opened anew."""


@pytest.fixture(scope="module")
def story(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    # two runs give an image up, so that the third has nothing to do at all
    newsmill = newsmill_in(tmp_path_factory.mktemp("sample")).setting(image_attempts=2)
    with SampleSite() as site:
        newsmill.registry(site.feeds_toml())
        published_first = site.articles
        first = look(newsmill, newsmill.facts("ingest"))

        site.edit()
        with duckdb.connect(str(newsmill.published), read_only=True) as reader:
            assert reader.sql("SELECT count(*) FROM clean.articles").fetchall() == [(18,)]
            facts = newsmill.facts("ingest", "--force")
            ((held,),) = reader.sql("SELECT count(*) FROM clean.articles").fetchall()
            ((opened,),) = [row.values() for row in newsmill.facts("sql", "SELECT count(*) FROM clean.articles")]
        second = look(newsmill, facts)

        third = look(newsmill, newsmill.facts("ingest"))

        site.pages |= {f"/img/{name}": Page(picture(name), "image/jpeg") for name in (MISSING_IMAGE, FALSE_IMAGE)}
        images = look(newsmill, newsmill.setting(image_attempts=9).facts("images"))

        yield Story(
            site,
            newsmill,
            published_first,
            site.articles,
            first,
            second,
            third,
            images,
            {"held": held, "opened": opened},
        )


def own(site: SampleSite, articles: tuple[Article, ...]) -> dict[str, Article]:
    """The articles by their addresses; those that only point to another section's are left out."""
    return {site.url(article.path): article for article in articles if article.has_page}


# --- the first ingest -----------------------------------------------------------------------------------------------


def test_first_ingest_counts(story: Story) -> None:
    facts = story.first.facts
    assert (facts["new"], facts["changed"], facts["unchanged"], facts["rejected"]) == (18, 0, 2, 0)
    assert (facts["feeds"], facts["fetched"], facts["failed"]) == (5, 4, 1)
    assert (facts["images_stored"], facts["images_failed"]) == (17, 2)
    assert facts["state"] == "partial"


def test_the_checks_are_made_where_something_was_loaded(story: Story) -> None:
    first, third = story.first.facts, story.third.facts
    assert first["checks_failed"] == []
    assert first["checks_passed"] == len(assertions()) + 2
    assert (third["documents"], third["checks_passed"]) == (0, 0)
    assert len(story.first.tables["ops.checks"]) == first["checks_passed"]


def test_every_article_is_there_as_the_site_has_it(story: Story) -> None:
    expected = own(story.site, story.published_first)
    assert len(expected) == 18
    articles = story.first.articles
    assert {url: row["title"] for url, row in articles.items()} == {url: a.title for url, a in expected.items()}
    assert {url: row["language"] for url, row in articles.items()} == {url: a.language for url, a in expected.items()}
    assert {url: row["published_at"] for url, row in articles.items()} == {
        url: a.published for url, a in expected.items()
    }
    assert {row["language"] for row in articles.values()} == {"zh", "en", "fr", "es", "ja", "ar"}
    assert all(row["version"] == 1 for row in articles.values())


def test_articles_in_two_feeds_keep_the_fuller_text(story: Story) -> None:
    pointed_at = {story.site.url(a.path.partition("?")[0]) for a in story.published_first if not a.has_page}
    assert len(pointed_at) == 2
    for url in pointed_at:
        assert story.first.articles[url]["feed_id"] == "harbour-en"


def test_captions_and_origins_of_proxied_images(story: Story) -> None:
    captions = {
        (story.site.url(f"/img/{block.name}"), block.caption)
        for article in story.published_first
        if article.section == "zh"
        for block in article.blocks
        if isinstance(block, Photo)
    }
    assert len(captions) == 9
    written = rows(
        story.newsmill.warehouse,
        "SELECT i.url, ai.caption FROM clean.article_images ai JOIN clean.images i USING (image_id)",
    )
    assert captions <= set(written)
    assert (
        story.site.url("/img/ferry-dawn.jpg"),
        "The Heron, oldest of the three ferries, on the early crossing. Photo: The Harbour Post",
    ) in written
    assert all(url.startswith(story.site.url("/img/")) for url in story.first.images), "no proxy, no tracking pixel"
    proxied = {url for url, row in story.first.images.items() if row["proxy_url"]}
    # ferry-dawn.jpg is in the English feed, too, without the proxy
    expected = {url for url, _ in captions} - {story.site.url("/img/ferry-dawn.jpg")}
    assert expected <= proxied
    assert all(story.first.images[url]["proxy_url"].startswith("https://images.weserv.nl") for url in proxied)


def test_stored_images_are_what_the_site_serves(story: Story) -> None:
    stored = {url: row for url, row in story.first.images.items() if row["status"] == "stored"}
    assert len(stored) == 17
    for url, row in stored.items():
        page = story.site.route(url.removeprefix(story.site.url("")))
        assert isinstance(page, Page)
        data = (story.newsmill.warehouse.parent / "images" / row["path"]).read_bytes()
        assert data == page.body
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert row["media_type"] == page.media_type


def test_failed_images_say_why(story: Story) -> None:
    failed = {url: row["error"] for url, row in story.first.images.items() if row["status"] == "failed"}
    missing, false = (story.site.url(f"/img/{name}") for name in (MISSING_IMAGE, FALSE_IMAGE))
    assert set(failed) == {missing, false}
    assert failed[missing] == f"{missing}: the server answered 404 Not Found"
    assert failed[false].startswith(f"{false}: the answer is an HTML page, not an image of a format that is kept")


def test_runs_and_fetches_are_recorded(story: Story) -> None:
    runs = rows(
        story.newsmill.warehouse,
        "SELECT run_id, flow, state, finished_at >= started_at, error, flow_run_id IS NOT NULL "
        "FROM ops.runs ORDER BY started_at",
    )
    editions = (story.first, story.second, story.third, story.images)
    assert [run[0] for run in runs] == [edition.facts["run_id"] for edition in editions]
    assert [run[1:] for run in runs] == [
        ("ingest", "partial", True, None, True),
        ("ingest", "partial", True, None, True),
        ("ingest", "completed", True, None, True),
        ("images", "completed", True, None, True),
    ]
    fetches = [row for row in story.first.tables["ops.fetches"] if story.first.facts["run_id"] in row]
    assert len(fetches) == 5
    assert sum("'fetched', 200" in row for row in fetches) == 4
    (dead,) = [row for row in fetches if "harbour-dead" in row]
    assert "'failed', 404" in dead
    assert "the server answered 404 Not Found" in dead


# --- the second: the site was edited --------------------------------------------------------------------------------


def test_second_ingest_finds_two_new_and_two_changed(story: Story) -> None:
    facts = story.second.facts
    assert (facts["new"], facts["changed"], facts["unchanged"]) == (2, 2, 10)
    assert (facts["fetched"], facts["not_modified"], facts["failed"]) == (2, 2, 1)
    expected = own(story.site, story.published_then)
    assert {u: r["title"] for u, r in story.second.articles.items()} == {u: a.title for u, a in expected.items()}
    assert len(expected) == 20


def test_only_edited_articles_have_a_second_version(story: Story) -> None:
    before, after = own(story.site, story.published_first), own(story.site, story.published_then)
    # a new guid (saturday-market-roof) and a new proxy address (storm-drill in Chinese) change no words
    changed = {url for url in before if before[url].title != after[url].title}
    assert len(changed) == 2
    assert sum(before[url] != after[url] for url in before) == 4
    for url, row in story.second.articles.items():
        assert row["version"] == (2 if url in changed else 1), url
        if url in before and url not in changed:
            assert row["article_id"] == story.first.articles[url]["article_id"]
            assert row["content_hash"] == story.first.articles[url]["content_hash"]
            assert story.second.versions[row["article_id"]] == story.first.versions[row["article_id"]]


def test_versions_follow_one_another_in_time(story: Story) -> None:
    before = own(story.site, story.published_first)
    after = own(story.site, story.published_then)
    for url in (url for url in before if before[url].title != after[url].title):
        article_id = story.first.articles[url]["article_id"]
        assert story.second.articles[url]["article_id"] == article_id
        ((_, _, hash_first, valid_from, open_end),) = story.first.versions[article_id]
        one, two = story.second.versions[article_id]
        assert open_end is None
        assert one == (1, before[url].title, hash_first, valid_from, two[3])
        assert (two[0], two[1], two[4]) == (2, after[url].title, None)
        assert two[2] == story.second.articles[url]["content_hash"] != hash_first
        assert two[3] > valid_from


# --- the third: nothing happened ------------------------------------------------------------------------------------


def test_third_ingest_changes_only_ops(story: Story) -> None:
    facts = story.third.facts
    assert (facts["not_modified"], facts["skipped"], facts["fetched"], facts["failed"]) == (4, 1, 0, 0)
    assert (facts["new"], facts["changed"], facts["documents"]) == (0, 0, 0)
    for name, held in story.second.tables.items():
        if not name.startswith("ops."):
            assert story.third.tables[name] == held, name
    assert len(story.third.tables["ops.runs"]) == len(story.second.tables["ops.runs"]) + 1


# --- images, later --------------------------------------------------------------------------------------------------


def test_images_command_fetches_what_failed(story: Story) -> None:
    assert (story.images.facts["images_stored"], story.images.facts["images_failed"]) == (2, 0)
    before = {url for url, row in story.third.images.items() if row["status"] == "failed"}
    assert before == {story.site.url(f"/img/{name}") for name in (MISSING_IMAGE, FALSE_IMAGE)}
    assert all(story.third.images[url]["attempts"] == 2 for url in before)
    for url, row in story.images.images.items():
        assert (row["status"], row["error"]) == ("stored", None), url
        assert row["attempts"] == (3 if url in before else 1)


# --- the published copy ---------------------------------------------------------------------------------------------


def test_published_copy_opens_with_plain_duckdb(story: Story) -> None:
    with duckdb.connect(str(story.newsmill.published), read_only=True) as copy:
        schemas = {name for (name,) in copy.sql("SELECT DISTINCT schema_name FROM duckdb_tables()").fetchall()}
        assert schemas == {"clean", "ops", "search"}
        named = copy.sql("SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()").fetchall()
        assert ("raw",) not in named
        marts = copy.sql("SELECT view_name FROM duckdb_views() WHERE schema_name = 'marts'").fetchall()
        views = {name: mart for name, mart in mart_files().items() if not mart.is_macro}
        assert {view for (view,) in marts} == views.keys()
        empty = {view for (view,) in marts if not copy.sql(f"FROM marts.{view}").fetchall()}
        assert empty == {name for name, mart in views.items() if mart.empty_in_demo}
        latest = copy.sql("SELECT title FROM marts.latest_articles LIMIT 1").fetchall()
    assert latest == [("A night bus will meet the last ferry",)]
    assert not list(story.newsmill.published.parent.glob("*.draft*"))


def test_open_reader_neither_waits_nor_is_waited_for(story: Story) -> None:
    assert story.reader == {"held": 18, "opened": 20}
    assert story.second.facts["state"] == "partial"


# --- reprocess ------------------------------------------------------------------------------------------------------


@dataclass
class Rebuilt:
    beside: Edition
    """Rebuilt beside the warehouse that was there."""
    alone: Edition
    """Rebuilt after the warehouse was lost."""
    requests: int


@pytest.fixture(scope="module")
def rebuilt(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Rebuilt:
    folder = tmp_path_factory.mktemp("rebuilt") / "copy"
    shutil.copytree(story.newsmill.folder, folder)
    newsmill = replace(story.newsmill, folder=folder)
    story.site.requests.clear()
    beside = look(newsmill, newsmill.facts("reprocess"))
    newsmill.warehouse.unlink()
    alone = look(newsmill, newsmill.facts("reprocess"))
    return Rebuilt(beside, alone, len(story.site.requests))


FROM_DOCUMENTS = (
    "clean.articles",
    "clean.article_versions",
    "clean.article_keys",
    "clean.article_images",
    "raw.entries",
)


def test_reprocess_fetches_nothing(story: Story, rebuilt: Rebuilt) -> None:
    assert rebuilt.requests == 0
    assert rebuilt.alone.facts["documents"] == len(story.images.tables["raw.documents"]) == 6


@pytest.mark.parametrize("table", FROM_DOCUMENTS)
def test_reprocess_builds_the_same_tables(story: Story, rebuilt: Rebuilt, table: str) -> None:
    assert story.images.tables[table]
    assert rebuilt.beside.tables[table] == story.images.tables[table]
    assert rebuilt.alone.tables[table] == story.images.tables[table]


@pytest.mark.parametrize("table", ["clean.images", "ops.feeds", "ops.fetches"])
def test_reprocess_keeps_what_documents_do_not_tell(story: Story, rebuilt: Rebuilt, table: str) -> None:
    assert story.images.tables[table]
    assert rebuilt.beside.tables[table] == story.images.tables[table]


def test_reprocess_keeps_the_runs(story: Story, rebuilt: Rebuilt) -> None:
    assert set(story.images.tables["ops.runs"]) < set(rebuilt.beside.tables["ops.runs"])


def test_reprocess_wants_the_same_images(story: Story, rebuilt: Rebuilt) -> None:
    assert set(rebuilt.alone.images) == set(story.images.images)
    assert {row["status"] for row in rebuilt.alone.images.values()} == {"pending"}


def test_json_of_sql_holds_text_as_it_is(story: Story) -> None:
    done = story.newsmill("sql", "SELECT title FROM clean.articles WHERE language = 'ja'", "--json")
    assert json.loads(done.stdout) == [{"title": "港の朝市、屋根の下で冬支度"}]
    assert "港の朝市" in done.stdout, "not escaped"
