"""Loading: a batch of milled documents in one transaction. The same batch twice changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.connection import Connection, query, transaction
from warehouse.errors import WarehouseError
from warehouse.records import Article, Counts, Document, Milled, Reject, Source, digest
from warehouse.staging import apply, fetch, staged, write
from warehouse.timeline import Span, timeline


class UnknownEntriesError(WarehouseError):
    """A document was milled against another state of the warehouse; mill it again without known entries."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """An entry, in a document."""

    entry_id: str
    document: Document
    content_hash: str
    word_count: int
    article: Article | None
    """None where the entry was known and not cleaned again."""

    @property
    def span(self) -> Span:
        moment = self.document.fetched_at
        return Span(self.document.feed_id, self.content_hash, self.word_count, moment, moment)


@dataclass(slots=True)
class _Identities:
    """Which article a key names; starts with what the warehouse knows and learns as the batch goes."""

    articles: dict[str, str] = field(default_factory=dict)
    """key → article_id"""
    facts: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    """article_id → (title, published_at where the feed said so)"""
    fresh: list[dict[str, str]] = field(default_factory=list)
    """Keys the warehouse doesn't have yet."""

    def resolve(self, article: Article) -> str:
        """The article's id: that of its address, else that of its guid, else a new one made of its strongest key.

        A guid alone is trusted only when the title or the stated time agrees: feeds reuse guids.
        """
        article_id = None
        for key in article.keys:
            known = self.articles.get(key)
            if known and (not key.startswith("guid:") or key == article.keys[0] or self._agrees(known, article)):
                article_id = known
                break
        if article_id is None:
            article_id = digest("article", article.keys[0])
        self.facts.setdefault(article_id, (article.title, article.published_at))
        for key in article.keys:
            if key not in self.articles:
                self.articles[key] = article_id
                self.fresh.append({"key": key, "article_id": article_id})
        return article_id

    def _agrees(self, article_id: str, article: Article) -> bool:
        title, published_at = self.facts.get(article_id, ("", None))
        return title == article.title or (published_at is not None and published_at == article.published_at)


