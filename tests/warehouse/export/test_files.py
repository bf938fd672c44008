"""Drafts of exports: one export at a time, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks.making import milled
from tests.warehouse.export.making import GATE, load_batch, pages, publish_copy
from warehouse.errors import NewsmillError
from warehouse.export.archive import export_archive
from warehouse.export.rows import export_jsonl
from warehouse.store.connection import Warehouse


def test_one_export_at_a_time(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE))
    refused: list[str] = []

    def again(done: int, total: int) -> None:
        with pytest.raises(NewsmillError) as error:
            export_archive(warehouse, target)
        refused.append(str(error.value))

    done = export_archive(warehouse, target, progress=again)
    assert refused == [f"{target}: another export is writing there; let it finish"]
    assert (done.written, pages(target)) == (1, ["quay.md"])


def test_what_a_killed_export_left_is_removed(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE))
    left = target / ".newsmill-export" / "spill"
    left.mkdir(parents=True)
    (left.parent / "article").write_text("half")
    export_archive(warehouse, target)
    assert list(target.rglob(".*")) == []


def test_a_folder_that_is_not_there(warehouse: Warehouse, tmp_path: Path) -> None:
    load_batch(warehouse, milled(GATE))
    with pytest.raises(NewsmillError, match=r"can't be written \(No such file or directory\)"):
        export_jsonl(publish_copy(warehouse), tmp_path / "nowhere" / "a.jsonl")
