"""An article before and after a batch: its versions, its current row, and when it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.load.identities import Sighting
from warehouse.load.versions import Span
from warehouse.records import Article, Document


@dataclass(frozen=True, slots=True)
class History:
    """An article before and after the batch."""

    article_id: str
    before: list[Span]
    after: list[Span]
    in_batch: Sequence[Sighting]
    stored: dict[str, Any] | None
    """first_seen_at, last_seen_at, published_at and published_known of clean.articles; None for a new article."""

    @property
    def is_rewritten(self) -> bool:
        """Whether the batch changes any version's text, feed or beginning."""
        return list(map(_version_identity, self.after)) != list(map(_version_identity, self.before))

    @property
    def newest(self) -> Sighting:
        return max(self.in_batch, key=lambda s: s.document.fetched_at)

    @property
    def seen(self) -> tuple[datetime, datetime]:
        """When any feed first and last had it."""
        # an article's own page, which newsmill asks for, says nothing of how long a feed had it
        moments = [s.document.fetched_at for s in self.in_batch if not s.document.request]
        if self.stored:
            moments += [self.stored["first_seen_at"], self.stored["last_seen_at"]]
        return min(moments), max(moments)

    @property
    def published_at(self) -> datetime | None:
        """When it was published, as a feed last stated it; None if none did."""
        return next(reversed(self._stated), None)

    @property
    def _stated(self) -> list[datetime]:
        """The times of publication that the warehouse has and the batch states, the last one last."""
        stored = [self.stored["published_at"]] if self.stored and self.stored["published_known"] else []
        dated = [s for s in self.in_batch if s.article and s.article.published_at]
        dated.sort(key=lambda s: s.document.fetched_at)
        return stored + [s.article.published_at for s in dated if s.article and s.article.published_at]

    def _published(self, stated: datetime, first_seen: datetime) -> datetime:
        """A stated time of publication, or an earlier one if it lies after the article was first seen: then it is when
        the article was posted again."""
        if stated <= first_seen:
            return stated
        return max((moment for moment in self._stated if moment <= first_seen), default=stated)

    def _with_date(self, row: dict[str, Any], guess: datetime) -> dict[str, Any]:
        """The row with the stated publication time, or with the guess if no feed stated one."""
        published_at = row["published_at"] or self.published_at
        return row | {"published_at": published_at or guess, "published_known": published_at is not None}

    def article_row(self, texts: Texts) -> dict[str, Any] | None:
        """The row of clean.articles if the batch has the current text; None if at most the times change."""
        current = self.after[-1]
        same_text = bool(self.before) and _text_key(self.before[-1]) == _text_key(current)
        with_current = [s for s in self.in_batch if s.article and _text_key(s.span) == _text_key(current)]
        newest = max(with_current, key=lambda s: s.document.fetched_at, default=None)
        if same_text and (newest is None or newest.document.fetched_at < self.before[-1].last_seen):
            return None
        if newest and newest.article:
            row = text_row(newest.article, newest.document)
        else:
            row = texts[self.article_id, current.content_hash]
        first_seen, last_seen = self.seen
        row = self._with_date(row, first_seen)
        return row | {
            "article_id": self.article_id,
            "published_at": self._published(row["published_at"], first_seen),
            "feed_id": current.feed_id,
            "word_count": current.word_count,
            "content_hash": current.content_hash,
            "first_seen_at": first_seen,
            "last_seen_at": last_seen,
            "version": len(self.after),
        }

    @property
    def may_be_silent(self) -> bool:
        """Whether a version after the first is the text of the article's page."""
        return any(version.of_page for version in self.after[1:])

    def _is_silent(self, number: int, feed_texts: Iterable[datetime]) -> bool:
        """Whether the version is an edit that only the article's page showed."""
        if number == 1 or not self.after[number - 1].of_page:
            return False
        before, now = self.after[number - 2].first_seen, self.after[number - 1].first_seen
        return not any(before < moment <= now for moment in feed_texts)

    def version_rows(self, texts: Texts, feed_texts: Iterable[datetime] = ()) -> Iterator[dict[str, Any]]:
        """Every row of clean.article_versions, oldest first. `feed_texts`: when feeds first had each of their texts."""
        for number, version in enumerate(self.after, 1):
            following = self.after[number] if number < len(self.after) else None
            yield self._with_date(texts[self.article_id, version.content_hash], version.first_seen) | {
                "article_id": self.article_id,
                "version": number,
                "feed_id": version.feed_id,
                "word_count": version.word_count,
                "content_hash": version.content_hash,
                "valid_from": version.first_seen,
                "valid_to": following.first_seen if following else None,
                "last_seen_at": version.last_seen,
                "is_silent": self._is_silent(number, feed_texts),
            }

    def seen_rows(self) -> Iterator[dict[str, Any]]:
        """When each version was last seen, if the versions stay as they are."""
        if not self.is_rewritten:
            for number, version in enumerate(self.after, 1):
                yield {"article_id": self.article_id, "version": number, "last_seen_at": version.last_seen}

    def touched_row(self) -> dict[str, Any]:
        """Times and version number, for an article whose text may stay."""
        first_seen, last_seen = self.seen
        stored = self.stored["published_at"] if self.stored else None
        return {
            "article_id": self.article_id,
            "version": len(self.after),
            "published_at": stored and self._published(stored, first_seen),
            "first_seen_at": first_seen,
            "last_seen_at": last_seen,
        }


Texts = dict[tuple[str, str], dict[str, Any]]
"""(article_id, content_hash) → the columns that hold the text."""


def _text_key(version: Span) -> tuple[str, str, bool]:
    return version.feed_id, version.content_hash, version.of_page


def _version_identity(version: Span) -> tuple[str, str, datetime]:
    return version.feed_id, version.content_hash, version.first_seen


def text_row(article: Article, document: Document) -> dict[str, Any]:
    """The columns that hold the text, in clean.articles and clean.article_versions."""
    source = document.request.source if document.request else document.source
    return {
        "guid": article.guid,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "author": article.author,
        "authors": list(article.authors),
        "published_at": article.published_at,
        "published_known": article.published_at is not None,
        "updated_at": article.updated_at,
        "language": article.language,
        "language_confidence": article.language_confidence,
        "summary": article.summary,
        "content_html": article.content_html,
        "content_text": article.content_text,
        "categories": list(article.categories),
        "lead_image_id": article.lead_image.image_id if article.lead_image else None,
        "source": source,
        "text_source": "page" if document.is_page else "feed",
        "teaser": None if document.is_page else article.teaser,
        "entry_id": article.entry_id,
    }
