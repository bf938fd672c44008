"""Articles' own pages: how they are asked for, what is kept of each answer, and what is left alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.fetch.http import open_client
from tasks.fetch.pages import START, fetch_page, land_pages, with_pages
from tasks.fetch.robots import Robots
from tasks.fetch.trying import TRIES
from tasks.settings import Settings
from tests.sites.faults import FaultySite
from tests.sites.server import Page, RequestHandler, SiteServer
from tests.sites.teasers import HTML, STORIES, TeaserSite
from warehouse.landing import Landing
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import PageRequest

GATE = Page(b"<!DOCTYPE html><title>The gate</title><p>It opens at nine.", HTML)


def pending(url: str, **known: object) -> PendingPage:
    return PendingPage(**{"article_id": url, "feed_id": "quay", "request": PageRequest(url, "The gate"), **known})  # type: ignore[arg-type]


def ask_all(pages: Sequence[PendingPage], **settings: Any) -> list[PageAnswer | None]:
    """The answers, asked for one after the other by one run."""

    async def run() -> list[PageAnswer | None]:
        options = {"allow_private_addresses": True, "timeout": 5, "retry_delay": 0, **settings}
        async with open_client(Settings(**options)) as client:
            robots = Robots(client)
            return [await fetch_page(page, client, robots) for page in pages]

    return asyncio.run(run())


def ask(url: str, known: dict[str, object] | None = None, **settings: object) -> PageAnswer:
    (answer,) = ask_all([pending(url, **(known or {}))], **settings)
    assert answer
    return answer


def failure(answer: PageAnswer) -> tuple[str, int | None, bool]:
    """(outcome, status, whether asking again can help) of an answer that brought nothing to read."""
    assert answer.document is None
    assert answer.data == b""
    assert answer.error
    return answer.outcome, answer.http_status, answer.may_help


def asked(site: SiteServer) -> list[tuple[str, int]]:
    return [(request.path, request.status) for request in site.requests]


def test_a_page_as_it_came() -> None:
    with SiteServer({"/gate": GATE}) as site:
        answer = ask(site.url("/gate"))
        assert asked(site) == [("/robots.txt", 404), ("/gate", 200)]
        assert "text/html" in site.requests[1].headers["accept"]
    document = answer.document
    assert document
    assert (answer.outcome, answer.http_status, answer.error, answer.data) == ("fetched", 200, None, GATE.body)
    assert (document.form, document.source, document.feed_id, document.status) == ("page", "page", "quay", 200)
    assert (document.url, document.final_url) == (site.url("/gate"), site.url("/gate"))
    assert document.headers["etag"] == GATE.etag
    assert document.request == PageRequest(site.url("/gate"), "The gate")
    assert answer.asked_at <= document.fetched_at


def test_a_page_is_asked_for_conditionally() -> None:
    changed = datetime(2026, 11, 20, 8, tzinfo=UTC)
    with SiteServer({"/gate": replace(GATE, last_modified=changed)}) as site:
        answer = ask(site.url("/gate"), {"etag": GATE.etag, "last_modified": "Fri, 20 Nov 2026 08:00:00 GMT"})
        assert site.requests[-1].headers["if-none-match"] == GATE.etag
        assert site.requests[-1].headers["if-modified-since"] == "Fri, 20 Nov 2026 08:00:00 GMT"
        assert (answer.outcome, answer.http_status, answer.document) == ("not-modified", 304, None)
        assert ask(site.url("/gate"), {"etag": '"another"'}).outcome == "fetched"


def test_not_modified_is_no_answer_to_who_has_nothing_yet() -> None:
    """Such a page stayed pending for ever, without a reason."""
    with SiteServer({"/gate": lambda handler: handler.send_head(304, {})}) as site:
        answer = ask(site.url("/gate"))
        assert (answer.outcome, answer.http_status, answer.may_help) == ("failed", 304, True)
        assert answer.error


@pytest.mark.parametrize("etag", ['"à"', '"a\x00b"', '"中"', '"a\r\nX-Injected: 1"'])
def test_a_validator_that_no_request_can_hold_is_left_out(etag: str) -> None:
    with SiteServer({"/gate": GATE}) as site:
        assert ask(site.url("/gate"), {"etag": etag}).outcome == "fetched"
        assert "if-none-match" not in site.requests[-1].headers


@pytest.mark.parametrize("status", [404, 410, 451])
def test_an_answer_that_the_page_is_not_there_is_a_document(status: int) -> None:
    """It lands like a page, so that `reprocess` knows of it, too."""
    with SiteServer({"/gate": Page(b"<h1>Sorry</h1>", HTML, status)}) as site:
        answer = ask(site.url("/gate"))
        assert asked(site)[1:] == [("/gate", status)], "and is not asked for again"
    assert answer.document
    assert (answer.outcome, answer.document.status, answer.document.size, answer.data) == ("fetched", status, 0, b"")


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_site_that_wants_a_login_may_change_its_mind(status: int) -> None:
    with SiteServer({"/gate": Page(b"", HTML, status)}) as site:
        assert failure(ask(site.url("/gate"))) == ("forbidden", status, True)
        assert len(site.requests) == 2


def test_a_server_s_fault_is_tried_again_at_once_and_later() -> None:
    with SiteServer({"/gate": Page(b"", HTML, 500)}) as site:
        assert failure(ask(site.url("/gate"))) == ("failed", 500, True)
        assert asked(site)[1:] == [("/gate", 500)] * TRIES


def test_a_fault_that_passes_is_none() -> None:
    answers = iter([Page(b"", HTML, 502), GATE])
    with SiteServer({"/gate": lambda handler: handler.send_page(next(answers))}) as site:
        assert ask(site.url("/gate")).data == GATE.body


@pytest.mark.parametrize("status", [400, 405, 418])
def test_a_request_that_the_server_does_not_want_is_not_made_again(status: int) -> None:
    with SiteServer({"/gate": Page(b"", HTML, status)}) as site:
        assert failure(ask(site.url("/gate"))) == ("failed", status, False)
        assert len(site.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_wants_to_be_left_alone_is(status: int) -> None:
    """Its other pages stay as they are: they were not asked for."""
    pages = {"/gate": Page(b"", HTML, status, {"Retry-After": "3600"}), "/ferry": GATE}
    with SiteServer(pages) as site, SiteServer({"/gate": GATE}) as other:
        first, second, third = ask_all(
            [pending(site.url("/gate")), pending(site.url("/ferry")), pending(other.url("/gate"))]
        )
        assert asked(site) == [("/robots.txt", 404), ("/gate", status)]
    assert first
    assert failure(first) == ("failed", status, True)
    assert second is None
    assert third
    assert third.outcome == "fetched"


@pytest.mark.parametrize("page", [Page(b"", HTML, 204), Page(b"", HTML), Page(b" \n\t ", HTML)])
def test_an_empty_answer_is_no_page(page: Page) -> None:
    with SiteServer({"/gate": page}) as site:
        assert failure(ask(site.url("/gate"))) == ("failed", page.status, True)


# --- what is no page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["application/pdf", "text/html", "application/octet-stream"])
def test_of_a_pdf_only_the_start_is_kept(media_type: str) -> None:
    with SiteServer({"/gate": Page(b"%PDF-1.7\n" + b"x" * 100_000, media_type)}) as site:
        answer = ask(site.url("/gate"))
    assert answer.outcome == "fetched"
    assert answer.data.startswith(b"%PDF-")
    assert len(answer.data) == START


@pytest.mark.parametrize(
    "media_type",
    ["image/jpeg", "audio/mpeg", "video/mp4", "application/zip", "application/json", "application/rss+xml"],
)
def test_a_file_in_a_page_s_place_is_left(media_type: str) -> None:
    with SiteServer({"/gate": Page(b"\xff\xd8\xff\xe0 whatever", f"{media_type}; x=y")}) as site:
        answer = ask(site.url("/gate"))
    assert failure(answer) == ("skipped", 200, False)
    assert media_type in (answer.error or "")


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "TEXT/HTML ; charset=x", "application/xhtml+xml", "binary/octet-stream"]
)
def test_a_page_is_one_whatever_its_server_calls_it(media_type: str) -> None:
    with SiteServer({"/gate": replace(GATE, media_type=media_type)}) as site:
        assert ask(site.url("/gate")).data == GATE.body


def _endless(handler: RequestHandler) -> None:
    handler.send_chunks(itertools.repeat(b"<p>and then</p>" * 1000), {"Content-Type": HTML})


@pytest.mark.parametrize("page", [_endless, Page(b"<p>x</p>" * 20_000, HTML)])
def test_a_page_without_end_is_given_up(page: Page) -> None:
    with SiteServer({"/gate": page}) as site:
        answer = ask(site.url("/gate"), max_page_bytes=100_000)
        assert len(site.requests) == 2, "another try would be no shorter"
    assert failure(answer) == ("failed", 200, False)
    assert "larger than 100,000 bytes" in (answer.error or "")
    assert "NEWSMILL_MAX_PAGE_BYTES" in (answer.error or "")


@pytest.mark.parametrize("path", ["/gzip-bomb", "/br-bomb", "/zstd-bomb"])
def test_a_bomb_is_given_up(path: str) -> None:
    with FaultySite() as site:
        assert failure(ask(site.url(path), max_page_bytes=1_000_000)) == ("failed", 200, False)


def test_a_server_that_does_not_answer_may_later() -> None:
    with FaultySite() as site:
        answer = ask(site.url("/hang"), timeout=0.2, deadline=0.5)
    assert failure(answer) == ("failed", None, True)


def _drip(handler: RequestHandler) -> None:
    """A byte at a time, for as long as anybody listens."""
    chunks = itertools.takewhile(lambda _: not handler.site.closing.wait(0.05), itertools.repeat(b"."))
    handler.send_chunks(chunks, {"Content-Type": HTML})


def test_a_page_that_drips_may_be_faster_later() -> None:
    with SiteServer({"/gate": _drip}) as site:
        answer = ask(site.url("/gate"), deadline=0.5)
    assert failure(answer) == ("failed", None, True)
    assert "not finished after 0.5 s" in (answer.error or "")


def test_a_server_that_is_not_there_may_be_later() -> None:
    with SiteServer() as site:
        gone = site.url("/gate")
    assert failure(ask(gone)) == ("failed", None, True)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://quay.example/gate",
        "file:///etc/passwd",
        "mailto:oda@quay.example",
        "//quay.example",
        "http://",
        "http://a b/",
        "gate",
    ],
)
def test_an_address_that_is_none_of_the_web(address: str) -> None:
    assert failure(ask(address)) == ("failed", None, False)


# --- where it may lead ----------------------------------------------------------------------------------------------


def moved(address: str) -> Page:
    return Page(b"", HTML, 302, {"Location": address})


def test_a_redirect_is_followed_and_noted() -> None:
    with SiteServer({"/gate": GATE}) as other, SiteServer({"/gate": moved(other.url("/gate"))}) as site:
        answer = ask(site.url("/gate"))
        assert asked(other) == [("/robots.txt", 404), ("/gate", 200)], "its robots.txt first"
    assert answer.document
    assert (answer.document.url, answer.document.final_url) == (site.url("/gate"), other.url("/gate"))


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/", "http://10.0.0.1/", "http://[::1]/", "http://192.168.0.1/"]
)
def test_a_redirect_to_a_private_address_is_refused(location: str) -> None:
    with SiteServer({"/gate": moved(location)}) as site:
        answer = ask(site.url("/gate"), allow_private_addresses=site.authority.partition(":")[0])
    assert failure(answer) == ("failed", None, False)
    assert "private network address" in (answer.error or "")


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://quay.example/", "javascript:alert(1)", "http://[", "http://"]
)
def test_a_redirect_to_what_is_not_of_the_web_is_refused(location: str) -> None:
    with SiteServer({"/gate": moved(location)}) as site:
        assert failure(ask(site.url("/gate"))) == ("failed", None, False)


def test_a_redirect_in_a_circle_ends() -> None:
    with SiteServer({"/gate": moved("/door"), "/door": moved("/gate")}) as site:
        assert failure(ask(site.url("/gate"), max_redirects=4)) == ("failed", None, False)
        assert len(site.requests) == 1 + 5


def test_a_redirect_to_what_the_other_host_s_robots_txt_forbids_is_not_followed() -> None:
    rules = Page(b"User-agent: *\nDisallow: /members/", "text/plain")
    with (
        SiteServer({"/robots.txt": rules, "/members/gate": GATE}) as other,
        SiteServer({"/gate": moved(other.url("/members/gate"))}) as site,
    ):
        answer = ask(site.url("/gate"))
        assert asked(other) == [("/robots.txt", 200)]
    assert failure(answer) == ("forbidden", None, False)
    assert "robots.txt" in (answer.error or "")


def test_what_robots_txt_forbids_is_not_asked_for() -> None:
    paths = ["/2026/private/minutes", "/2026/bridge", "/data/all.json", "/data/all.json.html"]
    with TeaserSite() as site:
        site.pages["/data/all.json.html"] = GATE
        answers = ask_all([pending(site.url(path)) for path in paths])
        assert asked(site) == [("/robots.txt", 200), ("/2026/bridge", 200), ("/data/all.json.html", 200)]
    assert [answer and answer.outcome for answer in answers] == ["forbidden", "fetched", "forbidden", "fetched"]
    assert answers[0]
    assert failure(answers[0]) == ("forbidden", None, False)


@pytest.mark.parametrize(("status", "outcome"), [(404, "fetched"), (403, "fetched"), (500, "failed"), (429, "failed")])
def test_a_robots_txt_that_fails(status: int, outcome: str) -> None:
    """RFC 9309 2.3.1.3 and 2.3.1.4. What could not be found out may be later."""
    with SiteServer({"/robots.txt": Page(b"", "text/plain", status), "/gate": GATE}) as site:
        answer = ask(site.url("/gate"))
        assert ("/gate", 200) in asked(site) or outcome == "failed"
    assert (answer.outcome, answer.may_help) == (outcome, True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run waits for a host's turn for a moment instead of a minute."""
    monkeypatch.setattr("tasks.fetch.lanes.LONGEST_WAIT", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_crawl_delay_that_is_too_long_for_a_run_leaves_the_rest_for_the_next() -> None:
    rules = Page(b"User-agent: *\nCrawl-delay: 600", "text/plain")
    pages = {f"/{name}": GATE for name in "abc"}
    with SiteServer({"/robots.txt": rules, **pages, "/a": moved("/b")}) as site:
        answers = ask_all([pending(site.url(f"/{name}")) for name in "bca"])
        assert asked(site) == [("/robots.txt", 200), ("/b", 200)]
    assert [answer and answer.outcome for answer in answers] == ["fetched", None, None]


@pytest.mark.usefixtures("impatient")
def test_a_crawl_delay_counts_for_each_redirect() -> None:
    """Each is a request."""
    rules = Page(b"User-agent: *\nCrawl-delay: 600", "text/plain")
    with SiteServer({"/robots.txt": rules, "/a": moved("/b"), "/b": GATE}) as site:
        assert ask_all([pending(site.url("/a"))]) == [None]
        assert asked(site) == [("/robots.txt", 200), ("/a", 302)]


def test_a_host_that_wants_hours_between_requests_is_not_asked() -> None:
    rules = Page(b"User-agent: *\nCrawl-delay: 86400", "text/plain")
    with SiteServer({"/robots.txt": rules, "/gate": GATE}) as site:
        assert failure(ask(site.url("/gate"))) == ("failed", None, False)
        assert asked(site) == [("/robots.txt", 200)]


# --- landing --------------------------------------------------------------------------------------------------------


def test_pages_land_in_one_pack_before_anything_reads_them(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    with TeaserSite() as site:
        site.take_down("/2026/ferry", "410")
        answers = [a for a in ask_all([pending(site.url(story.path)) for story in STORIES]) if a]
    landed = land_pages(answers, landing)
    assert [answer.pending for answer in landed] == [answer.pending for answer in answers], "none is lost"
    assert {answer.data for answer in landed} == {b""}, "the bytes are on the disk now"
    documents = [answer.document for answer in landed if answer.document]
    assert len(documents) == len(STORIES) - 1, "but for what robots.txt forbids"
    assert len({document.landing_path.partition("@")[0] for document in documents}) == 1
    assert [landing.read(document) for document in documents] == [a.data for a in answers if a.document]
    assert sorted(landing.pending(), key=lambda d: d.fetched_at) == sorted(documents, key=lambda d: d.fetched_at)
    assert [document.request and document.request.url for document in documents] == [d.url for d in documents]


def test_the_same_answers_land_once(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    with SiteServer({"/gate": GATE}) as site:
        answers = [ask(site.url("/gate"))]
    assert land_pages(answers, landing) == land_pages(answers, landing)
    assert len(landing.pending()) == 1


def test_nothing_to_land(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    failed = PageAnswer(pending("https://quay.example/gate"), datetime.now(UTC), "failed", error="no answer")
    assert land_pages([], landing) == []
    assert land_pages([failed], landing) == [failed]
    assert landing.pending() == []
    assert with_pages(failed, b"more") == failed


def test_a_secret_in_an_address_lands_nowhere(tmp_path: Path) -> None:
    with SiteServer({"/gate": GATE}) as site:
        secret = site.url("/gate").replace("http://", "http://oda:hunter2@")
        (answer,) = land_pages([ask(secret)], Landing(tmp_path))
    assert answer.document
    assert "hunter2" not in repr(answer.document)
    assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*.json"))
