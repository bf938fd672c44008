"""Forgetting articles: which, and removing all their rows. What lies in files is queued in ops.erasures.

Everything is one transaction, with the marks that keep the articles from coming back (`warehouse.load.tombstones`): a
killed process has forgotten either all of them or none, and what is queued is done by whoever comes next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from warehouse.load import tombstones
from warehouse.load.events import record_removals
from warehouse.store.sql_files import query
from warehouse.store.staging import Row, fetch_by_ids, run_with_ids, run_with_rows, stage
from warehouse.store.transactions import Connection, transact


@dataclass(frozen=True, slots=True)
class Selection:
    """What to forget: articles by their ids and keys, or those of feeds."""

    article_ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Keys that name articles, such as that of an address; see `tasks.clean.identity`."""
    limits: Mapping[str, datetime | None] | None = None
    """feed_id → the time before which its articles were published; None is any time."""
    every_feed_until: datetime | None = None
    """The same for every feed that there is."""
    shared: bool = False
    """Whether articles are forgotten that feeds other than these have, too."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a selection comes to."""

    article_ids: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    """Articles that stay, as another feed has them, too."""
    entry_ids: tuple[str, ...] = ()
    """The articles' entries, and those that are no article."""
    documents: tuple[Row, ...] = ()
    """Those that may hold one of the entries: path, document_id, feed_id, fetched_at."""
    images: tuple[Row, ...] = ()
    """That nothing else shows: image_id, path."""
    versions: int = 0
    titles: tuple[str, ...] = field(default=(), repr=False)
    """Of the first few articles."""

    @property
    def is_empty(self) -> bool:
        return not (self.article_ids or self.entry_ids)

    @property
    def counts(self) -> dict[str, int]:
        return {
            "articles": len(self.article_ids),
            "versions": self.versions,
            "entries": len(self.entry_ids),
            "documents": len(self.documents),
            "images": len(self.images),
            "shared": len(self.shared),
        }


SHOWN = 5
"""Titles of a selection."""
FORGOTTEN = "forgotten"
"""The reason of the event that says that an article was forgotten; queries/forget_articles.sql leaves it."""


def find(connection: Connection, selection: Selection) -> Found:
    """What would be forgotten."""
    article_ids, shared, entry_ids = _select(connection, selection)
    entry_ids |= {row["entry_id"] for row in fetch_by_ids(connection, "entries_of_articles", article_ids)}
    documents = [
        *fetch_by_ids(connection, "documents_of_entries", entry_ids),
        *fetch_by_ids(connection, "pages_of_articles", article_ids),
    ]
    titles = fetch_by_ids(connection, "titles_of_articles", sorted(article_ids)[:SHOWN])
    return Found(
        tuple(sorted(article_ids)),
        tuple(sorted(shared)),
        tuple(sorted(entry_ids)),
        tuple({tuple(row.values()): row for row in documents}.values()),
        tuple(fetch_by_ids(connection, "images_of_articles", article_ids)),
        len(fetch_by_ids(connection, "spans_by_article", article_ids)),
        tuple({row["article_id"]: row["title"] or "(no title)" for row in titles}.values()),
    )


def _select(connection: Connection, selection: Selection) -> tuple[set[str], set[str], set[str]]:
    """(articles to forget, articles that stay as they are shared, entries to forget that are no article)."""
    chosen = {row["article_id"] for row in fetch_by_ids(connection, "forgettable_by_id", selection.article_ids)}
    chosen |= {row["article_id"] for row in fetch_by_ids(connection, "forgettable_by_key", selection.keys)}
    limits = dict(selection.limits or {})
    if selection.every_feed_until:
        feeds = connection.execute(query("forgettable_feeds")).fetchall()
        limits = {feed_id: selection.every_feed_until for (feed_id,) in feeds}
    if not limits:
        return chosen, set(), set()
    table = pa.table(
        {
            "feed_id": pa.array(list(limits), pa.string()),
            "until": pa.array(list(limits.values()), pa.timestamp("us", tz="UTC")),
        }
    )
    shared: set[str] = set()
    with stage(connection, "stage_limits", table):
        for article_id, is_whole in connection.execute(query("forgettable_by_feed")).fetchall():
            (chosen if is_whole or selection.shared else shared).add(article_id)
        entries = connection.execute(query("forgettable_entries")).fetchall()
    return chosen, shared, {entry_id for (entry_id,) in entries}


