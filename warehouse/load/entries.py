"""The entries of a batch: which the warehouse knows, which article each belongs to, and their rows in raw.entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warehouse.counting import counted
from warehouse.errors import WarehouseError
from warehouse.load.containment import is_of_site
from warehouse.load.evidence import KnownArticle, needs_text
from warehouse.load.identities import Identities, InDocument, Sighting, one_text_a_document
from warehouse.records import Article, Entry, Milled
from warehouse.store.staging import fetch_by_ids, run_with_rows
from warehouse.store.transactions import Connection

StoredEntries = Mapping[str, Mapping[str, Any]]
"""entry_id → feed_id, article_id, content_hash, word_count and blocked_by, as raw.entries has them."""


class UnknownEntriesError(WarehouseError):
    """A document was milled against another state of the warehouse; mill it again without known entries."""


@dataclass(frozen=True, slots=True)
class Matches:
    """A batch's entries, each matched to its article."""

    sightings: dict[str, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    """article_id → where the batch has it, oldest document first."""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """entry_id → row of raw.entries, for entries that were parsed."""
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    """entry_id → when it was seen, for known entries that were not parsed again."""
    pages: list[tuple[str, Milled]] = field(default_factory=list)
    """(article_id, page) of the articles' own pages, oldest first."""


def read_stored_entries(connection: Connection, batch: Sequence[Milled]) -> StoredEntries:
    """Raises UnknownEntriesError if an entry that was milled as known is not in the warehouse."""
    entry_ids = {entry.entry_id for milled in batch for entry in milled.entries}
    entry_ids |= {entry_id for milled in batch for entry_id in milled.seen}
    stored = {row["entry_id"]: row for row in fetch_by_ids(connection, "entries_by_id", entry_ids)}
    if missing := [entry_id for milled in batch for entry_id in milled.seen if entry_id not in stored]:
        raise UnknownEntriesError(f"the warehouse lacks {counted(len(missing), 'entry')} that were milled as known")
    return stored


def read_identities(connection: Connection, batch: Sequence[Milled], stored: StoredEntries) -> Identities:
    """The articles that the batch's keys name in the warehouse."""
    identities = Identities(stored_articles={row["article_id"] for row in stored.values()})
    articles = [article for milled in batch for article in milled.articles if article.entry_id not in stored]
    for row in fetch_by_ids(connection, "articles_by_key", {key for article in articles for key in article.keys}):
        article_id = row["article_id"]
        identities.articles_by_key[row["key"]].append(article_id)
        identities.stored_articles.add(article_id)
        if article_id not in identities.articles:
            published_at = row["published_at"] if row["published_known"] else None
            identities.articles[article_id] = KnownArticle(
                row["title"] or "", row["url"], row["guid"], row["feed_id"], published_at, {row["feed_id"]}
            )
    proposed = [(article, article_id) for article in articles for article_id in identities.proposed(article)]
    _read_feeds(connection, identities, proposed)
    doubtful = {
        article_id
        for article, article_id in proposed
        if needs_text(article, identities.articles[article_id], identities.named_by(article, article_id))
    }
    for row in fetch_by_ids(connection, "texts_by_article", doubtful):
        identities.articles[row["article_id"]].text = row["content_text"]
    return identities


def _read_feeds(connection: Connection, identities: Identities, proposed: Iterable[tuple[Article, str]]) -> None:
    """Read which feeds have the articles that have the address of an entry of another feed."""
    contested = {
        article_id: article.url
        for article, article_id in proposed
        if article.feed_id not in identities.articles[article_id].feed_ids
    }
    for row in fetch_by_ids(connection, "feeds_by_article", contested):
        identities.articles[row["article_id"]].feed_ids.add(row["feed_id"])
    feed_ids = {feed_id for article_id in contested for feed_id in identities.articles[article_id].feed_ids}
    feed_urls = {row["feed_id"]: row["url"] for row in fetch_by_ids(connection, "feed_urls", feed_ids)}
    for article_id, url in contested.items():
        known = identities.articles[article_id]
        known.is_publishers = all(is_of_site(feed_urls.get(feed_id) or "", url) for feed_id in known.feed_ids)


def match_entries(batch: Sequence[Milled], stored: StoredEntries, identities: Identities) -> Matches:
    """Match each entry of the batch, which is in order of time, to its article.

    Reads and writes no database; `identities` learns the keys that are new.
    """
    matches = Matches()
    article_ids = {entry_id: row["article_id"] for entry_id, row in stored.items() if row["article_id"]}
    for milled in batch:
        document, fetched_at = milled.document, milled.document.fetched_at
        if milled.page:
            (of_page,) = milled.articles
            if not (found := article_ids.get(of_page.entry_id) or identities.find(of_page)):
                continue  # the warehouse has the article no more
            matches.pages.append((found, milled))
            if of_page.entry_id:  # else the page gave no text
                article_ids[of_page.entry_id] = found
        else:
            _match_articles(milled, stored, article_ids, identities)
        articles = {article.entry_id: article for article in milled.articles}
        for entry in milled.entries:
            article, article_id = articles.get(entry.entry_id), article_ids.get(entry.entry_id)
            if article and article_id:
                matches.sightings[article_id].append(
                    Sighting(entry.entry_id, document, article.content_hash, article.word_count, article)
                )
            if entry.entry_id not in matches.entries:
                matches.entries[entry.entry_id] = _entry_row(
                    entry, article, article_id, fetched_at, milled.blocked.get(entry.entry_id)
                )
            matches.entries[entry.entry_id]["last_seen_at"] = fetched_at
        for entry_id in milled.seen:
            row = stored[entry_id]
            matches.sightings[row["article_id"]].append(
                Sighting(entry_id, document, row["content_hash"], row["word_count"], None)
            )
            times = matches.seen.setdefault(entry_id, {"entry_id": entry_id, "first_seen_at": fetched_at})
            times["last_seen_at"] = fetched_at
    for article_id, sightings in matches.sightings.items():
        matches.sightings[article_id] = one_text_a_document(sightings)
    return matches


def _match_articles(milled: Milled, stored: StoredEntries, article_ids: dict[str, str], identities: Identities) -> None:
    """Add the document's articles to `article_ids`, entry_id → article_id.

    Entries that it has are what they were; then come those whose guid is known: what is left may be theirs.
    """
    in_document = InDocument()
    for entry_id in milled.seen:
        in_document.hashes[stored[entry_id]["article_id"]].add(stored[entry_id]["content_hash"])
    new = []
    for article in milled.articles:
        if article_id := article_ids.get(article.entry_id):
            in_document.hashes[article_id].add(article.content_hash)
        else:
            new.append(article)
    for article in sorted(new, key=lambda article: not identities.knows_guid(article)):
        article_id = article_ids[article.entry_id] = identities.resolve(article, milled.document.url, in_document)
        in_document.hashes[article_id].add(article.content_hash)


def _entry_row(
    entry: Entry, article: Article | None, article_id: str | None, fetched_at: datetime, blocked_by: str | None
) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "feed_id": entry.feed_id,
        "document_id": entry.document_id,
        "position": entry.position,
        "guid": entry.guid,
        "link": entry.link,
        "title": entry.title,
        "content_html": entry.content_html,
        "parsed": entry.parsed,
        "first_seen_at": fetched_at,
        "last_seen_at": fetched_at,
        "article_id": article_id,
        "content_hash": article.content_hash if article else None,
        "word_count": article.word_count if article else None,
        "published_at": entry.published_at,
        # what was loaded before the rule stays an article until it is loaded afresh
        "blocked_by": None if article_id else blocked_by,
    }


def write_entries(connection: Connection, matches: Matches, stored: StoredEntries) -> None:
    """Insert the new entries into raw.entries, and bring the known ones up to date."""
    new = [row for entry_id, row in matches.entries.items() if entry_id not in stored]
    again = [row for entry_id, row in matches.entries.items() if entry_id in stored]
    seen = list(matches.seen.values())
    run_with_rows(connection, "insert_entries", view="stage_entries", table="raw.entries", rows=new)
    run_with_rows(connection, "merge_entries", view="stage_entries", table="raw.entries", rows=again)
    run_with_rows(connection, "touch_entries", view="stage_seen", table="raw.entries", rows=seen)
