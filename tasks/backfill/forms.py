"""What the archivist fills in for a backfill. Prefect's UI makes a form of each model; the command
line fills it from its options.

Here is what the sources share; `tasks.backfill.sources` adds what one source asks besides.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from tasks.backfill.finds import BackfillRequest

# Prefect's form asks for each optional field whether it is a value or None, unless the schema leaves None out.
NoneHidden = SkipJsonSchema[None]


def _remove_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def optional_field(title: str, description: str, **bounds: Any) -> Any:
    """A field that may be left empty."""
    return Field(None, json_schema_extra=_remove_default, title=title, description=description, **bounds)


def where_field(description: str) -> Any:
    return Field(title="Where", min_length=1, description=description)


class Backfill(BaseModel):
    """What every source takes."""

    model_config = ConfigDict(extra="forbid")

    where: str = where_field("A folder, a file, an address, or a feed's id.")
    since: date | NoneHidden = optional_field("From", "The first day that is wanted, UTC. Everything when left empty.")
    until: date | NoneHidden = optional_field(
        "Until", "The last day that is wanted, UTC. Up to the newest when left empty."
    )
    feed: str | NoneHidden = optional_field(
        "Feed", "The id of the feed that everything is counted to, where the source can't tell."
    )
    limit: int | NoneHidden = optional_field("Limit", "Stop after this many documents.", ge=1)
    images: bool = Field(False, title="Images", description="Download the articles' images afterwards.")
    publish: bool = Field(True, title="Publish", description="Publish the analysts' copy when anything changed.")
    dry_run: bool = Field(False, title="Dry run", description="Only say what would be done, and how long it may take.")

    def request(self) -> BackfillRequest:
        """The request as the sources read it: days become moments in UTC, the last day is included."""
        return BackfillRequest(
            self.where,
            datetime.combine(self.since, time(), UTC) if self.since else None,
            datetime.combine(self.until, time(), UTC) + timedelta(days=1) if self.until else None,
            feed=self.feed or None,
        )


class SeveralSites(Backfill):
    """A source that holds more than one site."""

    sites: list[str] = Field(
        [], title="Sites", description="Only these: feed ids, or the names the source gives its sites."
    )

    def request(self) -> BackfillRequest:
        return replace(super().request(), sites=tuple(self.sites))
