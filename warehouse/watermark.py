"""How far a backfill has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.digest import digest


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a backfill of a source's range has come."""

    source: str
    location: str
    parameters: str
    """The range and the options, as JSON."""
    mark: str | None
    documents: int
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def watermark_id(self) -> str:
        return digest("watermark", self.source, self.location, self.parameters)
