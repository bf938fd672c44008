"""Articles' own pages: what reading them gave, and which of them are asked next.

A page document is loaded like a feed's (`warehouse.load.batch`): its text is a sighting of its article. What is kept
of the page besides is a row of clean.pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa

from warehouse.load.events import record_removals
from warehouse.load.identities import Sighting
from warehouse.masking import mask
from warehouse.page_answers import PageAnswer, PendingPage
from warehouse.records import Article, Document, FullText, Milled, PageRequest
from warehouse.store.rows import fetch_dicts
from warehouse.store.sql_files import query
from warehouse.store.staging import run_with_ids, run_with_rows, stage
from warehouse.store.transactions import Connection, transact

LEARNED_FOR = timedelta(days=30)
"""What a feed's pages showed of its texts counts for so long; then some are fetched again."""
GONE_STEPS = [7 * 86_400.0, 30 * 86_400.0]
"""Seconds after which a page that was taken down is asked again: what was withdrawn by mistake or for a correction
comes back within days."""
REFUSED_FOR = timedelta(days=7)
"""A site whose pages may not be read is tried again after so long."""


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """Whether a feed's pages are fetched, and when they are asked again."""

    feed_id: str
    full_text: FullText
    steps: Sequence[float]
    """Seconds after the first reading."""


@dataclass(frozen=True, slots=True)
class GonePage:
    """A page that was found to be taken down."""

    article_id: str
    feed_id: str
    url: str
    reason: str


def load_pages(connection: Connection, readings: Sequence[tuple[str, Milled]]) -> None:
    """Record what was read: (article_id, page), oldest first."""
    rounds: list[dict[str, dict[str, Any]]] = []
    seen: dict[str, int] = defaultdict(int)
    for article_id, milled in readings:  # several readings of one page come one after the other
        number = seen[article_id]
        seen[article_id] += 1
        if number == len(rounds):
            rounds.append({})
        rounds[number][article_id] = _reading_row(article_id, milled)
    for rows in rounds:
        run_with_rows(
            connection,
            "merge_read_pages",
            view="stage_read_pages",
            table="clean.pages",
            rows=list(rows.values()),
        )


def load_files(connection: Connection, readings: Sequence[tuple[str, Milled]]) -> None:
    """Keep the files that answered in a page's place as enclosures of their articles."""
    rows = {
        (article_id, milled.document.url): {
            "article_id": article_id,
            "url": milled.document.url,
            "media_type": milled.page.media_type,
        }
        for article_id, milled in readings
        if milled.page and milled.page.media_type
    }
    run_with_rows(
        connection, "insert_page_files", view="stage_page_files", table="clean.enclosures", rows=list(rows.values())
    )


def _reading_row(article_id: str, milled: Milled) -> dict[str, Any]:
    document, reading, request = milled.document, milled.page, milled.document.request
    assert reading and request, "only the pages of articles are loaded as such"
    is_missing = reading.status == "missing"
    return {
        "article_id": article_id,
        "feed_id": document.feed_id,
        "url": mask(request.url),
        "final_url": document.final_url,
        "status": "failed" if is_missing else reading.status,
        "http_status": document.status,
        "attempts": 0,
        "error": reading.error and mask(reading.error),
        "next_try_at": None,
        "fetched_at": document.fetched_at,
        "first_fetched_at": document.fetched_at if reading.status == "stored" else None,
        "etag": document.headers.get("etag") if reading.status == "stored" else None,
        "last_modified": document.headers.get("last-modified") if reading.status == "stored" else None,
        "title": reading.title if reading.status == "stored" else None,
        "words": reading.words,
        "feed_words": request.words,
        "is_free": reading.is_free,
        "document_id": document.document_id if reading.status == "stored" else None,
        "feed_title": request.title,
        "feed_hash": None,
        "missing_since": document.fetched_at if is_missing else None,
        "missing_count": int(is_missing),
        "gone_at": None,
        "gone_reason": None,
        "back_at": None,
    }


def note_feed_texts(connection: Connection, sightings: Mapping[str, Sequence[Sighting]]) -> None:
    """Note what feeds now say of articles that have a page; a page whose entry was edited is asked again."""
    newest: dict[tuple[str, str], tuple[Document, Article]] = {}
    for article_id, in_batch in sightings.items():
        for sighting in in_batch:  # oldest first
            if sighting.article and not sighting.document.is_page:
                newest[article_id, sighting.document.feed_id] = sighting.document, sighting.article
    rows = [
        {
            "article_id": article_id,
            "feed_id": feed_id,
            "feed_title": article.title,
            "feed_hash": article.content_hash,
            "feed_words": article.word_count,
            "fetched_at": document.fetched_at,
        }
        for (article_id, feed_id), (document, article) in newest.items()
    ]
    run_with_rows(connection, "merge_feed_texts", view="stage_feed_texts", table="clean.pages", rows=rows)


