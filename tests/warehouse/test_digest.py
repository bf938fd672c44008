"""A digest tells its parts apart: where one ends and the next begins, and what is missing from what is empty."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from warehouse.digest import digest

PARTS = st.lists(st.none() | st.text(max_size=4) | st.sampled_from(["", "a", "b", "ab", "\ud800", "\xff"]), max_size=4)


@given(PARTS, PARTS)
def test_two_digests_are_the_same_if_and_only_if_their_parts_are(
    one: list[str | None], other: list[str | None]
) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def test_it_is_the_same_in_every_process_and_release() -> None:
    """The warehouses out there hold such keys."""
    assert digest("guid", "https://x.example/1") == "4a9cf502b2c44477bf9bd8d714b0f955"
    assert re.fullmatch("[0-9a-f]{32}", digest(None))
