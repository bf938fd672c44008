"""Values in tables and JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.cli.printing import MAX_CELL, cell, csv_value, plain_value

MOMENT = datetime(2026, 11, 20, 8, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (MOMENT, "2026-11-20 08:30:05"),
        (["a", 1], "a, 1"),
        (1.5, "1.5"),
        ("港" * MAX_CELL, "港" * MAX_CELL),
        ("港" * (MAX_CELL + 1), "港" * (MAX_CELL - 1) + "…"),
    ],
)
def test_a_cell_is_short(value: object, text: str) -> None:
    assert cell(value) == text


def test_a_moment_in_json_keeps_its_zone() -> None:
    assert plain_value(MOMENT) == "2026-11-20T08:30:05+00:00"
    assert plain_value(1.5) == "1.5"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_a_text_is_no_formula_of_a_spreadsheet(text: str) -> None:
    assert csv_value(text) == f"'{text}"
    assert csv_value(text, formulas=True) == text


@pytest.mark.parametrize("value", ["The gate", "港口 = 码头", "", None, -1, 2.5, ["=1"]])
def test_other_values_of_a_csv_file_stay(value: object) -> None:
    assert csv_value(value) == value
