"""Enclosures in an exported Atom feed. feedgen's own writes every link of an entry without its rel and type
(feedgen 1.0.0, `FeedEntry.atom_entry`), which would make it a link to a page."""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseEntryExtension
from feedgen.util import xml_elem


class Enclosures(BaseEntryExtension):  # type: ignore[misc]
    """An extension of feedgen's entry."""

    def __init__(self) -> None:
        self._links: list[dict[str, str]] = []

    def add(self, url: str, media_type: str, size: str) -> None:
        """`media_type` and `size` may be empty."""
        attributes = {"rel": "enclosure", "href": url, "type": media_type, "length": size}
        self._links.append({name: value for name, value in attributes.items() if value})

    def extend_atom(self, entry: Any) -> Any:
        for attributes in self._links:
            xml_elem("{http://www.w3.org/2005/Atom}link", entry, **attributes)
        return entry
