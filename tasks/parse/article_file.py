"""Parsing the article files of the archives that newsmill was made for, in both generations.

    <!--1731641943000-->        milliseconds since the epoch (UTC), or NaN
    [TITLE](URL)
    ------

    CONTENT

The second generation has Jekyll front matter above the same block. Some of its files have the front matter only.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import yaml

from tasks.errors import ParseError
from tasks.parse.authors import read_authors
from tasks.parse.entry import EntryFields, ParsedDocument, make_entry, unique
from tasks.text.dates import parse_date
from tasks.text.encodings import to_utf8
from tasks.text.plain import printable
from warehouse.records import Document, Feed

MAX_FRONT_MATTER = 20_000
"""Characters; anything longer is not taken for front matter."""

_COMMENT = re.compile(r"\s*<!--\s*(-?\d{1,16}|NaN)\s*-->[ \t]*\r?\n?")
_RULE = re.compile(r"\n-{3,}[ \t]*\r?$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE_END = re.compile(r"[ \t]*\r?\n")
_LINE = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class ArticleFile:
    """The parts of an article file."""

    generation: int
    stated: str | None
    """The text of the comment line; None without one."""
    title: str
    url: str
    content: str
    end: str
    """The white space the file ends with."""
    front_matter: str | None = None

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the front matter. Parsed on first use, because a backfill's plan needs them for few files."""
        return read_front_matter(self.front_matter) if self.front_matter else {}


def decode(data: bytes, language: str | None = None) -> str:
    """The file as text: UTF-8, UTF-16 with a byte order mark, else the usual encoding of the language.

    Raises ParseError if it is not text in any encoding.
    """
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")  # Python's "utf-8-sig" decoder is slow
        except UnicodeDecodeError:
            pass
        if b"\0" in data:
            raise ParseError("the file is no text")
    return to_utf8(data, language=language).decode()


def split_article_file(text: str) -> ArticleFile:
    """The parts of an article file. Raises ParseError if it is not one."""
    position, front = 0, None
    begin = len(text) - len(text.lstrip("\r\n"))
    if match := _FRONT_MATTER.match(text, begin, begin + MAX_FRONT_MATTER + 10):
        position, front = match.end(), match[1]
    comment = _COMMENT.match(text, position)
    if comment:
        position = comment.end()
    title, url, start = _parse_link_line(text, position)
    if start is None:
        if front is None:
            raise ParseError("no article file: it has neither front matter nor a [title](address) line over a rule")
        start = position
    if front and not (title and url):
        fields = read_front_matter(front)
        title, url = title or _text(fields.get("title")), url or _text(fields.get("from") or fields.get("url"))
    if not title and not url:
        raise ParseError("the article has neither title nor address")
    content = text[start:].rstrip()
    if not content and not title:
        raise ParseError("the article has neither title nor text")
    return ArticleFile(
        generation=1 if front is None else 2,
        stated=comment[1] if comment else None,
        title=title,
        url=url,
        content=content,
        end=text[start + len(content) :],
        front_matter=front,
    )


def _parse_link_line(text: str, position: int) -> tuple[str, str, int | None]:
    """(title, address, start of the content) of the link line above its rule; ("", "", None) without one."""
    rule = _RULE.search(text, position)
    if not rule:
        return "", "", None
    line = text[position : rule.start()].strip()
    if not (line.startswith("[") and line.endswith(")")):
        return "", "", None
    # "](" occurs in titles more often than in addresses, so the last one separates the two
    separator = line.rfind("](http")
    if separator < 0:
        separator = line.rfind("](")
    if separator < 0:
        return "", "", None
    start = rule.end()
    for _ in range(2):  # the end of the rule's line, and one blank line
        if line_end := _LINE_END.match(text, start):
            start = line_end.end()
    return line[1:separator], line[separator + 2 : -1].strip().strip("<>"), start


_PLAIN = r"""[^\s\-?:,\[\]{}#&*!|>'"%@`~<=](?:[^:#\n]|:(?=\S)|(?<=\S)\#)*"""
_ITEM = r"""[^\s\-?:,\[\]{}#&*!|>'"%@`~<=][^?:,\[\]{}#'"\n]*"""
_SIMPLE_LINE = re.compile(
    rf"""([A-Za-z_][\w-]*):[ ]+(?:"([^"\\\n]*)"|\[[ ]*((?:{_ITEM}(?:,[ ]*{_ITEM})*)?)[ ]*\]|({_PLAIN}))[ ]*\n""",
    re.ASCII,
)
_NEEDS_YAML = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_NULLS = frozenset(["null", "Null", "NULL"])


