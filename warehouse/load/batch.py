"""Loading: a batch of milled documents in one transaction. The same batch twice changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.errors import WarehouseError
from warehouse.load.history import History, Texts, text_row
from warehouse.load.identities import Identities, Sighting
from warehouse.load.timeline import Span, timeline
from warehouse.records import CUT_OFF, Counts, Milled, Reject, digest
from warehouse.store.sql_files import query
from warehouse.store.staging import apply, fetch, insert, write
from warehouse.store.transactions import Connection, transact


class UnknownEntriesError(WarehouseError):
    """A document was milled against another state of the warehouse; mill it again without known entries."""


def known_entries(connection: Connection, feed_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """feed_id → the entries its last document held."""
    known = defaultdict(set)
    for row in fetch(connection, "known_entries", feed_ids):
        known[row["feed_id"]].add(row["entry_id"])
    return {feed_id: frozenset(ids) for feed_id, ids in known.items()}


def load(connection: Connection, batch: Sequence[Milled], *, run_id: str) -> Counts:
    """Load the batch in one transaction and say what it changed. Raises UnknownEntriesError before any change."""
    batch = sorted(batch, key=lambda milled: (milled.document.fetched_at, milled.document.feed_id))
    counts = transact(connection, lambda: _load(connection, batch, run_id))
    pa.default_memory_pool().release_unused()  # Arrow would keep what this batch took for the next one
    counts.documents = len(batch)
    counts.rejected = sum(len(milled.rejects) for milled in batch)
    return counts


def _load(connection: Connection, batch: Sequence[Milled], run_id: str) -> Counts:
    connection.execute(query("take_turn"))
    sightings, identities = _sightings(connection, batch)
    counts = _load_articles(connection, sightings, identities.held, batch)
    write(connection, "insert_keys", stage="stage_keys", table="clean.article_keys", rows=identities.fresh)
    _load_documents(connection, batch, counts, run_id)
    load_rejects(connection, [reject for milled in batch for reject in milled.rejects], run_id=run_id)
    return counts


def _sightings(connection: Connection, batch: Sequence[Milled]) -> tuple[dict[str, list[Sighting]], Identities]:
    """article_id → its sightings in the batch. Writes raw.entries on the way."""
    entry_ids = {entry.entry_id for milled in batch for entry in milled.entries}
    entry_ids |= {entry_id for milled in batch for entry_id in milled.seen}
    known = {row["entry_id"]: row for row in fetch(connection, "entries_by_id", entry_ids)}
    if missing := [e for milled in batch for e in milled.seen if e not in known]:
        raise UnknownEntriesError(f"{len(missing)} entries that were said to be known are not")

    identities = Identities(held={row["article_id"] for row in known.values()})
    for row in fetch(connection, "articles_by_key", [k for m in batch for a in m.articles for k in a.keys]):
        identities.articles[row["key"]] = row["article_id"]
        identities.held.add(row["article_id"])
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
                    Sighting(entry.entry_id, document, article.content_hash, article.word_count, article)
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
                Sighting(entry_id, document, row["content_hash"], row["word_count"], None)
            )
            moment = document.fetched_at
            seen.setdefault(entry_id, {"entry_id": entry_id, "first_seen_at": moment})["last_seen_at"] = moment
    fresh = [row for entry_id, row in entries.items() if entry_id not in known]
    again = [row for entry_id, row in entries.items() if entry_id in known]
    write(connection, "insert_entries", stage="stage_entries", table="raw.entries", rows=fresh)
    write(connection, "merge_entries", stage="stage_entries", table="raw.entries", rows=again)
    write(connection, "touch_entries", stage="stage_seen", table="raw.entries", rows=list(seen.values()))
    return sightings, identities


def _load_articles(
    connection: Connection, sightings: dict[str, list[Sighting]], known: Collection[str], batch: Sequence[Milled]
) -> Counts:
    """Bring versions, current articles and their images up to date with the sightings."""
    counts = Counts(entries=sum(len(m.entries) + len(m.seen) for m in batch))
    before: dict[str, list[Span]] = defaultdict(list)
    held = [article_id for article_id in sightings if article_id in known]  # the rest is new: nothing to look for
    for span in fetch(connection, "spans_by_article", held):
        before[span["article_id"]].append(
            Span(span["feed_id"], span["content_hash"], span["word_count"], span["valid_from"], span["last_seen_at"])
        )
    stored = {row["article_id"]: row for row in fetch(connection, "seen_by_article", held)}
    histories = [
        History(
            article_id,
            before[article_id],
            timeline([*before[article_id], *(s.span for s in found)]),
            found,
            stored.get(article_id),
        )
        for article_id, found in sightings.items()
    ]
    rewritten = [history for history in histories if history.is_rewritten]
    superseded = [history.article_id for history in rewritten if history.before]
    texts = _texts(connection, sightings, superseded)

    article_rows = [row for history in histories if (row := history.article_row(texts))]
    new_rows = [row for row in article_rows if row["article_id"] not in stored]
    edited_rows = [row for row in article_rows if row["article_id"] in stored]
    version_rows = [row for history in rewritten for row in history.version_rows(texts)]
    seen_rows = [row for history in histories for row in history.seen_rows()]
    apply(connection, "delete_versions", superseded)
    insert(connection, "clean.article_versions", version_rows)
    insert(connection, "clean.articles", new_rows)
    write(connection, "merge_articles", stage="stage_articles", table="clean.articles", rows=edited_rows)
    write(connection, "touch_versions", stage="stage_seen", table="clean.article_versions", rows=seen_rows)
    write(
        connection,
        "touch_articles",
        stage="stage_touched",
        table="clean.articles",
        rows=[history.touched_row() for history in histories if history.stored],
    )
    _load_images(connection, article_rows, sightings, stored)
    for history in histories:
        new, changed = not history.before, bool(history.before) and len(history.after) > len(history.before)
        counts.new += new
        counts.changed += changed
        counts.unchanged += not (new or changed)
        was_new, was_changed = counts.by_feed.get(history.newest.document.feed_id, (0, 0))
        counts.by_feed[history.newest.document.feed_id] = was_new + new, was_changed + changed
    return counts


def _texts(connection: Connection, sightings: dict[str, list[Sighting]], superseded: Iterable[str]) -> Texts:
    """The texts of the batch, and of the articles whose versions are written anew."""
    texts: Texts = {}
    for row in fetch(connection, "versions_by_article", superseded):
        stated = row["published_at"] if row["published_known"] else None  # the rest are guesses, made again
        texts[row["article_id"], row["content_hash"]] = row | {"published_at": stated}
    for article_id, found in sightings.items():
        for sighting in found:
            if sighting.article:
                row = text_row(sighting.article, sighting.document.source)
                texts.setdefault((article_id, sighting.content_hash), row)
    return texts


def _load_images(
    connection: Connection,
    article_rows: Sequence[dict[str, Any]],
    sightings: dict[str, list[Sighting]],
    stored: Collection[str],
) -> None:
    """Write the images of every text in the batch, and where the current ones stand."""
    images: dict[str, dict[str, Any]] = {}
    for found in sightings.values():
        for sighting in found:
            for position, image in enumerate(sighting.article.images if sighting.article else ()):
                policy = sighting.article.fetch_images if sighting.article else "none"
                kept = images.setdefault(image.image_id, {"status": "skipped", "proxy_url": None})
                wanted = policy == "all" or (policy == "lead" and position == 0)
                kept |= {
                    "image_id": image.image_id,
                    "url": image.url,
                    "proxy_url": image.proxy_url or kept["proxy_url"],
                    "status": "pending" if wanted else kept["status"],
                    "attempts": 0,
                }
    places: list[dict[str, Any]] = []
    written: list[str] = []
    for row in article_rows:
        article_id = row["article_id"]
        holders = [s.article for s in sightings[article_id] if s.entry_id == row["entry_id"] and s.article]
        if not holders:
            continue  # an older text became current again: its places were written when it was so first
        written.append(article_id)
        places += [
            {
                "article_id": article_id,
                "position": position,
                "image_id": image.image_id,
                "alt": image.alt,
                "caption": image.caption,
                "is_lead": position == 0,
            }
            for position, image in enumerate(holders[-1].images)
        ]
    write(connection, "merge_images", stage="stage_images", table="clean.images", rows=list(images.values()))
    apply(connection, "delete_article_images", [article_id for article_id in written if article_id in stored])
    insert(connection, "clean.article_images", places)


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
                "form": document.form,
                "run_id": run_id,
            }
        )
        if document.source == "feed":
            # a broken document is asked for again in full: "not modified" would hide that it is still broken
            cut = any(reject.error == CUT_OFF for reject in milled.rejects)
            broken = cut or (bool(milled.rejects) and not milled.entries and not milled.seen)
            brought = any(counts.by_feed.get(document.feed_id, (0, 0)))
            validators[document.feed_id] = {
                "feed_id": document.feed_id,
                "url": document.url,
                "etag": None if broken else document.headers.get("etag"),
                "last_modified": None if broken else document.headers.get("last-modified"),
                "last_success_at": document.fetched_at,
                "last_fetched_at": document.fetched_at,
                "last_new_at": document.fetched_at if brought else None,
                "consecutive_failures": 0,
                "last_status": document.status,
                **asdict(milled.hints),
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
