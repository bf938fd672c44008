"""An article's versions over time: a pure function of the times at which each feed had each text.

Sightings may come in any order (two ingests at once, a backfill of old pages); the result is as if they had come in
order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FULLER = 1.25
"""Another feed's text replaces the current one only if it is longer by this factor: a summary must not hide a text."""
STUB = 0.1
"""Of the current text's length, the least that its own feed's next text has: one of 26 characters over 4,865 is a feed
that has dropped its texts, and no edit."""
TEASER = 0.5
"""Below this share of the current text's length, a text that it contains is its beginning, and no edit."""
FEW = 20
"""Words; what shortens a text that has fewer is an edit."""
TOGETHER = timedelta(hours=1)
"""Sightings in two feeds of one site that are this close count as simultaneous: one run fetches its feeds one after the
other."""

Contains = Callable[[str, str], bool]
"""Whether the text with the first content hash contains the text with the second; see `warehouse.load.containment`."""


def _contain_nothing(_content_hash: str, _other: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Span:
    """A text, and when one feed first and last had it."""

    feed_id: str
    content_hash: str
    word_count: int
    first_seen: datetime
    last_seen: datetime
    of_page: bool = False
    """Whether it is the text of the article's own page, not of a feed."""
    took_place: bool = False
    """Whether it took the place of another text, at whose time it begins: a page's of a feed's teaser, or the reverse.
    It was seen itself only later."""


def decide_versions(
    spans: Iterable[Span],
    contains: Contains = _contain_nothing,
    publishers: Collection[str] = (),
    has_all: Contains = _contain_nothing,
) -> list[Span]:
    """The versions, oldest first; no two neighbours have the same text, and none begins when another does.

    The article belongs to the feed that had it first, its owner. Each change of the owner's text is a version, also a
    change back; while another feed's text is current, only one that is longer by FULLER. A text that is no more than a
    stub or a teaser of the current one is never a version.

    A text from another feed becomes a version only if it is longer than the current one by FULLER and contains the
    owner's text. When the other feed edits that text, the new text must contain the owner's, too. Another feed never
    removes a version.

    `has_all` tells a teaser: whether the current text has all that a text of less than half its length says.

    `publishers` are the feeds of the article's own site. Among them, a text need not contain the owner's. If two of
    them are seen within TOGETHER, the fuller text replaces the other one's version instead of following it: which of
    the two was fetched first is chance.

    The text of the article's own page takes the place of the feed's, without a new version, if it is longer by FULLER:
    completing an article is no edit. From then on the feed's teaser changes nothing; a change of the page is a version.
    If the teaser itself was an edit of an earlier one, the page's text stays the version that it was.

    Only the first and last sighting of a text are known. Say A was seen at 1 and 9, and B, seen at 5, is loaded later:
    the versions are A from 1 to 1, B at 5, A at 9.

    A text from another feed that does not become a version is not kept here. If documents that are loaded later, but
    are older, would have made it one, it is missing; raw.entries has it, and `reprocess` loads in order of time.
    """
    sightings = sorted(
        (
            moment,
            span.feed_id,
            span.word_count,
            span.content_hash,
            span.of_page,
            span.took_place and moment < span.last_seen,
        )
        for span in spans
        for moment in {span.first_seen, span.last_seen}
    )
    versions: list[Span] = []
    for stated, feed_id, word_count, content_hash, of_page, took_place in sightings:
        moment = stated
        if versions and versions[-1].content_hash == content_hash:
            versions[-1] = replace(versions[-1], last_seen=max(versions[-1].last_seen, moment))
            continue
        if versions:  # two files of an archive may state one time
            moment = max(moment, versions[-1].last_seen + timedelta(microseconds=1))
        new = Span(feed_id, content_hash, word_count, moment, moment, of_page, took_place)
        _place(new, stated, versions, contains, publishers, has_all)
    return versions


def _place(
    new: Span,
    stated: datetime,
    versions: list[Span],
    contains: Contains,
    publishers: Collection[str],
    has_all: Contains,
) -> None:
    """Add a text to the versions before it, seen at `stated`, if it is one; or put it in the last one's place."""
    if new.took_place and versions:
        if versions[-1].first_seen < stated:
            _append(new, versions, publishers)
        else:
            versions[-1] = replace(new, first_seen=versions[-1].first_seen)
    elif versions and new.of_page != versions[-1].of_page and not _is_edit(new, versions[-1]):
        if _completes(new, versions, contains, publishers):
            versions[-1] = replace(new, first_seen=versions[-1].first_seen, took_place=True)
    elif not versions or (
        not _is_less(new, versions[-1], has_all) and _becomes_version(new, versions, contains, publishers)
    ):
        _append(new, versions, publishers)


def _is_edit(new: Span, current: Span) -> bool:
    """Whether a feed's text that follows its page's, of about its length, is an edit: the feed has the whole text, too.

    A page that is no fuller than its feed's text says nothing new.
    """
    return current.of_page and max(new.word_count, current.word_count) <= FULLER * min(
        new.word_count, current.word_count
    )


def _completes(new: Span, versions: Sequence[Span], contains: Contains, publishers: Collection[str]) -> bool:
    """Whether the article's page has a fuller text than its feed, or the feed than the page: it then takes the place of
    the other, as nothing was edited."""
    if new.word_count <= FULLER * versions[-1].word_count:
        return False
    return new.of_page or _becomes_version(new, versions, contains, publishers)


def _becomes_version(new: Span, versions: Sequence[Span], contains: Contains, publishers: Collection[str]) -> bool:
    owner, current = versions[0].feed_id, versions[-1]
    is_fuller = new.word_count > FULLER * current.word_count
    if new.feed_id == owner:
        return current.feed_id == owner or is_fuller
    if not (new.feed_id == current.feed_id or is_fuller):
        return False
    if owner in publishers and new.feed_id in publishers:
        return True
    own = next(version for version in reversed(versions) if version.feed_id == owner)
    return contains(new.content_hash, own.content_hash)


def is_shorter(span: Span, current: Span) -> bool:
    """Whether it is so much shorter than the current text that the two must be compared."""
    return span.word_count < TEASER * current.word_count


def _is_less(new: Span, current: Span, has_all: Contains) -> bool:
    if not is_shorter(new, current):
        return False
    if new.word_count == 0:
        return True
    if current.word_count < FEW:
        return False
    return new.word_count < STUB * current.word_count or has_all(current.content_hash, new.content_hash)


def _append(new: Span, versions: list[Span], publishers: Collection[str]) -> None:
    current = versions[-1] if versions else None
    if (
        current
        and current.feed_id != new.feed_id
        and {current.feed_id, new.feed_id} <= set(publishers)
        and new.first_seen - current.first_seen <= TOGETHER
    ):
        versions.pop()
        new = replace(new, first_seen=current.first_seen)
        # A, B, and now A again instead of B: the first A goes on
        if versions and versions[-1].content_hash == new.content_hash:
            versions[-1] = replace(versions[-1], last_seen=new.last_seen)
            return
    versions.append(new)
