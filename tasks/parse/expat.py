"""The XML parser that feedparser is given: expat, which hands over a text in one piece.

The standard driver does not turn on pyexpat's `buffer_text`, so feedparser is called for every line and every entity of
an article: 900,000 times for 90 feeds. `benchmarks.shortcuts` measures what this saves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from xml.sax import SAXException
from xml.sax.expatreader import ExpatParser

from tasks.text.urls import MAX_LENGTH

BUFFER = 1 << 16
"""Bytes."""
_only_well_formed: ContextVar[bool] = ContextVar("only_well_formed", default=False)


class NotWellFormedError(Exception):
    """Not a SAXException, upon which feedparser parses with its lenient parser."""


@contextmanager
def only_well_formed() -> Iterator[None]:
    """Let feedparser raise NotWellFormedError: a document that can be mended need not be parsed leniently before."""
    token = _only_well_formed.set(True)
    try:
        yield
    finally:
        _only_well_formed.reset(token)


class BufferingParser(ExpatParser):
    def reset(self) -> None:
        super().reset()
        parser = self._parser  # type: ignore[attr-defined]
        parser.buffer_text = True
        parser.buffer_size = BUFFER

    def start_namespace_decl(self, prefix: str | None, uri: str) -> None:
        """Raises SAXException for a name so long: it would be read with each element, 300 kB in half a minute."""
        if uri and len(uri) > MAX_LENGTH:  # None for xmlns=""
            raise SAXException("the name of a namespace is too long")
        super().start_namespace_decl(prefix, uri)

    def feed(self, data: Any, isFinal: bool = False) -> None:  # noqa: N803 - the name it has
        """Parse the next bytes. Raises SAXException; feedparser then parses the document with its lenient parser."""
        try:
            super().feed(data, isFinal)
        except (SAXException, ValueError) as error:
            if _only_well_formed.get():
                raise NotWellFormedError(str(error)) from error
            # a ValueError: feedparser can't tell a namespace with a no-break space in it from the name
            raise error if isinstance(error, SAXException) else SAXException(str(error)) from error


def create_parser() -> BufferingParser:
    """xml.sax.make_parser calls the function of this name in a driver module."""
    return BufferingParser()
