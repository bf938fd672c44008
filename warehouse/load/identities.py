"""Which article an entry belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from warehouse.load.containment import is_of_site, tell_one_story
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
class KnownArticle:
    """What an entry of another feed is compared with."""

    title: str
    published_at: datetime | None
    """If a feed stated it."""
    feed_ids: set[str]
    """The feeds that have it, as far as they matter to the batch."""
    text: str = ""
    """The fullest; read only if another feed's entry has the article's address."""
    is_publishers: bool = False
    """Whether all its feeds lie on the article's own site."""


@dataclass(slots=True)
class Identities:
    """Which article a key names: first as the warehouse has it, then with what the batch adds."""

    article_by_key: dict[str, str] = field(default_factory=dict)
    """key → article_id"""
    articles: dict[str, KnownArticle] = field(default_factory=dict)
    """By article_id."""
    new_keys: list[dict[str, str]] = field(default_factory=list)
    """Rows of clean.article_keys that the warehouse doesn't have yet."""
    stored_articles: set[str] = field(default_factory=set)
    """Ids of articles that the warehouse has."""

    def resolve(self, article: Article, feed_url: str) -> str:
        """The article's id: that of its address, else that of its guid, else a new one made of its strongest key.

        A guid alone counts only if the title or the stated time agrees: feeds reuse guids. An address that another feed
        brought first counts only if the two texts are of one article: anybody can write anybody's address. Else the
        entry is an article of its own, named by the address together with its feed. Feeds of the article's own site
        are one publisher's, and believed. `feed_url` is the address of the entry's feed.
        """
        article_id, keys = None, list(article.keys)
        is_publishers = is_of_site(feed_url, article.url)
        for key in article.keys:
            candidate = self.article_by_key.get(key)
            if candidate and key.startswith("url:") and not self._tells_same(candidate, article, is_publishers):
                own = key_in_feed(key, article.feed_id)
                keys.insert(0, own)
                candidate = self.article_by_key.get(own)
            elif candidate and key.startswith("guid:") and key != article.keys[0]:
                candidate = candidate if self._agrees(candidate, article) else None
            if candidate:
                article_id = candidate
                break
        if article_id is None:
            article_id = digest("article", keys[0])
        self._learn(article_id, article, is_publishers)
        for key in keys:
            if key not in self.article_by_key:
                self.article_by_key[key] = article_id
                self.new_keys.append({"key": key, "article_id": article_id})
        return article_id

    def _learn(self, article_id: str, article: Article, is_publishers: bool) -> None:
        known = self.articles.get(article_id)
        if known is None:
            known = KnownArticle(article.title, article.published_at, set(), is_publishers=is_publishers)
            self.articles[article_id] = known
        known.feed_ids.add(article.feed_id)
        known.is_publishers = known.is_publishers and is_publishers
        if len(article.content_text) > len(known.text):
            known.text = article.content_text

    def _agrees(self, article_id: str, article: Article) -> bool:
        known = self.articles.get(article_id)
        if known is None:
            return False
        return known.title == article.title or (
            known.published_at is not None and known.published_at == article.published_at
        )

    def _tells_same(self, article_id: str, article: Article, is_publishers: bool) -> bool:
        """Whether the entry may be of the article that has its address: one of its own feed's always is."""
        known = self.articles.get(article_id)
        if known is None or article.feed_id in known.feed_ids or (known.is_publishers and is_publishers):
            return True
        return tell_one_story(article.title, article.content_text, known.title, known.text)


def key_in_feed(key: str, feed_id: str) -> str:
    """The key of an article whose address is another feed's article's."""
    return f"{key} in {feed_id}"
