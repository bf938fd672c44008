"""The errors that the steps raise. Each message says what happened, to which feed or file, and what to do about it."""

from __future__ import annotations

from warehouse.errors import NewsmillError


class FeedsFileError(NewsmillError):
    """feeds.toml or an OPML file can't be used as it stands."""


class FetchError(NewsmillError):
    """A server did not give a usable answer; asking again soon won't help."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds the server asked to be left alone, where it said so."""


class TransientFetchError(FetchError):
    """The same, but asking again soon may help: time-outs, broken connections, 5xx."""


class ParseError(NewsmillError):
    """A document holds no feed."""


class BackfillError(NewsmillError):
    """A source of a backfill isn't there, or isn't what it was said to be."""


class ServerError(NewsmillError):
    """Prefect's server can't be started or reached."""
