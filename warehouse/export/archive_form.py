"""The archive form that newsmill comes from, written: article files of both generations, list pages, file names.

The first generation of an article file is

    <!--1731641943000-->        milliseconds since the epoch (UTC), or NaN
    [TITLE](URL)
    ------

    CONTENT                     the feed's HTML, every line stripped and joined into one

The second has Jekyll front matter above the same block, and its content stands in a <div> with lines of its own. What
came from such a file gives back that file's bytes. `tasks.parse.article_file` reads the form; nothing here touches
a disk.
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

Generation = Literal[1, 2]

MAX_NAME = 200
"""Bytes of a file name that is made here, in UTF-8, the ending included."""
MAX_OWN_NAME = 255
"""Bytes of a name an archive gave: what file systems take. Real archives have names of more than 200 bytes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LISTED_IN = timezone(timedelta(hours=8))
_STATED = re.compile(r"-?\d{1,16}|NaN")
_LINE_END = re.compile(r"\r\n|\r|\n")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# bidirectional controls make a name look like another one
_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff/\\]+")
_NOT_EVERYWHERE = re.compile(r'[:*?"<>|]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PLAIN = re.compile(r"[^\W\d_](?:[\w .]*\w)?")
_PLAIN_URL = re.compile(r"https?://[^\s\"'#]*[^\s\"'#:]")
_NO_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_IN_LINK_TEXT = re.compile(r"([\\`*_\[\]<>])")
_IN_ADDRESS = re.compile(r"[\s<>\x00-\x1f\x7f]|\](?=\()")


@dataclass(frozen=True, slots=True)
class Original:
    """The article file an entry was read from, as `raw.entries.parsed` keeps it."""

    generation: Generation
    file: str
    """Its path in the archive."""
    stated: str | None
    """What the comment line holds; None without one."""
    title: str
    url: str
    """Both as in the link line."""
    content: str | None
    """None where it is `begin` and `raw.entries.content_html`."""
    end: str
    """The white space after the content."""
    front_matter: str | None
    begin: str = ""
    """The white space before the content."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An article to write."""

    title: str
    url: str | None
    author: str | None
    published_at: datetime | None
    """None where nobody said when."""
    categories: tuple[str, ...]
    content_html: str
    """As the feed or the file gave it."""
    original: Original | None = None


def read_original(parsed: str | None) -> Original | None:
    """What `raw.entries.parsed` keeps of an article file; None where it keeps no such thing."""
    try:
        kept: Any = json.loads(parsed) if parsed else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.get("generation") not in (1, 2):
        return None
    names = ("file", "stated", "title", "url", "begin", "content", "end", "front_matter")
    texts = {name: kept.get(name) for name in names}
    if any(not isinstance(text, str | None) for text in texts.values()):
        return None
    stated, begin, end = texts["stated"], texts["begin"], texts["end"]
    return Original(
        generation=kept["generation"],
        file=texts["file"] or "",
        stated=stated if stated is not None and _STATED.fullmatch(stated) else None,
        title=texts["title"] or "",
        url=texts["url"] or "",
        content=texts["content"],
        end="\n" if end is None or end.strip() else end,
        front_matter=texts["front_matter"],
        begin="" if begin is None or begin.strip() else begin,
    )


def article_file(article: Exported, generation: Generation) -> bytes:
    """The article's file, UTF-8. One that came from a file of this generation gives that file's bytes.

    A first-generation file must have had its comment line for that: one without gets one.
    """
    original = article.original
    content = article.content_html
    if original is None:
        stated, content = _milliseconds(article.published_at), in_one_line(content)
        title, url = _in_line(article.title), in_link(article.url or "")
    else:
        content = original.begin + content if original.content is None else original.content
        stated = _milliseconds(article.published_at) if original.stated in (None, "NaN") else str(original.stated)
        title, url = original.title, original.url
        if original.generation == generation:
            text = _again(original, "NaN" if original.stated == "NaN" else stated, content)
            return text.encode("utf-8", "replace")
        if original.generation == 2:
            content = in_one_line(_unwrapped(content))
            title, url = _in_line(title or article.title), in_link(url or article.url or "")
    if generation == 1:
        text = _block(stated, title, url, f"{content}\n")
    else:
        text = _front_matter(article) + _block(stated, title, url, _wrapped(content))
    return text.encode("utf-8", "replace")


def _again(original: Original, stated: str, content: str) -> str:
    """The file that was read."""
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


def _wrapped(content: str) -> str:
    return f"<div>\n{content}\n</div>\n"


def _unwrapped(content: str) -> str:
    """Without the <div> that the second generation puts around it."""
    if content.startswith("<div>\n") and content.endswith("\n</div>"):
        return content[len("<div>\n") : -len("\n</div>")]
    return content


def in_one_line(html: str) -> str:
    """Every line stripped, and all joined into one."""
    return "".join(line.strip() for line in _LINE_END.split(html))


def in_link(url: str) -> str:
    """The address as a link line holds it: nothing in it ends the address or the line."""
    return _IN_ADDRESS.sub(lambda found: quote(found[0], safe=""), url.strip())


def _in_line(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _front_matter(article: Exported) -> str:
    """Jekyll's front matter. What isn't known is left out; tags and categories are the same, as in the archives."""
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
    text = _in_line(text)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT else _quoted(text)


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar (YAML 1.2, 7.3.1), which JSON's strings are."""
    return json.dumps(_in_line(text), ensure_ascii=False)


# --- list pages -----------------------------------------------------------------------------------------------------


def list_heading(name: str) -> str:
    """How a site's list page begins."""
    return f"# {_in_link_text(name)}\n\n"


def list_line(title: str, folder: str, file: str, published_at: datetime | None) -> str:
    """A line of a list page: the day and time in UTC+8, and a link."""
    date = f"{_listed(published_at)} " if published_at else ""
    return f"- {date}[{_in_link_text(title) or file}]({quote(f'{folder}/{file}')})\n"


def _listed(moment: datetime) -> str:
    with suppress(OverflowError):  # the last hours of the year 9999
        moment = moment.astimezone(_LISTED_IN)
    return moment.isoformat(" ", "minutes")[:16]


def list_page(name: str, articles: Iterable[tuple[str, str, str, datetime | None]]) -> str:
    """A site's list page, Markdown: (title, folder, file, published_at) of each article, newest first."""
    return list_heading(name) + "".join(list_line(*each) for each in articles)


def _in_link_text(text: str) -> str:
    return _IN_LINK_TEXT.sub(r"\\\1", _in_line(text))


# --- names ----------------------------------------------------------------------------------------------------------


def safe_name(name: str, limit: int = MAX_NAME) -> str:
    """A name that stays one file in its folder: no separators, control characters, leading dots or names that mean a
    device somewhere; at most `limit` bytes of UTF-8, cut at a character before the ending."""
    name = _NO_NAME.sub("_", name).strip().rstrip(". ")
    if name.startswith("."):
        name = "_" + name.lstrip(".")
    name = _RESERVED.sub(r"\g<0>_", name, count=1) if _RESERVED.match(name) else name
    ending = found[0] if (found := _ENDING.search(name)) else ""
    stem = name[: len(name) - len(ending)]
    kept = stem.encode()[: limit - len(ending)].decode(errors="ignore")
    if kept != stem:
        kept = kept.rstrip()
    return (kept + ending) or "_"


def own_name(original_file: str) -> str:
    """The last component of a path in an archive, made safe."""
    return safe_name(original_file.replace("\\", "/").rstrip("/").rpartition("/")[2], MAX_OWN_NAME)


def made_name(article_id: str, title: str) -> str:
    """`<id>_<title>.md`, or `<id>.md` without a title; the id is the first 16 hex digits of the article's."""
    title = _in_line(_NOT_EVERYWHERE.sub("_", title)).rstrip(". ")
    return safe_name(f"{article_id[:16]}_{title}.md" if title else f"{article_id[:16]}.md")


def folded(name: str) -> str:
    """The name as file systems compare it that ignore case and how accents are composed."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def free_name(name: str, article_id: str, taken: set[str]) -> str:
    """The name, or the name with the article's id where another article has it; `taken` holds folded names and gets
    this one."""
    candidate, number = name, 0
    while folded(candidate) in taken:
        ending = found[0] if (found := _ENDING.search(name)) else ""
        mark = f"_{article_id[:16]}" if number == 0 else f"_{article_id}-{number}"
        mark = safe_name(mark)
        limit = MAX_NAME - len(mark.encode()) - len(ending)
        candidate = name[: len(name) - len(ending)].encode()[:limit].decode(errors="ignore") + mark + ending
        number += 1
    taken.add(folded(candidate))
    return candidate


def site_name(feed_id: str) -> str:
    """A site's folder and the stem of its list page: the feed's id; one that is no slug gets a digest, so that no two
    sites share a folder."""
    if _SLUG.fullmatch(feed_id) and not _RESERVED.match(feed_id):
        return feed_id
    digest = sha256(feed_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe_name(feed_id, 60).rstrip('. ')}-{digest}"
