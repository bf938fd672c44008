"""What a backfill's source yields: finds, each a document or the reason why it cannot be had.

A source is anything with `plan` and `finds`. Its finds come in an order that is the same in every run, each with a
mark; a run that was killed continues after the mark of the last find that was committed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import compress
from typing import Protocol

from warehouse.landing import Landing
from warehouse.masking import mask, mask_credentials, mask_headers
from warehouse.records import Document, Feed, Form, Reject, Source

_REMOTE = re.compile(r"^(https?|git|ssh)://|^[\w.-]+@[\w.-]+:")


def is_remote(where: str) -> bool:
    """Whether it is a repository's address rather than a file or folder."""
    return bool(_REMOTE.match(where))


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What the archivist asked for."""

    where: str
    """A folder, a file, an address, or a feed's id."""
    since: datetime | None = None
    """Nothing older than this; inclusive."""
    until: datetime | None = None
    """Nothing of this moment or newer; exclusive."""
    sites: tuple[str, ...] = ()
    """Only these sites (feed ids, or the names a source gives its sites); all where empty."""
    feed: str | None = None
    """The id of the feed to which everything is counted that the source doesn't assign itself."""
    revision: str | None = None
    history: bool = False
    pages: bool = False

    def covers(self, moment: datetime | None) -> bool:
        """Whether the moment is in the range; what has no time is."""
        if moment is None:
            return True
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Find:
    """A document of a source, or why one can't be had."""

    mark: str
    """Where to go on after it. Marks need no order of their own: the source knows its order."""
    feed: Feed
    location: str
    """The path or address under which a person finds it again; what a reject names."""
    url: str
    seen_at: datetime
    """When the text was so: published, captured, saved. Versions are ordered by it."""
    data: bytes = b""
    form: Form = "feed"
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """Why there are no bytes; becomes a row of ops.rejects."""

    @property
    def key(self) -> int:
        """As `warehouse.load.operations.loaded_finds` has it, in this process."""
        return hash((sha256(self.data).hexdigest(), self.feed.id, self.seen_at))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would do."""

    items: int | None
    """Documents; None where only asking the server would tell."""
    bytes: int | None = None
    requests: int = 0
    """Requests to a server, at one each `pause` seconds."""
    says: tuple[str, ...] = ()
    """Lines for the reader: what was found where."""


class BackfillSource(Protocol):
    async def plan(self) -> Plan:
        """What would be done, without doing it. Raises BackfillError for a place that isn't there."""
        ...

    def finds(self, after: str | None) -> AsyncIterator[Find]:
        """The finds after that mark; all of them after None. One that can't be read is a find with an error."""
        ...


@dataclass(frozen=True, slots=True)
class Landed:
    """A find of a backfill, once its bytes are durable: it has them no more."""

    mark: str
    document: Document | None
    """None where there is nothing to load: it can't be read, or was loaded before."""
    reject: Reject | None = None


async def land_finds(finds: Sequence[Find], loaded: Collection[int], source: Source, landing: Landing) -> list[Landed]:
    """Make a batch of a backfill durable, as one pack. Those whose keys are in `loaded` are passed over."""
    to_land = [not find.error and not (loaded and find.key in loaded) for find in finds]
    drafts = [
        (
            Document(
                document_id="",
                feed_id=find.feed.id,
                url=_storable(find.url, find.form),
                final_url=_storable(find.location, find.form),
                fetched_at=find.seen_at,
                status=200,
                headers=mask_headers(find.headers),
                size=len(find.data),
                landing_path="",
                source=source,
                form=find.form,
            ),
            find.data,
        )
        for find in compress(finds, to_land)
    ]
    documents = iter(await asyncio.to_thread(landing.land_pack, drafts) if drafts else ())
    return [
        Landed(
            find.mark,
            next(documents) if lands else None,
            Reject("find", find.error, find.feed.id, None, find.location) if find.error else None,
        )
        for find, lands in zip(finds, to_land, strict=True)
    ]


def _storable(address: str, form: Form) -> str:
    """The address without secrets. The parameters of a page stay: by them, some sites name their articles."""
    return mask(address) if form == "feed" else mask_credentials(address)
