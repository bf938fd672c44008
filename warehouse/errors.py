"""The errors newsmill raises. Each message states what happened, to what, and what to do about it."""

from __future__ import annotations

from warehouse.masking import mask


class NewsmillError(Exception):
    """An error that newsmill reports to its user. Its message shows no secret, whatever it was made of."""

    def __init__(self, message: str) -> None:
        super().__init__(mask(message))


class LandingError(NewsmillError):
    """The landing zone can't be written or read."""


class WarehouseError(NewsmillError):
    """The warehouse can't be opened, read or written."""


class WarehouseLockedError(WarehouseError):
    """Another process held the warehouse's lock until the timeout."""


class ForgottenMeanwhileError(WarehouseError):
    """Articles were forgotten while the warehouse was built again, and the new one may hold them."""


class OldSchemaError(WarehouseError):
    """An older newsmill made the warehouse; opening it for writing migrates it."""


class WarehouseConflictError(WarehouseError):
    """Another process wrote at the same time, and one of the two must retry."""
