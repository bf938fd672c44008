"""WARC files: which records are pages or feeds, of which feed they are, and continuing after a kill."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest

from tasks.errors import BackfillError
from tasks.mill.document import mill_bytes
from tests.tasks.backfill.warcs import (
    FEED,
    MATOU,
    MAX_BYTES,
    PAGE,
    QUAY,
    SPORT,
    Record,
    feed_record,
    finds,
    one,
    plan,
    source,
    write,
)
from warehouse.records import Document, Feed


@pytest.mark.parametrize("packed", [True, False])
def test_pages_and_feeds_are_found_and_nothing_else(tmp_path: Path, packed: bool) -> None:
    path = write(
        tmp_path / "a.warc",
        Record(),
        Record("https://matou.example/logo.png", b"\x89PNG", "image/png"),
        Record("https://matou.example/robots.txt", b"User-agent: *", "text/plain"),
        Record("https://matou.example/style.css", b"p {}", "text/css"),
        Record("https://matou.example/gone", PAGE, status="404 Not Found"),
        Record("https://matou.example/moved", PAGE, status="301 Moved"),
        Record(kind="request", body=b"GET / HTTP/1.1\r\n\r\n"),
        Record(kind="metadata", content_type="application/warc-fields"),
        Record(kind="conversion", content_type="text/html"),
        Record(kind="revisit"),
        Record("dns:matou.example", b"matou.example 1 IN A 192.0.2.1", "text/dns", kind="resource"),
        feed_record(),
        Record("https://matou.example/res", kind="resource"),
        packed=packed,
    )
    found = finds(source(path))
    assert [(find.form, find.url, find.error) for find in found] == [
        ("page", "https://matou.example/2024/gate", None),
        ("feed", "https://feeds.quay.example/all.xml", None),
        ("page", "https://matou.example/res", None),
    ]
    assert [find.data for find in found] == [PAGE, FEED, PAGE]
    assert {find.seen_at for find in found} == {datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)}
    assert found[0].headers == {"content-type": "text/html; charset=utf-8"}
    planned = plan(source(path))
    assert planned.items == 3
    assert planned.bytes == 2 * len(PAGE) + len(FEED)
    assert "2 pages, 1 feed, 0 unreadable" in planned.says[0]
    assert "matou (2)" in planned.says[1]
    assert planned.says[2].startswith("1 revisits")


def test_a_location_leads_back_to_the_record(tmp_path: Path) -> None:
    write(tmp_path / "crawls" / "one.warc.gz", Record(), feed_record())
    for find in finds(source(tmp_path)):
        position, _, uri = find.location.partition(" ")
        name, _, offset = position.rpartition("@")
        assert uri == find.url
        member = zlib.decompressobj(31).decompress((tmp_path / name).read_bytes()[int(offset) :])
        assert member.startswith(b"WARC/1.0\r\n")
        assert uri.encode() in member


def test_a_page_can_be_milled(tmp_path: Path) -> None:
    find = one(tmp_path, Record())
    document = Document(
        "d", find.feed.id, find.url, find.url, find.seen_at, 200, find.headers, 1, "x", "warc", find.form
    )
    (article,) = mill_bytes(find.data, document, find.feed).articles
    assert (article.title, article.url) == ("北门开放", "https://matou.example/2024/gate")
    assert article.published_at == datetime(2024, 3, 5, 7, 36, 16, tzinfo=UTC)
    assert article.content_text.startswith("港务局局长")


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (FEED, "text/html", "feed"),
        (FEED, "text/xml", "feed"),
        (FEED, None, "feed"),
        (FEED.decode().encode("utf-16"), "application/xml", "feed"),
        (b"<!-- made by hand -->\n<feed xmlns='http://www.w3.org/2005/Atom'/>", "application/octet-stream", "feed"),
        (b'<rdf:RDF xmlns:rdf="x" xmlns="http://purl.org/rss/1.0/">', "application/rdf+xml", "feed"),
        (b'{"version": "https:\\/\\/jsonfeed.org\\/version\\/1.1", "items": []}', "application/json", "feed"),
        (b"garbled", "application/rss+xml", "feed"),
        (PAGE, "application/xhtml+xml", "page"),
        (PAGE, None, "page"),
        (b'<rdf:RDF xmlns:rdf="x" xmlns="http://xmlns.com/foaf/0.1/">', "application/rdf+xml", None),
        (b"<urlset><url/></urlset>", "application/xml", None),
        (b'{"a": 1}', "application/json", None),
        (PAGE, "text/plain", None),
        (FEED, "image/png", None),
    ],
)
def test_the_form_follows_from_type_and_first_bytes(
    tmp_path: Path, body: bytes, content_type: str | None, form: str | None
) -> None:
    path = write(tmp_path / "a.warc.gz", Record("https://matou.example/x", body, content_type))
    assert [(find.form, find.data) for find in finds(source(path))] == ([(form, body)] if form else [])


def chunked(data: bytes, step: int = 100) -> bytes:
    parts = (data[start : start + step] for start in range(0, len(data), step))
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(PAGE), (("Transfer-Encoding", "chunked"),)),
        # servers that end after the last byte
        (chunked(PAGE).partition(b"0\r\nTrailer")[0], (("Transfer-Encoding", "chunked"),)),
        (chunked(PAGE).partition(b"\r\n0\r\nTrailer")[0], (("Transfer-Encoding", "chunked"),)),
        (gzip.compress(PAGE, mtime=0), (("Content-Encoding", "gzip"),)),
        (zlib.compress(PAGE), (("Content-Encoding", "deflate"),)),
        (brotli.compress(PAGE), (("Content-Encoding", "br"),)),
        (chunked(gzip.compress(PAGE, mtime=0)), (("Content-Encoding", "GZIP"), ("Transfer-Encoding", "chunked"))),
        (gzip.compress(brotli.compress(PAGE), mtime=0), (("Content-Encoding", "br, gzip"),)),
        # the crawler has undone the coding, and kept the header
        (PAGE, (("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"))),
        (PAGE, (("Content-Encoding", "br"),)),
        (PAGE, (("Content-Encoding", "utf-8"),)),
    ],
)
def test_codings_are_decoded(tmp_path: Path, body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    assert one(tmp_path, Record(body=body, http=headers)).data == PAGE


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        (gzip.compress(bytes(50_000_000), mtime=0), (("Content-Encoding", "gzip"),), "larger than"),
        (brotli.compress(bytes(50_000_000), quality=4), (("Content-Encoding", "br"),), "larger than"),
        (chunked(PAGE)[:-30], (("Transfer-Encoding", "chunked"),), "breaks off"),
        (chunked(PAGE).partition(b">\r\n0\r\nTrailer")[0], (("Transfer-Encoding", "chunked"),), "breaks off"),
        (chunked(PAGE).replace(b"0\r\nTrailer", b"junk"), (("Transfer-Encoding", "chunked"),), "breaks off"),
        (gzip.compress(PAGE, mtime=0)[:-9], (("Content-Encoding", "gzip"),), "its gzip encoding is broken"),
        (b"\x01\x02", (("Content-Encoding", "gzip, gzip, gzip, gzip"),), "encoded 4 times"),
        (b" " * 30_000_000, (), "larger than"),
        (PAGE + b" " * MAX_BYTES, (), "larger than"),
    ],
)
def test_bombs_and_broken_codings_are_reported(
    tmp_path: Path, body: bytes, headers: tuple[tuple[str, str], ...], error: str
) -> None:
    path = write(tmp_path / "a.warc.gz", Record("https://matou.example/bomb", body, http=headers), Record())
    bomb, after = finds(source(path))
    assert error in (bomb.error or "")
    assert (bomb.data, bomb.form, bomb.feed) == (b"", "page", MATOU)
    assert "https://matou.example/bomb" in bomb.location
    assert after.data == PAGE
    # what might be a feed and can't be read is named too, what can't be one is passed over
    coded = bool(headers)
    path = write(tmp_path / "b.warc.gz", Record("https://matou.example/bomb", body, "text/xml", http=headers))
    assert [bool(find.error) for find in finds(source(path))] == [True] * coded


@pytest.mark.parametrize(("header", "value"), [("WARC-Truncated", "length"), ("WARC-Segment-Number", "1")])
def test_incomplete_records_are_reported(tmp_path: Path, header: str, value: str) -> None:
    found = one(tmp_path, Record(warc=((header, value),)))
    assert header in (found.error or "")
    assert found.data == b""


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2024-03-05T07:08:09Z", datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)),
        ("2024-03-05T07:08:09.123456789Z", datetime(2024, 3, 5, 7, 8, 9, 123456, tzinfo=UTC)),
        ("2024-03-05T07:08:09.5Z", datetime(2024, 3, 5, 7, 8, 9, 500000, tzinfo=UTC)),
        ("2024-03-05T15:08:09+08:00", datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)),
        ("2024-03-05T07:08:09", datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)),
        ("2024-03-05T07:08Z", datetime(2024, 3, 5, 7, 8, tzinfo=UTC)),
        ("2024-03", datetime(2024, 3, 1, tzinfo=UTC)),
        ("20240305070809", datetime(2024, 3, 5, 7, 8, 9, tzinfo=UTC)),
    ],
)
def test_capture_times(tmp_path: Path, date: str, moment: datetime) -> None:
    found = one(tmp_path, Record(date=date))
    assert (found.seen_at, found.error) == (moment, None)


@pytest.mark.parametrize("date", ["yesterday", "2024-13-05T07:08:09Z", "9999-01-01T00:00:00Z", "20249999999999", "-"])
def test_an_invalid_capture_time_is_reported(tmp_path: Path, date: str) -> None:
    since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    found = one(tmp_path, Record(date=date), since=since, until=until)
    assert date in (found.error or "")
    assert since <= found.seen_at < until


def test_only_records_captured_in_the_range(tmp_path: Path) -> None:
    dates = ["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z", "2025-01-01T00:00:00Z"]
    path = write(tmp_path / "a.warc.gz", *(Record(date=date) for date in dates))
    warc = source(path, since=datetime(2024, 1, 1, tzinfo=UTC), until=datetime(2025, 1, 1, tzinfo=UTC))
    assert [f"{find.seen_at:%Y-%m}" for find in finds(warc)] == ["2024-01", "2024-06"]
    assert plan(warc).items == 2


@pytest.mark.parametrize(
    ("uri", "wanted", "feed"),
    [
        ("http://www.feeds.quay.example/sport.xml", None, SPORT),
        ("https://quay.example/gate", None, QUAY),
        ("https://www.quay.example/sport/boats", None, SPORT),
        ("https://www.quay.example/sports", None, QUAY),
        ("https://www.quay.example/sport/boats", "quay", QUAY),
        ("https://feeds.quay.example/other", None, QUAY),
        ("https://www.elsewhere.example/a", "matou", MATOU),
        ("https://www.elsewhere.example/a", "old", Feed("old", "old", "")),
        (
            "https://www.elsewhere.example/a",
            None,
            Feed("elsewhere-example", "elsewhere.example", "https://elsewhere.example/"),
        ),
        ("http://[2001:db8::1]/a", None, Feed("2001-db8-1", "2001:db8::1", "https://[2001:db8::1]/")),
    ],
)
def test_a_record_belongs_to_its_sites_feed(tmp_path: Path, uri: str, wanted: str | None, feed: Feed) -> None:
    assert one(tmp_path, Record(uri), feed=wanted).feed == feed


@pytest.mark.parametrize("site", ["matou", "matou.example", "www.matou.example", "码头报"])
def test_only_the_sites_asked_for(tmp_path: Path, site: str) -> None:
    path = write(tmp_path / "a.warc.gz", feed_record(), Record(), Record("https://elsewhere.example/a"))
    assert [find.url for find in finds(source(path, sites=(site,)))] == ["https://matou.example/2024/gate"]


def test_an_invalid_address_is_reported(tmp_path: Path) -> None:
    assert "no valid web address" in (one(tmp_path, Record("http://[nonsense/")).error or "")


def test_files_are_read_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name in ("b.warc.gz", "a/c.WARC", "a\tb\n ' é 港.warc", "notes.txt.gz"):
        write(folder / name, Record(), packed=name.endswith("gz"))
    outside = write(tmp_path / "outside.warc.gz", Record())
    (folder / "link.warc.gz").symlink_to(outside)
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    found = finds(source(folder))
    assert [json.loads(find.mark)[0] for find in found] == ["a\tb\n ' é 港.warc", "a/c.WARC", "b.warc.gz"]
    assert all(find.location.isprintable() for find in found)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    for where, message in ((tmp_path / "none", "no such file"), (tmp_path, "holds no WARC file")):
        with pytest.raises(BackfillError, match=message):
            plan(source(where))
        with pytest.raises(BackfillError, match=message):
            finds(source(where))
    path = write(tmp_path / "a.warc.gz", Record())
    with pytest.raises(BackfillError, match="not a mark"):
        finds(source(path), after="yesterday")


@pytest.mark.parametrize("packed", [True, False])
def test_a_run_continues_after_every_mark(tmp_path: Path, packed: bool) -> None:
    for name in ("a.warc", "b.warc", "c.warc"):
        records = [
            Record(f"https://matou.example/{name}/{number}", date="never" if number == 2 else "2024-03-05T07:08:09Z")
            for number in range(4)
        ]
        write(tmp_path / name, *records, feed_record(), packed=packed)
    cut = tmp_path / "b.warc"
    cut.write_bytes(cut.read_bytes()[:-200])
    every = finds(source(tmp_path))
    assert len(every) == 15
    assert len({find.mark for find in every}) == 15
    assert [bool(find.error) for find in every].count(True) == 4
    for number, find in enumerate(every):
        assert finds(source(tmp_path), after=find.mark) == every[number + 1 :]


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Record(), feed_record())
    mark = finds(source(path))[0].mark
    write(path, Record("https://matou.example/new"), Record(), feed_record())
    assert len(finds(source(path), after=mark)) == 3
