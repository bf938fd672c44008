"""The errors newsmill raises. Each message says what happened, to what, and what to do about it."""


class NewsmillError(Exception):
    """Anything newsmill reports to its user."""


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


class LandingError(NewsmillError):
    """The landing zone can't be written or read."""


class WarehouseError(NewsmillError):
    """The warehouse can't be opened, read or written."""


class WarehouseLockedError(WarehouseError):
    """Another process holds the warehouse for longer than the time allowed."""


class OldSchemaError(WarehouseError):
    """The warehouse was made by an older newsmill; it is migrated when it is next opened for writing."""


class WarehouseConflictError(WarehouseError):
    """Another process wrote at the same time, and one of the two has to begin again."""


class QualityError(NewsmillError):
    """What was loaded contradicts a quality check, and the settings say that this ends the run."""


class BackfillError(NewsmillError):
    """A source of a backfill isn't there, or isn't what it was said to be."""


class ServerError(NewsmillError):
    """Prefect's server can't be started or reached."""
