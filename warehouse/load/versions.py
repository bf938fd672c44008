"""An article's versions over time: a pure function of the times at which each feed had each text.

Sightings may come in any order (two ingests at once, a backfill of old pages); the result is as if they had come in
order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FULLER = 1.25
"""Another feed's text replaces the current one only if it is longer by this factor: a summary must not hide a text."""
TOGETHER = timedelta(hours=1)
"""Sightings this close count as simultaneous: one run fetches its feeds one after the other."""


@dataclass(frozen=True, slots=True)
class Span:
    """A text, and when one feed first and last had it."""

    feed_id: str
    content_hash: str
    word_count: int
    first_seen: datetime
    last_seen: datetime


def decide_versions(spans: Iterable[Span]) -> list[Span]:
    """The versions, oldest first; no two neighbours have the same text.

    Within one feed every change of text is a version, also a change back. A text from another feed than the current
    version's becomes a version only if it is longer by FULLER; seen together with a version that is new itself, it
    replaces that one.

    Only the first and last sighting of a text are known. If a text that was seen between those of another is loaded
    late, the other's span ends there and begins again at its last sighting.

    A text from another feed that did not become a version is not kept. Should older documents, loaded later, make it
    one after all, it is missing; raw.entries has it, and `reprocess`, which loads in order of time, finds it.
    """
    sightings = sorted(
        (moment, span.feed_id, span.content_hash, span.word_count)
        for span in spans
        for moment in {span.first_seen, span.last_seen}
    )
    versions: list[Span] = []
    for moment, feed_id, content_hash, word_count in sightings:
        current = versions[-1] if versions else None
        if current and content_hash == current.content_hash:
            versions[-1] = replace(current, last_seen=moment)
        elif current is None or feed_id == current.feed_id:
            versions.append(Span(feed_id, content_hash, word_count, moment, moment))
        elif word_count > FULLER * current.word_count:
            replaces_current = moment - current.first_seen <= TOGETHER
            if replaces_current:
                versions.pop()
            if versions and versions[-1].content_hash == content_hash:
                versions[-1] = replace(versions[-1], last_seen=moment)
            else:
                first_seen = current.first_seen if replaces_current else moment
                versions.append(Span(feed_id, content_hash, word_count, first_seen, moment))
    return versions
