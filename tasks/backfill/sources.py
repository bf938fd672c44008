"""The sources of a backfill, a row for each in SOURCES.

The command line's choices and help, the flow, form and deployment of Prefect, and the table in docs/backfill.md follow
from the rows. To add a source: write its module (anything with `plan` and `finds`, see `BackfillSource`), add its form,
its opener and its row here, and run `make docs`.

A source's module is imported when it is opened: each brings libraries of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import Field

from tasks.backfill.finds import BackfillRequest, BackfillSource, is_remote
from tasks.backfill.forms import Backfill, NoneHidden, SeveralSites, optional_field, where_field
from tasks.errors import BackfillError
from tasks.references import REFERENCE, resolve_references
from warehouse.filters import NO_FILTERS, Filters
from warehouse.masking import mask
from warehouse.records import Feed, Source

if TYPE_CHECKING:
    from tasks.backfill.polite import Asker
    from tasks.fetch.http import Client
    from tasks.settings import Settings


@dataclass(frozen=True, slots=True)
class Opening:
    """What a source is opened with."""

    request: BackfillRequest
    registry: Sequence[Feed]
    settings: Settings
    client: Client
    loaded_addresses: Callable[[str], Mapping[str, datetime]]
    """For a feed's id: the addresses that this source loaded before, and as of when."""

    @property
    def asker(self) -> Asker:
        """Sends requests at the pace of a backfill."""
        from tasks.backfill.polite import Asker

        return Asker(self.client, pause=self.settings.backfill_pause, delay=self.settings.retry_delay)

    @property
    def feed(self) -> Feed:
        """The feed that `where` names by its id or its address, else one made of the address. Raises BackfillError."""
        from tasks.registry.feed_ids import slug  # imports BeautifulSoup, which `newsmill --help` does not need

        request = self.request
        for feed in self.registry:
            if request.where in (feed.id, feed.url):
                return feed
            if request.feed in (feed.id, feed.url):
                return replace(feed, url=request.where)
        host = urlsplit(request.where).hostname if "://" in request.where else None
        if not host:
            raise BackfillError(
                f"{request.where}: neither a feed in the registry nor an address; `newsmill feeds list` shows the feeds"
            )
        return Feed(request.feed or slug(host, ()), host, request.where, site_url=request.where)

    @property
    def asked_feed(self) -> Feed:
        """The same, with the secrets that its address refers to: for requests to its own server. Raises FetchError."""
        feed = self.feed
        return replace(feed, url=resolve_references(feed.url))


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A row of SOURCES."""

    name: str
    """As the command line and the deployment have it."""
    reads: str
    """What it reads, in words: in the command line's help, the deployment's description, the documentation."""
    source: Source
    """What clean.articles.source says of its articles."""
    form: type[Backfill]
    open: Callable[[Opening], BackfillSource]
    check: Callable[[str], None] | None = None
    """Raises BackfillError if there is nothing at a location on this machine, before Prefect is even imported."""
    needs_feeds: bool = True
    """Whether there must be a feeds.toml; without one, the source makes a feed of each site that it finds."""
    always_planned: bool = False
    """Whether a backfill plans even without --dry-run: the plan reads no more than the backfill itself does."""

    @property
    def deployment(self) -> str:
        """The name of its deployment, which stands among those of ingest, images and so on."""
        return f"backfill-{self.name}"


class Archive(SeveralSites):
    """Article files."""

    where: str = where_field("A folder, zip, tar or git repository on the worker's machine, or a repository's address.")
    versions: Literal["newest", "all"] = Field(
        "newest",
        title="Versions",
        description="Of a git repository: the files as they are, or every version that every article ever had.",
    )
    revision: str | NoneHidden = optional_field("Revision", "Of a git repository: the branch, tag or commit to read.")

    def request(self) -> BackfillRequest:
        return replace(super().request(), revision=self.revision or None, history=self.versions == "all")


def _check_archive(where: str) -> None:
    if not is_remote(where) and not Path(where).exists():
        raise BackfillError(f"{where}: not there; give an archive's folder, zip, tar or git repository")


def _open_archive(opening: Opening) -> BackfillSource:
    from tasks.backfill import archive

    settings = opening.settings
    clones = settings.landing_zone.root / "clones"
    return archive.Archive(
        opening.request, opening.registry, settings.max_page_bytes, clones, settings.allowed_addresses
    )


class SavedFeeds(SeveralSites):
    """Feed files that somebody kept."""

    where: str = where_field("A folder or zip of saved feeds.")


def _check_saved_feeds(where: str) -> None:
    if not Path(where).exists():
        raise BackfillError(f"{where}: not there; give a folder, a zip or a file of saved feeds")


def _open_saved_feeds(opening: Opening) -> BackfillSource:
    from tasks.backfill import saved

    return saved.Saved(opening.request, opening.registry, opening.settings.max_feed_bytes)


class Wayback(Backfill):
    """The Wayback Machine's captures."""

    where: str = where_field("A feed's id in feeds.toml, or an address.")
    read: Literal["feed", "pages"] = Field(
        "feed", title="Read", description="The captures of the feed, or the article pages below the address."
    )

    def request(self) -> BackfillRequest:
        return replace(super().request(), pages=self.read == "pages")


