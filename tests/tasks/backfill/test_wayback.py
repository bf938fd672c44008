"""The Wayback Machine, against a strict copy of its API on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.polite import Asker
from tasks.backfill.wayback import Wayback
from tasks.errors import BackfillError, FetchError
from tasks.fetch.http import Response, open_client
from tasks.settings import Settings
from tests.sites.server import Page
from tests.sites.wayback import Captured, WaybackSite
from warehouse.records import Feed

URL = "http://quay.example/feed"
FEED = Feed("quay", "码头日报", URL, language="zh")


def rss(text: str) -> bytes:
    return f"<rss version='2.0'><channel><item><title>{text}</title></item></channel></rss>".encode()


CAPTURES = [
    Captured("20190101000000", URL, rss("一月的消息")),
    Captured("20190201000000", URL, rss("二月的消息")),
    Captured("20190301000000", URL, rss("一月的消息")),  # the same again, not next to the first
    Captured("20190401000000", URL, rss("四月的消息")),
    Captured("20190501000000", URL, mimetype="unk", statuscode="404", body=b"gone"),
    Captured("20190601000000", URL, rss("六月的消息")),
]


def source(site: WaybackSite, asker: Asker, **options: object) -> Wayback:
    known = options.pop("known", frozenset())
    wanted = BackfillRequest(str(options.pop("where", "quay")), **options)  # type: ignore[arg-type]
    return Wayback(wanted, FEED, asker, site.url(""), 100_000, 100_000, known)  # type: ignore[arg-type]


def look(site: WaybackSite, after: str | None = None, **options: object) -> tuple[Plan, list[Find]]:
    async def gather() -> tuple[Plan, list[Find]]:
        async with open_client(Settings(allow_private_addresses=True)) as client:
            wayback = source(site, Asker(client, pause=0, delay=0.001), **options)
            return await wayback.plan(), [find async for find in wayback.finds(after)]

    return asyncio.run(gather())


def finds(site: WaybackSite, after: str | None = None, **options: object) -> list[Find]:
    return look(site, after, **options)[1]


@pytest.mark.parametrize("most", [1000, 2, 1])
def test_every_capture_with_new_bytes_once_over_all_answers_of_the_index(most: int) -> None:
    with WaybackSite(CAPTURES, most=most) as site:
        plan, found = look(site)
    assert [find.seen_at.month for find in found] == [1, 2, 4, 6]
    assert [find.data for find in found] == [CAPTURES[index].body for index in (0, 1, 3, 5)]
    assert found[0].url == URL
    assert found[0].location.endswith(f"/web/20190101000000id_/{URL}")
    assert found[0].headers["content-type"] == "application/rss+xml"
    assert {find.error for find in found} == {None}
    assert (plan.items, plan.requests) == (4, 4)
    assert "2019-01-01 to 2019-06-01" in plan.says[0]


def test_it_continues_after_any_mark() -> None:
    with WaybackSite(CAPTURES, most=2) as site:
        marks = [find.mark for find in finds(site)]
        for number, mark in enumerate(marks, 1):
            site.requests.clear()
            assert [find.mark for find in finds(site, mark)] == marks[number:]
            fetched = [request for request in site.requests if request.path.startswith("/web/")]
            assert len(fetched) == len(marks) - number
        assert [find.mark for find in finds(site, "no mark")] == marks


def test_loaded_captures_are_not_fetched_again() -> None:
    with WaybackSite(CAPTURES) as site:
        known = frozenset(find.location for find in finds(site))
        site.requests.clear()
        plan, found = look(site, known=known)
    assert (plan.items, found) == (0, [])
    assert not any(request.path.startswith("/web/") for request in site.requests)


def test_the_range_of_dates() -> None:
    with WaybackSite(CAPTURES) as site:
        since, until = datetime(2019, 2, 1, tzinfo=UTC), datetime(2019, 6, 1, tzinfo=UTC)
        assert [find.seen_at.month for find in finds(site, since=since, until=until)] == [2, 3, 4]


def test_a_revisit_is_left_out_unless_its_first_capture_is_out_of_range() -> None:
    first = Captured("20190101000000", URL, rss("消息"), digest="SAME")
    revisit = Captured("20190701000000", URL, mimetype="warc/revisit", statuscode="-", digest="SAME")
    with WaybackSite([first, revisit]) as site:
        assert [find.seen_at.month for find in finds(site)] == [1]
        (found,) = finds(site, since=datetime(2019, 5, 1, tzinfo=UTC))
    assert (found.seen_at.month, found.data) == (7, first.body)


def test_pages_below_an_address() -> None:
    prefix = "http://quay.example/2019/"
    captures = [
        Captured("20190101000000", prefix + "a", b"<p>one</p>", "text/html"),
        Captured("20190201000000", prefix + "a", b"<p>two</p>", "text/html"),
        Captured("20190101000000", prefix + "b", b"<p>one</p>", "text/html"),
        Captured("20190101000000", prefix + "c.jpg", b"\xff\xd8", "image/jpeg"),
        Captured("20190101000000", "http://quay.example/other", b"<p>x</p>", "text/html"),
    ]
    with WaybackSite(captures) as site:
        found = finds(site, where=prefix, pages=True)
    assert [(find.url.removeprefix(prefix), find.form) for find in found] == [
        ("a", "page"),
        ("a", "page"),
        ("b", "page"),
    ]


@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, {}])
@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_busy_server_is_retried(status: int, headers: dict[str, str]) -> None:
    with WaybackSite(CAPTURES) as site:
        site.refusals = [Page(b"slow down", "text/plain", status=status, headers=headers) for _ in range(3)]
        assert len(finds(site)) == 4


def test_a_server_that_stays_busy_ends_the_run() -> None:
    with WaybackSite(CAPTURES) as site:
        site.refusals = [Page(b"no", "text/plain", status=503) for _ in range(50)]
        with pytest.raises(FetchError, match="503"):
            finds(site)
        site.refusals = [Page(b"no", "text/plain", status=429, headers={"Retry-After": "86400"})]
        with pytest.raises(FetchError, match="429"):
            finds(site)


def test_a_capture_that_cannot_be_fetched_is_a_reject() -> None:
    captures = [
        Captured("20190101000000", URL, b""),
        Captured("20190201000000", URL, rss("消息")),
        Captured("20190301000000", URL, b"x" * 200_000),
    ]
    with WaybackSite(captures) as site:
        found = finds(site)
    assert [bool(find.error) for find in found] == [True, False, True]
    assert "empty" in str(found[0].error)
    assert "larger than" in str(found[2].error)


def test_captures_that_only_fail_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    captures = [Captured(f"201901{day:02}000000", URL, rss(str(day))) for day in range(1, 9)]
    broken = Page(b"broken", "text/plain", status=500)
    with WaybackSite(captures) as site:
        monkeypatch.setattr(site, "_playback", lambda *_: broken)
        with pytest.raises(FetchError, match="in a row"):
            finds(site)


HEADER = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest"]


@pytest.mark.parametrize(
    "row",
    [
        ["k", "20190101000000", "file:///etc/passwd", "text/xml", "200", "A"],
        ["k", "２０１９0101000000", URL, "text/xml", "200", "A"],
        ["k", "20190231000000", URL, "text/xml", "200", "A"],
        ["k"],
        [],
        ["k", "20190101000000", "http://", "text/xml", "200", "A"],
    ],
)
def test_invalid_rows_are_never_fetched(row: Sequence[str]) -> None:
    with WaybackSite(index=json.dumps([HEADER, row]).encode()) as site:
        found = finds(site)
    assert all(find.error for find in found)
    assert not any(request.path.startswith("/web/") for request in site.requests)


@pytest.mark.parametrize("index", [b"<html>Down for maintenance</html>", b"{}", b"[1, 2]", b"[" * 100_000])
def test_an_answer_that_is_not_an_index_is_an_error(index: bytes) -> None:
    with WaybackSite(index=index) as site, pytest.raises(BackfillError, match="CDX index"):
        finds(site)


def test_an_index_that_answers_404_has_no_captures() -> None:
    """pywb and Common Crawl's index say so. The plan names the server: a wrong address would give the same."""
    with WaybackSite() as site:
        site.refusals = [Page(b'{"message": "No Captures found"}', "application/json", status=404) for _ in range(2)]
        plan, found = look(site)
    assert (plan.items, found) == (0, [])
    assert "NEWSMILL_WAYBACK_URL" in plan.says[1]


