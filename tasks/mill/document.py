"""Milling: parse and clean one landed document. Runs in worker processes, so it imports little: no Prefect, no DuckDB,
no settings."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.clean.article import clean
from tasks.clean.identity import ambiguous_keys
from tasks.errors import ParseError
from tasks.parse.entry import Parsed
from tasks.parse.feed import parse
from tasks.text import urls
from warehouse.landing import Landing
from warehouse.records import Document, Feed, Form, Milled, Reject


def _parse_article(data: bytes, document: Document, feed: Feed) -> Parsed:
    from tasks.parse.article_file import parse_article

    return parse_article(data, document, feed)


def _parse_page(data: bytes, document: Document, feed: Feed) -> Parsed:
    from tasks.parse.page import parse_page  # trafilatura takes a second to import, and most runs see no page

    return parse_page(data, document, feed)


_PARSERS: dict[Form, Callable[[bytes, Document, Feed], Parsed]] = {
    "feed": parse,
    "article": _parse_article,
    "page": _parse_page,
}


def prepare() -> None:
    """Set a process up that mills, or takes what was milled: entries by the thousand and trees of small objects, all
    freed by reference counts. The collector is not to look through them, and through all that was imported, each time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def mill(landing: Path, document: Document, feed: Feed, known: frozenset[str] = frozenset()) -> Milled:
    """The document's entries and articles. `known` entries are only counted as seen, not cleaned again."""
    return mill_bytes(Landing(landing).read(document), document, feed, known)


def mill_several(landing: Path, work: Sequence[tuple[Document, Feed, frozenset[str]]]) -> list[Milled]:
    """The same for many small documents."""
    return [mill(landing, document, feed, known) for document, feed, known in work]


def mill_bytes(data: bytes, document: Document, feed: Feed, known: frozenset[str] = frozenset()) -> Milled:
    """The same for bytes at hand. What can't be parsed or cleaned is a reject, never an exception."""
    try:
        parsed = _PARSERS[document.form](data, document, feed)
    except ParseError as error:
        # the file or address, where the document isn't the feed's own address
        location = document.final_url if document.form != "feed" or document.source != "feed" else None
        return Milled(document, rejects=(Reject("parse", str(error), feed.id, document.document_id, location),))
    rejects = list(parsed.rejects)
    several = parsed.entries if len(parsed.entries) > 1 else ()
    ambiguous = ambiguous_keys((entry, urls.resolve(entry.base_url, entry.link)) for entry in several)
    entries, articles, seen = [], [], []
    for entry in {entry.entry_id: entry for entry in parsed.entries}.values():
        if entry.entry_id in known:
            seen.append(entry.entry_id)
            continue
        entries.append(entry)
        try:
            articles.append(clean(entry, feed, ambiguous))
        except Exception as error:
            rejects.append(
                Reject(
                    "clean",
                    f"{type(error).__name__}: {error}",
                    feed.id,
                    document.document_id,
                    f"entry {entry.position}: {entry.guid or entry.link or entry.title[:80]}",
                )
            )
    return Milled(document, tuple(entries), tuple(articles), tuple(seen), tuple(rejects), parsed.hints)
