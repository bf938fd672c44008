"""Loading a batch of milled documents in one transaction. Loading the same batch twice changes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.counts import Counts
from warehouse.digest import digest
from warehouse.load.containment import Comparison, is_of_site
from warehouse.load.descriptions import load_descriptions
from warehouse.load.enclosures import load_enclosures
from warehouse.load.entries import StoredEntries, match_entries, read_identities, read_stored_entries, write_entries
from warehouse.load.events import record_histories, record_returns
from warehouse.load.history import History, Texts, text_row
from warehouse.load.identities import Sighting, current_article
from warehouse.load.pages import load_files, load_pages, note_feed_texts
from warehouse.load.tombstones import leave_out_forgotten
from warehouse.load.versions import Span, decide_versions, is_shorter
from warehouse.masking import mask
from warehouse.records import CUT_OFF, Milled, Reject
from warehouse.store.sql_files import query
from warehouse.store.staging import Arrays, fetch_by_ids, insert_rows, run_with_ids, run_with_rows
from warehouse.store.transactions import Connection, transact


def known_entries(connection: Connection, feed_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """feed_id → ids of the entries in its last document."""
    entry_ids = defaultdict(set)
    for row in fetch_by_ids(connection, "known_entries", feed_ids):
        entry_ids[row["feed_id"]].add(row["entry_id"])
    return {feed_id: frozenset(ids) for feed_id, ids in entry_ids.items()}


def load(connection: Connection, batch: Sequence[Milled], *, run_id: str) -> Counts:
    """Load the batch in one transaction; returns what changed. Raises UnknownEntriesError before any change."""
    batch = sorted(batch, key=lambda milled: (milled.document.fetched_at, milled.document.feed_id))
    counts = transact(connection, lambda: _load(connection, batch, run_id))
    pa.default_memory_pool().release_unused()  # Arrow would keep this batch's memory
    counts.documents = len(batch)
    counts.rejected = sum(len(milled.rejects) for milled in batch)
    return counts


def _load(connection: Connection, batch: Sequence[Milled], run_id: str) -> Counts:
    connection.execute(query("take_turn"))
    batch, forgotten = leave_out_forgotten(connection, batch)
    stored = read_stored_entries(connection, batch)
    identities = read_identities(connection, batch, stored)
    matches = match_entries(batch, stored, identities)
    write_entries(connection, matches, stored)
    counts = _load_articles(connection, matches.sightings, identities.stored_articles)
    counts.entries = sum(len(milled.entries) + len(milled.seen) for milled in batch if not milled.page)
    counts.forgotten = forgotten
    counts.pages = sum(1 for milled in batch if milled.page and milled.page.status == "stored")
    counts.pages_without_text = sum(1 for milled in batch if milled.page) - counts.pages
    _count_blocked(counts, batch, stored)
    run_with_rows(connection, "insert_keys", view="stage_keys", table="clean.article_keys", rows=identities.new_keys)
    _load_documents(connection, batch, counts, run_id)
    read = {id: page.document.fetched_at for id, page in matches.pages if page.page and page.page.status == "stored"}
    record_returns(connection, read)
    load_pages(connection, matches.pages)
    load_files(connection, matches.pages)
    may_have_page = identities.stored_articles.union(article_id for article_id, _ in matches.pages)
    note_feed_texts(connection, {id: seen for id, seen in matches.sightings.items() if id in may_have_page})
    load_descriptions(connection, batch)
    load_rejects(connection, [reject for milled in batch for reject in milled.rejects], run_id=run_id)
    return counts


def _load_articles(
    connection: Connection, sightings: Mapping[str, Sequence[Sighting]], stored_ids: Collection[str]
) -> Counts:
    """Bring versions, current articles and their images up to date with the sightings (article_id → sightings)."""
    existing = [article_id for article_id in sightings if article_id in stored_ids]  # nothing to read for new ones
    before = _read_versions(connection, existing)
    stored = {row["article_id"]: row for row in fetch_by_ids(connection, "seen_by_article", existing)}
    texts_seen = {
        article_id: _with_text(in_batch, before.get(article_id, ())) for article_id, in_batch in sightings.items()
    }
    comparison = _read_comparison(connection, texts_seen, before)
    histories = [
        History(
            article_id,
            before.get(article_id, []),
            decide_versions(
                [*before.get(article_id, []), *(sighting.span for sighting in texts_seen[article_id])],
                comparison.contains(article_id),
                comparison.publishers.get(article_id, ()),
                comparison.has_all_of(article_id),
            ),
            in_batch,
            stored.get(article_id),
        )
        for article_id, in_batch in sightings.items()
    ]
    rewritten = [history for history in histories if history.is_rewritten]
    superseded = [history.article_id for history in rewritten if history.before]
    texts = _read_texts(connection, sightings, superseded)

    article_rows = [row for history in histories if (row := history.article_row(texts))]
    new_rows = [row for row in article_rows if row["article_id"] not in stored]
    edited_rows = [row for row in article_rows if row["article_id"] in stored]
    feed_texts = _read_feed_texts(connection, rewritten)
    version_rows = [
        row for history in rewritten for row in history.version_rows(texts, feed_texts.get(history.article_id, ()))
    ]
    seen_rows = [row for history in histories for row in history.seen_rows()]
    touched_rows = [history.touched_row() for history in histories if history.stored]
    run_with_ids(connection, "delete_versions", superseded)
    arrays: Arrays = {}
    insert_rows(connection, "clean.article_versions", version_rows, arrays)
    insert_rows(connection, "clean.articles", new_rows, arrays)
    run_with_rows(connection, "merge_articles", view="stage_articles", table="clean.articles", rows=edited_rows)
    run_with_rows(connection, "touch_versions", view="stage_seen", table="clean.article_versions", rows=seen_rows)
    run_with_rows(connection, "touch_articles", view="stage_touched", table="clean.articles", rows=touched_rows)
    record_histories(connection, histories)
    _load_images(connection, article_rows, sightings, stored)
    load_enclosures(connection, article_rows, sightings, stored)
    return _count(histories)


def _read_versions(connection: Connection, article_ids: Sequence[str]) -> dict[str, list[Span]]:
    """article_id → its versions, oldest first."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in fetch_by_ids(connection, "spans_by_article", article_ids):
        rows[row["article_id"]].append(row)
    # where texts of a page and of feeds follow one another, it matters which of them took another's place
    mixed = [row for each in rows.values() if len({row["text_source"] for row in each}) > 1 for row in each]
    entries = fetch_by_ids(connection, "entries_first_seen", {row["entry_id"] for row in mixed})
    first_seen = {row["entry_id"]: row["first_seen_at"] for row in entries}
    return {
        article_id: [
            Span(
                row["feed_id"],
                row["content_hash"],
                row["word_count"],
                row["valid_from"],
                row["last_seen_at"],
                row["text_source"] == "page",
                first_seen.get(row["entry_id"], row["valid_from"]) > row["valid_from"],
            )
            for row in each
        ]
        for article_id, each in rows.items()
    }


