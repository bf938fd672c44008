"""Entries of a batch that the warehouse knows already."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tasks.making import milled
from tests.warehouse.load.making import CAFE, GATE, at, load_batch, tables
from warehouse.load.batch import known_entries
from warehouse.load.entries import UnknownEntriesError
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


def test_known_entries_that_are_seen_again_do_the_same(path: Path, empty: Path, tmp_path: Path) -> None:
    with Warehouse(path).writing() as connection:
        load_batch(connection, milled(GATE, CAFE))
        known = known_entries(connection, ["quay", "wire"])
        assert set(known) == {"quay"}
        again = milled(GATE, replace(CAFE, text="<p>港口咖啡馆明天重新开张。</p>"), at=at(1), known=known["quay"])
        assert (len(again.seen), len(again.entries)) == (1, 1)
        load_batch(connection, again)
        short = tables(connection, "raw", "clean")
    with Warehouse(Path(shutil.copy(empty, tmp_path / "long.duckdb"))).writing() as connection:
        load_batch(connection, milled(GATE, CAFE))
        load_batch(connection, milled(GATE, replace(CAFE, text="<p>港口咖啡馆明天重新开张。</p>"), at=at(1)))
        assert tables(connection, "raw", "clean") == short


def test_entries_said_to_be_known_that_are_not_are_an_error_before_any_change(connection: Connection) -> None:
    unknown = frozenset(entry.entry_id for entry in milled(GATE).entries)
    before = tables(connection)
    with pytest.raises(UnknownEntriesError):
        load_batch(connection, milled(CAFE, GATE, known=unknown))
    assert tables(connection) == before
