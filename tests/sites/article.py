"""The articles of the sample site, read from articles/<section>/<slug>.toml.

Each file describes an article as it is first published. What its `[edited]` table holds takes the
place of the same keys once the site has been edited, and each `[[edited.replace]]` swaps one piece of
the body; an article with `added = true` appears only then.

Chinese bodies are plain text, a paragraph a line. A line "! name | caption" is a photograph, and a
third part, "encoded", chooses the other way of writing its address in the feed.
"""

from __future__ import annotations

import html
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Photo:
    """A photograph in the running text of a Chinese article."""

    name: str
    caption: str
    encoded: bool = False


@dataclass(frozen=True)
class Article:
    """An article, whichever feed it appears in; `path` is its address on the site."""

    section: str
    slug: str
    path: str
    language: str
    title: str
    published: datetime
    guid: str
    body: str
    summary: str = ""
    author: str = ""
    categories: tuple[str, ...] = ()
    place: str = ""
    image: str = ""
    zone: str = "GMT"
    offset: int = 0
    markup: str = "html"

    @property
    def has_page(self) -> bool:
        """Whether this is the site's own article, not a pointer to another section's."""
        return self.path.startswith(f"/{self.section}/")

    @property
    def blocks(self) -> tuple[str | Photo, ...]:
        """The paragraphs and photographs of a Chinese body."""
        return tuple(_block(line) for line in self.body.splitlines())

    @property
    def page_html(self) -> str:
        """The body as it stands on the article's page."""
        if self.section != "zh":
            return self.body
        return "\n".join(_plain(block) for block in self.blocks)


def load(section: str, *, now: datetime, base: str, edited: bool) -> tuple[Article, ...]:
    """The articles of a section, newest first."""
    files = sorted((HERE / "articles" / section).glob("*.toml"))
    tables = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in files}
    articles = [
        _article(section, slug, table, now=now, base=base, edited=edited)
        for slug, table in tables.items()
        if edited or not table.get("added")
    ]
    return tuple(sorted(articles, key=lambda article: article.published, reverse=True))


def _article(section: str, slug: str, table: dict[str, Any], *, now: datetime, base: str, edited: bool) -> Article:
    table.pop("added", None)
    changes = table.pop("edited", {})
    swaps = changes.pop("replace", [])
    if edited:
        table |= changes
        for swap in swaps:
            table["body"] = _replace_once(table["body"], swap["old"], swap["new"])
    path = table.pop("links_to", f"/{section}/2026/{slug}.html")
    defaults = {"language": "zh" if section == "zh" else "en", "guid": base + path}
    return Article(
        section=section,
        slug=slug,
        path=path,
        published=now - timedelta(hours=table.pop("hours_ago")),
        body=table.pop("body").strip().replace("{base}", base),
        categories=tuple(table.pop("categories", ())),
        **(defaults | table),
    )


def _replace_once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"not exactly once in the body: {old!r}")
    return text.replace(old, new)


def _block(line: str) -> str | Photo:
    if not line.startswith("! "):
        return line
    name, caption, *how = (part.strip() for part in line[2:].split("|"))
    return Photo(name, caption, encoded=how == ["encoded"])


def _plain(block: str | Photo) -> str:
    if isinstance(block, str):
        return f"<p>{html.escape(block, quote=False)}</p>"
    caption = html.escape(block.caption)
    return f'<figure><img src="/img/{block.name}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
