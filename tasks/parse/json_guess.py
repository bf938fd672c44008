"""Guessing where an API's JSON has its articles: the largest list of objects that have a title and an address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from warehouse.records import ListRules

MAX_DEPTH = 6
MAX_LISTS = 200
SAMPLE = 10
"""Items of a list that are looked at."""
_WORDS: Mapping[str, Sequence[str]] = {
    "link": (
        *("url", "link", "permalink", "href", "weburl", "canonicalurl", "shareurl", "fullurl", "pageurl", "articleurl"),
        *("sourceurl", "path", "uri"),
    ),
    "title": ("title", "headline", "name", "heading", "subject", "caption"),
    "date": (
        *("publishedat", "datepublished", "publisheddate", "publishdate", "pubdate", "published", "publicationdate"),
        *("publishtime", "pubtime", "dategmt", "date", "createdat", "created", "createtime", "time", "timestamp"),
    ),
    "summary": ("summary", "excerpt", "teaser", "description", "abstract", "lead", "standfirst", "subtitle", "digest"),
    "content": ("contenthtml", "bodyhtml", "content", "body", "html", "fulltext", "articlebody", "text"),
    "image": ("image", "imageurl", "thumbnail", "thumbnailurl", "thumb", "cover", "picture", "img", "leadimage"),
    "author": ("author", "authors", "byline", "creator", "writer"),
    "id": ("guid", "uuid", "id", "articleid"),
}
"""What APIs call each field, the likelier first; in lower case, without hyphens and underscores."""
_ADDRESS = re.compile(r"(?:https?:/)?/\S+")


def guess_list(top: Any) -> ListRules | None:
    """Where the articles are, and their fields; None if there is no list with titles and addresses."""
    best: tuple[int, ListRules] | None = None
    for path, items in _lists(top):
        rules = _guess_fields(path, items)
        if rules and (best is None or len(items) > best[0]):
            best = len(items), rules
    return best[1] if best else None


def _lists(top: Any) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """(JMESPath, items) of each list of objects, the outer ones first."""
    queue: list[tuple[str, Any, int]] = [("", top, 0)]
    for path, value, depth in queue:  # grows while it is read
        if isinstance(value, list):
            items: list[Mapping[str, Any]] = [item for item in value if isinstance(item, dict)]
            if items and 2 * len(items) >= len(value):
                yield path or "@", items
        elif isinstance(value, dict) and depth < MAX_DEPTH:
            for name, member in value.items():
                if isinstance(member, list | dict) and len(queue) < MAX_LISTS:
                    quoted = _quote(str(name))
                    queue.append((f"{path}.{quoted}" if path else quoted, member, depth + 1))


def _quote(name: str) -> str:
    """A name in JMESPath; one with other characters than letters, digits and _ is written as JSON text."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else json.dumps(name)


def _guess_fields(path: str, items: Sequence[Mapping[str, Any]]) -> ListRules | None:
    sample = items[:SAMPLE]
    names = dict.fromkeys(str(name) for item in sample for name in item)
    plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(names)}
    fields = {}
    for field, words in _WORDS.items():
        for word in words:
            name = plain.get(word)
            if name and _fits(field, [item.get(name) for item in sample]):
                fields[field] = _quote(name)
                break
    if "link" not in fields or "title" not in fields:
        return None
    return ListRules(items=path, **fields)


def _fits(field: str, values: Sequence[Any]) -> bool:
    """Whether most of the values can be those of the field."""
    present = [value for value in values if value not in (None, "", [], {})]
    if 2 * len(present) <= len(values):
        return False
    if field == "link":
        return all(isinstance(value, str) and _ADDRESS.fullmatch(value.strip()) for value in present)
    if field == "date":
        return all(isinstance(value, str | int | float) and re.search(r"\d{4}", str(value)) for value in present)
    if field == "id":
        return all(isinstance(value, str | int) for value in present) and len({*map(str, present)}) == len(present)
    if field in ("title", "summary", "content"):
        return all(isinstance(value, str | dict) for value in present)
    return True
