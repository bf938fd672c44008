"""The Harbour Post / 海港日报: a small bilingual newspaper to fetch from, and to change between fetches."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from string import Template

from tests.sites import feeds
from tests.sites.article import HERE, Article, load
from tests.sites.pictures import picture, pixel
from tests.sites.server import Page, Route, SiteServer

SECTIONS = ("en", "zh", "world", "brief")
HTML = "text/html; charset=utf-8"

# Named in an article and deliberately never served.
MISSING_IMAGE = "market-stall.jpg"
# Served as image/jpeg, but what comes is an HTML page.
FALSE_IMAGE = "not-an-image.jpg"

_FEEDS = (
    ("harbour-en", "The Harbour Post", "/en/feed.xml", "en", "Europe/Lisbon"),
    ("harbour-zh", "海港日报", "/zh/feed.xml", "zh", "Asia/Shanghai"),
    # "mul" is ISO 639's code for several languages; each entry names its own.
    ("harbour-world", "The World at the Quay", "/world/atom.xml", "mul", "Europe/Lisbon"),
    ("harbour-brief", "The Harbour Post in Brief", "/brief.json", "en", "Europe/Lisbon"),
    ("harbour-dead", "Letters to the Harbour Post", "/dead.xml", "en", "Europe/Lisbon"),
)
_FEED_TABLE = """\
[[feed]]
id = "{id}"
name = "{name}"
url = "{url}"
site_url = "{site_url}"
language = "{language}"
timezone = "{timezone}"
group = "harbour"
images = "all"
"""

_FRONT_HEAD = """\
<link rel="alternate" type="application/rss+xml" title="The Harbour Post" href="/en/feed.xml">
<link rel="alternate" type="application/rss+xml" title="海港日报" href="/zh/feed.xml">
<link rel="alternate" type="application/atom+xml" title="The World at the Quay" href="/world/atom.xml">
<link rel="alternate" type="application/feed+json" title="The Harbour Post in Brief" href="/brief.json">"""


class SampleSite(SiteServer):
    """The newspaper as it stood at `now`; `edit()` moves it on to its next edition.

    `articles` lists what the feeds hold at the moment, section by section, newest first.
    """

    def __init__(self, now: datetime | None = None, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        self.articles: tuple[Article, ...] = ()
        self._publish(edited=False)

    def edit(self) -> None:
        """Add two articles, correct two, give change the guid of one and the proxy address of one image."""
        self._publish(edited=True)

    def restore(self) -> None:
        """Take back what `edit` has changed."""
        self._publish(edited=False)

    def feeds_toml(self) -> str:
        """The text of a feeds.toml that lists this site's feeds, the dead one included."""
        return "\n".join(
            _FEED_TABLE.format(
                id=name, name=title, url=self.url(path), site_url=self.url(), language=language, timezone=zone
            )
            for name, title, path, language, zone in _FEEDS
        )

    def _publish(self, *, edited: bool) -> None:
        base, authority = self.url(""), self.authority
        en, zh, world, brief = (load(name, now=self.now, base=base, edited=edited) for name in SECTIONS)
        self.articles = en + zh + world + brief
        pages: dict[str, Route] = {
            "/en/feed.xml": _feed(feeds.rss(en, authority), "application/rss+xml; charset=utf-8", en),
            "/zh/feed.xml": _feed(feeds.mirror(zh, authority), "application/xml; charset=utf-8", zh),
            "/world/atom.xml": _feed(feeds.atom(world, authority), "application/atom+xml", world),
            "/brief.json": _feed(feeds.json_feed(brief, authority), "application/feed+json", brief),
            "/": _front_page(self.articles),
            "/pixel.gif": Page(pixel(), "image/gif"),
            f"/img/{FALSE_IMAGE}": Page(b"<!DOCTYPE html><p>This picture has moved.</p>", "image/jpeg"),
        }
        for article in self.articles:
            if article.has_page:
                pages[article.path] = _article_page(article)
            pages |= {f"/img/{name}": _image(name) for name in _image_names(article)}
        self.pages |= pages


def _feed(body: bytes, media_type: str, articles: tuple[Article, ...]) -> Page:
    return Page(body, media_type, last_modified=articles[0].published)


def _image(name: str) -> Page:
    kind = name.rpartition(".")[2].replace("jpg", "jpeg")
    return Page(picture(name), f"image/{kind}", headers={"Cache-Control": "max-age=86400"})


def _image_names(article: Article) -> set[str]:
    named = re.findall(r"/img/([\w.-]+)", article.page_html + article.image)
    return set(named) - {MISSING_IMAGE, FALSE_IMAGE}


def _article_page(article: Article) -> Page:
    byline = " · ".join(part for part in (article.author, f"{article.published:%Y-%m-%d %H:%M} UTC") if part)
    body = f'<article>\n<h1>{escape(article.title)}</h1>\n<p class="byline">{escape(byline)}</p>\n'
    return _html(article.title, body + article.page_html + "\n</article>", article.language)


def _front_page(articles: tuple[Article, ...]) -> Page:
    links = "\n".join(
        f'<li lang="{article.language}" dir="auto"><a href="{article.path}">{escape(article.title)}</a></li>'
        for article in articles
        if article.has_page
    )
    title = "The Harbour Post · 海港日报"
    return _html(title, f"<h1>{title}</h1>\n<ul>\n{links}\n</ul>", "en", _FRONT_HEAD)


def _html(title: str, body: str, language: str, head: str = "") -> Page:
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    text = template.substitute(title=escape(title), body=body, language=language, head=head)
    return Page(text.encode(), HTML)
