"""The command `rules`: try, import and list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.sites.server import Page, SiteServer
from tests.tasks.parse.pages import ENGLISH, MANDARIN, page, paragraphs

STORY = page(
    before="<p class=by>By Oda Brandt</p><time datetime='2024-03-05T07:08:09Z'>Tuesday</time>",
    text=paragraphs(ENGLISH)
    + "<p class=note>Oda Brandt writes about harbours and gates, and has done so for years.</p>",
    head="<meta property=og:title content='Gates &amp; more'><link rel=amphtml href=/amp/gate>",
)


@pytest.fixture
def server() -> Iterator[SiteServer]:
    pages = {
        "/robots.txt": Page(b"User-agent: *\nDisallow: /private\n", "text/plain"),
        "/gate": Page(STORY.encode(), "text/html; charset=utf-8"),
        "/private/gate": Page(STORY.encode(), "text/html"),
        "/moved": Page(b"", "text/html", 302, {"Location": "/private/gate"}),
        "/empty": Page(b"<html><body><p>404</p></body></html>", "text/html"),
    }
    with SiteServer(pages) as server:
        yield server


def feeds(server: SiteServer, rest: str = "") -> str:
    return f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{server.url("/feed")}"\n{rest}'


def test_trying_a_page_shows_what_the_rules_and_what_newsmill_alone_extracts(
    bare: Newsmill, server: SiteServer
) -> None:
    options = (
        "--content",
        ".article-body",
        "--remove",
        ".note",
        "--title",
        "//h1",
        "--author",
        ".by",
        "--date",
        "time",
    )
    trial = bare.facts("rules", "try", server.url("/gate"), *options, "--next", "a.more")
    assert trial["origin"] == "options"
    ruled, default = trial["ruled"], trial["default"]
    assert ruled["text"].split("\n\n") == list(ENGLISH)
    assert (ruled["title"], ruled["author"]) == ("The gate is open", "Oda Brandt")
    assert ruled["published_at"] == "2024-03-05T07:08:09+00:00"
    assert ruled["plain_version"] == server.url("/amp/gate")
    assert ruled["matched"]["content"] == {".article-body": 1}
    assert ruled["matched"]["next"] == {"a.more": 0}
    assert default["title"] == "Gates & more"
    assert default["words"] > ruled["words"] > 50
    printed = bare("rules", "try", server.url("/gate"), *options).stdout
    assert "content: .article-body: 1 found" in printed
    assert "without rules" in printed


def test_a_page_that_robots_txt_forbids_is_not_asked_for(bare: Newsmill, server: SiteServer) -> None:
    for path in ("/private/gate", "/moved"):
        done = bare("rules", "try", server.url(path))
        assert done.returncode == 1
        assert "robots.txt of its host keeps it from newsmill" in done.stderr.replace("\n", " ")
    assert "/private/gate" not in [request.path for request in server.requests]


def test_a_page_without_an_article_ends_with_1_and_the_reason(bare: Newsmill, server: SiteServer) -> None:
    done = bare("rules", "try", server.url("/empty"))
    assert done.returncode == 1
    assert "the page holds no article" in done.stdout


@pytest.mark.parametrize("name", ["gone.html", "./gone", "/nowhere/Gone.HTM"])
def test_a_file_that_is_not_there_is_no_host(bare: Newsmill, name: str) -> None:
    """https://gone.html/robots.txt was asked for."""
    done = bare("rules", "try", name)
    assert done.returncode == 1
    assert f"{name}: there is no such file" in " ".join(done.stderr.split())


def test_what_is_no_selector_ends_with_2(bare: Newsmill) -> None:
    done = bare("rules", "try", "https://quay.example/", "--content", "//div[")
    assert done.returncode == 2
    assert '"//div[" is no selector: Invalid' in done.stderr


