"""The web that tests/trust/soak.py fetches: what each feed publishes, edits, deletes and does wrong, round by round.

The same seed gives the same world in every process: the server has one, and the program that knows what must be found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from random import Random

from tests.sites.server import http_date

FAULTS = (
    *("404", "410", "429", "500", "hang", "cut-off", "redirect loop", "gzip bomb"),
    *("damaged XML", "lying length", "wrong charset"),
)
FAILING = frozenset(FAULTS[:8])
"""Of these nothing can be read; of the others perhaps some articles."""
WINDOW = 10
"""Articles in a feed."""
BORN, EDITED, DELETED = 0.7, 0.03, 0.01
"""How likely an article is new in a round, and how likely one that is in the feed is edited or taken out."""
FIRST_DAY = datetime(2025, 6, 2, 5, 0, tzinfo=UTC)
WORDS = """
Hafen Kran Möwe Fähre Ladung Nebel harbour crane gull ferry cargo fog quay été forêt marée port grue brume
гавань кран чайка паром груз туман 港口 起重机 海鸥 渡轮 货物 大雾 مرفأ رافعة نورس عبارة puerto grúa gaviota
""".split()  # noqa: SIM905


@dataclass
class Article:
    number: int
    text: int = 0
    """Which text it has: one more with each edit."""
    deleted: bool = False


@dataclass
class FeedOfTheWorld:
    number: int
    articles: list[Article] = field(default_factory=list)
    fault: str | None = None
    """In this round."""

    @property
    def id(self) -> str:
        return f"feed-{self.number}"

    @property
    def host(self) -> str:
        """Every feed has a host of its own: a host that answers 429 is left alone as a whole."""
        return f"127.{1 + self.number // 62_500}.{self.number // 250 % 250}.{1 + self.number % 250}"

    @property
    def window(self) -> list[Article]:
        """What the feed shows, newest first."""
        return [article for article in reversed(self.articles) if not article.deleted][:WINDOW]


class World:
    def __init__(self, seed: int, feeds: int, faults: float = 0.05) -> None:
        """`faults` is how likely each kind of fault is in each answer."""
        self.random = Random(seed)
        self.faults = faults
        self.feeds = [FeedOfTheWorld(number) for number in range(feeds)]
        self.round = 0
        for feed in self.feeds:
            feed.articles += [Article(number) for number in range(self.random.randint(2, WINDOW))]

    def advance(self) -> None:
        """To the next round."""
        self.round += 1
        for feed in self.feeds:
            for article in feed.window:
                chance = self.random.random()
                article.deleted = chance < DELETED
                article.text += DELETED <= chance < DELETED + EDITED
            if self.random.random() < BORN:
                feed.articles.append(Article(len(feed.articles)))
            kind = int(self.random.random() / self.faults) if self.faults else len(FAULTS)
            feed.fault = FAULTS[kind] if kind < len(FAULTS) else None

    def document(self, feed: FeedOfTheWorld) -> str:
        """The feed as RSS; each text has a marker in ASCII, which survives a wrong charset."""
        items = "".join(_item(feed, article) for article in feed.window)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
            f"<title>Feed {feed.number}</title><link>http://{feed.host}/</link>\n{items}</channel></rss>\n"
        )


def marker(feed: FeedOfTheWorld, article: Article) -> str:
    return f"[{feed.number}/{article.number}/{article.text}]"


def _item(feed: FeedOfTheWorld, article: Article) -> str:
    random = Random(1_000_000 * feed.number + 1000 * article.number + article.text)
    words = " ".join(random.choices(WORDS, k=60))
    address = f"http://{feed.host}/article/{article.number}"
    return (
        f"<item><title>{words[:40]} {article.number}</title><link>{address}</link><guid>{address}</guid>"
        f"<pubDate>{http_date(FIRST_DAY + timedelta(hours=article.number))}</pubDate>"
        f"<description>{escape(f'<p>{marker(feed, article)} {words}.</p>')}</description></item>\n"
    )
