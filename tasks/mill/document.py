"""Milling one document: parse it, clean its articles.

This runs in worker processes, so it imports little: no Prefect, no DuckDB, no settings.
"""

from __future__ import annotations

import faulthandler
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tasks.clean.article import clean
from tasks.clean.filtering import blocked_by
from tasks.errors import ParseError, error_text
from tasks.parse.entry import ParsedDocument
from tasks.parse.feed import parse
from tasks.text.dates import bounding_dates
from warehouse.landing import Landing
from warehouse.records import Article, Document, Entry, Feed, Form, Milled, Reject


def _parse_article(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.article_file import parse_article

    return parse_article(data, document, feed)


def _parse_page(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.page import parse_page  # trafilatura takes a second to import, and most runs see no page

    return parse_page(data, document, feed)


def _parse_list_page(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.list_page import parse_list_page

    return parse_list_page(data, document, feed)


def _parse_sitemap(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.sitemap import parse_sitemap

    return parse_sitemap(data, document, feed)


def _parse_json_list(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.json_list import parse_json_list

    return parse_json_list(data, document, feed)


def _parse_kept_entries(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    from tasks.parse.kept_entries import parse_kept_entries

    return parse_kept_entries(data, document)


_PARSERS: dict[Form, Callable[[bytes, Document, Feed], ParsedDocument]] = {
    "feed": parse,
    "article": _parse_article,
    "page": _parse_page,
    "pages": _parse_page,
    "list page": _parse_list_page,
    **dict.fromkeys(("sitemap", "sitemap index", "listed sitemap"), _parse_sitemap),
    "json list": _parse_json_list,
    "entries": _parse_kept_entries,
}


def prepare_process() -> None:
    """Set up a process that mills documents or loads the results.

    Run the garbage collector rarely: milling makes thousands of entries and trees of small objects, which reference
    counts free; the collector would walk through them, and through all imported modules, each time. Freezing again,
    in a process's second run, would keep what the first one left behind.
    """
    if not gc.get_freeze_count():
        gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def mill_document(landing: Path, document: Document, feed: Feed, known: frozenset[str] = frozenset()) -> Milled:
    """Mill a document of the landing zone. Entries whose ids are `known` are only noted as seen, not cleaned again."""
    return mill_bytes(Landing(landing).read(document), document, feed, known)


def mill_documents(landing: Path, work: Sequence[tuple[Document, Feed, frozenset[str]]]) -> list[Milled]:
    """Mill several documents, each with its feed and the ids of the entries known of it."""
    return [mill_document(landing, document, feed, known) for document, feed, known in work]


def reject_document(document: Document, error: Exception) -> Milled:
    """The document rejected as a whole."""
    if document.request:
        from tasks.mill.page import reject_page

        return reject_page(document, Feed(document.feed_id, document.feed_id, ""), error)
    # a feed document is found by its feed; a reject of any other names the file or address
    location = document.final_url if document.form != "feed" or document.source != "feed" else None
    return Milled(
        document, rejects=(Reject("parse", error_text(error), document.feed_id, document.document_id, location),)
    )


def mill_bytes(data: bytes, document: Document, feed: Feed, known: frozenset[str] = frozenset()) -> Milled:
    """Mill a document whose bytes are at hand. What can't be parsed or cleaned is a reject, never an exception."""
    return _mill(data, document, feed, known, clean)


def mill_carefully(
    landing: Path,
    document: Document,
    feed: Feed,
    known: frozenset[str],
    hanging: Mapping[str, str],
    current: Path,
    seconds: float,
) -> Milled:
    """Mill a document of which an entry hangs or kills its process: each entry has `seconds`, then the process ends.

    The file `current` then names the entry, for the next call's `hanging`: entry id → why it is not cleaned.
    """

    def clean_within_bounds(entry: Entry, feed: Feed) -> Article:
        if entry.entry_id in hanging:
            raise ParseError(hanging[entry.entry_id])
        current.write_text(entry.entry_id)
        # Its thread is C code and needs no lock of Python's: it ends the process even inside a library's loop.
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            return clean(entry, feed)
        finally:
            faulthandler.cancel_dump_traceback_later()

    current.unlink(missing_ok=True)
    data = Landing(landing).read(document)
    with Path(os.devnull).open("w") as nowhere:
        return _mill(data, document, feed, known, clean_within_bounds)


def _mill(
    data: bytes,
    document: Document,
    feed: Feed,
    known: frozenset[str],
    clean_entry: Callable[[Entry, Feed], Article],
) -> Milled:
    try:
        if document.request:
            from tasks.mill.page import mill_page

            with bounding_dates():
                return mill_page(data, document, feed, clean_entry)
        with bounding_dates():
            parsed = _PARSERS[document.form](data, document, feed)
    except Exception as error:  # libraries raise whatever a document makes them raise
        return reject_document(document, error)
    rejects = list(parsed.rejects)
    entries, articles, seen, blocked, blocked_keys = [], [], [], {}, {}
    for entry in {entry.entry_id: entry for entry in parsed.entries}.values():
        if entry.entry_id in known:
            seen.append(entry.entry_id)
            continue
        entries.append(entry)
        try:
            article = clean_entry(entry, feed.of_pages if document.form == "page" else feed)
            if rule := blocked_by(article, feed):
                blocked[entry.entry_id], blocked_keys[entry.entry_id] = rule, article.keys
            else:
                articles.append(article)
        except Exception as error:
            location = f"entry {entry.position}: {entry.guid or entry.link or entry.title[:80]}"
            rejects.append(Reject("clean", error_text(error), feed.id, document.document_id, location))
    return Milled(
        document,
        tuple(entries),
        tuple(articles),
        tuple(seen),
        tuple(rejects),
        blocked,
        blocked_keys,
        parsed.hints,
        parsed.about,
        feed.name,
    )
