"""BeautifulSoup with bounded depth: it takes the square of how deep elements are nested."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup, Tag

from tasks.text.nesting import DEEPEST, MOST_ELEMENTS


class BoundedSoup(BeautifulSoup):
    """Elements that are nested deeper than DEEPEST, or come after MOST_ELEMENTS, lose their tags and keep their text.

    Counted here, since Python's HTML parser differs from HTML, and from version to version, in what ends a comment, a
    script or a tag.
    """

    elements = 0

    def handle_starttag(self, *arguments: Any, **options: Any) -> Tag | None:
        """What the parser calls for each start tag; None for one that is left out."""
        self.elements += 1
        if len(self.tagStack) > DEEPEST or self.elements > MOST_ELEMENTS:
            return None
        return super().handle_starttag(*arguments, **options)
