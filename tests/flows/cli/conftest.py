"""What the tests of the commands share: the sample site, newsmill with its articles, newsmill in an empty folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.sites.sample import SampleSite


@pytest.fixture(scope="session")
def site() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture(scope="session")
def filled(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory, site: SampleSite
) -> Newsmill:
    """newsmill after one ingest of the sample site; tests only read it."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("filled"))
    newsmill.registry(site.feeds_toml())
    assert newsmill.facts("ingest", "--no-images")["new"] == 18
    return newsmill


@pytest.fixture
def bare(newsmill_environment: dict[str, str], program: Path, tmp_path: Path) -> Newsmill:
    """newsmill in an empty folder; commands that run no flow need no Prefect server."""
    return Newsmill(tmp_path, newsmill_environment, program)
