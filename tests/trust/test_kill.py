"""Killed at one step after the other, newsmill's commands end as if nothing had happened. kill.py is the long form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.trust.kill import SCENARIOS, Bench, Killing, Scenario
from tests.trust.newspaper import Newspaper
from tests.trust.stopping import Stop

STOPS = {
    "first ingest": (
        Stop("after landing a document"),
        Stop("before a commit", 2),
        Stop("after storing an image", 2),
        Stop("before swapping the copy in"),
    ),
    "later ingest": (Stop("after loading a batch"), Stop("after recording images"), Stop("after making the copy")),
    "ingest with pages": (
        Stop("after planning pages"),
        Stop("before landing pages"),
        Stop("before marking records as loaded", 2),
        Stop("before marking duplicates"),
    ),
    "later pages": (Stop("after landing pages"),),
    "images": (Stop("after storing an image"), Stop("after recording images")),
    "backfill": (Stop("after landing a pack", 2), Stop("after a commit", 2)),
    "reprocess": (Stop("before replacing the warehouse"), Stop("after replacing the warehouse")),
    "publish": (Stop("after checking the copy"), Stop("before renaming a file")),
    "maintain": (Stop("after rewriting the file"), Stop("before renaming a file")),
    "forget": (
        Stop("after forgetting articles"),
        Stop("after replacing a landing record"),
        Stop("after changing documents' rows"),
    ),
}
"""Scenario → where the command is killed: first there, the next time there, and so on."""


@pytest.fixture(scope="module")
def bench(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Newspaper() as site:
        yield Bench(tmp_path_factory.mktemp("kill"), site, newsmill_in)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.name).replace(" ", "-"))
def test_killed_again_and_again_a_command_ends_as_if_undisturbed(scenario: Scenario, bench: Bench) -> None:
    assert Killing(scenario, bench).kill(*STOPS[scenario.name]) == []
