from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tasks.backfill.finds import Find, Plan, Wanted
from tasks.backfill.warc import Warc
from tasks.backfill.warc_records import RECOMPRESS
from tasks.errors import BackfillError
from tasks.mill.document import mill_bytes
from tests.tasks.making import Item, rss
from warehouse.records import Document, Feed

QUAY = Feed("quay", "The Quay", "https://feeds.quay.example/all.xml", site_url="https://www.quay.example/")
SPORT = Feed("quay-sport", "Sport", "https://feeds.quay.example/sport.xml", site_url="https://www.quay.example/sport/")
MATOU = Feed("matou", "码头报", "https://matou.example/feed.xml", language="zh", timezone="Asia/Shanghai")
REGISTRY = (QUAY, SPORT, MATOU)
MAX_BYTES = 200_000

PAGE = (
    "<!DOCTYPE html><html lang=zh><head><meta charset=utf-8><title>北门开放</title>"
    '<meta property="article:published_time" content="2024-03-05T15:36:16+08:00"><meta property="og:type" '
    'content="article"></head><body><h1>北门开放</h1><article><p>港务局局长星期二表示，北门将于每天早上八点开放。</p>'
    "<p>许多渔民对此表示欢迎，他们说等了十年。</p></article></body></html>"
).encode()
FEED = rss(Item())


@dataclass(frozen=True)
class Record:
    """A record to write; `kind` None leaves the HTTP headers out."""

    uri: str = "https://matou.example/2024/gate"
    body: bytes = PAGE
    content_type: str | None = "text/html; charset=utf-8"
    date: str = "2024-03-05T07:08:09Z"
    status: str = "200 OK"
    kind: str = "response"
    http: tuple[tuple[str, str], ...] = ()
    warc: tuple[tuple[str, str], ...] = ()


def feed_record(**known: str) -> Record:
    return replace(Record("https://feeds.quay.example/all.xml", FEED, "application/rss+xml"), **known)  # type: ignore[arg-type]


def written(records: Iterable[Record], *, packed: bool = True) -> list[bytes]:
    """Each record as its bytes in a file."""
    out = []
    for record in records:
        buffer = BytesIO()
        writer = WARCWriter(buffer, gzip=packed)
        types = (("Content-Type", record.content_type),) if record.content_type is not None else ()
        with_http = record.kind in ("response", "revisit")
        http = StatusAndHeaders(record.status, [*types, *record.http], protocol="HTTP/1.1") if with_http else None
        headers = {"WARC-Date": record.date, **dict(record.warc)}
        if record.kind == "revisit":
            found = writer.create_revisit_record(
                record.uri, "sha1:B", "http://x.example/", "2024-01-01T00:00:00Z", http_headers=http
            )
        else:
            found = writer.create_warc_record(
                record.uri,
                record.kind,
                payload=BytesIO(record.body),
                http_headers=http,
                warc_content_type=record.content_type or "" if not with_http else "",
                warc_headers_dict=headers,
            )
        writer.write_record(found)
        out.append(buffer.getvalue())
    return out


