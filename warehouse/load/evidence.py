"""Whether an entry is an article that one of its keys names: keys propose, evidence decides.

Feeds reuse guids ("N/A"), link all entries to one page, and give a comment its post's address. Taking two articles for
one loses a text; taking one for two loses little: so in doubt they are two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from urllib.parse import parse_qsl, urlsplit

from warehouse.load.containment import CONTAINED, SAME, SHORT, letters, share_contained, shingles
from warehouse.records import Article

ALIKE_TITLES = 0.6
"""The share of pairs of letters that two titles have in common from which one is an edit of the other (Dice)."""
ALIKE_TEXTS = 0.8
"""The same of short texts: "Morning check." and "Evening check." have 0.73."""
TELLING = 10
"""Letters from which a short text that stands in another one is its beginning, and no word that many texts have."""


class Agreement(IntEnum):
    """Of an entry's title, text or date with an article's."""

    DIFFERENT = 0
    UNKNOWN = 1
    """One of the two has none."""
    ALIKE = 2
    """One may be an edit of the other."""
    SAME = 3


@dataclass(slots=True)
class KnownArticle:
    """What an entry is compared with: the article as it was seen last."""

    title: str
    url: str | None
    guid: str | None
    feed_id: str
    """The feed whose title, address and guid these are."""
    published_at: datetime | None
    """If a feed stated it."""
    feed_ids: set[str] = field(default_factory=set)
    """The feeds that have it, as far as they matter to the batch."""
    text: str = ""
    """The fullest; read only if titles and keys leave a doubt."""
    is_publishers: bool = False
    """Whether all its feeds lie on the article's own site."""


@dataclass(frozen=True, slots=True)
class NamedBy:
    """Whether an entry's keys name an article; None for a key that the entry lacks, or that names too many to tell."""

    guid: bool | None
    address: bool | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How an entry agrees with an article that one of its keys names."""

    same_guid: bool
    same_address: bool
    text: Agreement
    title: Agreement
    date: Agreement
    is_contradicted: bool
    """Whether the entry's guid or address is another than the article's."""

    @property
    def rank(self) -> tuple[int, ...]:
        """The greater, the better it matches."""
        return self.same_guid, self.same_address, self.text, self.title, self.date

    @property
    def tells_same(self) -> bool:
        """Whether the entry is the article.

        With the same keys it is, unless title, text and date all differ. Where a key contradicts, the text must be the
        same, or an edit with nearly the same title and no other date; without a text, the title must be the same.
        """
        if not self.is_contradicted:
            return any((self.title, self.text, self.date))
        if self.text is Agreement.SAME:
            return self.title >= Agreement.ALIKE or self.date is Agreement.SAME
        if self.text is Agreement.ALIKE:
            return self.title >= Agreement.ALIKE and self.date is not Agreement.DIFFERENT
        return self.text is Agreement.UNKNOWN and self.title is Agreement.SAME

    @property
    def tells_same_in_document(self) -> bool:
        """Whether it is, although another entry of its document with another text is the article: only as the same
        entry once more, under the guid and address of the first."""
        has_same_keys = self.same_guid and not self.is_contradicted
        return has_same_keys and max(self.title, self.text) >= Agreement.ALIKE


def weigh(article: Article, known: KnownArticle, named_by: NamedBy) -> Evidence:
    """Compare an entry with an article."""
    same_guid = bool(named_by.guid)
    same_address = bool(named_by.address) and _point(article.url) == _point(known.url)
    other_guid = named_by.guid is False and known.guid is not None and article.feed_id == known.feed_id
    other_address = named_by.address is not None and known.url is not None and not same_address
    return Evidence(
        same_guid,
        same_address,
        compare_texts(article.content_text, known.text),
        compare_titles(article.title, known.title),
        compare_dates(article.published_at, known.published_at),
        other_guid or other_address or not (same_guid or same_address),
    )


def needs_text(article: Article, known: KnownArticle, named_by: NamedBy) -> bool:
    """Whether the article's text decides."""
    if article.feed_id not in known.feed_ids:
        return True
    evidence = weigh(article, known, named_by)
    return evidence.is_contradicted or max(evidence.title, evidence.date) <= Agreement.UNKNOWN


def compare_titles(title: str, other: str) -> Agreement:
    letters_of, other_letters = letters(title), letters(other)
    if letters_of == other_letters:
        return Agreement.SAME
    return Agreement.ALIKE if _alike(letters_of, other_letters) >= ALIKE_TITLES else Agreement.DIFFERENT


def compare_texts(text: str, other: str) -> Agreement:
    letters_of, other_letters = letters(text), letters(other)
    if not letters_of or not other_letters:
        return Agreement.UNKNOWN
    if letters_of == other_letters:
        return Agreement.SAME
    shorter, longer = sorted((letters_of, other_letters), key=len)
    if min(len(shingles(text)), len(shingles(other))) < SHORT:
        is_beginning = len(shorter) >= TELLING and shorter in longer
        is_edit = is_beginning or _alike(letters_of, other_letters) >= ALIKE_TEXTS
        return Agreement.ALIKE if is_edit else Agreement.DIFFERENT
    share = max(share_contained(text, other), share_contained(other, text))
    if share >= CONTAINED:
        return Agreement.SAME
    return Agreement.ALIKE if share >= SAME else Agreement.DIFFERENT


def compare_dates(moment: datetime | None, other: datetime | None) -> Agreement:
    if moment is None or other is None:
        return Agreement.UNKNOWN
    return Agreement.SAME if moment == other else Agreement.DIFFERENT


def _alike(first: str, second: str) -> float:
    """The share of pairs of letters in common; 0 if a number differs: "Word 16.1" is no edit of "Word 16.2"."""
    if [c for c in first if c.isdigit()] != [c for c in second if c.isdigit()]:
        return 0.0
    pairs, others = ({string[start : start + 2] for start in range(len(string) - 1)} for string in (first, second))
    return 2 * len(pairs & others) / (len(pairs) + len(others)) if pairs or others else 0.0


def _point(address: str | None) -> tuple[str, frozenset[tuple[str, str]]]:
    """What tells addresses apart that one key stands for: `post#comment-5`, `doc?ref=2024-111`."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return "", frozenset()
    return parts.fragment, frozenset(parse_qsl(parts.query))
