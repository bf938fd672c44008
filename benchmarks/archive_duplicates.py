"""Near duplicates in a real archive: precision and recall on labelled pairs of ../shared/corpus/archive.

    python -m benchmarks.archive_duplicates

benchmarks/archive_pairs.csv names pairs of files that a person has read: those with the most similar texts under titles
that agree, within two weeks and further apart, of each author, and articles with similar titles. None of them are
copies: what they share is the description that a channel puts below all of its videos. (There are no copies in this
archive.) So that recall can be measured, every fourth of the written articles is also loaded as another site's: under
an address of its own, a day later, without its last paragraph. Each must have the first as its `duplicate_of`, and
no article may have one that it is labelled different from.

Archives come as a folder for each subject or for each author, so both are measured.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from tasks.clean.similarity import LONG, MEASURE, shingles
from tasks.mill.document import mill_bytes
from tests.tasks.making import Item, document, milled
from warehouse.digest import digest
from warehouse.load.batch import load
from warehouse.load.duplicates import mark_duplicates
from warehouse.records import Article, Feed, Milled
from warehouse.store.connection import Warehouse

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "archive"
PAIRS = Path(__file__).with_name("archive_pairs.csv")
ELSEWHERE = Feed("elsewhere", "Elsewhere", "https://elsewhere.example/feed.xml")
BATCH = 200
EVERY = 4
WRITTEN = "oped"
"""The folder of articles; the other one is of videos."""

FeedName = Callable[[str, Article], str]
ARRANGEMENTS: dict[str, FeedName] = {
    "a feed for each folder": lambda file, _: file.partition("/")[0],
    "a feed for each author": lambda file, article: digest(article.author or "nobody"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    right: int
    copies: int
    wrong: Sequence[str]
    """Articles that were marked as copies of an article that they are labelled different from."""
    unread: Sequence[str]
    """Other articles that were marked: somebody must read them and add their pairs to the file."""

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        return self.right / self.copies


def labelled_pairs() -> Iterator[tuple[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert row["label"] == "different"
            yield row["file"], row["other"]


def measure(folder: Path, feed_name: FeedName) -> Figures:
    """Load the archive and the copies into a new warehouse in the folder, and mark them."""
    store = Warehouse(folder / "newsmill.duckdb")
    files: dict[str, str] = {}
    copies: dict[str, str] = {}
    batch: list[Milled] = []
    for path in sorted(ARCHIVE.rglob("*.md")):
        file = path.relative_to(ARCHIVE).as_posix()
        article = read(path)
        if article is None or not article.url:
            continue
        files[article.url] = file
        batch.append(read_as(path, feed_name(file, article)))
        if file.startswith(WRITTEN) and len(files) % EVERY == 0 and (item := told_again(article, len(files))):
            copies[str(item.link)] = article.url
            batch.append(milled(item, feed=ELSEWHERE))
        if len(batch) >= BATCH:
            write(store, batch)
    write(store, batch)
    mark_duplicates(store, MEASURE)
    sql = "SELECT a.url, o.url FROM clean.articles a LEFT JOIN clean.articles o ON o.article_id = a.duplicate_of"
    with store.reading() as connection:
        firsts = dict(connection.execute(sql).fetchall())
    marked = {url: first for url, first in firsts.items() if first and copies.get(url) != first}
    pairs = {frozenset((files.get(url, url), files.get(first, first))) for url, first in marked.items()}
    different = set(map(frozenset, labelled_pairs()))
    right = sum(firsts.get(copy) == original for copy, original in copies.items())
    return Figures(right, len(copies), _names(pairs & different), _names(pairs - different))


def _names(pairs: Iterable[frozenset[str]]) -> list[str]:
    return sorted(" and ".join(sorted(pair)) for pair in pairs)


def read(path: Path) -> Article | None:
    articles = read_as(path, "archive").articles
    return articles[0] if articles else None


def read_as(path: Path, feed_id: str) -> Milled:
    feed = Feed(feed_id, feed_id, f"archive:{feed_id}")
    data = path.read_bytes()
    found = document(data, feed=feed, content_type="text/markdown", source="archive")
    return mill_bytes(data, replace(found, form="article"), feed)


def told_again(article: Article, number: int) -> Item | None:
    """The article without its last paragraph, as another site's; None if it is short."""
    paragraphs = article.content_text.split("\n\n")[:-1]
    if not article.published_at or len(shingles("\n\n".join(paragraphs))) < 5 * LONG:
        return None
    link = f"https://elsewhere.example/{number}"
    html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return Item(article.title, html, link, link, format_datetime(article.published_at + timedelta(days=1)))


def write(store: Warehouse, batch: list[Milled]) -> None:
    with store.writing() as connection:
        load(connection, batch, run_id="one")
    batch.clear()


def main() -> None:
    if not ARCHIVE.exists():
        sys.exit(f"{ARCHIVE} is missing: this benchmark needs the corpus of real articles")
    for name, feed_name in ARRANGEMENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder), feed_name)
        print(*(f"wrong: {pair}" for pair in figures.wrong), *(f"unread: {pair}" for pair in figures.unread), sep="\n")
        print(f"{name}: precision {figures.precision:.3f}, recall {figures.recall:.3f} of {figures.copies} copies")


if __name__ == "__main__":
    main()
