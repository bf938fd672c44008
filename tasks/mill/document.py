"""Milling one document: parse it, clean its articles.

This runs in milling processes, so it imports little: no Prefect, no DuckDB, no settings.
"""

from __future__ import annotations

from collections.abc import Callable

from tasks.clean.article import clean
from tasks.clean.filtering import blocked_by
from tasks.errors import error_text
from tasks.mill.rejects import reject_document
from tasks.parse.entry import ParsedDocument
from tasks.parse.feed import parse
from tasks.text.dates import bounding_dates
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


def mill_bytes(
    data: bytes,
    document: Document,
    feed: Feed,
    known: frozenset[str] = frozenset(),
    clean_entry: Callable[[Entry, Feed], Article] | None = None,
) -> Milled:
    """Mill a document whose bytes are at hand. What can't be parsed or cleaned is a reject, never an exception.

    Entries whose ids are `known` are only noted as seen, not cleaned again. `clean_entry` cleans an entry; by default
    tasks.clean.article does.
    """
    clean_entry = clean_entry or clean
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
