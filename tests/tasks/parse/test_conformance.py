"""feedparser's and the W3C validator's test cases. benchmarks/fidelity.py compares them and prints what differs."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.conformance import CONFORMANCE, feedparser_cases
from benchmarks.fidelity import ask_peer, check_cases, lost_entries

pytestmark = pytest.mark.skipif(not CONFORMANCE.is_dir(), reason=f"{CONFORMANCE} is absent")

OPEN = {"wellformed/http/headers_content_location-relative.xml"}
"""Cases that still come out wrong, besides those in the folder base."""


@pytest.fixture(scope="module")
def peer() -> Any:
    return ask_peer()


def test_what_feedparser_expects_of_fields_holds(peer: Any) -> None:
    tallies, _ = check_cases([*feedparser_cases()], peer["types"])
    outside, base = tallies["outside sanitize and base"], tallies["in base"]
    assert (outside.compared, base.compared) == (398, 64)
    assert {name for name, _ in outside.disagreements} <= OPEN
    assert len(base.disagreements) <= 3


def test_no_entry_is_lost_against_feedparser(peer: Any) -> None:
    tally = lost_entries(peer["entries"])
    assert tally.compared > 2000
    assert tally.disagreements == []
