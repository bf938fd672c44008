"""WARC files for the tests, written here, and what a backfill finds in them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tasks.backfill.finds import BackfillRequest, Find, Plan
from tasks.backfill.warc import Warc
from tests.tasks.making import Item, rss
from warehouse.records import Feed

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
    """Each record as its bytes in a file, the same in every process."""
    out: list[bytes] = []
    for record in records:
        buffer = BytesIO()
        writer = WARCWriter(buffer, gzip=packed)
        types = (("Content-Type", record.content_type),) if record.content_type is not None else ()
        with_http = record.kind in ("response", "revisit")
        http = StatusAndHeaders(record.status, [*types, *record.http], protocol="HTTP/1.1") if with_http else None
        id = f"<urn:uuid:00000000-0000-4000-8000-{len(out):012}>"
        headers = {"WARC-Record-ID": id, "WARC-Date": record.date, **dict(record.warc)}
        if record.kind == "revisit":
            warc_record = writer.create_revisit_record(
                record.uri,
                "sha1:B",
                "http://x.example/",
                "2024-01-01T00:00:00Z",
                http_headers=http,
                warc_headers_dict=headers,
            )
        else:
            warc_record = writer.create_warc_record(
                record.uri,
                record.kind,
                payload=BytesIO(record.body),
                http_headers=http,
                warc_content_type=record.content_type or "" if not with_http else "",
                warc_headers_dict=headers,
            )
        writer.write_record(warc_record)
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
    return Warc(BackfillRequest(str(where), **wanted), registry, max_bytes)  # type: ignore[arg-type]


def finds(warc: Warc, after: str | None = None) -> list[Find]:
    async def gathered() -> list[Find]:
        return [find async for find in warc.finds(after)]

    return asyncio.run(gathered())


def plan(warc: Warc) -> Plan:
    return asyncio.run(warc.plan())


def one(tmp_path: Path, record: Record, **known: object) -> Find:
    (found,) = finds(source(write(tmp_path / "a.warc.gz", record), **known))  # type: ignore[arg-type]
    return found
