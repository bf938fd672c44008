"""What a site's theme says about an entry beside its text: who wrote it, when, in which categories."""

from __future__ import annotations

from functools import lru_cache

from tasks.text.markup import Element

_CLASSES = frozenset(
    ["entry-meta", "entry-footer", "entry-author-wrapper", "post-meta", "postmetadata", "posted-on", "site-posted-on"]
)
"""Of WordPress's themes. An archive that copied the whole <article> has them above and below the text."""


def is_about_entry(node: Element) -> bool:
    return "class" in node.attrs and _are_about_entry(node.attrs["class"])


@lru_cache(maxsize=1024)  # a site's articles share them
def _are_about_entry(classes: str) -> bool:
    return not _CLASSES.isdisjoint(classes.split())
