"""Small inputs after public bug reports (../shared/reports), each served as it was and ingested three times.

One registry has all of them, so that the whole takes three runs.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tasks.mill.document import mill_bytes
from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.places import SHARED
from tests.trust.raw_server import Behaviour, RawServer, raw_server
from warehouse.records import Document, Feed

REPORTS = SHARED / "reports"
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason=f"{REPORTS} is absent")


@dataclass
class Outcome:
    """What newsmill has of one report's feed after three ingests."""

    articles: list[Mapping[str, object]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    """The outcome of each."""

    @property
    def titles(self) -> list[object]:
        return [article["title"] for article in self.articles]

    def only(self, name: str) -> str:
        (article,) = self.articles
        return str(article[name])


Check = Callable[[Outcome, str], bool]
"""Given also what the report expects, as its expected.md says."""


def is_expected(name: str) -> Check:
    return lambda outcome, expected: outcome.only(name) == expected


def has_articles(count: int) -> Check:
    return lambda outcome, _: [article["version"] for article in outcome.articles] == [1] * count


def has_titles(outcome: Outcome, expected: str) -> bool:
    return set(expected.split("; ")) <= set(outcome.titles)


def has_text(outcome: Outcome, _: str) -> bool:
    return bool(outcome.only("content_text"))


def is_one_paragraph(outcome: Outcome, _: str) -> bool:
    return has_text(outcome, _) and "\n" not in outcome.only("content_text")


def has_an_image(outcome: Outcome, _: str) -> bool:
    return len(outcome.images) == 1


def has_links(count: int) -> Check:
    return lambda outcome, _: outcome.only("content_html").count("<a href=") == count


def was_fetched(outcome: Outcome, _: str) -> bool:
    return outcome.fetches[0] == "fetched" and bool(outcome.articles)


EXPECTED: dict[str, Check] = {
    "a-rellink": lambda outcome, expected: urlsplit(outcome.only("url")).path == urlsplit(expected).path,
    # the hosts of the answers are longer than those of the expectation
    "a-xmlbase": lambda outcome, expected: [urlsplit(url).path for url in outcome.images] == [urlsplit(expected).path],
    "c-blank1251": is_expected("title"),
    "c-escapedcdatap": lambda outcome, _: outcome.only("content_text").count("\n\n") == 1,
    # served from loopback, its site is what feeds.toml says
    "c-rellinksite": lambda outcome, expected: outcome.only("url") == f"https://site.test{urlsplit(expected).path}",
    "d-colon": is_expected("published_at"),
    "d-javacst": is_expected("published_at"),
    "d-mest": is_expected("published_at"),
    "d-minus1": lambda outcome, _: outcome.only("published_known") == "False",
    "e-badbyte": has_titles,
    "e-badbytegb": has_titles,
    "f-304etag": lambda outcome, _: b'if-none-match: "e2"' in outcome.requests[2].lower(),
    "f-badetag1": lambda outcome, _: outcome.fetches[1] == "fetched" and len(outcome.articles) == 2,
    "f-cenone": was_fetched,
    "f-gzgzonce": was_fetched,
    "f-gznoheader": was_fetched,
    "f-te2": was_fetched,
    "i-guidonlyscheme": has_articles(1),
    "i-random": has_articles(2),
    "i-samelink": has_articles(2),
    "i-sametitle": has_articles(2),
    "i-wpcomments": has_articles(2),
    "j-authorstop": has_articles(1),
    "j-newline": has_articles(1),
    "k-ampimg": has_an_image,
    "k-bg": has_an_image,
    "k-blocklink": has_links(2),
    "k-g": is_one_paragraph,
    "k-hidden": has_an_image,
    "k-lazyiframe": has_links(1),
    "k-math": lambda outcome, _: len(outcome.only("content_text").split()) > 9,
    "k-menu": lambda outcome, _: len(outcome.only("content_text").split()) > 1,
    "k-pixelhost": has_an_image,
    "k-small": has_text,
    "k-teaser": has_text,
    "k-wbr": is_one_paragraph,
    "t-atomtext": is_expected("title"),
    "t-jsontext": is_expected("content_text"),
}
FRONT_MATTER = {"b-authorlist": "2.md", "b-authors": "6.md"}
OTHERS = {"o-unquoted", "o-upper", "sm-doctype", "w-7-lastchunkmissing"}
"""Reports about files; tests/flows/test_file_reports.py has them."""


def answers(folder: Path) -> Behaviour:
    """Sends the report's answers, one for each request; the last one stays."""
    left = [path.read_bytes() for path in sorted(folder.glob("answer*.http"))]

    def behave(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return behave


@pytest.fixture(scope="module")
def outcomes(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Outcome]]:
    newsmill = newsmill_in(tmp_path_factory.mktemp("reports")).setting(retries=0, timeout=5)
    with ExitStack() as stack:
        servers: dict[str, RawServer] = {}
        tables = []
        for name in EXPECTED:
            servers[name] = stack.enter_context(raw_server(answers(REPORTS / name)))
            extra = re.search(r"feeds\.toml: `(.*)`", (REPORTS / name / "expected.md").read_text())
            address = f"{servers[name].url}{name}/feed"
            tables.append(f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{address}"\n{extra[1] if extra else ""}\n')
        newsmill.registry("\n".join(tables))
        for _ in range(3):
            newsmill("ingest", "--force", "--no-images", "--no-publish")
        results = {name: Outcome(requests=server.requests) for name, server in servers.items()}
    columns = ("title", "url", "published_at", "published_known", "content_text", "content_html", "version")
    for feed, *values in rows(
        newsmill.warehouse, f"SELECT feed_id, {', '.join(columns)} FROM clean.articles ORDER BY url"
    ):
        results[feed].articles.append(dict(zip(columns, values, strict=True)))
    pictures = "SELECT feed_id, images.url FROM clean.articles JOIN clean.article_images USING (article_id)"
    for feed, url in rows(newsmill.warehouse, f"{pictures} JOIN clean.images images USING (image_id)"):
        results[feed].images.append(url)
    for feed, outcome in rows(newsmill.warehouse, "SELECT feed_id, outcome FROM ops.fetches ORDER BY started_at"):
        results[feed].fetches.append(outcome)
    yield results


def test_every_report_is_listed() -> None:
    assert {path.name for path in REPORTS.iterdir() if path.is_dir()} == {*EXPECTED, *FRONT_MATTER, *OTHERS}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_report_comes_out_as_expected(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    (expected,) = re.findall(r"^Expected: (.*)$", (REPORTS / name / "expected.md").read_text(), re.MULTILINE)
    assert EXPECTED[name](outcome, expected), (expected, outcome.articles, outcome.images, outcome.fetches)


@pytest.mark.parametrize(("name", "file"), FRONT_MATTER.items())
def test_the_authors_of_an_article_file_come_out_as_expected(name: str, file: str) -> None:
    data = (REPORTS / name / file).read_bytes()
    document = Document("", "archive", file, file, datetime.now(UTC), 200, {}, len(data), "", "archive", "article")
    (article,) = mill_bytes(data, document, Feed("archive", "archive", "")).articles
    (expected,) = re.findall(r"^Expected: (.*)$", (REPORTS / name / "expected.md").read_text(), re.MULTILINE)
    assert article.author == ", ".join(article.authors) == expected
