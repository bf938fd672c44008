"""Which article an entry belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from warehouse.digest import digest
from warehouse.load.containment import is_of_site, tell_one_story
from warehouse.load.evidence import Agreement, Evidence, KnownArticle, NamedBy, weigh
from warehouse.load.versions import Span
from warehouse.records import Article, Document

CROWD = 32
"""Articles; a key that names more, such as the address that all entries of a feed link to, proposes none of them."""


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
        is_page = self.document.is_page
        return Span(self.document.feed_id, self.content_hash, self.word_count, moment, moment, is_page)


@dataclass(slots=True)
class Identities:
    """Which articles a key names: first as the warehouse has it, then with what the batch adds."""

    articles_by_key: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """key → article_ids, at least the first CROWD + 1"""
    articles: dict[str, KnownArticle] = field(default_factory=dict)
    """By article_id."""
    new_keys: list[dict[str, str]] = field(default_factory=list)
    """Rows of clean.article_keys that the warehouse doesn't have yet."""
    stored_articles: set[str] = field(default_factory=set)
    """Ids of articles that the warehouse has."""

    def resolve(self, article: Article, feed_url: str, in_document: InDocument) -> str:
        """The article's id: that of the article which one of its keys names and which it is by evidence, else a new
        one made of its strongest key. `feed_url` is the address of the entry's feed."""
        is_publishers = is_of_site(feed_url, article.url)
        best: tuple[tuple[int, ...], str] | None = None
        for article_id in self.proposed(article):
            evidence = self.evidence(article, article_id)
            if self._is_same(article, article_id, evidence, is_publishers) and in_document.allows(
                article, article_id, evidence
            ):
                best = max(best or ((), ""), (evidence.rank, article_id), key=lambda match: match[0])
        article_id = best[1] if best else next(name for name in _names(article) if name not in self.articles)
        self._learn(article_id, article, is_publishers)
        return article_id

    def find(self, article: Article) -> str | None:
        """The id of the article, of its feed, whose page this is; None if the warehouse has it no more."""
        evidence = {
            article_id: self.evidence(article, article_id)
            for article_id in self.proposed(article)
            if article.feed_id in self.articles[article_id].feed_ids
        }
        same = [article_id for article_id, agrees in evidence.items() if agrees.tells_same]
        return max(same, key=lambda article_id: evidence[article_id].rank, default=None)

    def proposed(self, article: Article) -> list[str]:
        """The articles that its keys name, of the strongest key first."""
        ids: dict[str, None] = {}
        for key in article.keys:
            named = self.articles_by_key.get(key, ())
            if len(named) <= CROWD:
                ids.update(dict.fromkeys(named))
        return [article_id for article_id in ids if article_id in self.articles]

    def knows_guid(self, article: Article) -> bool:
        return any(key.startswith("guid:") and self.articles_by_key.get(key) for key in article.keys)

    def evidence(self, article: Article, article_id: str) -> Evidence:
        return weigh(article, self.articles[article_id], self.named_by(article, article_id))

    def named_by(self, article: Article, article_id: str) -> NamedBy:
        """Which of its keys name the article: of those that name no crowd."""
        kinds: dict[str, bool] = {}
        for key in article.keys:
            if len(named := self.articles_by_key.get(key, ())) <= CROWD:
                kinds[key.partition(":")[0]] = article_id in named
        return NamedBy(kinds.get("guid"), kinds.get("url"))

    def _is_same(self, article: Article, article_id: str, evidence: Evidence, is_publishers: bool) -> bool:
        """Whether the entry is the article. Feeds of the article's own site are one publisher's, and believed; anybody
        else can write anybody's address, so the two texts must be of one article."""
        if article.keys[0].startswith("text:"):  # the same title and text without address and guid: "Closed today"
            return evidence.date is not Agreement.DIFFERENT
        known = self.articles[article_id]
        if article.feed_id in known.feed_ids:
            return evidence.tells_same
        if is_publishers and known.is_publishers:  # a brief of the article in the site's other feed
            return evidence.same_address or evidence.tells_same
        return evidence.tells_same and tell_one_story(article.title, article.content_text, known.title, known.text)

    def _learn(self, article_id: str, article: Article, is_publishers: bool) -> None:
        known = self.articles.get(article_id)
        if known is None:
            known = self.articles[article_id] = KnownArticle(
                article.title,
                article.url,
                article.guid,
                article.feed_id,
                article.published_at,
                {article.feed_id},
                is_publishers=is_publishers,
            )
        elif article.feed_id == known.feed_id:
            known.title, known.url, known.guid = article.title, article.url, article.guid
            known.published_at = article.published_at or known.published_at
        known.feed_ids.add(article.feed_id)
        known.is_publishers = known.is_publishers and is_publishers
        if len(article.content_text) > len(known.text):
            known.text = article.content_text
        for key in article.keys:
            if article_id not in self.articles_by_key[key]:
                self.articles_by_key[key].append(article_id)
                self.new_keys.append({"key": key, "article_id": article_id})


@dataclass(slots=True)
class InDocument:
    """What the entries of one document are: each its own article, unless one says the same as another."""

    hashes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """article_id → content hashes of the document's entries that are this article"""

    def allows(self, article: Article, article_id: str, evidence: Evidence) -> bool:
        hashes = self.hashes.get(article_id)
        if not hashes or evidence.tells_same_in_document:
            return True
        return article.content_hash in hashes and evidence.date is not Agreement.DIFFERENT


def _names(article: Article) -> Iterator[str]:
    """Ids for a new article, the same in every warehouse; the first that is free is taken: of its address, of its guid,
    else of what tells it from the articles that share those."""
    first = article.keys[0]
    if not first.startswith("guid:"):
        yield digest("article", first)
    if article.guid:  # as it is written, with http or https
        yield digest("article", f"guid:{article.feed_id}:{article.guid}")
    yield digest("article", f"{first} in {article.feed_id}")
    yield digest("article", first, article.title, str(article.published_at))
    yield digest("article", first, article.entry_id)


def current_article(row: Mapping[str, Any], sightings: Mapping[str, Sequence[Sighting]]) -> Article | None:
    """The batch's article that the row of clean.articles is made of; None if an older text is current again, whose
    images and enclosures were written when it first was."""
    articles = [s.article for s in sightings[row["article_id"]] if s.entry_id == row["entry_id"] and s.article]
    return articles[-1] if articles else None


def one_text_a_document(sightings: Iterable[Sighting]) -> list[Sighting]:
    """The sightings of an article without those in which its document has another text of it, which would be a change
    and a change back at every fetch. The fuller one stays."""
    fullest: dict[tuple[str, str, object], Sighting] = {}
    for sighting in sightings:
        best = fullest.setdefault(sighting.document.key, sighting)
        if (sighting.word_count, sighting.content_hash) > (best.word_count, best.content_hash):
            fullest[sighting.document.key] = sighting
    return list(fullest.values())
