"""Several pages of one article in one document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.parse.page_bundle import bundle, unbundle

PARTS = st.lists(st.tuples(st.text(), st.none() | st.text(), st.binary(max_size=200)), min_size=1, max_size=5)


@given(PARTS)
def test_what_was_bundled_comes_back(parts: list[tuple[str, str | None, bytes]]) -> None:
    assert unbundle(bundle(parts)) == parts


@given(st.binary(max_size=300))
def test_other_bytes_are_an_error_of_ours(data: bytes) -> None:
    try:
        unbundle(data)
    except ParseError as error:
        assert str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]\n",
        b"{}\n<html>",
        b'[{"url": "a", "type": null, "size": 99}]\nabc',
        b'[{"url": "a", "type": null, "size": -1}]\nabc',
        b'[{"url": 1, "type": null, "size": 1}]\nabc',
        b'[{"url": "a", "size": 1}]\nabc',
        b"[" * 100_000,
    ],
)
def test_damaged_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        unbundle(data)
