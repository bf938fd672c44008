"""Swapping a rebuilt warehouse in for the old one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from warehouse.connection import Warehouse, migrate, query, transaction
from warehouse.landing import Landing
from warehouse.records import Document


def swap(
    old: Warehouse, rebuilt: Warehouse, landing: Landing, done: Collection[tuple[str, str, datetime]]
) -> list[Document]:
    """Put the rebuilt file in the old one's place, holding the old one's lock all the while.

    What documents don't tell (runs, fetches, the state of feeds, fetched images) is carried over. Documents that were
    landed since and are not among `done` are returned instead, and nothing is swapped: load them and come again.
    """
    with old.writing() as connection:
        if late := [document for document in landing.documents() if document.key not in done]:
            return late
        name = str(rebuilt.path).replace("'", "''")  # ATTACH takes no parameters
        connection.execute(f"ATTACH '{name}' AS rebuilt")
        if not done:  # nothing was ever loaded into it
            connection.execute("USE rebuilt")
            migrate(connection, rebuilt.path)
        connection.execute("USE newsmill")
        with transaction(connection):
            connection.execute(query("carry_over"))
        connection.execute("CHECKPOINT rebuilt")
        connection.execute("DETACH rebuilt")
        connection.execute("CHECKPOINT newsmill")
        rebuilt.path.replace(old.path)
    return []
