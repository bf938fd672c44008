"""Articles to export, and what an export has written."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.places import CORPUS
from tests.tasks.making import FEED, NOW, Item
from warehouse.digest import digest
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.records import Article, Document, Entry, Feed, Milled
from warehouse.store.connection import Warehouse

SEED = CORPUS / "seed"


GATE = Item()


CAFE = Item(
    "港口咖啡馆: 重新开张?",
    '<p>港口咖啡馆\n  今天重新开张。</p><img src="https://quay.example/cafe.jpg" alt="门口">',
    "https://quay.example/cafe",
    "cafe",
    "Thu, 31 Oct 2024 17:30:00 GMT",
)


UNDATED = Item("No date", "<p>Nobody said when this happened at the quay.</p>", "https://quay.example/u", "u", None)


WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", language="en")


ELSEWHERE = replace(GATE, link="https://wire.example/1", title="Elsewhere", text="<p>Somewhere else, far from it.</p>")


FILE = """<!--1731641943000-->
[快讯 [1]: 港口](https://quay.example/77?utm_source=x)
------

<div><i>Fri, 15 Nov 2024</i></div><p>港口今天 开放。</p>
"""


def load_batch(warehouse: Warehouse, *batch: Milled) -> None:
    with warehouse.writing() as connection:
        load(connection, batch, run_id="run")


def publish_copy(warehouse: Warehouse) -> Path:
    return publish(warehouse, warehouse.path.with_name("news.duckdb")).path


def from_archive(
    text: str = FILE, file: str = "articles/quay/77_快讯.md", *, feed: Feed = FEED, at: datetime = NOW, **kept: Any
) -> Milled:
    """A first-generation file as reading it leaves it, made by hand."""
    comment, link, _, _, content = text.split("\n", 4)
    title, _, url = link[1:-1].rpartition("](")
    body = content.rstrip()
    name = hashlib.sha256(f"{file}{text}".encode()).hexdigest()
    source = Document(
        name, feed.id, url, file, at, 200, {"file": file}, len(text), f"packs/{name}", source="archive", form="article"
    )
    parsed = {
        "generation": 1,
        "file": file,
        "stated": comment[4:-3],
        "title": title,
        "url": url,
        "content": None,
        "end": content[len(body) :],
        "front_matter": None,
    } | kept
    stated = (
        None
        if comment == "<!--NaN-->"
        else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(comment[4:-3]))
    )
    entry = Entry(
        entry_id=digest(name),
        feed_id=feed.id,
        document_id=name,
        position=0,
        guid=None,
        link=url,
        title=title,
        author=None,
        published_at=stated,
        updated_at=None,
        language=None,
        categories=(),
        content_html=body,
        content_type="text/html",
        summary_html="",
        base_url=url,
        enclosures=(),
        parsed=json.dumps(parsed, ensure_ascii=False),
    )
    article = Article(
        entry_id=entry.entry_id,
        feed_id=feed.id,
        keys=(f"url:{url}",),
        guid=None,
        url=url.partition("?")[0],
        canonical_url=url.partition("?")[0],
        title=" ".join(title.split()),
        author=None,
        published_at=stated,
        updated_at=None,
        language="zh",
        summary="",
        content_html="<p>cleaned</p>",
        content_text=body,
        word_count=len(body),
        categories=(),
        images=(),
        content_hash=digest(title, body),
    )
    return Milled(source, (entry,), (article,))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.md"))


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return [json.loads(line, parse_constant=pytest.fail) for line in data.decode().splitlines()]
