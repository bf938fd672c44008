"""An empty warehouse, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse.store.connection import Warehouse


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with its schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    with Warehouse(path).writing():
        pass
    return path


@pytest.fixture
def path(tmp_path: Path, empty: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "newsmill.duckdb"))
