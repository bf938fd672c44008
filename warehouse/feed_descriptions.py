"""What a feed says of itself, and how often it publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Hints:
    """How often a feed publishes, as it states itself; columns of ops.feeds."""

    ttl_seconds: int | None = None
    update_seconds: int | None = None
    """From sy:updatePeriod and sy:updateFrequency."""
    skip_hours: tuple[int, ...] = ()
    """UTC."""
    skip_days: tuple[str, ...] = ()
    """In English."""


@dataclass(frozen=True)
class About:
    """What a feed says of itself; columns of ops.feeds."""

    title: str | None = None
    description: str | None = None
    link: str | None = None
    """The address of its site."""
    icon: str | None = None
    language: str | None = None
    """BCP 47."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a feed publishes, measured on its articles and as it states itself. Seconds."""

    newest_at: datetime | None = None
    gap: float | None = None
    """Median between its articles."""
    turnover: float | None = None
    """How long it took to publish the newer half of its document's entries."""
    ttl: float | None = None
    update: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
