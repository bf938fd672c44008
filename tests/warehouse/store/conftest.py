"""A lake of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.warehouse.store.making import in_postgres, in_sqlite
from warehouse.store.lake import Lake


@pytest.fixture(params=["sqlite", "postgres"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "sqlite":
        return in_sqlite(tmp_path)
    return in_postgres(request.getfixturevalue("postgres"), tmp_path / "data")
