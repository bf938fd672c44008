"""Articles' own pages: those to ask for, and what asking brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from warehouse.records import Document, PageRequest


@dataclass(frozen=True, slots=True)
class PendingPage:
    """An article's own page to fetch."""

    article_id: str
    feed_id: str
    request: PageRequest
    etag: str | None = None
    last_modified: str | None = None
    attempts: int = 0
    """Failures since it was last read."""
    first_fetched_at: datetime | None = None
    """When it was first read; None if it never was."""


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What asking for a page brought: a document, or what to record of it where there is nothing to read."""

    pending: PendingPage
    asked_at: datetime
    outcome: Literal["fetched", "not-modified", "failed", "forbidden", "skipped"]
    document: Document | None = None
    data: bytes = b""
    http_status: int | None = None
    error: str | None = None
    may_help: bool = True
    """Whether asking again can help."""
