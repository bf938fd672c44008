"""BeautifulSoup with bounded depth: it takes the square of how deep elements are nested."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder

from tasks.text.nesting import DEEPEST, MOST_ELEMENTS


class _Names(Counter[str]):
    """How often each name is there; for BeautifulSoup a list of them, which it would search at each end tag."""

    def append(self, name: str) -> None:
        self[name] += 1

    def remove(self, name: str) -> None:
        self[name] -= 1

    def __contains__(self, name: object) -> bool:
        return self[str(name)] > 0


class _Parser(BeautifulSoupHTMLParser):
    """Keeps each `<br>` for the `</br>` that might come: with 28,000 and as many paragraphs, in a list, for 17 s."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.already_closed_empty_element = _Names()  # type: ignore[assignment]


class _Builder(HTMLParserTreeBuilder):
    def feed(self, markup: Any, _parser_class: type[BeautifulSoupHTMLParser] = _Parser) -> None:
        super().feed(markup, _parser_class)


class BoundedSoup(BeautifulSoup):
    """Elements that are nested deeper than DEEPEST, or come after MOST_ELEMENTS, lose their tags and keep their text.

    Counted here, since Python's HTML parser differs from HTML, and from version to version, in what ends a comment, a
    script or a tag.
    """

    elements = 0

    def __init__(self, html: str) -> None:
        super().__init__(html, builder=_Builder())

    def handle_starttag(self, *arguments: Any, **options: Any) -> Tag | None:
        """What the parser calls for each start tag; None for one that is left out."""
        self.elements += 1
        if len(self.tagStack) > DEEPEST or self.elements > MOST_ELEMENTS:
            return None
        return super().handle_starttag(*arguments, **options)
