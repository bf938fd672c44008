"""Article files of the archives newsmill comes from, in both generations.

    <!--1731641943000-->        milliseconds since the epoch (UTC), or NaN
    [TITLE](URL)
    ------

    CONTENT

The second generation has Jekyll front matter above the same block; some of its files have front matter only.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import yaml

from tasks.errors import ParseError
from tasks.parse.entry import LEGACY, Parsed, make_entry
from tasks.text.dates import parse_date
from tasks.text.plain import printable
from warehouse.records import Document, Feed

MAX_FRONT_MATTER = 20_000
"""Characters; more is no front matter."""

_COMMENT = re.compile(r"\s*<!--\s*(-?\d{1,16}|NaN)\s*-->[ \t]*\r?\n?")
_RULE = re.compile(r"\n-{3,}[ \t]*\r?$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE_END = re.compile(r"[ \t]*\r?\n")
_LINE = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True)
class ArticleFile:
    """An article file, taken apart."""

    generation: int
    stated: str | None
    """What the comment line holds; None without one."""
    title: str
    url: str
    content: str
    end: str
    """The white space the file ends with."""
    front_matter: str | None = None

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The front matter's. Whoever only looks a file over seldom needs them."""
        return read_front_matter(self.front_matter) if self.front_matter else {}


def decode(data: bytes, language: str | None = None) -> str:
    """The file as text: UTF-8, UTF-16 with a mark, else as the language is usually written. Raises ParseError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(data, "utf-16") or _guessed(data)
    text = _strictly(data.removeprefix(codecs.BOM_UTF8), "utf-8")  # "utf-8-sig" is decoded in Python
    legacy = LEGACY.get((language or "").split("-")[0].lower())
    if text is None and legacy:
        text = _strictly(data, legacy)
    return _guessed(data) if text is None else text


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes  # few files need it

    best = from_bytes(data[:200_000]).best()
    if best is None or b"\0" in data:
        raise ParseError("the file is no text")
    return data.decode(best.encoding, "replace")


def take_apart(text: str) -> ArticleFile:
    """The parts of an article file. Raises ParseError for what is none."""
    place, front = 0, None
    if match := _FRONT_MATTER.match(text.lstrip("\r\n")[: MAX_FRONT_MATTER + 10]):
        place, front = len(text) - len(text.lstrip("\r\n")) + match.end(), match[1]
    comment = _COMMENT.match(text, place)
    if comment:
        place = comment.end()
    title, url, start = _link(text, place)
    if start is None:
        if front is None:
            raise ParseError("no article file: it has neither front matter nor a [title](address) line over a rule")
        start = place
    if front and not (title and url):
        fields = read_front_matter(front)
        title, url = title or _text(fields.get("title")), url or _text(fields.get("from") or fields.get("url"))
    if not title and not url:
        raise ParseError("the article has neither title nor address")
    content = text[start:]
    end = content[len(content.rstrip()) :]
    if not content.strip() and not title:
        raise ParseError("the article has neither title nor text")
    return ArticleFile(
        generation=1 if front is None else 2,
        stated=comment[1] if comment else None,
        title=title,
        url=url,
        content=content[: len(content) - len(end)],
        end=end,
        front_matter=front,
    )


def _link(text: str, place: int) -> tuple[str, str, int | None]:
    """(title, address, where the content starts) of the link line over its rule; the title may hold anything."""
    rule = _RULE.search(text, place)
    if not rule:
        return "", "", None
    head = text[place : rule.start()].strip()
    if not (head.startswith("[") and head.endswith(")")):
        return "", "", None
    # addresses hold brackets less often than titles do, so the last one that an address follows
    between = head.rfind("](http")
    if between < 0:
        between = head.rfind("](")
    if between < 0:
        return "", "", None
    start = rule.end()
    for _ in range(2):  # the rule's own line end, and one blank line
        if line_end := _LINE_END.match(text, start):
            start = line_end.end()
    return head[1:between], head[between + 2 : -1].strip().strip("<>"), start


_PLAIN = r"""[^\s\-?:,\[\]{}#&*!|>'"%@`~<=](?:[^:#\n]|:(?=\S)|(?<=\S)\#)*"""
_ITEM = r"""[^\s\-?:,\[\]{}#&*!|>'"%@`~<=][^?:,\[\]{}#'"\n]*"""
_SIMPLE_LINE = re.compile(
    rf"""([A-Za-z_][\w-]*):[ ]+(?:"([^"\\\n]*)"|\[[ ]*((?:{_ITEM}(?:,[ ]*{_ITEM})*)?)[ ]*\]|({_PLAIN}))[ ]*\n""",
    re.ASCII,
)
_NOT_SIMPLE = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NO_TEXT = frozenset(["null", "Null", "NULL"])


def simple_front_matter(text: str) -> dict[str, Any] | None:
    """The fields of front matter whose every line is a name and a plain value: nearly all there is. What YAML makes of
    it, in a third of YAML's time. None for any other."""
    if _NOT_SIMPLE.search(text):
        return None
    fields: dict[str, Any] = {}
    place = 0
    while line := _SIMPLE_LINE.match(text, place):
        name, quoted, items, plain = line.groups()
        listed = [item.strip(" ") for item in items.split(",")] if items else []
        plain = plain and plain.rstrip(" ")
        if not _NO_TEXT.isdisjoint([name, plain, *listed]):
            return None
        fields[name] = quoted if quoted is not None else plain or listed
        place = line.end()
    return fields if place == len(text) else None


def read_front_matter(text: str) -> dict[str, Any]:
    """The fields of Jekyll front matter. Where it isn't YAML (quotes in quotes), line by line."""
    if (simple := simple_front_matter(text)) is not None:
        return simple
    try:
        fields = yaml.load(text, Loader=Verbatim)  # noqa: S506 - a safe loader, in C
    except (yaml.YAMLError, ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return {str(name): value for name, value in fields.items()}
    return {name: _unquoted(value) for name, value in _LINE.findall(text)}


class Verbatim(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Dates stay text: ours are read with the site's time zone. Aliases (which can be a bomb) are refused."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


Verbatim.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.endswith((":null", ":merge"))]
    for first, found in Verbatim.yaml_implicit_resolvers.items()
}


def _unquoted(value: str) -> Any:
    if value.startswith("[") and value.endswith("]"):
        return [_unquoted(part.strip()) for part in value[1:-1].split(",") if part.strip()]
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].replace('\\"', '"')
    return value


