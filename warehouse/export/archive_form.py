"""Writing the archive form: article files of both generations, list pages, file names.

The first generation of an article file is

    <!--1731641943000-->        milliseconds since the epoch (UTC), or NaN
    [TITLE](URL)
    ------

    CONTENT                     the feed's HTML, every line stripped and joined into one

The second has Jekyll front matter above the same block, and its content is in a <div> on separate lines. An article
that was read from such a file is written with the same bytes. `tasks.parse.article_file` reads the form; nothing here
touches a disk.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import quote

from warehouse.characters import BIDI, UNPRINTABLE_IN_LINES

Generation = Literal[1, 2]

MAX_NAME = 200
"""Bytes of a generated file name in UTF-8, with its ending."""
MAX_ORIGINAL_NAME = 255
"""The same for a name from an archive: file systems' limit. Real archives have names of more than 200 bytes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIST_TIME_ZONE = timezone(timedelta(hours=8))
_COMMENT = re.compile(r"-?\d{1,16}|NaN")
_LINE_END = re.compile(r"\r\n|\r|\n")
# bidirectional controls make a name look like another one
_NOT_IN_NAMES = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{BIDI}\ud800-\udfff/\\]+")
_NOT_IN_WINDOWS_NAMES = re.compile(r'[:*?"<>|]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PLAIN_SCALAR = re.compile(r"[^\W\d_](?:[\w .]*\w)?")
_PLAIN_URL = re.compile(r"https?://[^\s\"'#]*[^\s\"'#:]")
_YAML_CONSTANTS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_ESCAPED_IN_LINK_TEXT = re.compile(r"([\\`*_\[\]<>])")
_ESCAPED_IN_ADDRESS = re.compile(r"[\s<>\x00-\x1f\x7f]|\](?=\()")


@dataclass(frozen=True, slots=True)
class Original:
    """The article file an entry was read from, as `raw.entries.parsed` keeps it."""

    generation: Generation
    file: str
    """Its path in the archive."""
    stated: str | None
    """The comment line's content; None without the line."""
    title: str
    url: str
    """Both as the link line has them."""
    content: str | None
    """None if it is `begin` followed by `raw.entries.content_html`."""
    end: str
    """The white space after the content."""
    front_matter: str | None
    begin: str = ""
    """The white space before the content."""


@dataclass(frozen=True, slots=True)
class ExportedArticle:
    """An article to write."""

    title: str
    url: str | None
    author: str | None
    published_at: datetime | None
    """None if no feed or file stated it."""
    categories: tuple[str, ...]
    content_html: str
    """As in the feed or file, before cleaning."""
    original: Original | None = None


def read_original(parsed: str | None) -> Original | None:
    """The article file that `raw.entries.parsed` (JSON) describes; None if the entry came from elsewhere."""
    try:
        record: Any = json.loads(parsed) if parsed else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("generation") not in (1, 2):
        return None
    names = ("file", "stated", "title", "url", "begin", "content", "end", "front_matter")
    texts = {name: record.get(name) for name in names}
    if any(not isinstance(text, str | None) for text in texts.values()):
        return None
    stated, begin, end = texts["stated"], texts["begin"], texts["end"]
    return Original(
        generation=record["generation"],
        file=texts["file"] or "",
        stated=stated if stated is not None and _COMMENT.fullmatch(stated) else None,
        title=texts["title"] or "",
        url=texts["url"] or "",
        content=texts["content"],
        end="\n" if end is None or end.strip() else end,
        front_matter=texts["front_matter"],
        begin="" if begin is None or begin.strip() else begin,
    )


def article_file(article: ExportedArticle, generation: Generation) -> bytes:
    """The article's file in UTF-8. An article that was read from a file of this generation gives the same bytes.

    Exception: a first-generation file without its comment line gets one.
    """
    original = article.original
    content = article.content_html
    if original is None:
        stated, content = _milliseconds(article.published_at), in_one_line(content)
        title, url = _on_one_line(article.title), escape_address(article.url or "")
    else:
        content = original.begin + content if original.content is None else original.content
        stated = _milliseconds(article.published_at) if original.stated in (None, "NaN") else str(original.stated)
        title, url = original.title, original.url
        if original.generation == generation:
            text = _original_text(original, "NaN" if original.stated == "NaN" else stated, content)
            return text.encode("utf-8", "replace")
        if original.generation == 2:
            content = in_one_line(_unwrap(content))
            title, url = _on_one_line(title or article.title), escape_address(url or article.url or "")
    if generation == 1:
        text = _block(stated, title, url, f"{content}\n")
    else:
        text = _front_matter(article) + _block(stated, title, url, _wrap(content))
    return text.encode("utf-8", "replace")


def _original_text(original: Original, stated: str, content: str) -> str:
    """The text of the file that was read."""
    block = _block(stated, original.title, original.url, content + original.end)
    if original.generation == 1:
        return block
    front_matter = f"---\n{original.front_matter or ''}---\n"
    # a file without the comment has no link line either
    return front_matter + (content + original.end if original.stated is None else block)


def _block(stated: str, title: str, url: str, rest: str) -> str:
    return f"<!--{stated}-->\n[{title}]({url})\n------\n\n{rest}"


def _milliseconds(moment: datetime | None) -> str:
    return "NaN" if moment is None else str((moment - _EPOCH) // timedelta(milliseconds=1))


def _wrap(content: str) -> str:
    return f"<div>\n{content}\n</div>\n"


def _unwrap(content: str) -> str:
    """The content without the second generation's <div>."""
    if content.startswith("<div>\n") and content.endswith("\n</div>"):
        return content[len("<div>\n") : -len("\n</div>")]
    return content


def in_one_line(html: str) -> str:
    """The lines, each stripped, joined without anything between them."""
    return "".join(line.strip() for line in _LINE_END.split(html))


def escape_address(url: str) -> str:
    """The address for a link line: whatever would end the address or the line is percent-encoded."""
    return _ESCAPED_IN_ADDRESS.sub(lambda match: quote(match[0], safe=""), url.strip())


def _on_one_line(text: str) -> str:
    return " ".join(UNPRINTABLE_IN_LINES.sub(" ", text).split())


def _front_matter(article: ExportedArticle) -> str:
    """Jekyll's front matter without unknown fields; tags and categories are the same, as in the archives."""
    lines = ["layout: post", f"title: {_quoted(article.title)}"]
    if article.published_at:
        moment = article.published_at.astimezone(UTC).replace(tzinfo=None)
        lines.append(f"date: {moment.isoformat(timespec='milliseconds')}Z")
    if article.author:
        lines.append(f"author: {_scalar(article.author)}")
    if article.url:
        lines.append(f"from: {article.url if _PLAIN_URL.fullmatch(article.url) else _quoted(article.url)}")
    tags = ", ".join(map(_scalar, article.categories))
    lines += [f"{name}: [ {tags} ]" if tags else f"{name}: []" for name in ("tags", "categories")]
    return "---\n" + "\n".join(lines) + "\n---\n"


def _scalar(text: str) -> str:
    text = _on_one_line(text)
    return text if _PLAIN_SCALAR.fullmatch(text) and text.lower() not in _YAML_CONSTANTS else _quoted(text)


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar (YAML 1.2, 7.3.1), which JSON's strings are."""
    return json.dumps(_on_one_line(text), ensure_ascii=False)


# --- list pages -----------------------------------------------------------------------------------------------------


def list_heading(name: str) -> str:
    """The beginning of a site's list page."""
    return f"# {_escape_link_text(name)}\n\n"


def list_line(title: str, folder: str, file: str, published_at: datetime | None) -> str:
    """A line of a list page: day and time in UTC+8, and a link."""
    date = f"{_list_time(published_at)} " if published_at else ""
    return f"- {date}[{_escape_link_text(title) or file}]({quote(f'{folder}/{file}')})\n"


def _list_time(moment: datetime) -> str:
    with suppress(OverflowError):  # in the last hours of the year 9999
        moment = moment.astimezone(_LIST_TIME_ZONE)
    return moment.isoformat(" ", "minutes")[:16]


def list_page(name: str, articles: Iterable[tuple[str, str, str, datetime | None]]) -> str:
    """A site's list page, Markdown: (title, folder, file, published_at) of each article, newest first."""
    return list_heading(name) + "".join(list_line(*article) for article in articles)


def _escape_link_text(text: str) -> str:
    return _ESCAPED_IN_LINK_TEXT.sub(r"\\\1", _on_one_line(text))


# --- names ----------------------------------------------------------------------------------------------------------


def safe_name(name: str, limit: int = MAX_NAME) -> str:
    """A name that is one visible file in its folder: without separators, control characters, a leading dot or the name
    of a Windows device, and of at most `limit` bytes in UTF-8, shortened before the ending."""
    name = _NOT_IN_NAMES.sub("_", name).strip().rstrip(". ")
    if name.startswith("."):
        name = "_" + name.lstrip(".")
    name = _RESERVED.sub(r"\g<0>_", name, count=1) if _RESERVED.match(name) else name
    ending = match[0] if (match := _ENDING.search(name)) else ""
    stem = name[: len(name) - len(ending)]
    shortened = stem.encode()[: limit - len(ending)].decode(errors="ignore")
    if shortened != stem:
        shortened = shortened.rstrip()
    return (shortened + ending) or "_"


def original_name(original_file: str) -> str:
    """The last component of a path in an archive, made safe."""
    return safe_name(original_file.replace("\\", "/").rstrip("/").rpartition("/")[2], MAX_ORIGINAL_NAME)


def generated_name(article_id: str, title: str) -> str:
    """`<id>_<title>.md`, or `<id>.md` without a title; the id is the first 16 hex digits of the article's."""
    title = _on_one_line(_NOT_IN_WINDOWS_NAMES.sub("_", title)).rstrip(". ")
    return safe_name(f"{article_id[:16]}_{title}.md" if title else f"{article_id[:16]}.md")


def fold_name(name: str) -> str:
    """The name as file systems that ignore case and the composition of accents compare it."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def unused_name(name: str, article_id: str, taken: set[str]) -> str:
    """The name, with the article's id if another article has it. `taken` has the folded names in use; the result is
    added."""
    candidate, number = name, 0
    while fold_name(candidate) in taken:
        ending = match[0] if (match := _ENDING.search(name)) else ""
        suffix = safe_name(f"_{article_id[:16]}" if number == 0 else f"_{article_id}-{number}")
        limit = MAX_NAME - len(suffix.encode()) - len(ending)
        candidate = name[: len(name) - len(ending)].encode()[:limit].decode(errors="ignore") + suffix + ending
        number += 1
    taken.add(fold_name(candidate))
    return candidate


def site_name(feed_id: str) -> str:
    """The name of a site's folder and, with .md, of its list page: the feed's id, with a digest if it is not a slug, so
    that no two sites share a folder."""
    if _SLUG.fullmatch(feed_id) and not _RESERVED.match(feed_id):
        return feed_id
    digest = sha256(feed_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe_name(feed_id, 60).rstrip('. ')}-{digest}"