def _open_wayback(opening: Opening) -> BackfillSource:
    from tasks.backfill import wayback

    feed, settings = opening.feed, opening.settings
    if mask(feed.url) != feed.url or REFERENCE.search(feed.url):
        raise BackfillError(f"{feed.url}: its address holds a secret, which the Wayback Machine must not be told")
    return wayback.Wayback(
        opening.request,
        feed,
        opening.asker,
        settings.wayback_url,
        settings.max_feed_bytes,
        settings.max_page_bytes,
        frozenset(opening.loaded_addresses(feed.id)),
    )


class Paged(Backfill):
    """A feed's own older pages."""

    where: str = where_field("A feed's id in feeds.toml, or its address.")


def _open_paged(opening: Opening) -> BackfillSource:
    from tasks.backfill import paged

    return paged.Paged(opening.request, opening.asked_feed, opening.asker, opening.settings.max_feed_bytes)


class Warc(SeveralSites):
    """WARC files."""

    where: str = where_field("A .warc or .warc.gz file, or a folder of them.")


def _check_warc(where: str) -> None:
    if not Path(where).exists():
        raise BackfillError(f"{where}: not there; give a .warc or .warc.gz file, or a folder of them")


def _open_warc(opening: Opening) -> BackfillSource:
    from tasks.backfill import warc

    return warc.Warc(opening.request, opening.registry, opening.settings.max_feed_bytes)


class Sitemap(Backfill):
    """The pages that a site's sitemaps name."""

    where: str = where_field("A feed's id in feeds.toml, or the address of a sitemap.")


def _open_sitemap(opening: Opening) -> BackfillSource:
    from tasks.backfill import sitemap

    feed, settings = opening.asked_feed, opening.settings
    loaded = opening.loaded_addresses(feed.id)
    request = replace(opening.request, where=resolve_references(opening.request.where))
    return sitemap.Sitemap(request, feed, opening.asker, settings.max_page_bytes, known=loaded)


_ROWS = (
    SourceKind(
        "archive",
        "article files: a folder, zip, tar or git repository",
        source="archive",
        form=Archive,
        open=_open_archive,
        check=_check_archive,
        needs_feeds=False,
        always_planned=True,
    ),
    SourceKind(
        "feeds",
        "saved feed files: a folder or zip",
        source="feed",
        form=SavedFeeds,
        open=_open_saved_feeds,
        check=_check_saved_feeds,
        needs_feeds=False,
        always_planned=True,
    ),
    SourceKind(
        "wayback",
        "the Wayback Machine's captures of a feed, or of pages",
        source="wayback",
        form=Wayback,
        open=_open_wayback,
        always_planned=True,
    ),
    SourceKind(
        "paged",
        "a feed's own older pages (RFC 5005, WordPress, Blogger, JSON Feed)",
        source="paged-feed",
        form=Paged,
        open=_open_paged,
    ),
    SourceKind(
        "warc",
        "WARC files: a file or a folder",
        source="warc",
        form=Warc,
        open=_open_warc,
        check=_check_warc,
        needs_feeds=False,
    ),
    SourceKind("sitemap", "the pages that a site's sitemaps name", source="sitemap", form=Sitemap, open=_open_sitemap),
)


def registry_of(kind: SourceKind, feeds_file: Path) -> tuple[list[Feed], Filters]:
    """The feeds of feeds.toml and its keep and block rules for all; none if there is no such file and the source needs
    none. Raises FeedsFileError."""
    from tasks.registry.feeds_file import read_registry

    return read_registry(feeds_file) if kind.needs_feeds or feeds_file.exists() else ([], NO_FILTERS)


SOURCES = {row.name: row for row in _ROWS}


def sources_named(names: Sequence[str]) -> list[Source]:
    """What articles have as their source, for sources as `newsmill backfill` names them. Raises BackfillError."""
    for name in names:
        if name not in SOURCES:
            raise BackfillError(f'there is no source "{name}" of a backfill; there are {", ".join(SOURCES)}')
    return [SOURCES[name].source for name in names]
