"""The errors newsmill raises. Each message says what happened, to what, and what to do about it."""

from __future__ import annotations


class NewsmillError(Exception):
    """Anything newsmill reports to its user."""


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
