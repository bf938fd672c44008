"""A site's sitemaps from a real server: every kind, the range, robots.txt, hostile ones, and what follows a kill."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.polite import Asker
from tasks.backfill.sitemap import FAILURES, Sitemap
from tasks.errors import BackfillError, FetchError
from tasks.fetch.http import open_client
from tasks.settings import Settings
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.sitemaps import SITEMAPS, XML, day, entry, index, urlset
from warehouse.records import Feed

HTML = "text/html; charset=utf-8"

TEXTS = ("The ferry is late again.", "渡口的新灯塔今晚点亮。", "La criée ouvre à six heures.", "Кран снова работает.")


def article(number: int) -> Page:
    body = f"<!doctype html><html><head><title>{number}</title></head><body><p>{TEXTS[number % 4]}</p></body></html>"
    return Page(body.encode(), HTML)


def robots(*lines: str) -> Page:
    return Page("\n".join(lines).encode(), "text/plain")


@dataclass(frozen=True)
class Site:
    """A site on a server, and what its sitemaps lead to."""

    server: SiteServer
    known: Mapping[str, datetime] = field(default_factory=dict)
    max_sitemap_bytes: int = 5_000_000

    @property
    def asked(self) -> list[str]:
        return [request.path for request in self.server.requests]

    def _source(self, asker: Asker, where: str, since: datetime | None, until: datetime | None) -> Sitemap:
        feed = Feed("quay", "The Quay", self.server.url("/feed.xml"), site_url=self.server.url("/"))
        wanted = BackfillRequest(where, since, until)
        return Sitemap(wanted, feed, asker, 100_000, self.max_sitemap_bytes, self.known)

    def walk(
        self,
        found: list[Find],
        after: str | None = None,
        where: str = "quay",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Find]:
        """Add the finds to `found`, as far as they come."""

        async def listed() -> None:
            async with open_client(Settings(allow_private_addresses=True)) as client:
                source = self._source(Asker(client, pause=0, delay=0.001), where, since, until)
                async for find in source.finds(after):
                    found.append(find)

        asyncio.run(listed())
        return found

    def finds(self, after: str | None = None, where: str = "quay", **range_: datetime) -> list[Find]:
        return self.walk([], after, where, range_.get("since"), range_.get("until"))

    def plan(self, where: str = "quay", since: datetime | None = None, until: datetime | None = None) -> Plan:
        async def planned() -> Plan:
            async with open_client(Settings(allow_private_addresses=True)) as client:
                return await self._source(Asker(client, pause=0, delay=0.001), where, since, until).plan()

        return asyncio.run(planned())


def paths(finds: Sequence[Find]) -> list[str]:
    return ["/" + find.location.split("/", 3)[3] for find in finds]


def errors(finds: Sequence[Find]) -> dict[str, str]:
    return {"/" + find.location.split("/", 3)[3]: find.error for find in finds if find.error}


def site(count: int = 6) -> SiteServer:
    """A site with pages, and yet without sitemaps."""
    return SiteServer({f"/{number}": article(number) for number in range(count)})


def nested(server: SiteServer) -> None:
    """An index of two sitemaps, the second gzipped, with six pages."""
    first = urlset(*(entry(server.url(f"/{n}"), day(n + 1).isoformat()) for n in range(3)))
    second = urlset(*(entry(server.url(f"/{n}"), day(n + 1).isoformat()) for n in range(3, 6)))
    server.pages |= {
        "/robots.txt": robots("User-agent: *", "Disallow:", f"Sitemap: {server.url('/maps/index.xml')}"),
        "/maps/index.xml": index(server.url("/maps/a.xml"), server.url("/maps/b.xml.gz")),
        "/maps/a.xml": first,
        "/maps/b.xml.gz": Page(gzip.compress(second.body), "application/gzip"),
    }


def test_an_index_leads_to_every_page_in_order() -> None:
    with site() as server:
        nested(server)
        finds = Site(server).finds()
        assert paths(finds) == ["/0", "/1", "/2", "/3", "/4", "/5"]
        assert [find.data for find in finds] == [article(number).body for number in range(6)]
        assert [find.seen_at for find in finds] == [day(number) for number in range(1, 7)]
        assert {(find.form, find.feed.id, find.headers["content-type"]) for find in finds} == {("page", "quay", HTML)}
        assert all(find.url == find.location for find in finds)


def test_the_plan_counts_without_fetching_a_page() -> None:
    with site() as server:
        nested(server)
        subject = Site(server, {server.url("/4"): day(20)})
        plan = subject.plan(since=day(3), until=day(6))
        assert (plan.items, plan.requests) == (2, 2)
        assert "6 pages in 2 sitemaps: 2 wanted, 1 loaded before, 3 not in the range" in plan.says
        assert not [path for path in subject.asked if path.strip("/").isdigit()]


def test_a_killed_run_continues_after_any_mark() -> None:
    with site() as server:
        nested(server)
        server.pages["/1"] = Page(b"", HTML, status=404)
        server.pages["/maps/index.xml"] = index(
            server.url("/maps/none.xml"), server.url("/maps/a.xml"), server.url("/maps/b.xml.gz")
        )
        subject = Site(server)
        finds = subject.finds()
        assert sorted(errors(finds)) == ["/1", "/maps/none.xml"]
        assert len({find.mark for find in finds}) == 7
        for done, find in enumerate(finds, 1):
            server.requests.clear()
            rest = subject.finds(find.mark)
            assert [(each.location, each.mark) for each in rest] == [(e.location, e.mark) for e in finds[done:]]
            assert subject.asked.count("/maps/index.xml") == 1
            assert not set(subject.asked) & {path for path in paths(finds[:done]) if path.strip("/").isdigit()}


def test_nothing_is_lost_if_a_sitemap_has_grown_before_the_mark() -> None:
    with site() as server:
        nested(server)
        finds = Site(server).finds()
        server.pages["/new"] = article(7)
        front = entry(server.url("/new"), day(20).isoformat())
        server.pages["/maps/a.xml"] = urlset(
            front, *(entry(server.url(f"/{n}"), day(n + 1).isoformat()) for n in range(3))
        )
        loaded = {find.location: find.seen_at for find in finds[:4]}
        assert paths(Site(server, loaded).finds(finds[3].mark)) == ["/new", "/4", "/5"]
        loaded[finds[0].location] -= timedelta(hours=1)  # and one has been edited since
        assert paths(Site(server, loaded).finds(finds[3].mark)) == ["/new", "/0", "/4", "/5"]


def test_a_mark_of_a_page_that_is_gone_starts_again() -> None:
    with site() as server:
        nested(server)
        assert len(Site(server).finds("0123\thttp://127.0.0.1/sitemap.xml\thttp://127.0.0.1/x")) == 6
        assert len(Site(server).finds("")) == 6


def test_known_pages_are_fetched_only_if_they_have_changed() -> None:
    with site() as server:
        server.pages["/sitemap.xml"] = urlset(
            entry(server.url("/0"), day(5).isoformat()),
            entry(server.url("/1"), day(5).isoformat()),
            entry(server.url("/2")),
            entry(server.url("/3")),
        )
        known = {server.url("/0"): day(5), server.url("/1"): day(4), server.url("/2"): day(1)}
        assert paths(Site(server, known).finds()) == ["/1", "/3"]


def test_the_range_is_that_of_publication_in_a_news_sitemap() -> None:
    with site() as server:
        server.pages["/news-sitemap.xml"] = urlset(
            entry(server.url("/0"), published="2024-03-05T09:00:00+08:00"),
            entry(server.url("/1"), "2024-03-06T12:00:00Z", "2024-03-05T12:00:00Z"),
            entry(server.url("/2"), "2024-04-20T12:00:00Z", "2024-03-05T13:00:00Z"),
            entry(server.url("/3"), "2024-03-05T12:00:00Z", "2023-12-24T12:00:00Z"),
        )
        finds = Site(server).finds(since=datetime(2024, 3, 5, tzinfo=UTC), until=datetime(2024, 3, 7, tzinfo=UTC))
        assert [(find.location, find.seen_at) for find in finds] == [
            (server.url("/0"), datetime(2024, 3, 5, 1, tzinfo=UTC)),
            (server.url("/1"), datetime(2024, 3, 6, 12, tzinfo=UTC)),
            (server.url("/2"), datetime(2024, 3, 5, 13, tzinfo=UTC)),  # its edit lies outside the range
        ]


def test_a_page_without_dates_has_the_time_of_fetching() -> None:
    with site() as server:
        server.pages["/sitemap.xml"] = urlset(
            entry(server.url("/0")), entry(server.url("/1"), "2199-01-01"), entry(server.url("/2"), "soon")
        )
        before = datetime.now(UTC)
        finds = Site(server).finds(since=day(1))
        assert len(finds) == 3
        assert all(before <= find.seen_at <= datetime.now(UTC) for find in finds)
        assert Site(server).finds(until=day(1)) == []


KINDS = {
    "plain text": "{0}\n\n{1}\n",
    "RSS": "<rss version='2.0'><channel><item><title>渡口</title><link>{0}</link></item>"
    "<item><title>b</title><link>{1}</link></item></channel></rss>",
    "Atom": "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>渡口</title><link href='{0}'/></entry>"
    "<entry><title>b</title><link href='{1}'/></entry></feed>",
    "XML without a namespace": "<urlset><url><loc>{0}</loc></url><url><loc> {1}\n</loc></url></urlset>",
    "XML with images and translations": f"<urlset {SITEMAPS} xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'"
    " xmlns:x='http://www.w3.org/1999/xhtml'><url><image:image><image:loc>/i.jpg</image:loc></image:image><loc>{0}</loc>"
    "<x:link rel='alternate' hreflang='zh' href='/zh'/></url><url><loc>{1}</loc></url></urlset>",
    "XML after blank lines": f"\n\n<?xml version='1.0'?><urlset {SITEMAPS}><url><loc>{{0}}</loc></url>"
    "<url><loc>{1}</loc></url></urlset>",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_sitemap_is_read(kind: str, packed: bool) -> None:
    with site() as server:
        body = KINDS[kind].format(server.url("/0"), server.url("/1")).encode()
        server.pages["/all"] = Page(gzip.compress(body) if packed else body, "application/octet-stream")
        server.pages["/robots.txt"] = robots(f"sitemap: {server.url('/all')}")
        assert paths(Site(server).finds()) == ["/0", "/1"]


def test_an_address_with_several_parameters_stays_as_it_is() -> None:
    with SiteServer({"/read": article(1)}) as server:
        address = server.url("/read?id=1&section=harbour&copy=2&lt=3&amp=4")
        server.pages["/sitemap.xml"] = urlset(entry(address))
        assert [find.location for find in Site(server).finds()] == [address]


@pytest.mark.parametrize("path", ["/maps/a.xml", "/maps/b.xml.gz", "/maps/index.xml"])
def test_the_address_of_a_sitemap_may_be_given(path: str) -> None:
    with site() as server:
        nested(server)
        expected = {"/maps/a.xml": 3, "/maps/b.xml.gz": 3, "/maps/index.xml": 6}
        assert len(Site(server).finds(where=server.url(path))) == expected[path]


def test_any_address_of_a_site_may_be_given() -> None:
    with site() as server:
        nested(server)
        assert len(Site(server).finds(where=server.url("/about/us"))) == 6


def test_a_page_in_two_sitemaps_is_fetched_once() -> None:
    with site() as server:
        nested(server)
        server.pages["/news-sitemap.xml"] = urlset(entry(server.url("/5#top")), entry(server.url("/1")))
        subject = Site(server)
        assert len(subject.finds()) == 6
        assert subject.asked.count("/5") == 1


def test_a_redirect_to_a_page_that_robots_txt_forbids_is_not_followed() -> None:
    with site() as server, SiteServer({"/robots.txt": robots("User-agent: *", "Disallow: /")}) as other:
        nested(server)
        server.pages |= {
            "/robots.txt": robots("User-agent: *", "Disallow: /4", f"Sitemap: {server.url('/maps/index.xml')}"),
            "/0": Page(b"", HTML, status=302, headers={"Location": "/4"}),
            "/1": Page(b"", HTML, status=302, headers={"Location": other.url("/news")}),
        }
        subject = Site(server)
        found = errors(subject.finds())
        assert {path: "robots.txt" in error for path, error in found.items()} == {"/0": True, "/1": True}
        assert "/4" not in subject.asked
        assert [request.path for request in other.requests] == ["/robots.txt"]


def test_pages_that_robots_txt_forbids_are_not_fetched() -> None:
    with site() as server:
        nested(server)
        named = f"Sitemap: {server.url('/maps/index.xml')}"
        server.pages["/robots.txt"] = robots(
            named, "User-agent: newsmill", "Disallow: /2", "Disallow: /4", "Crawl-delay: 0.01"
        )
        subject = Site(server)
        assert paths(subject.finds()) == ["/0", "/1", "/3", "/5"]
        assert not {"/2", "/4"} & set(subject.asked)
        plan = subject.plan()
        assert plan.items == 4
        assert any("2 kept from newsmill by robots.txt" in line for line in plan.says)
        assert any("0.01 s between two requests" in line for line in plan.says)
        server.pages["/robots.txt"] = robots(named, "User-agent: otherbot", "Disallow: /")
        assert len(subject.finds()) == 6


def test_a_robots_txt_that_cannot_be_fetched_stops_everything() -> None:
    with site() as server:
        nested(server)
        server.pages["/robots.txt"] = Page(b"", "text/plain", status=500)
        subject = Site(server)
        with pytest.raises(FetchError, match=r"robots\.txt"):
            subject.finds()
        assert set(subject.asked) == {"/robots.txt"}


def test_pages_of_other_sites_are_left_out() -> None:
    with site() as other, site() as server:
        server.pages["/sitemap.xml"] = urlset(
            entry(other.url("/0")), entry(server.url("/1")), entry(other.url("/2")), entry("ftp://quay.example/3")
        )
        subject = Site(server)
        finds = subject.finds()
        assert paths(finds) == ["/1", "/sitemap.xml"]
        assert f"2 addresses of other sites ({other.authority})" in errors(finds)["/sitemap.xml"]
        assert "1 page without a valid address" in errors(finds)["/sitemap.xml"]
        assert {request.path for request in other.requests} == {"/robots.txt"}
        assert any(other.authority in line for line in subject.plan().says)
        # but a host may hand its sitemaps to another (sitemaps.org, "cross submits")
        other.pages["/robots.txt"] = robots(f"Sitemap: {server.url('/sitemap.xml')}")
        assert len([find for find in subject.finds() if not find.error]) == 3


def test_sitemaps_on_another_host_are_read_only_where_robots_names_them() -> None:
    with site() as cdn, site() as server:
        cdn.pages["/map.xml"] = urlset(entry(server.url("/0")), entry(cdn.url("/1")))
        server.pages["/sitemap.xml"] = index(cdn.url("/map.xml"))
        finds = Site(server).finds()
        assert list(errors(finds)) == paths(finds) == ["/sitemap.xml"]
        assert cdn.requests == []
        server.pages["/robots.txt"] = robots(f"Sitemap: {cdn.url('/map.xml')}")
        finds = Site(server).finds()
        assert [find.location for find in finds if not find.error] == [server.url("/0")]


def test_a_page_that_redirects_to_another_site_is_reported() -> None:
    with site() as other, site() as server:
        server.pages["/0"] = Page(b"", HTML, status=302, headers={"Location": other.url("/0")})
        server.pages["/1"] = Page(b"", HTML, status=301, headers={"Location": "/2"})
        server.pages["/sitemap.xml"] = urlset(entry(server.url("/0")), entry(server.url("/1")))
        finds = Site(server).finds()
        assert other.url("/0") in errors(finds)["/0"]
        assert finds[1].data == article(2).body
        assert finds[1].location == server.url("/1")


def test_pages_that_cannot_be_fetched_are_reported() -> None:
    with site() as server:
        statuses = {f"/gone/{status}": status for status in (403, 404, 410, 451, 500)}
        server.pages |= {path: Page(b"", HTML, status=status) for path, status in statuses.items()}
        server.pages |= {
            "/picture": Page(b"\x89PNG", "image/png"),
            "/unknown": Page(b"text", ""),
            "/large": Page(b"<html>" + b"x" * 200_000, HTML),
        }
        listed = [*statuses, "/picture", "/unknown", "/large", "/0"]
        server.pages["/sitemap.xml"] = urlset(*(entry(server.url(path), day(1).isoformat()) for path in listed))
        finds = Site(server).finds()
        assert paths(finds) == listed
        found = errors(finds)
        assert set(found) == set(listed) - {"/0"}
        assert all(str(status) in found[path] for path, status in statuses.items())
        assert "image/png" in found["/picture"]
        assert "100,000 bytes" in found["/large"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_be_left_alone_is(status: int) -> None:
    with site() as server:
        nested(server)
        server.pages["/3"] = Page(b"", HTML, status=status)
        found: list[Find] = []
        subject = Site(server)
        with pytest.raises(FetchError):
            subject.walk(found)
        assert paths(found) == ["/0", "/1", "/2"]
        server.pages["/3"] = article(3)
        assert paths(subject.finds(found[-1].mark)) == ["/3", "/4", "/5"]


def test_a_site_that_is_down_ends_the_run() -> None:
    with site(20) as server:
        server.pages["/sitemap.xml"] = urlset(*(entry(server.url(f"/{n}")) for n in range(20)))
        server.pages |= {f"/{n}": Page(b"", HTML, status=502) for n in range(3, 20)}
        found: list[Find] = []
        with pytest.raises(FetchError):
            Site(server).walk(found)
        assert len(found) == 3 + FAILURES - 1
        with pytest.raises(FetchError):
            server.pages["/sitemap.xml"] = Page(b"", XML, status=429)
            Site(server).finds()


def bomb(kind: str) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    external = '<!ENTITY e9 SYSTEM "file:///etc/passwd">'
    doctype = f'<!DOCTYPE urlset [<!ENTITY e0 "{"x" * 100}">{entities if kind == "entities" else external}]>'
    return f"<?xml version='1.0'?>{doctype}<urlset {SITEMAPS}><url><loc>http://127.0.0.1/&e9;</loc></url></urlset>".encode()


HOSTILE = {
    "entities": (bomb("entities"), "DOCTYPE"),
    "a file": (bomb("file"), "DOCTYPE"),
    "gzip": (gzip.compress(b"<urlset>" + b" " * 60_000_000, mtime=0), "5,000,000 bytes"),
    "half a gzip": (gzip.compress(urlset(entry("/1")).body, mtime=0)[:-20], "gzip is broken"),
    "a page": (b"<!doctype html><html><body>404</body></html>", "not a sitemap"),
    "noise": (bytes(range(256)) * 20, "not a sitemap"),
    "nothing": (b"", "not a sitemap"),
    "deep": (f"<urlset {SITEMAPS}>".encode() + b"<a>" * 100_000, "100 deep"),
    "cut off": (urlset(entry("/0"), entry("/1")).body[:-40], "cut off"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_invalid_sitemap_is_reported_and_the_others_are_read(kind: str) -> None:
    body, reason = HOSTILE[kind]
    with site() as server:
        server.pages |= {
            "/sitemap.xml": index(server.url("/bad.xml"), server.url("/good.xml")),
            "/bad.xml": Page(body, XML),
            "/good.xml": urlset(entry(server.url("/5"))),
        }
        finds = Site(server).finds()
        assert reason in errors(finds)["/bad.xml"]
        assert paths(finds)[-1] == "/5"


def test_entries_without_an_address_are_left_out() -> None:
    with site() as server:
        server.pages["/sitemap.xml"] = urlset(
            entry(server.url("/0")), entry(""), "<url></url>", entry(server.url("/1"))
        )
        finds = Site(server).finds()
        assert paths(finds) == ["/0", "/1", "/sitemap.xml"]
        assert "invalid entries" in errors(finds)["/sitemap.xml"]


def test_circles_of_sitemaps_end() -> None:
    with site() as server:
        server.pages |= {
            "/robots.txt": robots(f"Sitemap: {server.url('/a.xml')}"),
            "/a.xml": index(server.url("/b.xml"), server.url("/a.xml")),
            "/b.xml": index(server.url("/a.xml"), server.url("/moved.xml"), server.url("/c.xml")),
            "/moved.xml": Page(b"", XML, status=301, headers={"Location": server.url("/a.xml")}),
            "/c.xml": urlset(entry(server.url("/0"))),
        }
        subject = Site(server)
        assert paths(subject.finds()) == ["/0"]
        assert subject.asked.count("/b.xml") == 1


def test_the_number_of_sitemaps_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tasks.backfill.sitemap", "tasks.text.sitemaps"):
        monkeypatch.setattr(f"{module}.MAX_SITEMAPS", 3)
    with site() as server:
        server.pages |= {f"/{n}.xml": index(server.url(f"/{n + 1}.xml")) for n in range(9)}
        finds = Site(server).finds(where=server.url("/0.xml"))
        assert "more than 3 sitemaps" in errors(finds)["/3.xml"]
        server.pages["/0.xml"] = index(*(server.url(f"/{n}.xml") for n in range(1, 9)))
        finds = Site(server).finds(where=server.url("/0.xml"))
        assert "more than 3 addresses" in errors(finds)["/0.xml"]


@pytest.mark.parametrize("body", [b"", b"<html><body>front page</body></html>"])
def test_a_site_without_sitemaps_is_an_error(body: bytes) -> None:
    with SiteServer({"/sitemap.xml": Page(body, HTML)} if body else {}) as server:
        with pytest.raises(BackfillError, match="no sitemap"):
            Site(server).plan()
        with pytest.raises(BackfillError, match="404"):
            Site(server).plan(where=server.url("/sitemap_of_2019.xml"))
        assert Site(server).finds() == []


def test_a_subdomain_belongs_to_the_site() -> None:
    with site() as server:
        port = server.authority.rpartition(":")[2]
        feed = Feed("quay", "The Quay", "http://www.quay.example/feed", site_url=f"http://www.quay.example:{port}/")

        async def judged() -> dict[str, bool]:
            async with open_client(Settings(allow_private_addresses=True)) as client:
                source = Sitemap(BackfillRequest("quay"), feed, Asker(client, pause=0), 1)
                hosts = ("quay.example", "www.quay.example", "zh.quay.example", "notquay.example", "quay.example.evil")
                return {host: source._is_own(f"http://{host}:{port}/1") for host in hosts}

        assert list(asyncio.run(judged()).values()) == [True, True, True, False, False]
