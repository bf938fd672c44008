"""Publishing: duplicates are marked, then the analysts' copy is written. No Prefect: the command `publish` is fast."""

from __future__ import annotations

from tasks.settings import Settings
from warehouse.load.duplicates import mark_duplicates
from warehouse.publish.copy import Published, publish
from warehouse.store.connection import Warehouse


def mark_repeats(store: Warehouse) -> int:
    """Compare new and changed articles with all others and mark those that repeat another; returns how many."""
    from tasks.clean.similarity import MEASURE  # imported here, as only runs that publish need it

    return mark_duplicates(store, MEASURE)


def write_copy(settings: Settings, *, anew: bool = False) -> Published:
    return publish(settings.store, settings.published_path, anew=anew)