def _with_text(in_batch: Sequence[Sighting], before: Sequence[Span]) -> list[Sighting]:
    """The sightings whose text is at hand: an entry that is known and never became a version comes without one."""
    at_hand = {span.content_hash for span in before}
    at_hand |= {sighting.content_hash for sighting in in_batch if sighting.article}
    return [sighting for sighting in in_batch if sighting.content_hash in at_hand]


def _read_feed_texts(connection: Connection, histories: Sequence[History]) -> dict[str, list[datetime]]:
    """article_id → when feeds first had each of its titles and texts; of articles whose pages may have been edited."""
    edited = [history for history in histories if history.may_be_silent]
    first: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in fetch_by_ids(connection, "feed_texts_by_article", [history.article_id for history in edited]):
        first[row["article_id"]][row["content_hash"]] = row["first_seen_at"]
    for history in edited:  # the batch's own documents are not in raw.documents yet
        for sighting in history.in_batch:
            if not sighting.document.is_page:
                moments = first[history.article_id]
                earlier = moments.get(sighting.content_hash, sighting.document.fetched_at)
                moments[sighting.content_hash] = min(earlier, sighting.document.fetched_at)
    return {article_id: list(moments.values()) for article_id, moments in first.items()}


def _read_comparison(
    connection: Connection, sightings: Mapping[str, Sequence[Sighting]], before: Mapping[str, Sequence[Span]]
) -> Comparison:
    """What tells which texts may become versions: of articles that several feeds have or whose text has shrunk."""
    accepted = {article_id: {span.content_hash for span in spans} for article_id, spans in before.items()}
    texts: dict[tuple[str, str], str] = {}
    feeds: dict[str, set[str]] = {}
    urls: dict[str, str | None] = {}
    for article_id, in_batch in sightings.items():
        spans = [*before.get(article_id, ()), *(sighting.span for sighting in in_batch)]
        feed_ids = {span.feed_id for span in spans}
        by_length = sorted(spans, key=lambda span: span.word_count)
        if len(feed_ids) > 1 or (spans and is_shorter(by_length[0], by_length[-1])):
            feeds[article_id] = feed_ids
            for sighting in in_batch:
                if sighting.article:
                    texts[article_id, sighting.content_hash] = sighting.article.content_text
                    urls[article_id] = sighting.article.url
    for row in fetch_by_ids(connection, "versions_by_article", [each for each in feeds if each in accepted]):
        texts[row["article_id"], row["content_hash"]] = row["content_text"]
        urls.setdefault(row["article_id"], row["url"])
    stored_urls = fetch_by_ids(connection, "feed_urls", {feed_id for each in feeds.values() for feed_id in each})
    feed_urls = {row["feed_id"]: row["url"] for row in stored_urls}
    publishers = {}
    for article_id, feed_ids in feeds.items():
        # the address of an article's page is no feed's
        documents = [each.document for each in sightings[article_id] if not each.document.request]
        in_batch_urls = {document.feed_id: document.url for document in documents}
        publishers[article_id] = {
            feed_id
            for feed_id in feed_ids
            if is_of_site(in_batch_urls.get(feed_id) or feed_urls.get(feed_id) or "", urls.get(article_id))
        }
    return Comparison(texts, accepted, publishers)


