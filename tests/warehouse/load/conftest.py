"""A connection to an empty warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    with Warehouse(path).writing() as opened:
        yield opened
