"""Backfilling through the command line: an archive to rows, twice, killed, and beside the live feed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from prefect.utilities.callables import parameter_schema
from pydantic import ValidationError

from flows.backfill import backfill_flow
from tasks.backfill.sources import SOURCES
from tests.conftest import Newsmill
from tests.flows.observing import contents, rows, tables, until
from tests.places import CORPUS
from tests.sites.server import Page, SiteServer
from tests.sites.wayback import Captured, WaybackSite
from tests.tasks.backfill.archives import article, write_archive

ARCHIVE = CORPUS / "archive"
MANY = 2_600
"""Files: three batches."""

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>码头日报</title><link>https://quay.example/</link><language>zh</language>
<item><title>泊位 1</title><link>https://quay.example/berth/1</link><guid>berth-1</guid>
<pubDate>Tue, 14 Nov 2023 23:13:20 GMT</pubDate>
<description>&lt;p&gt;{text}&lt;/p&gt;</description></item></channel></rss>
"""


@pytest.fixture
def archive(newsmill: Newsmill) -> Path:
    newsmill.registry("")
    files = {f"quay/{number}.md": article(number) for number in range(1, 8)}
    return write_archive(newsmill.folder / "archive", {**files, "quay/index.md": "# 列表\n\n- [泊位 1](quay/1.md)\n"})


def test_an_archive_becomes_rows_once(newsmill: Newsmill, archive: Path) -> None:
    plan = newsmill.facts("backfill", "archive", archive, "--dry-run")
    assert (plan["new"], plan["documents"]) == (0, 0)
    assert plan["plan"][0] == "8 article files; sites: quay"
    done = newsmill.facts("backfill", "archive", archive)
    assert (done["new"], done["rejected"], done["documents"]) == (7, 1, 8)
    assert rows(
        newsmill.published, "SELECT title, url, feed_id, source, published_at::VARCHAR FROM clean.articles LIMIT 1"
    ) == [("泊位 1", "https://quay.example/berth/1", "quay", "archive", "2023-11-14 23:13:20+00")]
    assert rows(newsmill.published, "SELECT DISTINCT feed FROM marts.latest_articles") == [("quay",)]
    ((location, error),) = rows(newsmill.warehouse, "SELECT location, error FROM ops.rejects")
    assert location == "quay/index.md"
    assert "neither front matter nor" in error
    before = tables(newsmill.warehouse, "raw", "clean")
    again = newsmill.facts("backfill", "archive", archive)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 7)
    assert tables(newsmill.warehouse, "raw", "clean") == before


def test_the_range_and_the_limit(newsmill: Newsmill, archive: Path) -> None:
    write_archive(archive, {"other/1.md": article(40, site="other")})
    done = newsmill.facts(
        *("backfill", "archive", archive, "--no-publish"),
        *("--from", "2023-11-15", "--until", "2023-11-15", "--site", "quay"),
    )
    assert done["new"] == 6  # the first is of the evening before
    assert newsmill.facts("backfill", "archive", archive, "--no-publish", "--site", "other")["new"] == 1
    limited = newsmill.facts("backfill", "archive", archive, "--no-publish", "--limit", "2")
    assert (limited["new"], limited["unchanged"], limited["documents"]) == (1, 1, 1)  # one of the two is loaded


@pytest.mark.parametrize("newer", ["feed", "archive"])
def test_the_live_feed_and_the_archive_have_one_article(newsmill: Newsmill, archive: Path, newer: str) -> None:
    """Whichever is loaded first: the text that was seen last is the current one."""
    text = "第1号泊位今天开放，明天关闭。"
    with SiteServer({"/feed": Page(RSS.format(text=text).encode(), "application/rss+xml")}) as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "{site.url("/feed")}"\nlanguage = "zh"\n')
        commands: list[Callable[[], object]] = [
            lambda: newsmill.facts("ingest", "--no-images", "--no-publish"),
            lambda: newsmill.facts("backfill", "archive", archive, "--no-publish"),
        ]
        for command in commands if newer == "archive" else commands[::-1]:
            command()
    found = rows(
        newsmill.warehouse,
        "SELECT content_text, version, source FROM clean.articles WHERE url = 'https://quay.example/berth/1'",
    )
    assert found == [(text, 2, "feed")]
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.articles") == [(7,)]