def _count(histories: Iterable[History]) -> Counts:
    """How many entries are of a new article, changed theirs or were seen again, in all and by feed.

    Every entry is one of them, also if a batch has several of one article: the counts don't depend on which documents
    share a batch, and a backfill's add up to its documents.
    """
    counts = Counts()
    for history in histories:
        if all(sighting.document.request for sighting in history.in_batch):
            counts.edited += int(len(history.after) > len(history.before))
            continue
        new = int(not history.before)
        changed = min(max(0, len(history.after) - len(history.before) - new), len(history.in_batch) - new)
        counts.new += new
        counts.changed += changed
        pages = sum(1 for sighting in history.in_batch if sighting.document.request)
        counts.unchanged += max(0, len(history.in_batch) - pages - new - changed)
        feed_id = history.newest.document.feed_id
        feed_new, feed_changed = counts.by_feed.get(feed_id, (0, 0))
        counts.by_feed[feed_id] = feed_new + new, feed_changed + changed
    return counts


def _count_blocked(counts: Counts, batch: Sequence[Milled], stored: StoredEntries) -> None:
    """Each entry that a rule leaves out counts as blocked when it first comes, and then as seen again."""
    known = {entry_id for entry_id, row in stored.items() if row["blocked_by"]}
    for milled in batch:
        counts.blocked[milled.document.feed_id] += len(milled.blocked.keys() - known)
        counts.unchanged += len(milled.blocked.keys() & known)
        known |= milled.blocked.keys()


