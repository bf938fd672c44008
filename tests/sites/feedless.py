"""The Pilots' Board: a site without a feed. It has a page that lists its notices, a news sitemap, and an API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from tests.sites.server import Page, SiteServer


@dataclass(frozen=True)
class Notice:
    number: int
    title: str
    teaser: str
    day: datetime

    @property
    def path(self) -> str:
        return f"/news/{self.number}-notice.html"


_TITLES = (
    ("Pilot boat two is back from the yard", "Her new engine was tried in the outer roads on Monday."),
    ("Buoy nine lies forty metres east of its place", "Ships that draw more than six metres take the west channel."),
    ("Night passages need a second pilot again", "The board ends the exception that it made for the summer."),
    ("The signal mast gets a lamp that can be seen by day", "It was visible from four miles off in last week's fog."),
    ("Three candidates pass the harbour pilots' examination", "They start as apprentices on the ferry berths."),
    ("Ice in the inner basin is expected from Friday", "Small craft should be taken out of the water before that."),
)


class FeedlessSite(SiteServer):
    """`publish()` adds a notice."""

    def __init__(self, now: datetime | None = None) -> None:
        super().__init__()
        self.now = (now or datetime.now(UTC)).replace(hour=6, minute=0, second=0, microsecond=0)
        self.notices = [
            Notice(31 + number, title, teaser, self.now - timedelta(days=2 * (len(_TITLES) - number)))
            for number, (title, teaser) in enumerate(_TITLES)
        ]
        self._write()

    def publish(self, title: str, teaser: str = "") -> None:
        self.notices.append(Notice(31 + len(self.notices), title, teaser, self.now))
        self._write()

    def _write(self) -> None:
        newest_first = self.notices[::-1]
        rows = "\n".join(
            f'<li class="notice"><span class="date">{each.day:%Y-%m-%d}</span> '
            f'<a href="{each.path}">{escape(each.title)}</a><p>{escape(each.teaser)}</p></li>'
            for each in newest_first
        )
        menu = '<nav><a href="/">Start</a> <a href="/news/">Notices to mariners</a> <a href="/fees">Fees</a></nav>'
        head = '<!DOCTYPE html><html lang="en"><head><title>The Pilots</title></head><body>'
        listed = "".join(
            f"<url><loc>{self.url(each.path)}</loc><news:news><news:publication><news:name>The Pilots</news:name>"
            f"<news:language>en</news:language></news:publication><news:publication_date>{each.day.isoformat()}"
            f"</news:publication_date><news:title>{escape(each.title)}</news:title></news:news></url>"
            for each in newest_first
        )
        posts = [
            {
                "id": each.number,
                "title": each.title,
                "url": each.path,
                "date": each.day.isoformat(),
                "body": each.teaser,
            }
            for each in newest_first
        ]
        self.pages |= {
            "/": Page(f"{head}{menu}<h1>The Pilots</h1>".encode(), "text/html; charset=utf-8"),
            "/news/": Page(f'{head}{menu}<ul class="notices">{rows}</ul>'.encode(), "text/html; charset=utf-8"),
            "/robots.txt": Page(f"Sitemap: {self.url('/news.xml')}\n".encode(), "text/plain"),
            "/news.xml": Page(
                '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
                f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{listed}</urlset>'.encode(),
                "application/xml",
            ),
            "/api/notices": Page(json.dumps({"data": {"posts": posts}}).encode(), "application/json"),
        }
