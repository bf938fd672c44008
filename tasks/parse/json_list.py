"""Parsing an API's list of articles in JSON, by the JMESPath expressions of the feed's `list` (https://jmespath.org).

A single expression finds the items, and others what is in each; they can also put an address together:
join('', ['https://example.org/news/', slug]).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from tasks.errors import ParseError
from tasks.parse.authors import read_authors
from tasks.parse.bases import document_base
from tasks.parse.entry import (
    EntryFields,
    ParsedDocument,
    clean_text,
    entry_date,
    make_entry,
    reject_entry,
    to_json,
    unique,
)
from tasks.text import urls
from tasks.text.encodings import to_utf8
from tasks.text.text_or_markup import reads_as_markup
from warehouse.records import Document, Feed

MAX_ITEMS = 1_000
MAX_DEPTH = 4
"""Of objects and lists around a text, such as a picture's address."""
_GUARD = re.compile(r"\s*(?:\)\]\}'?,?|while\s*\(1\);|for\s*\(;;\);|&&&START&&&)\s*")
"""What some APIs put before their JSON, so that no other page can use it as a script."""
_CALL = re.compile(r"\s*+(?:/\*.{0,100}?\*/\s*+)?[\w$.]{1,100}\s*\((?=\s*[{\[])")
"""The call of a function around the JSON (JSONP)."""
_BLANK = re.compile(r"\s*")
_NAMES = ("url", "src", "href", "text", "value", "rendered", "title", "name", "large", "medium")
"""Keys of an object that stands for a text."""


def parse_json_list(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The items of the list. Raises ParseError if it is no JSON, or has no list there; a bad item gives a reject."""
    top = read_json(data, document.headers.get("content-type", ""))
    items = find_list(top, feed.list.items or "@")
    entries, rejects = [], []
    for position, item in enumerate(items[:MAX_ITEMS]):
        try:
            entries.append(make_entry(_fields(item, document, feed), document, feed, position))
        except ParseError as error:
            name = _first_text(item.get("id") or item.get("title")) if isinstance(item, dict) else ""
            rejects.append(reject_entry(document, feed, position, name[:100], error))
    return ParsedDocument(tuple(entries), tuple(rejects))


def read_json(data: bytes, content_type: str = "") -> Any:
    """The JSON; one value a line becomes a list. Raises ParseError."""
    text = to_utf8(data, content_type).decode()
    if not text.strip():
        raise ParseError("the document is empty")
    if guard := _GUARD.match(text) or _CALL.match(text):
        text = text[guard.end() :]
    decoder = json.JSONDecoder(strict=False)  # raw line breaks in texts
    values: list[Any] = []
    end = 0
    try:
        while len(values) < 10 * MAX_ITEMS:
            start = _BLANK.match(text, end).end()  # type: ignore[union-attr]
            if start == len(text) or (values and text[start] not in "{["):
                break
            value, end = decoder.raw_decode(text, start)
            values.append(value)
            if len(values) == 1 and not isinstance(value, dict):
                break
    except (ValueError, RecursionError) as error:
        if not values:
            raise ParseError(f"the document is no JSON: {_brief(error)}{_hint(text)}") from error
    return values[0] if len(values) == 1 else values


def _brief(error: Exception) -> str:
    return "it is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())[:300]


def _hint(text: str) -> str:
    return '; it is a web page, perhaps of kind = "page"' if text.lstrip().startswith("<") else ""


def find_list(top: Any, path: str) -> list[Any]:
    """The list that the expression finds. Raises ParseError that says what there is instead."""
    found = _search("items", path, top)
    if isinstance(found, list):
        return found
    what = "an object" if isinstance(found, dict) else "nothing" if found is None else f"{json.dumps(found)[:60]}"
    names = ", ".join(str(name)[:40] for name in list(top)[:10]) if isinstance(top, dict) else "a list"
    raise ParseError(
        f"list.items = '{path}' finds {what} in the JSON, not a list; its top level is {names}: correct the path "
        "('@' is the top level, 'articles.*' the values of an object)"
    )


def _search(key: str, path: str, value: Any) -> Any:
    """What the expression finds. Raises ParseError if one of its functions is not for what is there."""
    try:
        return jmespath.search(path, value)
    except (JMESPathError, RecursionError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ParseError(f"list.{key} = '{path}' can't be applied to it: {_brief(error)}") from error


def _fields(item: Any, document: Document, feed: Feed) -> EntryFields:
    rules = feed.list

    def find(key: str) -> Any:
        path = getattr(rules, key)
        return _search(key, path, item) if path else None

    link = _first_text(find("link"))
    if not link:
        raise ParseError(f"the item has no link: list.link = '{rules.link}' finds nothing in it")
    date = _first_text(find("date"))
    published = entry_date(date, None, feed, document)
    content, summary = _first_text(find("content")), _first_text(find("summary"))
    return EntryFields(
        guid=_first_text(find("id")) or None,
        link=link,
        title=_first_text(find("title")),
        authors=unique(map(clean_text, read_authors(find("author")))),
        published_at=published,
        updated_at=None,
        stated_dates=(date, ""),
        language=None,
        categories=(),
        content=content,
        content_type="text/plain",  # cleaning sees whether it is HTML
        summary=summary if reads_as_markup(summary) else escape(summary, quote=False),
        base_url=urls.resolve(None, feed.site_url) or document_base(document, feed),
        enclosures=unique(list(_texts(find("image")))[:1]),
        parsed=to_json(item if isinstance(item, dict) else {"item": item}, content),
    )


def _first_text(value: Any) -> str:
    return next(_texts(value), "")


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts and numbers of a value: itself, those of a list, or what an object names."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        if text := clean_text(value):
            yield text
    elif isinstance(value, list) and depth < MAX_DEPTH:
        for member in value[:50]:
            yield from _texts(member, depth + 1)
    elif isinstance(value, dict) and depth < MAX_DEPTH:
        named = next((value[name] for name in _NAMES if value.get(name)), None)
        yield from _texts(named, depth + 1)
