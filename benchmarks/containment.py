"""How much of one text is in another: of the same article by two ways, and of different articles.

    python -m benchmarks.containment

From this CONTAINED and SAME in warehouse/load/containment.py were chosen. The same article by two ways are the true
texts of the pages in ../shared/pages beside what newsmill extracts; different articles are pairs from two feeds each of
../shared/corpus, chosen at random by a fixed seed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.corpus import FEEDS
from tasks.clean.article import clean
from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.page import parse_page
from warehouse.load.containment import SHORT, share_contained, shingles
from warehouse.records import Article, Document, Feed

PAGES = FEEDS.parents[1] / "pages"
SETS = ("scrapinghub", "fundus", "chinese")
PAGES_PER_SET = 50
PAIRS = 40_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def document(data: bytes, feed: Feed, url: str, content_type: str) -> Document:
    name = hashlib.sha256(data).hexdigest()
    return Document(name, feed.id, url, url, NOW, 200, {"content-type": content_type}, len(data), f"blobs/{name}.zst")


def page_shares(path: Path) -> Iterator[float]:
    """For each page of the set, the share of its true text that newsmill's has."""
    feed = Feed("page", "page", "https://page.example/")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line, _ in zip(lines, range(PAGES_PER_SET), strict=False):
            page = json.loads(line)
            data = base64.b64decode(page["html_base64"])
            content_type = page.get("content_type") or "text/html; charset=utf-8"
            try:
                (entry,) = parse_page(data, document(data, feed, page["url"] or feed.url, content_type), feed).entries
            except ParseError:
                continue
            if len(shingles(page["text"])) >= SHORT:
                yield share_contained(page["text"], clean(entry, feed).content_text)


def corpus_articles() -> list[Article]:
    articles: list[Article] = []
    for path in sorted(FEEDS.iterdir()):
        feed = Feed(path.stem, path.stem, f"https://corpus.example/{path.stem}")
        data = path.read_bytes()
        articles += mill_bytes(data, document(data, feed, feed.url, "application/xml"), feed).articles
    return [article for article in articles if len(shingles(article.content_text)) >= SHORT]


def pair_shares(articles: list[Article]) -> Iterator[float]:
    chance = random.Random(1)
    for _ in range(PAIRS):
        one, other = chance.sample(articles, 2)
        if one.feed_id != other.feed_id and one.canonical_url != other.canonical_url:
            texts = one.content_text, other.content_text
            yield max(share_contained(*texts), share_contained(*reversed(texts)))


def main() -> None:
    print(f"{'':24}{'pairs':>8}{'least':>8}{'5 %':>8}{'10 %':>8}{'median':>8}{'most':>8}")
    rows = {name: list(page_shares(PAGES / f"{name}.jsonl.gz")) for name in SETS}
    rows["different articles"] = list(pair_shares(corpus_articles()))
    for name, shares in rows.items():
        shares.sort()
        figures = [shares[0], *(shares[len(shares) // part] for part in (20, 10, 2)), shares[-1]]
        print(f"{name:24}{len(shares):>8}" + "".join(f"{figure:>8.2f}" for figure in figures))


if __name__ == "__main__":
    main()
