"""An article's versions over time: a pure function of when which text was seen in which feed.

Sightings may come in any order (two ingests at once, a backfill of years ago); the timeline that comes out is that of
the sightings in order of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FULLER = 1.25
"""Another feed's text replaces the current one only when it is longer by this factor: a summary hides no text."""
TOGETHER = timedelta(hours=1)
"""Feeds that a run asks one after the other show an article at the same moment."""


@dataclass(frozen=True, slots=True)
class Span:
    """A text and the time over which it was seen."""

    feed_id: str
    content_hash: str
    word_count: int
    first_seen: datetime
    last_seen: datetime


def timeline(spans: Iterable[Span]) -> list[Span]:
    """The versions, oldest first: no two neighbours have the same text.

    What is known of a text is when it was first and last seen, so a text that came and went unseen between the two of
    another, and is loaded late, ends that one's span there and begins it again at its last sighting.

    Across feeds, a text that was passed over is not kept: should older documents, loaded later, have made it a
    version after all, it is missing (raw.entries has it, and `reprocess`, which goes by time, finds it).

    Within one feed every change of text is a version, a change back too. A text from another feed than the current
    version's is a version only where it is markedly fuller; seen together with a version that is new itself, it takes
    that one's place.
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
            together = moment - current.first_seen <= TOGETHER
            if together:
                versions.pop()
            if versions and versions[-1].content_hash == content_hash:
                versions[-1] = replace(versions[-1], last_seen=moment)
            else:
                first_seen = current.first_seen if together else moment
                versions.append(Span(feed_id, content_hash, word_count, first_seen, moment))
    return versions