def forget(connection: Connection, selection: Selection) -> Found:
    """Remove every row of what is selected, mark it as forgotten, and queue what lies in files; returns what it was."""
    return transact(connection, lambda: _forget(connection, selection))


def _forget(connection: Connection, selection: Selection) -> Found:
    connection.execute(query("take_turn"))
    found = find(connection, selection)
    if found.is_empty:
        return found
    marks = tombstones.make_marks(connection, found.article_ids, found.entry_ids)
    tombstones.store_marks(connection, marks, datetime.now(UTC))
    tombstones.queue_documents(connection, found.documents)
    tombstones.queue(connection, "image", {row["path"] for row in found.images if row["path"]})
    tombstones.queue(connection, "warehouse")
    tombstones.queue(connection, "copy")
    addresses = [row["address"] for row in fetch_by_ids(connection, "addresses_of_articles", found.article_ids)]
    run_with_ids(connection, "forget_rejects", addresses)
    run_with_ids(connection, "forget_images", [row["image_id"] for row in found.images])
    run_with_ids(connection, "forget_entries", found.entry_ids)
    removed = fetch_by_ids(connection, "removed_articles", found.article_ids)
    # before the articles' other events go: their positions are not given again, as readers may be past them
    record_removals(connection, [{**row, "reason": FORGOTTEN} for row in removed], datetime.now(UTC))
    run_with_ids(connection, "forget_articles", found.article_ids)
    return found


# --- what is queued -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erasure:
    """Something that may hold bytes of forgotten articles; columns of ops.erasures."""

    erasure_id: str
    kind: str
    path: str | None
    document_id: str | None
    feed_id: str | None
    fetched_at: datetime | None
    queued_at: datetime

    @property
    def document_key(self) -> tuple[str, str, datetime]:
        assert self.document_id and self.feed_id and self.fetched_at
        return self.document_id, self.feed_id, self.fetched_at


def queued(connection: Connection) -> list[Erasure]:
    rows = connection.execute(
        "SELECT erasure_id, kind, path, document_id, feed_id, fetched_at, queued_at "
        "FROM ops.erasures ORDER BY kind, path"
    ).fetchall()
    return [Erasure(*row) for row in rows]


def still_known(connection: Connection, erasures: Sequence[Erasure]) -> set[str]:
    """The ids of those whose document the warehouse has as it was queued."""
    ids = [erasure.erasure_id for erasure in erasures]
    return {row["erasure_id"] for row in fetch_by_ids(connection, "documents_known", ids)}


def named_paths(connection: Connection, paths: Sequence[str]) -> set[str]:
    """Which of the landing zone's files a document still names."""
    return {row["path"] for row in fetch_by_ids(connection, "landed_paths", paths)}


def replace_documents(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Documents that were rewritten, moved or removed; see queries/replace_documents.sql."""
    if not rows:
        return
    strings = ("former_id", "feed_id", "document_id", "landing_path", "form")
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in strings}
    for name in ("fetched_at", "queued_at"):
        columns[name] = pa.array([row[name] for row in rows], pa.timestamp("us", tz="UTC"))
    columns["size"] = pa.array([row["size"] for row in rows], pa.int64())

    def replace() -> None:
        with stage(connection, "stage_replaced", pa.table(columns)):
            found = connection.execute(query("queued_meanwhile")).fetchall()
            again = [dict(zip(("path", "document_id", "feed_id", "fetched_at"), row, strict=True)) for row in found]
            connection.execute(query("replace_documents"))
        tombstones.queue_documents(connection, again)

    transact(connection, replace)


def mark_done(connection: Connection, erasures: Sequence[Erasure]) -> None:
    rows = [{"erasure_id": each.erasure_id, "queued_at": each.queued_at} for each in erasures]
    transact(
        connection,
        lambda: run_with_rows(connection, "delete_erasures", view="stage_done", table="ops.erasures", rows=rows),
    )


def stored_paths(connection: Connection, paths: Sequence[str]) -> set[str]:
    """Which of these image files an image still has."""
    return {row["path"] for row in fetch_by_ids(connection, "images_by_path", paths)}
