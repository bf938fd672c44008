"""Where an API's JSON has its articles, guessed by the names that APIs use."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.parse.json_guess import guess_list
from warehouse.records import ListRules

WORDPRESS = [
    {
        "id": 12 + n,
        "date_gmt": "2026-11-19T08:00:00",
        "guid": {"rendered": f"https://quay.example/?p={n}"},
        "link": f"https://quay.example/{n}/",
        "title": {"rendered": "The gate opens"},
        "excerpt": {"rendered": "<p>At eight.</p>"},
        "content": {"rendered": "<p>At eight.</p>", "protected": False},
        "author": 3,
    }
    for n in range(3)
]
GRAPHQL = {"data": {"viewer": {"posts": [{"headline": "The gate", "path": "/a", "publishedAt": 1_795_075_200}]}}}
MENU_AND_NEWS = {
    "menu": [{"name": "Home", "url": "/"}, {"name": "News", "url": "/news"}],
    "news-items": [{"title": f"The gate {n}", "web-url": f"https://quay.example/{n}", "teaser": "x"} for n in range(5)],
}


@pytest.mark.parametrize(
    ("top", "rules"),
    [
        (
            WORDPRESS,
            ListRules("@", "link", "title", "date_gmt", "excerpt", content="content", author="author", id="id"),
        ),
        (GRAPHQL, ListRules("data.viewer.posts", "path", "headline", "publishedAt")),
        (MENU_AND_NEWS, ListRules('"news-items"', '"web-url"', "title", summary="teaser")),
        ({"items": [{"标题": "渡口", "url": "/1"}]}, None),
        ({"prices": [{"name": "Cod", "id": 1}]}, None),
        ({"a": {"b": 1}}, None),
        ([1, 2, 3], None),
        ("text", None),
    ],
)
def test_guesses(top: Any, rules: ListRules | None) -> None:
    assert guess_list(top) == rules
