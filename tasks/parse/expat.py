"""The XML parser that feedparser is given: expat, which hands over a text in one piece.

The standard driver does not turn on pyexpat's `buffer_text`, so feedparser is called for every line and every entity of
an article: 900,000 times for 90 feeds. `benchmarks.shortcuts` measures what this saves.
"""

from __future__ import annotations

from xml.sax.expatreader import ExpatParser

BUFFER = 1 << 16
"""Bytes."""


class BufferingParser(ExpatParser):
    def reset(self) -> None:
        super().reset()
        parser = self._parser  # type: ignore[attr-defined]
        parser.buffer_text = True
        parser.buffer_size = BUFFER


def create_parser() -> BufferingParser:
    """xml.sax.make_parser calls the function of this name in a driver module."""
    return BufferingParser()