def test_half_a_surrogate_pair_in_the_index_is_dropped() -> None:
    """It can't be a part of an address, so asking for the next rows with such a key raised UnicodeEncodeError."""
    row = ["k\ud800", "20190101000000", f"{URL}\ud800", "text/xml", "200", "A"]
    pages = iter([[HEADER, row, [], ["next\ud800"]], [HEADER]])

    async def answer(url: str, **_: object) -> Response:
        return Response(url, 200, {}, json.dumps(next(pages)).encode() if "/cdx/" in url else CAPTURES[0].body)

    asker = cast("Asker", SimpleNamespace(get=answer))
    wayback = Wayback(BackfillRequest("quay"), FEED, asker, "http://archive.example", 100_000, 100_000)

    async def gather() -> list[Find]:
        return [find async for find in wayback.finds(None)]

    (found,) = asyncio.run(gather())
    assert (found.url, json.loads(found.mark)[0]) == (URL, "k")


@pytest.mark.parametrize("index", [b"", b"[]", b"[[]]"])
def test_an_index_without_captures(index: bytes) -> None:
    with WaybackSite(index=index) as site:
        assert look(site) == (Plan(0, says=(f"0 captures of {URL} to read",)), [])


def test_an_index_that_goes_in_a_circle_ends() -> None:
    with (
        WaybackSite(index=json.dumps([HEADER, [], ["key"]]).encode()) as site,
        pytest.raises(BackfillError, match="circle"),
    ):
        finds(site)
