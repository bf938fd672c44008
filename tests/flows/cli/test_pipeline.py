"""The command `publish`, which runs no flow. Those that run one are tested with their flows."""

from __future__ import annotations

from tests.conftest import Newsmill


def test_publish_makes_the_copy_anew(filled: Newsmill) -> None:
    filled.published.unlink()
    facts = filled.facts("publish")
    assert facts["path"] == str(filled.published)
    assert facts["bytes"] == filled.published.stat().st_size
    assert filled.facts("sql", "SELECT count(*) AS n FROM clean.articles") == [{"n": 18}]
