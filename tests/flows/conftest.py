"""One `newsmill serve` for all tests of what an operator sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Newsmill
from tests.flows.serving import Served, serving
from tests.sites.sample import SampleSite


@pytest.fixture(scope="session")
def site() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture(scope="session")
def served(
    site: SampleSite,
    newsmill_environment: dict[str, str],
    program: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    newsmill = Newsmill(tmp_path_factory.mktemp("served"), newsmill_environment, program)
    newsmill.registry(site.feeds_toml())
    with serving(newsmill, tmp_path_factory.mktemp("served-home")) as served:
        yield served
