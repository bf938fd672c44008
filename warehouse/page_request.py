"""An article's own page: what it is asked for, and what it turned out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

GONE: Final = frozenset([404, 410, 451])
"""Answers that say that a page is not there. They are landed like one, without their text: two of them, a day apart,
say that it was taken down."""
PageStatus = Literal["stored", "failed", "forbidden", "missing", "skipped"]
"""How asking for a page ended. What is missing is gone only if it is still missing a day later."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The article whose page was asked for, as its feed has it: the page only gives it a fuller text.

    It is a part of the page's landing record, so that reading the page again needs nothing else.
    """

    url: str
    title: str
    guid: str | None = None
    published_at: str | None = None
    """ISO 8601."""
    updated_at: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    summary: str = ""
    text: str = ""
    """The beginning of the text that is known of it."""
    words: int | None = None
    """Of the feed's text."""
    page_title: str | None = None
    """The title that the page had of its own when it was first read; None if it never was."""
    source: str = "feed"
    """The article's."""


@dataclass(frozen=True)
class PageReading:
    """What an article's own page turned out to be; columns of clean.pages."""

    status: PageStatus
    error: str | None = None
    """Why it gives no text, in plain words."""
    title: str | None = None
    """The page's own."""
    media_type: str | None = None
    """Of a file in the page's place, which is kept as an enclosure."""
    words: int | None = None
    is_free: bool | None = None