@pytest.mark.thorough
def test_killed_and_started_again(newsmill: Newsmill, newsmill_in: Callable[[Path], Newsmill], tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", {f"quay/{n:05}.md": article(n) for n in range(MANY)})
    newsmill.registry("")
    undisturbed = newsmill_in(tmp_path / "undisturbed")
    undisturbed.folder.mkdir()
    undisturbed.registry("")
    assert undisturbed.facts("backfill", "archive", archive, "--no-publish")["new"] == MANY

    process = newsmill.start("backfill", "archive", archive, "--no-publish", "--json", real=True)
    until(lambda: list((newsmill.landing / "loaded").rglob("*.json")), "a batch is loaded", 120)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    reached = rows(newsmill.warehouse, "SELECT documents, finished_at FROM ops.watermarks")
    pending = [each for path in (newsmill.landing / "pending").glob("*.json") for each in json.loads(path.read_bytes())]
    done = newsmill.facts("backfill", "archive", archive, "--no-publish")
    assert any("goes on where an earlier run was killed" in said for said in done["plan"]) == (reached != [])
    # what had landed is loaded first; where the kill came between a load and its settling, that is once more
    passed = sum(documents for documents, _ in reached)
    again = [each for each in pending if int(Path(each["final_url"]).stem) < passed]
    assert done["documents"] == MANY - passed + len(again)
    assert contents(newsmill.warehouse) == contents(undisturbed.warehouse)
    ((documents, finished),) = rows(newsmill.warehouse, "SELECT documents, finished_at IS NOT NULL FROM ops.watermarks")
    assert (documents, finished) == (MANY, True)


def test_a_reader_waits_for_a_backfill_and_a_backfill_for_a_reader(newsmill: Newsmill, archive: Path) -> None:
    newsmill.facts("backfill", "archive", archive, "--no-publish")
    with duckdb.connect(str(newsmill.warehouse), read_only=True):
        done = newsmill.setting(lock_timeout=1)("backfill", "archive", archive, "--json")
    assert done.returncode == 1
    assert "holds the warehouse" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("archive", "nowhere"), "not there"),
        (("paged", "nowhere"), "neither a feed in the registry nor an address"),
        (("feeds", "nowhere"), "not there"),
    ],
)
def test_what_is_not_there_is_said(newsmill: Newsmill, arguments: tuple[str, str], said: str) -> None:
    newsmill.registry("")
    done = newsmill("backfill", *arguments)
    assert done.returncode == 1
    assert said in done.stderr


def test_saved_feeds_in_the_order_of_their_names(newsmill: Newsmill, tmp_path: Path) -> None:
    newsmill.registry('[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "https://quay.example/feed"\nlanguage = "zh"\n')
    folder = tmp_path / "saved" / "quay"
    folder.mkdir(parents=True)
    (folder / "20240103T000000Z.xml").write_text(RSS.format(text="后来的消息，写得更长一些。"), encoding="utf-8")
    (folder / "20240101T000000Z.xml").write_text(RSS.format(text="最初的消息。"), encoding="utf-8")
    done = newsmill.facts("backfill", "feeds", folder.parent, "--no-publish")
    assert (done["new"], done["documents"]) == (1, 2)
    assert rows(
        newsmill.warehouse,
        "SELECT version, content_text, valid_from::DATE::VARCHAR FROM clean.article_versions ORDER BY 1",
    ) == [(1, "最初的消息。", "2024-01-01"), (2, "后来的消息，写得更长一些。", "2024-01-03")]


def test_the_wayback_machine(newsmill: Newsmill) -> None:
    url = "http://quay.example/feed"
    newsmill.registry(f'[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "{url}"\nlanguage = "zh"\n')
    captures = [
        Captured("20240301000000", url, RSS.format(text="三月的消息，写得更长一些。").encode()),
        Captured("20240101000000", url, RSS.format(text="一月的消息。").encode()),
        Captured("20240201000000", url, b""),
    ]
    with WaybackSite(captures) as site:
        filled = newsmill.setting(wayback_url=site.url(""), backfill_pause=0)
        done = filled.facts("backfill", "wayback", "quay", "--no-publish")
        assert (done["new"], done["documents"], done["rejected"]) == (1, 2, 1)
        site.requests.clear()
        again = filled.facts("backfill", "wayback", "quay", "--no-publish")
        assert (again["documents"], again["rejected"]) == (0, 1)
        assert sum(request.path.startswith("/web/") for request in site.requests) == 1  # only the one that failed
    versions = rows(
        newsmill.warehouse, "SELECT version, content_text, source FROM clean.article_versions ORDER BY version"
    )
    assert versions == [(1, "一月的消息。", "wayback"), (2, "三月的消息，写得更长一些。", "wayback")]
    ((location, error),) = rows(newsmill.warehouse, "SELECT location, error FROM ops.rejects")
    assert location.endswith(f"/web/20240201000000id_/{url}")
    assert error == "the capture is empty"


