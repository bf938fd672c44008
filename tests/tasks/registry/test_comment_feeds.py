"""Which feeds are of readers' comments."""

from __future__ import annotations

import pytest

from tasks.registry.comment_feeds import is_of_comments


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("Comments for The Quay", "https://quay.example/feed2"),
        ("Commentaires sur : Le phare", "https://phare.example/feed"),
        ("Kommentare zu: Der Leuchtturm", "https://turm.example/feed"),
        ("海港日报的评论", "https://haigang.example/feed"),
        ("Комментарии: Маяк", "https://mayak.example/feed"),
        ("", "https://quay.example/comments/feed/"),
        ("The Quay", "https://quay.example/?feed=comments-rss2"),
        ("The Quay", "https://quay.blogspot.example/feeds/comments/default"),
    ],
)
def test_feeds_of_comments(title: str, address: str) -> None:
    assert is_of_comments(title, address)


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("The Commentary", "https://quay.example/feed"),
        ("The Quay", "https://quay.example/recommended/feed"),
        ("Commented code", "https://code.example/rss"),
        ("海港日报", "https://haigang.example/feed"),
    ],
)
def test_feeds_of_articles(title: str, address: str) -> None:
    assert not is_of_comments(title, address)