def stated_time(file: ArticleFile, timezone: str = "UTC", now: datetime | None = None) -> datetime | None:
    """When the article was published, as the file says it: the comment first, then the front matter."""
    if file.stated and file.stated != "NaN":
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(file.stated))
        except OverflowError:
            pass  # no moment at all; the front matter may know
    date = file.fields.get("date")
    return parse_date(str(date), timezone=timezone, now=now or datetime.now(UTC)) if date else None


def parse_article(data: bytes, document: Document, feed: Feed) -> Parsed:
    """The file's article, as one entry. Raises ParseError where there is none."""
    if not data.strip():
        raise ParseError("the file is empty")
    file = take_apart(decode(data, feed.language))
    published_at = stated_time(file, feed.timezone)
    content = printable(file.content).strip()
    begin = file.content[: len(file.content) - len(file.content.lstrip())]
    kept = {
        "generation": file.generation,
        "file": document.headers.get("file") or document.final_url,
        "stated": file.stated,
        "title": file.title,
        "url": file.url,
        "begin": begin,
        # the text is in raw.entries already, unless something had to be taken out of it
        "content": None if begin + content == file.content else file.content,
        "end": file.end,
        "front_matter": file.front_matter,
    }
    author = _text(file.fields.get("author"))
    entry = make_entry(
        document,
        feed,
        position=0,
        guid=None,
        link=printable(file.url) or None,
        title=printable(file.title),
        author=author or None,
        published_at=published_at,
        updated_at=None,
        stated=(file.stated or str(file.fields.get("date", "")), ""),
        language=None,
        categories=tuple(dict.fromkeys([*_list(file.fields.get("tags")), *_list(file.fields.get("categories"))])),
        content=content,
        content_type="text/html",
        summary="",
        base_url=file.url,
        enclosures=(),
        parsed=json.dumps(kept, ensure_ascii=False),
    )
    return Parsed((entry,))


def _text(value: object) -> str:
    return printable(str(value)).strip() if value is not None else ""


def _list(value: object) -> list[str]:
    values = value if isinstance(value, list) else str(value).split(",") if value else []
    return [text for text in map(_text, values) if text]