def write(path: Path, *records: Record, packed: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    info = BytesIO()
    writer = WARCWriter(info, gzip=packed)
    writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a test"}))
    path.write_bytes(info.getvalue() + b"".join(written(records, packed=packed)))
    return path


def source(where: Path, *, registry: Sequence[Feed] = REGISTRY, max_bytes: int = MAX_BYTES, **wanted: object) -> Warc:
    return Warc(Wanted(str(where), **wanted), registry, max_bytes)  # type: ignore[arg-type]


def finds(warc: Warc, after: str | None = None) -> list[Find]:
    async def gathered() -> list[Find]:
        return [find async for find in warc.finds(after)]

    return asyncio.run(gathered())


def plan(warc: Warc) -> Plan:
    return asyncio.run(warc.plan())


def one(tmp_path: Path, record: Record, **known: object) -> Find:
    (found,) = finds(source(write(tmp_path / "a.warc.gz", record), **known))  # type: ignore[arg-type]
    return found


# --- records --------------------------------------------------------------------------------------------------------


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
    assert "2 pages, 1 feeds, 0 unreadable" in planned.says[0]
    assert "matou (2)" in planned.says[1]
    assert planned.says[2].startswith("1 revisits")


def test_a_location_leads_back_to_the_record(tmp_path: Path) -> None:
    write(tmp_path / "crawls" / "one.warc.gz", Record(), feed_record())
    for find in finds(source(tmp_path)):
        place, _, uri = find.location.partition(" ")
        name, _, offset = place.rpartition("@")
        assert uri == find.url
        member = zlib.decompressobj(31).decompress((tmp_path / name).read_bytes()[int(offset) :])
        assert member.startswith(b"WARC/1.0\r\n")
        assert uri.encode() in member


def test_what_is_found_is_milled(tmp_path: Path) -> None:
    find = one(tmp_path, Record())
    made = Document("d", find.feed.id, find.url, find.url, find.seen_at, 200, find.headers, 1, "x", "warc", find.form)
    (article,) = mill_bytes(find.data, made, find.feed).articles
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
def test_the_form_is_told_by_type_and_first_bytes(
    tmp_path: Path, body: bytes, content_type: str | None, form: str | None
) -> None:
    path = write(tmp_path / "a.warc.gz", Record("https://matou.example/x", body, content_type))
    assert [(find.form, find.data) for find in finds(source(path))] == ([(form, body)] if form else [])


def chunked(data: bytes, step: int = 100) -> bytes:
    parts = (data[place : place + step] for place in range(0, len(data), step))
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunked(PAGE), (("Transfer-Encoding", "chunked"),)),
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
def test_codings_are_undone(tmp_path: Path, body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    assert one(tmp_path, Record(body=body, http=headers)).data == PAGE


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        (gzip.compress(bytes(50_000_000), mtime=0), (("Content-Encoding", "gzip"),), "larger than"),
        (brotli.compress(bytes(50_000_000), quality=4), (("Content-Encoding", "br"),), "larger than"),
        (chunked(PAGE)[:-30], (("Transfer-Encoding", "chunked"),), "breaks off"),
        (gzip.compress(PAGE, mtime=0)[:-9], (("Content-Encoding", "gzip"),), "its gzip encoding is broken"),
        (b"\x01\x02", (("Content-Encoding", "gzip, gzip, gzip, gzip"),), "encoded 4 times"),
        (b" " * 30_000_000, (), "larger than"),
        (PAGE + b" " * MAX_BYTES, (), "larger than"),
    ],
)
def test_bombs_and_broken_codings_are_named(
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


@pytest.mark.parametrize(("header", "said"), [("WARC-Truncated", "length"), ("WARC-Segment-Number", "1")])
def test_what_isnt_whole_is_named(tmp_path: Path, header: str, said: str) -> None:
    found = one(tmp_path, Record(warc=((header, said),)))
    assert header in (found.error or "")
    assert found.data == b""


# --- times ----------------------------------------------------------------------------------------------------------


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
def test_a_wrong_capture_time_is_named(tmp_path: Path, date: str) -> None:
    since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    found = one(tmp_path, Record(date=date), since=since, until=until)
    assert date in (found.error or "")
    assert since <= found.seen_at < until


def test_only_what_was_captured_in_the_time_asked_for(tmp_path: Path) -> None:
    dates = ["2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", "2024-06-01T00:00:00Z", "2025-01-01T00:00:00Z"]
    path = write(tmp_path / "a.warc.gz", *(Record(date=date) for date in dates))
    warc = source(path, since=datetime(2024, 1, 1, tzinfo=UTC), until=datetime(2025, 1, 1, tzinfo=UTC))
    assert [f"{find.seen_at:%Y-%m}" for find in finds(warc)] == ["2024-01", "2024-06"]
    assert plan(warc).items == 2


# --- feeds ----------------------------------------------------------------------------------------------------------


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


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    assert "none of the web" in (one(tmp_path, Record("http://[nonsense/")).error or "")


# --- files ----------------------------------------------------------------------------------------------------------


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


def test_a_place_that_isnt_there(tmp_path: Path) -> None:
    for where, said in ((tmp_path / "none", "no such file"), (tmp_path, "holds no WARC file")):
        with pytest.raises(BackfillError, match=said):
            plan(source(where))
        with pytest.raises(BackfillError, match=said):
            finds(source(where))
    path = write(tmp_path / "a.warc.gz", Record())
    with pytest.raises(BackfillError, match="no mark"):
        finds(source(path), after="yesterday")


@pytest.mark.parametrize("packed", [True, False])
def test_a_run_goes_on_after_every_mark(tmp_path: Path, packed: bool) -> None:
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


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path, packed: bool) -> None:
    records = [Record(f"https://matou.example/{number}") for number in range(3)]
    path = write(tmp_path / "a.warc", *records, packed=packed)
    write(tmp_path / "b.warc", Record("https://matou.example/last"), packed=packed)
    data = path.read_bytes()
    start = json.loads(finds(source(path))[2].mark)[1]
    for cut in (start + 5, start + 40, start + 300, len(data) - 5):
        path.write_bytes(data[:cut])
        found = finds(source(tmp_path))
        first, second, error, last = found
        assert [find.url for find in (first, second, last)] == [
            "https://matou.example/0",
            "https://matou.example/1",
            "https://matou.example/last",
        ]
        assert (first.error, second.error, last.error) == (None, None, None)
        assert error.location == f"a.warc@{start}"
        assert "break" in (error.error or "")
        assert plan(source(tmp_path)).items == 4


