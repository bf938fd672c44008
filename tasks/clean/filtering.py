"""Applying keep and block rules to an article: a pure function of the article, so that `reprocess` finds the same.

Words are whole words, where a script has spaces between them; elsewhere they are found anywhere, as in `term_trend`.
Upper and lower case, and forms that look alike to a reader (full-width letters, an accent as a character of its own),
are the same. A regular expression is the operator's, but the texts are strangers': it has SECONDS of processor time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

import regex

from tasks.errors import ParseError
from warehouse.filters import Filter, FilterField, Filters
from warehouse.records import Article, Feed

SECONDS = 0.5
"""For the regular expressions of all rules on one article: a document has a hundred of them, and two minutes in all."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
"""Scripts without spaces between words; and Korean, which writes particles at the end of words."""
_IN_A_WORD = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]"
_STARTS_OR_ENDS_ANYWHERE = regex.compile(rf"[{_UNSPACED}]|[^\p{{L}}\p{{M}}\p{{N}}]")


def blocked_by(article: Article, feed: Feed) -> str | None:
    """The rule of the feed, or of those for all feeds, by which the article is not wanted; None if it is.

    Raises ParseError if a regular expression takes too long.
    """
    if not _any_rules(feed.shared_filters) and not _any_rules(feed.filters):
        return None
    judge = _Judge(article)
    for filters, whose in ((feed.shared_filters, "of all feeds"), (feed.filters, "")):
        label = f" {whose}" if whose else ""
        for rule in filters.block:
            if judge.matches(rule):
                return f"block{label}: {rule}"
        if filters.keep and not any(map(judge.matches, filters.keep)):
            return f"keep{label}: matches no rule"
    return None


def _any_rules(filters: Filters) -> bool:
    return bool(filters.keep or filters.block)


class _Judge:
    """An article, and what it takes to compare many rules with it."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self._folded: dict[FilterField, list[str]] = {}
        self._seconds = 0.0
        """Of processor time, that regular expressions took."""

    def matches(self, rule: Filter) -> bool:
        article = self.article
        published_at = article.published_at
        return (
            not (rule.language and article.language not in rule.language)
            and not (rule.after and not (published_at and published_at >= rule.after))
            and not (rule.before and not (published_at and published_at < rule.before))
            and not (rule.words and not self._has_words(rule))
            and not (rule.regex and not self._has_regex(rule, rule.regex))
        )

    def _has_words(self, rule: Filter) -> bool:
        if rule.field not in self._folded:
            self._folded[rule.field] = [fold(text) for text in _texts(self.article, rule.field)]
        texts = self._folded[rule.field]
        return any(_has_word(text, word) for word in map(fold, rule.words) for text in texts)

    def _has_regex(self, rule: Filter, pattern: str) -> bool:
        compiled = _compiled(pattern)
        for text in _texts(self.article, rule.field):
            started = time.process_time()
            try:
                if compiled.search(text, timeout=SECONDS - self._seconds):
                    return True
                self._seconds = min(self._seconds + time.process_time() - started, 0.9 * SECONDS)
            except TimeoutError as error:
                raise ParseError(
                    f"the regular expressions of its keep and block rules take longer than {SECONDS:g} s on it, at the "
                    f"last {rule}; write one that can match in fewer ways"
                ) from error
        return False


def fold(text: str) -> str:
    """The text without differences of case, of Unicode's compatibility forms and of white space."""
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())


def _has_word(text: str, word: str) -> bool:
    """Both are folded. Most texts don't hold the word, and the first look is the quickest."""
    return word in text and _word(word).search(text) is not None


@lru_cache(maxsize=4096)
def _word(word: str) -> Any:
    before = "" if _STARTS_OR_ENDS_ANYWHERE.match(word) else f"(?<!{_IN_A_WORD})"
    after = "" if _STARTS_OR_ENDS_ANYWHERE.match(word[-1]) else f"(?!{_IN_A_WORD})"
    return regex.compile(f"{before}{regex.escape(word)}{after}", regex.VERSION1)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    return regex.compile(pattern)


def _texts(article: Article, field: FilterField) -> Iterable[str]:
    """What the article has in the field: a category, a name, an address each by itself."""
    return dict.fromkeys(filter(None, _all_texts(article, field)))


def _all_texts(article: Article, field: FilterField) -> Iterator[str | None]:
    if field in ("title", "any"):
        yield article.title
    if field in ("text", "any"):
        yield from (article.content_text, article.summary)
    if field in ("author", "any"):
        yield from (article.author, *article.authors)
    if field in ("category", "any"):
        yield from article.categories
    if field in ("url", "any") and article.url:
        yield from (article.url, unquote(article.url))
