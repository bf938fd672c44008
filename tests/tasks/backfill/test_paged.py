"""A feed's older pages, from a real server: every way of paging, every end, and continuing after a kill."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.paged import Paged, site_of
from tasks.backfill.polite import Asker
from tasks.errors import BackfillError, FetchError
from tasks.fetch.http import open_client
from tasks.mill.document import mill_bytes
from tasks.settings import Settings
from tests.sites.server import Page, RequestHandler, Route, SiteServer, http_date
from tests.tasks.making import document
from warehouse.records import Feed

ATOM = "application/atom+xml"
RSS = "application/rss+xml"
ALL = BackfillRequest("quay")
TITLES = ("The slipway is painted", "渡口下午停航", "La criée ouvre à six heures", "Der Kran steht", "港の灯台")


def day(number: int) -> datetime:
    """The days of 2024 count down: the first is the newest."""
    return datetime(2024, 12, 28 - number, 8, tzinfo=UTC)


def atom(
    days: Sequence[int], links: Mapping[str, str] | None = None, *, top: str = "", dated: bool = True, more: str = ""
) -> Page:
    """An Atom page with an entry for each day."""
    named = "".join(f'<link rel="{rel}" href="{escape(address)}"/>' for rel, address in (links or {}).items())
    entries = "".join(
        f"<entry><id>tag:quay.example,2024:{number}</id><title>{TITLES[number % 5]} {number}</title>"
        + (f"<updated>{day(number).isoformat()}</updated>" if dated else "")
        + f'<link href="https://quay.example/{number}"/><summary>{number}. {more or "码头"}</summary></entry>'
        for number in days
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:fh="http://purl.org/syndication/history/1.0"'
        ' xmlns:openSearch="http://a9.com/-/spec/opensearchrss/1.0/">'
        f"<id>tag:quay.example,2024:feed</id><title>码头 The Quay</title>{top}{named}{entries}</feed>"
    )
    return Page(body.encode(), ATOM)


def rss(days: Sequence[int], *, top: str = "") -> Page:
    items = "".join(
        f"<item><guid>{number}</guid><title>{TITLES[number % 5]}</title>"
        f"<pubDate>{http_date(day(number))}</pubDate></item>"
        for number in days
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>码头</title><link>https://quay.example/</link>{top}{items}</channel></rss>"
    )
    return Page(body.encode(), RSS)


WORDPRESS = "<generator>https://wordpress.org/?v=6.7</generator>"


@dataclass(frozen=True)
class Site:
    """A feed on a server, and what a walk over its pages gives."""

    server: SiteServer
    path: str = "/feed"

    @property
    def feed(self) -> Feed:
        return Feed("quay", "The Quay", self.server.url(self.path))

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.server.requests]

    def finds(self, after: str | None = None, request: BackfillRequest = ALL, *, max_pages: int = 5000) -> list[Find]:
        found: list[Find] = []
        self.walk(found, after, request, max_pages=max_pages)
        return found

    def walk(
        self, found: list[Find], after: str | None, request: BackfillRequest = ALL, *, max_pages: int = 5000
    ) -> None:
        """Add the finds to `found`, as far as they come."""

        async def listed() -> None:
            async with open_client(Settings(allow_private_addresses=True)) as client:
                asker = Asker(client, pause=0, delay=0.01)
                async for find in Paged(request, self.feed, asker, 10_000_000, max_pages).finds(after):
                    found.append(find)

        asyncio.run(listed())

    def plan(self, request: BackfillRequest = ALL) -> Plan:
        async def planned() -> Plan:
            async with open_client(Settings(allow_private_addresses=True)) as client:
                return await Paged(request, self.feed, Asker(client, pause=0, delay=0.01), 10_000_000).plan()

        return asyncio.run(planned())


def paths(finds: Sequence[Find]) -> list[str]:
    return ["/" + find.location.split("/", 3)[3] for find in finds]


def entries(finds: Sequence[Find]) -> list[str]:
    """The titles or ids of all that the pages hold, as milling finds them."""
    found = []
    for find in finds:
        of = document(find.data, feed=find.feed, at=find.seen_at, content_type=find.headers["content-type"])
        found += [(each.guid or "").rpartition(":")[2] for each in mill_bytes(find.data, of, find.feed).entries]
    return found


PAGED = {
    "/feed": atom([0, 1], {"self": "/feed", "next": "/feed?page=2"}),
    "/feed?page=2": atom([2, 3], {"next": "?page=3", "previous": "/feed"}),
    "/feed?page=3": atom([4], {"previous": "/feed?page=2"}),
}
ARCHIVED = {
    "/feed": atom([0, 1], {"self": "/feed", "prev-archive": "/2024/2"}),
    "/2024/2": atom([2, 3], {"current": "/feed", "next-archive": "/feed", "prev-archive": "1"}, top="<fh:archive/>"),
    "/2024/1": atom([4], {"current": "/feed", "next-archive": "/2024/2"}, top="<fh:archive/>"),
}
NUMBERED = {
    "/feed": rss([0, 1], top=WORDPRESS),
    "/feed?paged=2": rss([2, 3], top=WORDPRESS),
    "/feed?paged=3": rss([4], top=WORDPRESS),
    "/feed?paged=4": Page(b"gone", "text/html", status=404),
}
UNSAID = {
    "/feed": rss([0, 1]),
    "/feed?paged=2": rss([2, 3]),
    "/feed?paged=3": rss([4]),
    "/feed?paged=4": Page(b"<!doctype html><title>?</title>", "text/html"),
}
RSS_LINKS = {
    "/feed": rss([0, 1], top='<atom:link rel="next" href="/feed/older"/>'),
    "/feed/older": rss([2, 3], top='<atom:link rel="next" href="oldest"/>'),
    "/feed/oldest": rss([4]),
}


def json_page(days: Sequence[int], next_url: str | None) -> Page:
    items = [
        {"id": str(number), "content_text": TITLES[number % 5], "date_published": day(number).isoformat()}
        for number in days
    ]
    top = {"version": "https://jsonfeed.org/version/1.1", "title": "码头", "items": items}
    body = json.dumps(top | ({"next_url": next_url} if next_url else {}), ensure_ascii=False)
    return Page(body.encode(), "application/feed+json")


JSON = {
    "/feed": json_page([0, 1], "/feed?cursor=2"),
    "/feed?cursor=2": json_page([2, 3], "/feed?cursor=3"),
    "/feed?cursor=3": json_page([4], None),
}
BLOGGER_TOP = '<generator uri="http://www.blogger.com">Blogger</generator>'
ELSEWHERE = "http://www.blogger.example/feeds/17/posts/default"
BLOGGER = {
    "/feed": atom([0, 1], {"next": f"{ELSEWHERE}?start-index=3&max-results=2"}, top=BLOGGER_TOP),
    "/feed?start-index=3&max-results=2": atom([2, 3], {"next": f"{ELSEWHERE}?start-index=5&max-results=2"}),
    "/feed?start-index=5&max-results=2": atom([4]),
}
WAYS: dict[str, Mapping[str, Page]] = {
    "an archived feed": ARCHIVED,
    "a paged feed": PAGED,
    "WordPress": NUMBERED,
    "names no further pages": UNSAID,
    "RSS with atom:link": RSS_LINKS,
    "a JSON Feed": JSON,
    "Blogger": BLOGGER,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_paging_leads_to_the_oldest_entry(way: str) -> None:
    with SiteServer(WAYS[way]) as server:
        finds = Site(server).finds()
    assert not any(find.error for find in finds)
    assert entries(finds) == ["0", "1", "2", "3", "4"]
    assert {find.url for find in finds} == {server.url("/feed")}
    assert {find.form for find in finds} == {"feed"}


@pytest.mark.parametrize("way", WAYS)
def test_a_killed_run_continues_after_any_mark_without_fetching_a_page_again(way: str) -> None:
    with SiteServer(WAYS[way]) as server:
        site = Site(server)
        finds = site.finds()
        for done, find in enumerate(finds, 1):
            server.requests.clear()
            rest = site.finds(find.mark)
            assert [(each.location, each.mark) for each in rest] == [(e.location, e.mark) for e in finds[done:]]
            assert not set(site.asked) & set(paths(finds[:done]))


@pytest.mark.parametrize(
    "way", ["an archived feed", "a paged feed", "WordPress", "names no further pages", "a JSON Feed"]
)
def test_the_plan_asks_for_one_page_and_says_how_the_feed_is_paged(way: str) -> None:
    with SiteServer(WAYS[way]) as server:
        site = Site(server)
        plan = site.plan()
        assert site.asked == ["/feed"]
    assert plan.items is None
    assert way in plan.says[0]


def test_the_total_of_entries_gives_the_number_of_pages() -> None:
    top = "<openSearch:totalResults>61</openSearch:totalResults>"
    with SiteServer({"/feed": atom([0, 1], {"next": "/feed?start-index=3"}, top=top)}) as server:
        site = Site(server)
        assert site.plan().items == 31
        assert site.plan(BackfillRequest("quay", since=day(9))).items is None  # the walk ends at the date


def test_only_the_feeds_own_page_has_the_time_of_fetching() -> None:
    before = datetime.now(UTC)
    with SiteServer(PAGED) as server:
        first, second, third = Site(server).finds()
    assert before <= first.seen_at <= datetime.now(UTC)
    assert (second.seen_at, third.seen_at) == (day(2), day(4))


def test_a_page_without_dates_has_the_time_of_the_page_before_it() -> None:
    pages = {"/feed": atom([0], {"next": "/2"}), "/2": atom([1], {"next": "/3"}, dated=False), "/3": atom([2])}
    with SiteServer(pages) as server:
        assert [find.seen_at for find in Site(server).finds()][1:] == [day(0), day(2)]


def test_an_entry_dated_in_the_future_does_not_date_the_page() -> None:
    ahead = b"<updated>" + day(2).isoformat().encode() + b"</updated>"
    page = replace(
        PAGED["/feed?page=2"], body=PAGED["/feed?page=2"].body.replace(ahead, b"<updated>2199-01-01</updated>")
    )
    with SiteServer({**PAGED, "/feed?page=2": page}) as server:
        assert Site(server).finds()[1].seen_at == day(3)


def test_the_walk_ends_at_the_start_of_the_range() -> None:
    with SiteServer({**PAGED, "/feed?page=3": atom([4], {"next": "/feed?page=4"})}) as server:
        site = Site(server)
        assert paths(site.finds(request=BackfillRequest("quay", since=day(3)))) == ["/feed", "/feed?page=2"]
        assert "/feed?page=4" not in site.asked


def test_pages_newer_than_the_range_are_skipped() -> None:
    with SiteServer(PAGED) as server:
        finds = Site(server).finds(request=BackfillRequest("quay", until=day(2)))
    assert paths(finds) == ["/feed?page=2", "/feed?page=3"]
    assert [find.seen_at for find in finds] == [day(3), day(4)]  # of the entries in the range


def test_a_range_without_entries_yields_nothing() -> None:
    with SiteServer(PAGED) as server:
        site = Site(server)
        assert (
            site.finds(request=BackfillRequest("quay", since=datetime(2024, 12, 26, 9, tzinfo=UTC), until=day(1))) == []
        )
        assert site.finds(request=BackfillRequest("quay", since=datetime(2025, 6, 1, tzinfo=UTC))) == []


LOOPS: dict[str, Mapping[str, Page]] = {
    "a page that names itself": {**PAGED, "/feed?page=3": atom([4], {"next": "/feed?page=3"})},
    "a page that names the first": {**PAGED, "/feed?page=3": atom([4], {"next": "/feed"})},
    "a circle among the later ones": {**PAGED, "/feed?page=3": atom([4], {"next": "/feed?page=2"})},
    "the last page again and again": {
        **PAGED,
        "/feed?page=3": atom([4], {"next": "/feed?page=4"}),
        "/feed?page=4": atom([4], {"next": "/feed?page=5"}),
        "/feed?page=5": atom([4], {"next": "/feed?page=6"}),
    },
    "the same entries under other bytes": {
        **PAGED,
        "/feed?page=3": atom([4], {"next": "/feed?page=4"}),
        "/feed?page=4": atom([2, 3], {"next": "/feed?page=5"}, more=" Page 4."),
    },
    "a page without entries": {
        **PAGED,
        "/feed?page=3": atom([4], {"next": "/feed?page=4"}),
        "/feed?page=4": atom([], {"next": "/feed?page=5"}),
    },
    "the end": {**PAGED, "/feed?page=3": atom([4], {"next": "/feed?page=404"})},
    "what was taken away": {
        **PAGED,
        "/feed?page=3": atom([4], {"next": "/feed?page=4"}),
        "/feed?page=4": Page(b"", "text/html", status=410),
    },
}


@pytest.mark.parametrize("kind", LOOPS)
def test_repeated_pages_and_the_last_page_are_no_errors(kind: str) -> None:
    pages = {**LOOPS[kind], "/feed?page=404": Page(b"", "text/html", status=404)}
    with SiteServer(pages) as server:
        site = Site(server)
        finds = site.finds()
        assert paths(finds) == ["/feed", "/feed?page=2", "/feed?page=3"]
        assert not any(find.error for find in finds)
        for done, find in enumerate(finds, 1):  # what was seen before the kill is still known
            assert paths(site.finds(find.mark)) == paths(finds[done:])


def test_a_server_that_ignores_the_page_number_is_asked_once() -> None:
    with SiteServer({"/feed": rss([0, 1])}) as server:
        site = Site(server)
        assert paths(site.finds()) == ["/feed"]
        assert site.asked == ["/feed", "/feed?paged=2"]


def test_a_complete_feed_is_not_asked_for_more_pages() -> None:
    with SiteServer({"/feed": atom([0], top="<fh:complete/>")}) as server:
        site = Site(server)
        assert paths(site.finds()) == ["/feed"]
        assert site.asked == ["/feed"]


def test_a_walk_from_an_archive_page_starts_at_the_current_page() -> None:
    with SiteServer(ARCHIVED) as server:
        assert paths(Site(server, "/2024/2").finds()) == ["/feed", "/2024/2", "/2024/1"]


def test_a_walk_from_an_archive_page_works_without_the_current_page() -> None:
    with SiteServer({path: page for path, page in ARCHIVED.items() if path != "/feed"}) as server:
        assert paths(Site(server, "/2024/2").finds()) == ["/2024/2", "/2024/1"]


def test_too_many_pages_are_reported() -> None:
    with SiteServer(PAGED) as server:
        *pages, last = Site(server).finds(max_pages=2)
    assert paths(pages) == ["/feed", "/feed?page=2"]
    assert last.error
    assert last.location == server.url("/feed?page=3")
    assert "2 pages" in last.error


def test_a_next_page_on_another_site_is_not_fetched() -> None:
    with SiteServer({"/2": atom([2])}) as other, SiteServer() as server:
        server.pages["/feed"] = atom([0], {"next": other.url("/2")})
        site = Site(server)
        first, last = site.finds()
        assert other.requests == []
        assert last.error
        assert "another site" in last.error
        assert last.location == other.url("/2")
        assert [find.location for find in site.finds(first.mark)] == [last.location]
        assert site.finds(last.mark) == []


def test_a_page_that_redirects_to_another_site_is_not_read() -> None:
    with SiteServer({"/2": atom([2])}) as other, SiteServer({"/feed": atom([0], {"next": "/2"})}) as server:
        server.pages["/2"] = Page(b"", "text/html", status=302, headers={"Location": other.url("/2")})
        first, last = Site(server).finds()
    assert not first.error
    assert last.error
    assert other.url("/2") in last.error


def test_a_moved_feed_is_walked_at_its_new_address() -> None:
    with SiteServer(PAGED) as new, SiteServer() as server:
        server.pages["/feed"] = Page(b"", "text/html", status=301, headers={"Location": new.url("/feed")})
        site = Site(server)
        finds = site.finds()
        assert entries(finds) == ["0", "1", "2", "3", "4"]
        assert [find.location for find in site.finds(finds[0].mark)] == [find.location for find in finds[1:]]


@pytest.mark.parametrize("status", [400, 403])
def test_a_refused_page_is_reported(status: int) -> None:
    with SiteServer({**PAGED, "/feed?page=3": Page(b"", "text/html", status=status)}) as server:
        *_, last = Site(server).finds()
    assert last.error
    assert str(status) in last.error
    assert last.location == server.url("/feed?page=3")


def test_a_page_that_is_not_a_feed_is_reported() -> None:
    with SiteServer({**PAGED, "/feed?page=3": Page(b"<html><p>403</p></html>", "text/html")}) as server:
        *_, last = Site(server).finds()
    assert last.error
    assert "not a feed" in last.error


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_server_that_is_down_ends_the_run_and_the_next_continues_there(status: int) -> None:
    with SiteServer({**PAGED, "/feed?page=3": Page(b"", "text/html", status=status)}) as server:
        site = Site(server)
        reached: list[Find] = []
        with pytest.raises(FetchError):
            site.walk(reached, None)
        assert paths(reached) == ["/feed", "/feed?page=2"]
        server.pages["/feed?page=3"] = PAGED["/feed?page=3"]
        assert paths(site.finds(reached[-1].mark)) == ["/feed?page=3"]


def test_a_server_that_is_busy_for_a_moment_is_retried() -> None:
    answers: list[Route] = [Page(b"", "text/html", status=503), PAGED["/feed?page=2"]]

    def busy(request: RequestHandler) -> None:
        answer = answers.pop(0)
        assert isinstance(answer, Page)
        request.send_page(answer)

    with SiteServer({**PAGED, "/feed?page=2": busy}) as server:
        assert entries(Site(server).finds()) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "page", [Page(b"<!doctype html><p>no</p>", "text/html"), Page(b"", RSS), Page(b"", RSS, status=404)]
)
def test_an_address_that_is_not_a_feed_is_an_error(page: Page) -> None:
    with SiteServer({"/feed": page}) as server:
        site = Site(server)
        with pytest.raises(BackfillError, match="/feed"):
            site.plan()


def test_an_entity_bomb_among_the_pages_does_no_harm() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE feed [<!ENTITY e0 "{"x" * 100}">{entities}]>'
    page = atom([4], {"next": "/feed?page=4"}, more="&e9;").body.decode().replace("?>", f"?>{doctype}", 1)
    pages = {**PAGED, "/feed?page=3": Page(page.encode(), ATOM), "/feed?page=4": atom([5])}
    with SiteServer(pages) as server:
        finds = Site(server).finds()
    assert paths(finds) == ["/feed", "/feed?page=2", "/feed?page=3", "/feed?page=4"]
    assert finds[2].data == page.encode()


@given(st.text() | st.dictionaries(st.text(), st.integers()).map(json.dumps))
def test_an_invalid_mark_starts_the_walk_again(mark: str) -> None:
    from tasks.backfill.paged import _Walk

    assert _Walk.from_mark(mark) is None


@given(st.sampled_from(["quay.example", "WWW.quay.example", "www.Quay.example."]), st.sampled_from(["", ":80", ":443"]))
def test_one_site_has_several_spellings(host: str, port: str) -> None:
    assert site_of(f"http://{host}{port}/a?b") == ("quay.example", None)
    assert site_of(f"http://{host}:8080/") == ("quay.example", 8080)
