"""Which feeds are of readers' comments, and not of articles."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"(?:^|[/_.-])comments?(?:$|[/_.-])", re.IGNORECASE)
_TITLE = re.compile(
    r"\b(?:comments?|kommentare?|kommentarer|commentaires?|comentarios?|comentários?|commenti|reacties|komentarze"
    r"|комментари[ия]|коментарі|yorumlar|komentari)\b|评论|評論|コメント|댓글|التعليقات",
    re.IGNORECASE,
)
"""In the languages of the site programs that make such feeds: "Comments on: …" of WordPress is translated."""


def is_of_comments(title: str, address: str) -> bool:
    """By what the feed calls itself, and by its address."""
    parts = urlsplit(address)
    return bool(_TITLE.search(title) or _ADDRESS.search(parts.path) or "comments" in parts.query.lower())
