"""A newspaper of two feeds and a few pictures: small, so that it can be fetched hundreds of times."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from html import escape

from PIL import Image

from tests.sites.server import Page, SiteServer, http_date

FEEDS = ("morning", "evening")
FIRST_DAY = datetime(2025, 3, 3, 7, 30, tzinfo=UTC)
SENTENCES = (
    "The ferry to the island leaves an hour later than usual because of the fog",
    "Два причала закрыты до пятницы, грузы принимает северная гавань",
    "码头的起重机修好了，两艘货轮今天下午可以卸货",
    "La halle aux poissons ouvre de nouveau ses portes après trois semaines de travaux",
    "Der Leuchtturm bekommt im Herbst ein neues Licht, das vierzig Kilometer weit reicht",
)


class Newspaper(SiteServer):
    """Its first edition has three articles in each feed; the second has one more in each, and another text of one."""

    def __init__(self) -> None:
        super().__init__()
        self.publish(1)

    def publish(self, edition: int) -> None:
        for number, feed in enumerate(FEEDS):
            items = "".join(self._item(feed, article, edition) for article in range(3 + edition - 1, 0, -1))
            text = (
                '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
                f"<title>The {feed} paper</title><link>{self.url('/')}</link><language>en</language>\n{items}"
                "</channel></rss>\n"
            )
            self.pages[f"/{feed}.xml"] = Page(text.encode(), "application/rss+xml")
            self.pages |= {f"/{feed}-{n}.png": Page(_picture(10 * number + n), "image/png") for n in range(1, 6)}
            self.pages |= {f"/{feed}/{n}.html": self._page(feed, n, edition) for n in range(1, 6)}
        self.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /*/3.html$\n", "text/plain")

    def feeds_toml(self) -> str:
        return "\n".join(
            f'[[feed]]\nid = "{feed}"\nname = "The {feed} paper"\nurl = "{self.url(f"/{feed}.xml")}"\nimages = "all"\n'
            for feed in FEEDS
        )

    def _item(self, feed: str, number: int, edition: int) -> str:
        corrected = " It was corrected in the second edition." if number == 2 and edition == 2 else ""
        sentence = SENTENCES[(number + len(feed)) % len(SENTENCES)]
        body = (
            f"<p>{sentence}, says the {feed} paper in its article {number}.{corrected}</p>"
            f'<img src="{self.url(f"/{feed}-{number}.png")}" alt="Picture {number}">'
        )
        address = self.url(f"/{feed}/{number}.html")
        return (
            f"<item><title>{sentence} ({feed} {number})</title><link>{address}</link><guid>{address}</guid>"
            f"<pubDate>{http_date(FIRST_DAY + timedelta(hours=number))}</pubDate>"
            f"<description>{escape(body)}</description></item>\n"
        )

    def _page(self, feed: str, number: int, edition: int) -> Page:
        """The article's own page: whole, edited like the feed's entry; that of the first is taken down."""
        if number == 1 and edition == 2:
            return Page(b"<h1>Gone</h1>", "text/html", 410)
        corrected = "<p>It was corrected in the second edition.</p>" if number == 2 and edition == 2 else ""
        sentence = SENTENCES[(number + len(feed)) % len(SENTENCES)]
        paragraphs = "".join(
            f"<p>{each}, as the {feed} paper writes in its article {number}.</p>" for each in SENTENCES
        )
        html = (
            f"<!DOCTYPE html><html lang='en'><head><title>{sentence} ({feed} {number})</title></head><body><article>"
            f"<h1>{sentence} ({feed} {number})</h1>{paragraphs}{corrected}</article></body></html>"
        )
        return Page(html.encode(), "text/html; charset=utf-8")


def _picture(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (8 * number, 100, 200 - 5 * number)).save(file, "PNG")
    return file.getvalue()
