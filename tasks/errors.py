"""The errors of the steps. Each message says what happened, to which feed or file, and what to do about it."""

from __future__ import annotations

from warehouse.characters import UNPRINTABLE
from warehouse.errors import NewsmillError


class FeedsFileError(NewsmillError):
    """feeds.toml or an OPML file can't be used as it stands."""


class FetchError(NewsmillError):
    """A server gave no usable answer; a retry soon won't help."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds for which the server asks to be left alone; None if it does not say."""


class TransientFetchError(FetchError):
    """A server gave no usable answer, but a retry soon may help: timeouts, broken connections, 5xx."""


class HostRefusedError(FetchError):
    """An address was not asked for, as its host asked to be left alone."""


class ForbiddenFetchError(FetchError):
    """An address was not asked for, as the robots.txt of its host keeps it from newsmill."""


class ImageError(NewsmillError):
    """The bytes are not an image, or not one of a format that is kept."""


class PageError(ImageError):
    """A page came instead of an image: it says that the image may not be linked to, for example."""


class ParseError(NewsmillError):
    """A document is not a feed, a page or an article file that can be read."""


class MillingError(NewsmillError):
    """The milling processes can't work; the fault is no document's, and none is rejected for it."""


class BackfillError(NewsmillError):
    """A backfill's source doesn't exist, or is not of the kind asked for."""


class ServerError(NewsmillError):
    """Prefect's server can't be started or reached."""


def error_text(error: Exception) -> str:
    """What a reject says of the error. It may repeat the input, whose text need not be one that a database takes."""
    message = str(error) if isinstance(error, NewsmillError) else f"{type(error).__name__}: {error}"
    return UNPRINTABLE.sub("", message)


def without_telemetry(variable: str, error: ImportError) -> ServerError:
    """What to raise if the variable asks for what only `newsmill[telemetry]` brings."""
    return ServerError(f"{variable} is set, but {error.name} is not installed: pip install 'newsmill[telemetry]'")
