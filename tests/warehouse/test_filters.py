"""Keep and block rules in words."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.filters import MAX_WRITTEN, Filter


def test_a_rule_is_written_as_in_the_file() -> None:
    rule = Filter("title", ("渡轮", 'a "b"'), "^\\d", datetime(2024, 1, 31, tzinfo=UTC), language=("zh",))
    assert str(rule) == (
        r'{ field = "title", words = ["渡轮", "a \"b\""], regex = "^\\d", after = 2024-01-31, language = ["zh"] }'
    )
    assert str(Filter(before=datetime(2024, 1, 31, 8, 30, tzinfo=UTC))) == "{ before = 2024-01-31T08:30:00+00:00 }"


def test_a_long_rule_is_cut() -> None:
    assert len(str(Filter(words=("ferry",) * 1000))) == MAX_WRITTEN