@pytest.mark.parametrize("kind", SOURCES)
def test_the_form_in_prefect_s_ui_says_what_to_write(kind: str) -> None:
    """What a deployment's form is made of: a description for each field, days as dates, choices, defaults."""
    schema = parameter_schema(backfill_flow(kind)).model_dump()
    (form,) = schema["definitions"].values()
    assert form["title"] == SOURCES[kind].form.__name__
    assert form["required"] == ["where"]
    fields = form["properties"]
    assert all(field["description"] for field in fields.values())
    assert fields["since"]["format"] == fields["until"]["format"] == "date"
    assert fields["publish"]["default"] is True
    choices = {name: field["enum"] for name, field in fields.items() if "enum" in field}
    assert choices == {"archive": {"versions": ["newest", "all"]}, "wayback": {"read": ["feed", "pages"]}}.get(kind, {})


@pytest.mark.parametrize("kind", SOURCES)
def test_a_form_asks_for_what_its_source_takes(kind: str) -> None:
    asked = SOURCES[kind].form(where="quay", since="2024-05-01", until="2024-05-02", feed="quay")
    wanted = asked.request()
    assert (wanted.where, wanted.feed) == ("quay", "quay")
    assert (f"{wanted.since:%F %H}", f"{wanted.until:%F %H}") == ("2024-05-01 00", "2024-05-03 00")
    with pytest.raises(ValidationError):
        SOURCES[kind].form(where="")


def test_a_flag_that_a_source_does_not_take_is_refused(newsmill: Newsmill) -> None:
    newsmill.registry("")
    done = newsmill("backfill", "paged", "quay", "--history", "--site", "quay")
    assert done.returncode == 2
    assert "paged does not take --history, --site" in done.stderr


@pytest.mark.thorough
@pytest.mark.skipif(not ARCHIVE.exists(), reason="the corpus of real archives is not here")
def test_the_corpus_of_real_archives(newsmill: Newsmill) -> None:
    newsmill.registry("")
    files = len(list(ARCHIVE.rglob("*.md")))
    done = newsmill.facts("backfill", "archive", ARCHIVE)
    assert done["documents"] == files
    assert done["rejected"] == 0
    ((entries, bare),) = rows(
        newsmill.warehouse,
        "SELECT count(*), count(*) FILTER (e.link IS NULL OR e.title = '' OR a.published_known IS NOT TRUE) "
        "FROM raw.entries e LEFT JOIN clean.articles a USING (article_id)",
    )
    assert (entries, bare) == (files, 0)
    again = newsmill.facts("backfill", "archive", ARCHIVE)
    assert (again["new"], again["changed"]) == (0, 0)
    assert json.dumps(again["plan"]).count("oped, society") == 1


def test_the_images_of_a_backfill_wait_until_they_are_asked_for(newsmill: Newsmill) -> None:
    """An ingest fetches those of its own feeds alone; a host that only fails is left alone and named."""
    with SiteServer({"/feed": Page(RSS.replace("{text}", "新泊位").encode(), "application/rss+xml")}) as server:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "码头日报"\nurl = "{server.url("/feed")}"\n')
        texts = {f"quay/{n}.md": article(n) + f'\n<img src="{server.url(f"/gone/{n}.jpg")}">\n' for n in range(20, 50)}
        write_archive(newsmill.folder / "archive", texts)
        assert newsmill.facts("backfill", "archive", "archive", "--no-publish")["new"] == 30
        ingested = newsmill.facts("ingest", "quay", "--no-publish")
        assert (ingested["new"], ingested["images_failed"]) == (1, 0)
        assert [request.path for request in server.requests if request.path.startswith("/gone")] == []

        asked = newsmill.setting(retries=0)("images", "--source", "archive")
        assert asked.returncode == 0, asked.stderr
        host = server.url("").removeprefix("http://")
        assert f"{host}: " in asked.stdout
        assert "10 in a row: its other images wait for a later run" in asked.stdout
        tried = {request.path for request in server.requests if request.path.startswith("/gone")}
        assert 10 <= len(tried) < 30
        assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.images WHERE status = 'pending'")[0][0] > 0
        assert newsmill.facts("images", "--feed", "other")["images_failed"] == 0
        assert newsmill.facts("images", "--since", "2030-01-01")["images_failed"] == 0
