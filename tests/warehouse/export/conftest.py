"""A warehouse to export from, and a folder to export to."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.store.connection import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "data" / "newsmill.duckdb", lock_timeout=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"
