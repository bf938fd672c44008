"""The files that articles enclose, in clean.enclosures: those of the entry that an article's current text is from.

Another enclosure is no new version. A version is another text; but hosts change the addresses of all their recordings
at once (another network, another signature), and a version of each episode with the same text would say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from warehouse.load.identities import Sighting, current_article
from warehouse.store.staging import insert_rows, run_with_ids
from warehouse.store.transactions import Connection


def load_enclosures(
    connection: Connection,
    article_rows: Sequence[Mapping[str, Any]],
    sightings: Mapping[str, Sequence[Sighting]],
    stored: Collection[str],
) -> None:
    """Write the enclosures of the articles whose rows are written; `stored` are articles that were there before."""
    rewritten, rows = [], []
    for row in article_rows:
        article_id = row["article_id"]
        article = current_article(row, sightings)
        if article is None:
            continue
        rewritten.append(article_id)
        rows += [
            {"article_id": article_id, "position": position} | asdict(enclosure)
            for position, enclosure in enumerate(article.enclosures)
        ]
    run_with_ids(connection, "delete_enclosures", [article_id for article_id in rewritten if article_id in stored])
    insert_rows(connection, "clean.enclosures", rows)
