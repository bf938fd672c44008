"""Which article an entry belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from warehouse.load.versions import Span
from warehouse.records import Article, Document, digest


@dataclass(frozen=True, slots=True)
class Sighting:
    """An entry in a document."""

    entry_id: str
    document: Document
    content_hash: str
    word_count: int
    article: Article | None
    """None if the entry was known and not cleaned again."""

    @property
    def span(self) -> Span:
        moment = self.document.fetched_at
        return Span(self.document.feed_id, self.content_hash, self.word_count, moment, moment)


@dataclass(slots=True)
class Identities:
    """Which article a key names: first as the warehouse has it, then with what the batch adds."""

    article_by_key: dict[str, str] = field(default_factory=dict)
    """key → article_id"""
    facts: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    """article_id → (title, published_at if the feed stated it)"""
    new_keys: list[dict[str, str]] = field(default_factory=list)
    """Rows of clean.article_keys that the warehouse doesn't have yet."""
    stored_articles: set[str] = field(default_factory=set)
    """Ids of articles that the warehouse has."""

    def resolve(self, article: Article) -> str:
        """The article's id: that of its address, else that of its guid, else a new one made of its strongest key.

        A guid alone counts only if the title or the stated time agrees: feeds reuse guids.
        """
        article_id = None
        for key in article.keys:
            candidate = self.article_by_key.get(key)
            if candidate and (
                not key.startswith("guid:") or key == article.keys[0] or self._agrees(candidate, article)
            ):
                article_id = candidate
                break
        if article_id is None:
            article_id = digest("article", article.keys[0])
        self.facts.setdefault(article_id, (article.title, article.published_at))
        for key in article.keys:
            if key not in self.article_by_key:
                self.article_by_key[key] = article_id
                self.new_keys.append({"key": key, "article_id": article_id})
        return article_id

    def _agrees(self, article_id: str, article: Article) -> bool:
        title, published_at = self.facts.get(article_id, ("", None))
        return title == article.title or (published_at is not None and published_at == article.published_at)