def known_entries(connection: Connection, feed_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """feed_id → the entries its last document held."""
    known = defaultdict(set)
    for row in fetch(connection, "known_entries", feed_ids):
        known[row["feed_id"]].add(row["entry_id"])
    return {feed_id: frozenset(ids) for feed_id, ids in known.items()}


def load(connection: Connection, batch: Sequence[Milled], *, run_id: str) -> Counts:
    """Load the batch in one transaction and say what it changed. Raises UnknownEntriesError before any change."""
    batch = sorted(batch, key=lambda milled: (milled.document.fetched_at, milled.document.feed_id))
    with transaction(connection):
        sightings, identities = _sightings(connection, batch)
        counts = _load_articles(connection, sightings, batch)
        write(connection, "merge_article_keys", stage="stage_keys", table="clean.article_keys", rows=identities.fresh)
        _load_documents(connection, batch, counts, run_id)
        load_rejects(connection, [reject for milled in batch for reject in milled.rejects], run_id=run_id)
    counts.documents = len(batch)
    counts.rejected = sum(len(milled.rejects) for milled in batch)
    return counts


def _sightings(connection: Connection, batch: Sequence[Milled]) -> tuple[dict[str, list[_Sighting]], _Identities]:
    """article_id → its sightings in the batch. Writes raw.entries on the way."""
    entry_ids = {entry.entry_id for milled in batch for entry in milled.entries}
    entry_ids |= {entry_id for milled in batch for entry_id in milled.seen}
    known = {row["entry_id"]: row for row in fetch(connection, "entries_by_id", entry_ids)}
    if missing := [e for milled in batch for e in milled.seen if e not in known]:
        raise UnknownEntriesError(f"{len(missing)} entries that were said to be known are not")

    identities = _Identities()
    for row in fetch(connection, "articles_by_key", [k for m in batch for a in m.articles for k in a.keys]):
        identities.articles[row["key"]] = row["article_id"]
        identities.facts[row["article_id"]] = row["title"], row["published_at"] if row["published_known"] else None

    sightings = defaultdict(list)
    entries: dict[str, dict[str, Any]] = {}
    seen: dict[str, dict[str, Any]] = {}
    for milled in batch:
        document = milled.document
        articles = {article.entry_id: article for article in milled.articles}
        for entry in milled.entries:
            article = articles.get(entry.entry_id)
            article_id = None
            if article:
                article_id = (known.get(entry.entry_id) or {}).get("article_id") or identities.resolve(article)
                sightings[article_id].append(
                    _Sighting(entry.entry_id, document, article.content_hash, article.word_count, article)
                )
            row = entries.setdefault(
                entry.entry_id,
                {
                    "entry_id": entry.entry_id,
                    "feed_id": entry.feed_id,
                    "document_id": entry.document_id,
                    "position": entry.position,
                    "guid": entry.guid,
                    "link": entry.link,
                    "title": entry.title,
                    "content_html": entry.content_html,
                    "parsed": entry.parsed,
                    "first_seen_at": document.fetched_at,
                    "last_seen_at": document.fetched_at,
                    "article_id": article_id,
                    "content_hash": article.content_hash if article else None,
                    "word_count": article.word_count if article else None,
                },
            )
            row["last_seen_at"] = document.fetched_at  # the batch is in order of time
        for entry_id in milled.seen:
            row = known[entry_id]
            sightings[row["article_id"]].append(
                _Sighting(entry_id, document, row["content_hash"], row["word_count"], None)
            )
            moment = document.fetched_at
            seen.setdefault(entry_id, {"entry_id": entry_id, "first_seen_at": moment})["last_seen_at"] = moment
    write(connection, "merge_entries", stage="stage_entries", table="raw.entries", rows=list(entries.values()))
    write(connection, "touch_entries", stage="stage_seen", table="raw.entries", rows=list(seen.values()))
    return sightings, identities


def _load_articles(connection: Connection, sightings: dict[str, list[_Sighting]], batch: Sequence[Milled]) -> Counts:
    """Bring versions, current articles and their images up to date with the sightings."""
    counts = Counts(entries=sum(len(m.entries) + len(m.seen) for m in batch))
    before: dict[str, list[Span]] = defaultdict(list)
    for row in fetch(connection, "spans_by_article", sightings):
        before[row["article_id"]].append(
            Span(row["feed_id"], row["content_hash"], row["word_count"], row["valid_from"], row["last_seen_at"])
        )
    span_of_sight = {r["article_id"]: r for r in fetch(connection, "seen_by_article", sightings)}
    after = {
        article_id: timeline([*before[article_id], *(sighting.span for sighting in found)])
        for article_id, found in sightings.items()
    }
    rewritten = {
        article_id
        for article_id, versions in after.items()
        if [_shape(v) for v in versions] != [_shape(v) for v in before[article_id]]
    }
    texts = _texts(connection, sightings, rewritten & {a for a in rewritten if before[a]})

    version_rows, article_rows, touched_rows = [], [], []
    for article_id, versions in after.items():
        was, found, current = before[article_id], sightings[article_id], versions[-1]
        sight = span_of_sight.get(article_id)
        moments = [s.document.fetched_at for s in found] + (
            [sight["first_seen_at"], sight["last_seen_at"]] if sight else []
        )
        first_seen, last_seen = min(moments), max(moments)
        if article_id in rewritten:
            for number, version in enumerate(versions, 1):
                following = versions[number] if number < len(versions) else None
                version_rows.append(
                    texts[article_id, version.content_hash]
                    | {
                        "article_id": article_id,
                        "version": number,
                        "feed_id": version.feed_id,
                        "word_count": version.word_count,
                        "content_hash": version.content_hash,
                        "valid_from": version.first_seen,
                        "valid_to": following.first_seen if following else None,
                        "last_seen_at": version.last_seen,
                    }
                )
        newest = max(found, key=lambda s: s.document.fetched_at)
        current_in_batch = (
            newest.article is not None
            and newest.content_hash == current.content_hash
            and newest.document.feed_id == current.feed_id
            and newest.document.fetched_at >= last_seen
        )
        became_current = not was or _shape(was[-1]) != _shape(current)
        if current_in_batch or became_current:
            row = texts[article_id, current.content_hash]
            if current_in_batch and newest.article:
                row = _text_row(newest.article, newest.document.source)
            article_rows.append(
                row
                | {
                    "article_id": article_id,
                    "feed_id": current.feed_id,
                    "word_count": current.word_count,
                    "content_hash": current.content_hash,
                    "published_at": row["published_at"] or first_seen,
                    "first_seen_at": first_seen,
                    "last_seen_at": last_seen,
                    "version": len(versions),
                }
            )
        touched_rows.append(
            {
                "article_id": article_id,
                "version": len(versions),
                "first_seen_at": first_seen,
                "last_seen_at": last_seen,
                "version_last_seen_at": current.last_seen,
            }
        )
        new, changed = counts.by_feed.get(newest.document.feed_id, (0, 0))
        if not was:
            counts.new += 1
            new += 1
        elif len(versions) > len(was):
            counts.changed += 1
            changed += 1
        else:
            counts.unchanged += 1
        counts.by_feed[newest.document.feed_id] = new, changed

    for row in version_rows:
        row["published_at"] = row["published_at"] or row["valid_from"]
    apply(connection, "delete_versions", [a for a in rewritten if before[a]])
    write(connection, "insert_versions", stage="stage_versions", table="clean.article_versions", rows=version_rows)
    write(connection, "merge_articles", stage="stage_articles", table="clean.articles", rows=article_rows)
    if touched_rows:
        with staged(connection, "stage_touched", pa.Table.from_pylist(touched_rows, schema=_TOUCHED)):
            connection.execute(query("touch_versions"))
            connection.execute(query("touch_articles"))
    _load_images(connection, article_rows, sightings)
    return counts


_TOUCHED = pa.schema(
    [
        ("article_id", pa.string()),
        ("version", pa.int32()),
        ("first_seen_at", pa.timestamp("us", tz="UTC")),
        ("last_seen_at", pa.timestamp("us", tz="UTC")),
        ("version_last_seen_at", pa.timestamp("us", tz="UTC")),
    ]
)


def _shape(version: Span) -> tuple[str, str, datetime]:
    return version.feed_id, version.content_hash, version.first_seen


def _texts(
    connection: Connection, sightings: dict[str, list[_Sighting]], rewritten: Iterable[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """(article_id, content_hash) → the columns that hold the text, from the warehouse and from the batch."""
    texts: dict[tuple[str, str], dict[str, Any]] = {}
    for row in fetch(connection, "versions_by_article", rewritten):
        texts[row["article_id"], row["content_hash"]] = row
    for article_id, found in sightings.items():
        for sighting in found:
            if sighting.article:
                row = _text_row(sighting.article, sighting.document.source)
                texts.setdefault((article_id, sighting.content_hash), row)
    return texts


def _text_row(article: Article, source: Source) -> dict[str, Any]:
    return {
        "guid": article.guid,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "author": article.author,
        "published_at": article.published_at,
        "published_known": article.published_at is not None,
        "updated_at": article.updated_at,
        "language": article.language,
        "summary": article.summary,
        "content_html": article.content_html,
        "content_text": article.content_text,
        "categories": list(article.categories),
        "lead_image_id": article.images[0].image_id if article.images else None,
        "source": source,
        "entry_id": article.entry_id,
    }


def _load_images(
    connection: Connection, article_rows: Sequence[dict[str, Any]], sightings: dict[str, list[_Sighting]]
) -> None:
    """Write the images of the articles whose current text is in the batch."""
    images: dict[str, dict[str, Any]] = {}
    places: list[dict[str, Any]] = []
    written: list[str] = []
    for row in article_rows:
        article_id = row["article_id"]
        holders = [s.article for s in sightings[article_id] if s.entry_id == row["entry_id"] and s.article]
        if not holders:
            continue  # an older text became current again: its images are known, its places were written with it
        article = holders[-1]
        written.append(article_id)
        for position, image in enumerate(article.images):
            lead = position == 0
            wanted = article.fetch_images == "all" or (article.fetch_images == "lead" and lead)
            kept = images.setdefault(
                image.image_id,
                {
                    "image_id": image.image_id,
                    "url": image.url,
                    "proxy_url": image.proxy_url,
                    "status": "skipped",
                    "attempts": 0,
                },
            )
            if wanted:
                kept["status"] = "pending"
            places.append(
                {
                    "article_id": article_id,
                    "position": position,
                    "image_id": image.image_id,
                    "alt": image.alt,
                    "caption": image.caption,
                    "is_lead": lead,
                }
            )
    write(connection, "merge_images", stage="stage_images", table="clean.images", rows=list(images.values()))
    apply(connection, "delete_article_images", written)
    write(
        connection,
        "insert_article_images",
        stage="stage_article_images",
        table="clean.article_images",
        rows=places,
    )


def _load_documents(connection: Connection, batch: Sequence[Milled], counts: Counts, run_id: str) -> None:
    documents, validators = [], {}
    for milled in batch:
        document = milled.document
        documents.append(
            {
                "document_id": document.document_id,
                "feed_id": document.feed_id,
                "url": document.url,
                "final_url": document.final_url,
                "fetched_at": document.fetched_at,
                "status": document.status,
                "headers": json.dumps(dict(document.headers), ensure_ascii=False),
                "size": document.size,
                "landing_path": document.landing_path,
                "source": document.source,
                "run_id": run_id,
            }
        )
        if document.source == "feed":
            brought = any(counts.by_feed.get(document.feed_id, (0, 0)))
            validators[document.feed_id] = {
                "feed_id": document.feed_id,
                "url": document.url,
                "etag": document.headers.get("etag"),
                "last_modified": document.headers.get("last-modified"),
                "last_success_at": document.fetched_at,
                "last_fetched_at": document.fetched_at,
                "last_new_at": document.fetched_at if brought else None,
                "consecutive_failures": 0,
                "last_status": document.status,
            }
    write(connection, "merge_documents", stage="stage_documents", table="raw.documents", rows=documents)
    write(
        connection,
        "merge_feed_validators",
        stage="stage_validators",
        table="ops.feeds",
        rows=list(validators.values()),
    )


def load_rejects(connection: Connection, rejects: Sequence[Reject], *, run_id: str) -> None:
    """Record what was rejected; the same reject twice is one row."""
    rows = {}
    for reject in rejects:
        reject_id = digest(reject.step, reject.feed_id, reject.document_id, reject.location, reject.error)
        rows[reject_id] = {
            "reject_id": reject_id,
            "rejected_at": datetime.now(UTC),
            "step": reject.step,
            "feed_id": reject.feed_id,
            "document_id": reject.document_id,
            "location": reject.location,
            "error": reject.error,
            "run_id": run_id,
        }
    write(connection, "merge_rejects", stage="stage_rejects", table="ops.rejects", rows=list(rows.values()))
