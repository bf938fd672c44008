"""How `newsmill diff` marks changes; tests/warehouse/read/test_revisions.py tests the whole command."""

from __future__ import annotations

from flows.cli.diff import _marked_up
from warehouse.read.revisions import Piece


def test_changes_are_marked_where_there_are_no_colours() -> None:
    pieces: list[Piece] = [("kept", "opens at "), ("removed", "eight"), ("added", "nine")]
    assert _marked_up(pieces).plain == "opens at [-eight-]{+nine+}"
