"""A feeds.toml of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks.registry.feeds import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "feeds.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make