def test_a_file_says_itself_where_it_comes_from_or_the_option_does(bare: Newsmill) -> None:
    html = page(text=paragraphs(MANDARIN) + "<a href='gate_2.html'>下一页</a>", lang="zh")
    canonical = "<link rel=canonical href='https://quay.example/news/gate.html'></head>"
    (bare.folder / "gate.html").write_text(html.replace("</head>", canonical), encoding="utf-8")
    (bare.folder / "bare.html").write_text(html, encoding="utf-8")
    assert bare.facts("rules", "try", "gate.html")["ruled"]["next_page"] == "https://quay.example/news/gate_2.html"
    trial = bare.facts("rules", "try", "bare.html", "--url", "https://matou.example/gate.html")
    assert trial["ruled"]["next_page"] == "https://matou.example/gate_2.html"
    assert trial["ruled"]["language"] == "zh"
    assert bare("rules", "try", "bare.html", "--html").stdout.startswith(f"<p>{MANDARIN[0]}</p>")
    assert MANDARIN[-1] in bare("rules", "try", "bare.html", "--text").stdout.replace("\n", "")


def test_the_rules_are_those_of_the_pages_feed_or_host(bare: Newsmill, server: SiteServer) -> None:
    (bare.folder / "patterns").mkdir()
    (bare.folder / "patterns" / "127.0.0.1.txt").write_text(
        "body: //div[@class='article-body']\nstrip: //p[@class='note']\nbad line\nhttp_header(cookie): a\n",
        encoding="utf-8",
    )
    bare.registry(feeds(server))
    done = bare("rules", "import", "patterns")
    assert "1 of them are for sites of feeds: quay" in done.stdout
    assert "http_header (1 file)" in done.stdout
    assert "127.0.0.1.txt:3:" in done.stderr
    trial = bare.facts("rules", "try", server.url("/gate"))
    assert (trial["feed"], trial["origin"]) == ("quay", "site pattern 127.0.0.1.txt")
    assert trial["ruled"]["text"].split("\n\n") == list(ENGLISH)
    (row,) = bare.facts("rules", "list")
    assert (row["pages"], row["rules"], row["feeds"]) == ("127.0.0.1", {"content": 1, "remove": 1}, ["quay"])
    assert row["problems"] == ['127.0.0.1.txt:3: "bad line" is no directive (write body: //div, for example)']

    bare.registry(feeds(server, 'page = { content = ".article-body p:first-child" }\n'))
    trial = bare.facts("rules", "try", server.url("/gate"), "--title", "//title")
    assert trial["origin"] == 'page of feed "quay" and options'
    assert (trial["ruled"]["text"], trial["ruled"]["title"]) == (ENGLISH[0], "The gate is open - The Quay")
    assert [(row["pages"], row["feeds"]) for row in bare.facts("rules", "list")] == [
        ("of quay", ["quay"]),
        ("127.0.0.1", []),
    ]


@pytest.mark.thorough
def test_runs_use_the_rules_too_and_reprocess_uses_new_ones(bare: Newsmill, server: SiteServer) -> None:
    listed = f"<url><loc>{server.url('/gate')}</loc></url>"
    sitemap = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{listed}</urlset>"
    server.pages["/sitemap.xml"] = Page(sitemap.encode(), "application/xml")
    bare.registry(feeds(server, "page = { content = \"//p[@class='note']\" }\n"))
    newsmill = bare.setting(backfill_pause=0)
    done = newsmill("backfill", "sitemap", server.url("/sitemap.xml"), "--feed", "quay")
    assert done.returncode == 0, done.stderr
    text = "SELECT content_text, parsed FROM clean.articles JOIN raw.entries USING (article_id)"
    (row,) = newsmill.facts("sql", "--live", text)
    assert row["content_text"].startswith("Oda Brandt writes")
    assert json.loads(row["parsed"])["rules"] == {"content": {"//p[@class='note']": 1}}

    bare.registry(feeds(server))
    (bare.folder / "rules").mkdir()
    (bare.folder / "rules" / "127.0.0.1.txt").write_text("body: //div[@class='article-body']/p[1]\n", encoding="utf-8")
    assert newsmill("reprocess").returncode == 0
    (row,) = newsmill.facts("sql", "--live", text)
    assert row["content_text"] == ENGLISH[0]


def test_importing_nothing_ends_with_1(bare: Newsmill, tmp_path: Path) -> None:
    (bare.folder / "patterns").mkdir()
    (bare.folder / "patterns" / "README.txt").write_text("hello", encoding="utf-8")
    done = bare("rules", "import", "patterns")
    assert done.returncode == 1
    assert "skipped README.txt: its name is not a host's" in done.stderr
