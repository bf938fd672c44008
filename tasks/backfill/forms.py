"""What a backfill is asked: a model for each source. Prefect's UI makes a form of it, the command line fills it in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from tasks.backfill.finds import Kind, Wanted

# The form asks for each optional field whether it is to be a value or None, unless its schema leaves None out.
Nothing = SkipJsonSchema[None]


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _optional(title: str, description: str, **bounds: Any) -> Any:
    return Field(None, json_schema_extra=_no_default, title=title, description=description, **bounds)


class Backfill(BaseModel):
    """What every source takes."""

    model_config = ConfigDict(extra="forbid")
    kind: ClassVar[Kind]

    where: str = Field(title="Where", min_length=1)
    since: date | Nothing = _optional("From", "The first day that is wanted, UTC. Everything when left empty.")
    until: date | Nothing = _optional("Until", "The last day that is wanted, UTC. Up to the newest when left empty.")
    feed: str | Nothing = _optional(
        "Feed", "The id of the feed that everything is counted to, where the source can't tell."
    )
    limit: int | Nothing = _optional("Limit", "Stop after this many documents.", ge=1)
    images: bool = Field(False, title="Images", description="Download the articles' images afterwards.")
    publish: bool = Field(True, title="Publish", description="Publish the analysts' copy when anything changed.")
    dry_run: bool = Field(False, title="Dry run", description="Only say what would be done, and how long it may take.")

    def wanted(self) -> Wanted:
        """The same in the sources' own words."""
        return Wanted(
            self.where,
            datetime.combine(self.since, time(), UTC) if self.since else None,
            datetime.combine(self.until, time(), UTC) + timedelta(days=1) if self.until else None,
            feed=self.feed or None,
        )


class Sorted(Backfill):
    """A source that holds more than one site."""

    sites: list[str] = Field(
        [], title="Sites", description="Only these: feed ids, or the names the source gives its sites."
    )

    def wanted(self) -> Wanted:
        return replace(super().wanted(), sites=tuple(self.sites))


class Archive(Sorted):
    """Article files."""

    kind = "archive"

    where: str = Field(
        title="Where",
        min_length=1,
        description="A folder, zip, tar or git repository on the worker's machine, or a repository's address.",
    )
    versions: Literal["newest", "all"] = Field(
        "newest",
        title="Versions",
        description="Of a git repository: the files as they are, or every version that every article ever had.",
    )
    revision: str | Nothing = _optional("Revision", "Of a git repository: the branch, tag or commit to read.")

    def wanted(self) -> Wanted:
        return replace(super().wanted(), revision=self.revision or None, history=self.versions == "all")


class SavedFeeds(Sorted):
    """Feed files that somebody kept."""

    kind = "feeds"

    where: str = Field(title="Where", min_length=1, description="A folder or zip of saved feeds.")


class Warc(Sorted):
    """WARC files."""

    kind = "warc"

    where: str = Field(title="Where", min_length=1, description="A .warc or .warc.gz file, or a folder of them.")


class Wayback(Backfill):
    """The Wayback Machine's captures."""

    kind = "wayback"

    where: str = Field(title="Where", min_length=1, description="A feed's id in feeds.toml, or an address.")
    read: Literal["feed", "pages"] = Field(
        "feed", title="Read", description="The captures of the feed, or the article pages below the address."
    )

    def wanted(self) -> Wanted:
        return replace(super().wanted(), pages=self.read == "pages")


class Paged(Backfill):
    """A feed's own older pages."""

    kind = "paged"

    where: str = Field(title="Where", min_length=1, description="A feed's id in feeds.toml, or its address.")


class Sitemap(Backfill):
    """The pages that a site's sitemaps name."""

    kind = "sitemap"

    where: str = Field(
        title="Where", min_length=1, description="A feed's id in feeds.toml, or the address of a sitemap."
    )


FORMS: dict[Kind, type[Backfill]] = {form.kind: form for form in (Archive, SavedFeeds, Wayback, Paged, Warc, Sitemap)}
