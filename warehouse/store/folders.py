"""Making the folder of a warehouse."""

from __future__ import annotations

from pathlib import Path

from warehouse.errors import WarehouseError


def make_folder(folder: Path) -> None:
    """Make the folder and those above it. Raises WarehouseError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{folder}: can't be made ({error.strerror}); choose another --warehouse") from error