def _read_texts(
    connection: Connection, sightings: Mapping[str, Sequence[Sighting]], superseded: Iterable[str]
) -> Texts:
    """The texts of the batch, and of the articles whose versions are rewritten."""
    texts: Texts = {}
    for row in fetch_by_ids(connection, "versions_by_article", superseded):
        stated = row["published_at"] if row["published_known"] else None  # guessed dates are guessed anew
        texts[row["article_id"], row["content_hash"]] = row | {"published_at": stated}
    for article_id, in_batch in sightings.items():
        for sighting in in_batch:
            if sighting.article:
                row = text_row(sighting.article, sighting.document)
                texts.setdefault((article_id, sighting.content_hash), row)
    return texts


def _load_images(
    connection: Connection,
    article_rows: Sequence[dict[str, Any]],
    sightings: Mapping[str, Sequence[Sighting]],
    stored: Collection[str],
) -> None:
    """Write the images of every text in the batch, and their positions in the current texts."""
    images: dict[str, dict[str, Any]] = {}
    articles = [sighting.article for in_batch in sightings.values() for sighting in in_batch if sighting.article]
    for article in articles:
        for image in article.images:
            row = images.setdefault(image.image_id, {"status": "skipped", "proxy_url": None})
            is_lead = image is article.lead_image
            is_wanted = article.fetch_images == "all" or (article.fetch_images == "lead" and is_lead)
            row |= {
                "image_id": image.image_id,
                "url": image.url,
                "proxy_url": image.proxy_url or row["proxy_url"],
                "status": "pending" if is_wanted else row["status"],
                "attempts": 0,
            }
    article_images: list[dict[str, Any]] = []
    rewritten: list[str] = []
    for row in article_rows:
        article_id = row["article_id"]
        current = current_article(row, sightings)
        if current is None:
            continue
        rewritten.append(article_id)
        article_images += [
            {
                "article_id": article_id,
                "position": position,
                "image_id": image.image_id,
                "alt": image.alt,
                "caption": image.caption,
                "is_lead": image is current.lead_image,
            }
            for position, image in enumerate(current.images)
        ]
    run_with_rows(connection, "merge_images", view="stage_images", table="clean.images", rows=list(images.values()))
    run_with_ids(connection, "delete_article_images", [article_id for article_id in rewritten if article_id in stored])
    insert_rows(connection, "clean.article_images", article_images)


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
        if document.source == "feed" and document.form != "listed sitemap":
            # fetch a broken document again in full: "not modified" would hide that it is still broken
            is_cut_off = any(reject.error == CUT_OFF for reject in milled.rejects)
            # an index is asked for in full: "not modified" would hide what has changed in the sitemaps that it lists
            is_broken = is_cut_off or milled.is_unreadable or document.form == "sitemap index"
            has_news = any(counts.by_feed.get(document.feed_id, (0, 0)))
            validators[document.feed_id] = {
                "feed_id": document.feed_id,
                "url": document.url,
                "etag": None if is_broken else document.headers.get("etag"),
                "last_modified": None if is_broken else document.headers.get("last-modified"),
                "last_success_at": None if milled.is_unreadable else document.fetched_at,
                "last_fetched_at": document.fetched_at,
                "last_new_at": document.fetched_at if has_news else None,
                "consecutive_failures": 0,
                "last_status": document.status,
                **asdict(milled.hints),
            }
    run_with_rows(connection, "merge_documents", view="stage_documents", table="raw.documents", rows=documents)
    run_with_rows(
        connection,
        "merge_feed_validators",
        view="stage_validators",
        table="ops.feeds",
        rows=list(validators.values()),
    )


def load_rejects(connection: Connection, rejects: Sequence[Reject], *, run_id: str) -> None:
    """Write the rejects to ops.rejects; the same reject twice is one row."""
    rows = {}
    for reject in rejects:
        reject_id = digest(reject.step, reject.feed_id, reject.document_id, reject.location, reject.error)
        rows[reject_id] = {
            "reject_id": reject_id,
            "rejected_at": datetime.now(UTC),
            "step": reject.step,
            "feed_id": reject.feed_id,
            "document_id": reject.document_id,
            "location": reject.location and mask(reject.location),
            "error": mask(reject.error),
            "run_id": run_id,
        }
    run_with_rows(connection, "merge_rejects", view="stage_rejects", table="ops.rejects", rows=list(rows.values()))
