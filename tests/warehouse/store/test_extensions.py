"""DuckDB's extensions: missing, damaged, or for another DuckDB."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

import warehouse.store.extensions
from tests.warehouse.store.making import error_of, in_sqlite


def test_a_missing_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_extension_sqlite_scanner", None)
    package = f"duckdb-extension-sqlite-scanner=={duckdb.__version__}"
    assert f"sqlite_scanner is not installed; pip install {package}" in error_of(in_sqlite(tmp_path))


def test_a_damaged_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.store.extensions, "files", lambda _: tmp_path)
    folder = tmp_path / "extensions" / f"v{duckdb.__version__}"
    folder.mkdir(parents=True)
    (folder / "ducklake.duckdb_extension").write_bytes(b"no extension" * 1000)
    said = error_of(in_sqlite(tmp_path))
    assert "ducklake can't be loaded" in said
    assert "pip install --force-reinstall" in said


def test_an_extension_for_another_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse.store.extensions, "files", lambda _: tmp_path)
    said = error_of(in_sqlite(tmp_path))
    assert "not installed for DuckDB" in said
    assert "pip install duckdb==" in said
