"""A `newsmill serve` for each file of tests of what an operator sees of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Newsmill
from tests.flows.serving import Served, serving
from tests.sites.sample import SampleSite


@pytest.fixture(scope="module")
def served_site() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture(scope="module")
def served(
    served_site: SampleSite, newsmill_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    newsmill = Newsmill(tmp_path_factory.mktemp("served"), newsmill_environment)
    newsmill.registry(served_site.feeds_toml())
    with serving(newsmill, tmp_path_factory.mktemp("served-home")) as served:
        yield served
