"""What feeds say of themselves, and the names of sites that only a backfill knows: their rows in ops.feeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warehouse.masking import mask
from warehouse.records import Milled
from warehouse.store.staging import run_with_rows
from warehouse.store.transactions import Connection


def load_descriptions(connection: Connection, batch: Sequence[Milled]) -> None:
    """Bring ops.feeds up to date with the batch, which is in order of time."""
    names: dict[str, dict[str, Any]] = {}
    descriptions: dict[str, dict[str, Any]] = {}
    for milled in batch:
        feed_id, about = milled.document.feed_id, milled.about
        if milled.is_unreadable:
            continue
        names[feed_id] = {"feed_id": feed_id, "name": milled.feed_name or None}
        if about:
            descriptions[feed_id] = {
                "feed_id": feed_id,
                "title": about.title,
                "description": about.description,
                "link": about.link and mask(about.link),
                "icon": about.icon and mask(about.icon),
                "stated_language": about.language,
                "described_at": milled.document.fetched_at,
            }
    for name, view, rows in (
        ("merge_feed_names", "stage_names", names),
        ("merge_feed_descriptions", "stage_descriptions", descriptions),
    ):
        run_with_rows(connection, name, view=view, table="ops.feeds", rows=list(rows.values()))