def record_answers(connection: Connection, answers: Sequence[PageAnswer], *, max_attempts: int) -> None:
    """Record the answers that brought no document: failures, refusals, and pages that have not changed."""
    rows = [
        {
            "article_id": answer.pending.article_id,
            "status": None if answer.outcome == "not-modified" else answer.outcome,
            "http_status": answer.http_status,
            "error": answer.error and mask(answer.error),
            "fetched_at": answer.asked_at,
            "next_try_at": _next_try(answer, max_attempts),
        }
        for answer in answers
        if answer.document is None
    ]
    run = partial(run_with_rows, view="stage_asked_pages", table="clean.pages", rows=rows)
    transact(connection, lambda: run(connection, "merge_asked_pages"))


def _next_try(answer: PageAnswer, max_attempts: int) -> datetime | None:
    """After an hour, then four, sixteen …; None if that can't help, or was tried often enough."""
    attempts = answer.pending.attempts + 1
    if answer.outcome == "not-modified" or not answer.may_help or attempts >= max_attempts:
        return None
    return answer.asked_at + timedelta(hours=min(4.0 ** (attempts - 1), 168.0))


def plan_pages(
    connection: Connection, policies: Sequence[PagePolicy], *, now: datetime, days: float, gone_after: float
) -> list[GonePage]:
    """Bring clean.pages up to date: what the feeds' pages teach, which pages are wanted, when they are asked again, and
    which are gone; returns the last."""
    times = {"since": now - LEARNED_FOR, "refused_since": now - REFUSED_FOR}

    def work() -> list[GonePage]:
        connection.execute(query("take_turn"))
        connection.execute(query("pages_learn"), times)
        connection.execute(query("pages_want"), {"since": now - timedelta(days=days)})
        rows = connection.execute(query("pages_gone"), {"gone_after": gone_after}).fetchall()
        gone = [GonePage(*row) for row in rows]
        run_with_ids(connection, "pages_end", [page.article_id for page in gone])
        removed = [{"article_id": page.article_id, "feed_id": page.feed_id, "reason": page.reason} for page in gone]
        record_removals(connection, [{"source": "feed", **row} for row in removed], now)
        connection.execute(query("pages_schedule"), {"gone_after": gone_after, "gone_steps": GONE_STEPS})
        return gone

    with stage(connection, "stage_page_feeds", _policies(policies)):
        return transact(connection, work)


def due_pages(
    connection: Connection,
    policies: Sequence[PagePolicy],
    *,
    now: datetime,
    since: datetime,
    limit: int,
    per_host: int,
    refused_hosts: Sequence[str] = (),
    feeds: Sequence[str] | None = None,
) -> list[PendingPage]:
    """The pages to ask for now, hosts in turn: those of new articles first, then those that are asked again.

    None that was asked since `since`; of `feeds` only, if given.
    """
    parameters = {
        "now": now,
        "since": since,
        "refused": list(refused_hosts),
        "feeds": None if feeds is None else list(feeds),
        "per_host": per_host,
        "limit": limit,
    }
    with stage(connection, "stage_page_feeds", _policies(policies)):
        return [_pending(row) for row in fetch_dicts(connection, "pages_due", parameters)]


def _pending(row: Mapping[str, Any]) -> PendingPage:
    request = PageRequest(
        url=row["url"],
        title=row["title"],
        guid=row["guid"],
        published_at=row["published_at"] and row["published_at"].isoformat(),
        updated_at=row["updated_at"] and row["updated_at"].isoformat(),
        language=row["language"],
        authors=tuple(row["authors"]),
        categories=tuple(row["categories"]),
        summary=row["summary"],
        text=row["text"],
        words=row["feed_words"],
        page_title=row["page_title"],
        source=row["source"],
    )
    return PendingPage(
        row["article_id"],
        row["feed_id"],
        request,
        row["etag"],
        row["last_modified"],
        row["attempts"],
        row["first_fetched_at"],
    )


def _policies(policies: Sequence[PagePolicy]) -> pa.Table:
    return pa.table(
        {
            "feed_id": pa.array([policy.feed_id for policy in policies], pa.string()),
            "policy": pa.array([policy.full_text for policy in policies], pa.string()),
            "steps": pa.array([list(policy.steps) for policy in policies], pa.list_(pa.float64())),
        }
    )


def stored_robots(connection: Connection, since: datetime) -> dict[str, str]:
    """The robots.txt files that were fetched since then: address → text."""
    return dict(connection.execute(query("robots"), {"since": since}).fetchall())


def record_robots(connection: Connection, fetched: Mapping[str, str], now: datetime) -> None:
    rows = [{"address": address, "fetched_at": now, "rules": text} for address, text in fetched.items()]
    run_with_rows(connection, "merge_robots", view="stage_robots", table="ops.robots", rows=rows)