def simple_front_matter(text: str) -> dict[str, Any] | None:
    """The fields of front matter in which every line is a name and a plain value, which is nearly all front matter.

    The result is YAML's, in a third of YAML's time (`benchmarks.shortcuts`). None for any other front matter.
    """
    if _NEEDS_YAML.search(text):
        return None
    fields: dict[str, Any] = {}
    position = 0
    while line := _SIMPLE_LINE.match(text, position):
        name, quoted, items, plain = line.groups()
        values = [item.strip(" ") for item in items.split(",")] if items else []
        plain = plain and plain.rstrip(" ")
        if not _NULLS.isdisjoint([name, plain, *values]):
            return None
        fields[name] = quoted if quoted is not None else plain or values
        position = line.end()
    return fields if position == len(text) else None


@lru_cache(maxsize=1)  # a file without a link line is asked for its title, and then for its other fields
def read_front_matter(text: str) -> Mapping[str, Any]:
    """The fields of Jekyll front matter. If it is not valid YAML (quotes in quotes), it is read line by line."""
    if (simple := simple_front_matter(text)) is not None:
        return simple
    try:
        fields = yaml.load(text, Loader=Verbatim)  # noqa: S506 - a safe loader, in C
    except (yaml.YAMLError, ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return {str(name): value for name, value in fields.items()}
    return {name: _unquote(value.strip(" \t\r")) for name, value in _LINE.findall(text)}


class Verbatim(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Loads YAML, but dates stay text, because the feed's time zone is needed to parse them, and aliases are refused.

    A few lines of aliases can expand to gigabytes.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


Verbatim.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in Verbatim.yaml_implicit_resolvers.items()
}


def _unquote(value: str) -> Any:
    if value.startswith("[") and value.endswith("]"):
        return [_unquote(part.strip()) for part in value[1:-1].split(",") if part.strip()]
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].replace('\\"', '"')
    return value


def stated_time(file: ArticleFile, timezone: str = "UTC", now: datetime | None = None) -> datetime | None:
    """When the article was published, by the comment or else by the front matter; None if neither has a valid date."""
    if file.stated and file.stated != "NaN":
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(file.stated))
        except OverflowError:
            pass  # beyond the year 9999; the front matter may have the right date
    date = file.fields.get("date")
    return parse_date(str(date), timezone=timezone, now=now or datetime.now(UTC)) if date else None


def parse_article(data: bytes, document: Document, feed: Feed) -> ParsedDocument:
    """The file's article as one entry. Raises ParseError if there is none."""
    if not data.strip():
        raise ParseError("the file is empty")
    file = split_article_file(decode(data, feed.language))
    published_at = stated_time(file, feed.timezone)
    content = printable(file.content).strip()
    leading_space = file.content[: len(file.content) - len(file.content.lstrip())]
    original = {
        "generation": file.generation,
        "file": document.headers.get("file") or document.final_url,
        "stated": file.stated,
        "title": file.title,
        "url": file.url,
        "begin": leading_space,
        # raw.entries has the content, unless unprintable characters had to be removed from it
        "content": None if leading_space + content == file.content else file.content,
        "end": file.end,
        "front_matter": file.front_matter,
    }
    fields = EntryFields(
        guid=None,
        link=printable(file.url) or None,
        title=printable(file.title),
        authors=_authors(file.fields),
        published_at=published_at,
        updated_at=None,
        stated_dates=(file.stated or str(file.fields.get("date", "")), ""),
        language=None,
        categories=_categories(file.fields),
        content=content,
        content_type="text/html",
        summary="",
        base_url=file.url,
        enclosures=(),
        parsed=_ENCODER.encode(original),
    )
    return ParsedDocument((make_entry(fields, document, feed, position=0),))


def _text(value: object) -> str:
    return printable(str(value)).strip() if value is not None else ""


def _authors(fields: Mapping[str, Any]) -> tuple[str, ...]:
    names = (read_authors(fields[name]) for name in ("author", "authors", "Author", "Authors") if name in fields)
    return unique(_text(name) for names_of_one in names for name in names_of_one)


def _categories(fields: Mapping[str, Any]) -> tuple[str, ...]:
    plural = [word for name in ("tags", "categories") if name in fields for word in _words(fields[name])]
    # Jekyll splits the text of `tags` and `categories` at spaces, but that of `tag` and `category` is one
    single = [
        part
        for name in ("tag", "category")
        if name in fields
        for text in _texts(fields[name])
        for part in text.split(",")
    ]
    return unique((*plural, *map(str.strip, single)))


def _words(value: Any) -> list[str]:
    """The members of a list; of a text, what commas separate, or spaces where it has no comma."""
    if not isinstance(value, str):
        return _texts(value)
    words = value.split(",") if "," in value else value.split()
    return [_text(word.strip().removeprefix("#")) for word in words]


def _texts(value: Any, depth: int = 0) -> list[str]:
    """The texts of a value, of a list, or of the names in a list of objects."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("title") or value.get("slug")
    if isinstance(value, list) and depth < 3:
        return [text for member in value for text in _texts(member, depth + 1)]
    return [_text(value)] if isinstance(value, str | int | float) else []
