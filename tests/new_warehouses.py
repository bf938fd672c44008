"""New warehouses for the tests: copies of one that newsmill made.

Making one takes 0.3 s of processor, for five hundred statements, and the tests make some two thousand. Where a test is
about the making itself, the fixture `warehouses_made_anew` (tests/conftest.py) has newsmill make them.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from warehouse.store import connection as opening
from warehouse.store.connection import open_warehouse
from warehouse.store.transactions import Connection

ATTACH = opening._attach
VARIABLE = "TESTS_NEW_WAREHOUSE"
"""Environment variable with the path of the warehouse that is copied; tests/preloaded.py reads it."""


def make(path: Path) -> None:
    with open_warehouse(path):
        pass


def copy_from(template: Path) -> None:
    """From now on, a warehouse that does not exist yet is a copy of the template."""

    def attach_copy(connection: Connection, path: Path, read_only: bool) -> None:
        if not read_only and not path.exists():
            new = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
            # another process or thread was faster; or nothing can be written there, as newsmill will say
            with suppress(OSError):
                shutil.copyfile(template, new)
                os.link(new, path)
            with suppress(OSError):
                new.unlink()
        ATTACH(connection, path, read_only)

    opening._attach = attach_copy


@contextmanager
def copied_from(template: Path) -> Iterator[None]:
    copy_from(template)
    yield
    opening._attach = ATTACH


def make_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_attach", ATTACH)
