"""Literals and identifiers."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.store.quoting import identifier, literal

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(TEXT)
def test_any_text_comes_back(text: str) -> None:
    assert duckdb.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]
    assert duckdb.execute(f"SELECT 1 AS {identifier(text)}").description[0][0] == text


@pytest.mark.parametrize(("value", "expected"), [("quay's", "'quay''s'"), (Path("/quay's/a"), "'/quay''s/a'")])
def test_literal(value: str | Path, expected: str) -> None:
    assert literal(value) == expected
