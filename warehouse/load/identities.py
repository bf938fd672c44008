"""Which article an entry belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from warehouse.load.timeline import Span
from warehouse.records import Article, Document, digest


@dataclass(frozen=True, slots=True)
class Sighting:
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
class Identities:
    """Which article a key names; starts with what the warehouse knows and learns as the batch goes."""

    articles: dict[str, str] = field(default_factory=dict)
    """key → article_id"""
    facts: dict[str, tuple[str, datetime | None]] = field(default_factory=dict)
    """article_id → (title, published_at where the feed said so)"""
    fresh: list[dict[str, str]] = field(default_factory=list)
    """Keys the warehouse doesn't have yet."""
    held: set[str] = field(default_factory=set)
    """Articles the warehouse has."""

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