def test_the_line_ends_after_the_last_record_may_be_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", Record(), packed=False)
    path.write_bytes(path.read_bytes()[:-4])
    assert [(find.data, find.error) for find in finds(source(path))] == [(PAGE, None)]


def test_a_damaged_member_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Record(), Record("https://matou.example/last"))
    data = bytearray(path.read_bytes())
    data[-6] ^= 1  # of the CRC
    path.write_bytes(data)
    first, error = finds(source(path))
    assert first.data == PAGE
    assert "gzip is damaged" in (error.error or "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a nothing of the kind\n\n\n", "no WARC file"),
        (gzip.compress(b"GIF89a nothing of the kind\n\n\n", mtime=0), "no WARC file"),
        (b"\x1f\x8b\x08\x00 no gzip at all", "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        (b"x" * 3_000_000, "too long"),
        (gzip.compress(bytes(30_000_000), mtime=0), "too long"),
        (b"\n" * 3_000_000, "too long"),
        (b"WARC/1.0\r\n" + b"X-Header: y\r\n" * 200_000, "too long"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "without a length"),
        (b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -4\r\n\r\n", "without a length"),
        (b"WARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: 1\r\n\r\nlonger\r\n\r\n", "longer than it says"),
        (b"".join(written([Record()])) + b"rubbish after it", "no gzip"),
        (gzip.compress(b"".join(written([Record(), Record()], packed=False)), mtime=0), RECOMPRESS),
    ],
)
def test_a_broken_file_is_named_and_the_next_is_read(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.warc.gz").write_bytes(data)
    write(tmp_path / "b.warc.gz", Record())
    *_, error, last = finds(source(tmp_path))
    assert reason in (error.error or "")
    assert error.location.startswith("a.warc.gz@")
    assert len(error.error or "") < 300
    assert last.data == PAGE


def test_padding_and_empty_members_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", Record())
    path.write_bytes(path.read_bytes() + gzip.compress(b"") + b"".join(written([feed_record()])) + bytes(200_000))
    assert [find.form for find in finds(source(path))] == ["page", "feed"]


@pytest.mark.parametrize("packed", [True, False])
def test_arc_files(tmp_path: Path, packed: bool) -> None:
    def record(line: str, body: bytes) -> bytes:
        data = f"{line} {len(body)}\n".encode() + body + b"\n"
        return gzip.compress(data) if packed else data

    version = b"1 0 test\nURL IP-address Archive-date Content-type Archive-length\n\n"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    lines = [f"https://matou.example/{number} 192.0.2.1 20040305070809 text/html" for number in range(2)]
    path = tmp_path / "a.arc"
    path.write_bytes(
        record("filedesc://a.arc 0.0.0.0 20040305070809 text/plain", version)
        + b"".join(record(line, http + PAGE) for line in lines)
    )
    found = finds(source(path))
    assert [(find.url, find.data, find.error) for find in found] == [
        ("https://matou.example/0", PAGE, None),
        ("https://matou.example/1", PAGE, None),
    ]
    assert found[0].seen_at == datetime(2004, 3, 5, 7, 8, 9, tzinfo=UTC)
    assert finds(source(path), after=found[0].mark) == found[1:]


WHOLE = b"".join(written([Record(), feed_record(), Record("https://matou.example/2")]))
PLAIN = b"".join(written([Record(), feed_record(), Record("https://matou.example/2")], packed=False))


@settings(max_examples=150, deadline=None)
@given(
    data=st.sampled_from([WHOLE, PLAIN]),
    place=st.integers(0, min(len(WHOLE), len(PLAIN)) - 1),
    patch=st.binary(max_size=12),
    cut=st.booleans(),
)
def test_any_damage_gives_finds_and_at_most_one_break(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, place: int, patch: bytes, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.warc"
    path.write_bytes(data[:place] + patch + (b"" if cut else data[place + len(patch) :]))
    found = finds(source(path))
    broken = [find for find in found if find.error and json.loads(find.mark)[1] is None]
    assert len(broken) <= 1
    assert broken == found[len(found) - len(broken) :]
    assert plan(source(path)).items == len(found)
    for number, find in enumerate(found):
        assert finds(source(path), after=find.mark) == found[number + 1 :]
