"""Public bug reports about OPML, sitemaps and WARC files (../shared/reports), each read by the command it is about.

tests/flows/test_reports.py has those about feeds.
"""

from __future__ import annotations

import re

import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.places import SHARED
from tests.sites.server import Page, SiteServer

REPORTS = SHARED / "reports"
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason=f"{REPORTS} is absent")
ARTICLE = (
    b"<!DOCTYPE html><html lang='en'><head><title>The slipway</title>"
    b'<meta property="article:published_time" content="2024-05-01T10:00:00Z"></head><body><article><h1>The slipway</h1>'
    b"<p>The slipway is painted on Tuesday, and the harbour office asks all boats to keep away from it until noon.</p>"
    b"<p>On Wednesday it opens again; the paint, the harbour master says, will last for five years at the least.</p>"
    b"</article></body></html>"
)


def reports(prefix: str) -> list[str]:
    return sorted(path.name for path in REPORTS.glob(f"{prefix}-*"))


def expected_number(name: str) -> int:
    (number,) = re.findall(r"^Expected: (\d+) ", (REPORTS / name / "expected.md").read_text(), re.MULTILINE)
    return int(number)


@pytest.mark.parametrize("name", reports("o"))
def test_the_feeds_of_an_opml_file(newsmill: Newsmill, name: str) -> None:
    (opml,) = (REPORTS / name).glob("*.opml")
    done = newsmill("feeds", "import", opml)
    number = expected_number(name)
    assert f"added {number} {'feed' if number == 1 else 'feeds'} to " in done.stdout, done.stderr
    assert len(newsmill.facts("feeds", "list")) == number


@pytest.mark.parametrize("name", reports("sm"))
def test_the_pages_of_a_sitemap(newsmill: Newsmill, name: str) -> None:
    newsmill.registry("")
    sitemap = (REPORTS / name / "answer1.body").read_bytes()
    with SiteServer({}) as site:
        paths = re.findall(rb"http://127\.0\.0\.1:\d+(/[^<\s]*)", sitemap)
        site.pages = {path.decode(): Page(ARTICLE, "text/html") for path in paths}
        here = site.url("/").rstrip("/").encode()
        site.pages["/sitemap.xml"] = Page(re.sub(rb"http://127\.0\.0\.1:\d+", here, sitemap), "text/xml")
        newsmill.facts("backfill", "sitemap", site.url("/sitemap.xml"), "--no-publish")
    assert rows(newsmill.warehouse, "SELECT count(*) FROM clean.articles") == [(expected_number(name),)]


@pytest.mark.parametrize("name", reports("w"))
def test_the_page_of_a_warc_file(newsmill: Newsmill, name: str) -> None:
    newsmill.registry("")
    (warc,) = (REPORTS / name).glob("*.warc*")
    newsmill.facts("backfill", "warc", warc, "--no-publish")
    ((title, words),) = rows(newsmill.warehouse, "SELECT title, word_count FROM clean.articles")
    assert title.startswith("Page ")
    assert words > 30
