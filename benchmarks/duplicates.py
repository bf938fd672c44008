"""Near duplicates: precision and recall on labelled articles, and the time an article takes.

    python -m benchmarks.duplicates

The articles are made of the texts in benchmarks/stories.py: each story and notice in several versions, told by others,
taken up the next day, and what machines and columns repeat. They are loaded and marked as any others. A version is to
name the first of its story in `duplicate_of`, and all else nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from benchmarks.stories import BOILERPLATE, CHANNELS, NOTICES, STORIES, TEMPLATES, Change, Notice, Story
from tasks.clean.similarity import MEASURE, bands
from tests.tasks.making import NOW, Item, milled
from warehouse.load.batch import load
from warehouse.load.duplicates import SIMILAR, mark_duplicates
from warehouse.records import Feed
from warehouse.store.connection import Warehouse

FIRST = datetime(2026, 11, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)

LEADS = {
    "ru": "ЗАЛИВ (Северная волна) — ",
    "zh": "本报讯 ",
    "ja": "【港】",
    "ko": "(남해=항구통신) ",
}
TAILS = {
    "en": "Subscribe to our newsletter for the news of the day.",
    "de": "Mehr aus der Region lesen Sie jeden Morgen in unserem Rundbrief.",
    "fr": "Retrouvez toute l'actualité de la région dans notre lettre du matin.",
    "es": "Reciba cada mañana las noticias de la comarca en su correo.",
    "ru": "Подпишитесь на утреннее письмо с новостями края.",
    "zh": "获取更多新闻,请订阅我们的每日邮件。",
    "ja": "毎朝のニュースをメールでお届けします。",
    "ko": "매일 아침 지역 소식을 메일로 받아 보세요.",
}
WIDE = str.maketrans("0123456789,", "０１２３４５６７８９，")
"""As some Chinese, Japanese and Korean sites write them."""

Told = tuple[str, str]
"""Title and text."""


def edited(text: str, *changes: Change) -> str:
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


def respelt(text: str) -> str:
    """In other case, width and punctuation."""
    return text.translate(WIDE).replace("; ", " – ").replace(". ", ".\n").replace("。", "。\n").upper()


def cut(text: str, share: float) -> str:
    return text[: int(share * len(text))].rsplit(" ", 1)[0] + "…"


def joined(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


VERSIONS: Mapping[str, Callable[[Story], Told]] = {
    "word for word": lambda story: (story.title, story.text),
    "in other case, width and punctuation": lambda story: (respelt(story.title), respelt(story.text)),
    "with an agency's lead and a site's tail": lambda story: (
        story.title,
        joined(LEADS.get(story.language, "QUAY (Coast News) — ") + story.text, TAILS[story.language]),
    ),
    "under another headline": lambda story: (story.headline, story.text),
    "lightly edited": lambda story: (story.title, edited(story.text, *story.changes)),
    "lightly edited, under another headline": lambda story: (story.headline, edited(story.text, *story.changes)),
    "with another paragraph": lambda story: (story.title, joined(story.text, story.addition)),
    "lightly edited, with another paragraph": lambda story: (
        story.title,
        joined(edited(story.text, *story.changes), story.addition),
    ),
    "with its paragraphs in another order": lambda story: (
        story.title,
        joined(story.paragraphs[0], *story.paragraphs[:0:-1]),
    ),
    "lightly edited, with its last paragraph replaced": lambda story: (
        story.title,
        joined(*edited(story.text, *story.changes).split("\n\n")[:-1], story.addition),
    ),
    "without its last paragraph": lambda story: (story.title, joined(*story.paragraphs[:-1])),
    "cut off after four fifths": lambda story: (story.title, cut(story.text, 0.8)),
    "a teaser: its first paragraph": lambda story: (story.title, story.paragraphs[0]),
}
"""How a story comes again."""

OTHERS: Mapping[str, Callable[[Story], Told]] = {
    "told by another writer": lambda story: story.retold,
    "the next day's report, which repeats half of the first": lambda story: (
        story.later[0],
        joined(story.later[1], *story.paragraphs[1:]),
    ),
}
"""What tells another story, or the same one in other words."""

SHORT_VERSIONS: Mapping[str, Callable[[Notice], Told]] = {
    "word for word": lambda notice: (notice.title, notice.text),
    "in other case, width and punctuation": lambda notice: (respelt(notice.title), respelt(notice.text)),
    "with the site's name in the title": lambda notice: (f"{notice.title} | Coast News", notice.text),
    "with a site's tail": lambda notice: (notice.title, joined(notice.text, TAILS[notice.language])),
    "with a word or two changed": lambda notice: (notice.title, edited(notice.text, notice.change)),
}

SHORT_OTHERS: Mapping[str, Callable[[Notice], Told]] = {
    "with other figures or places": lambda notice: (notice.title, edited(notice.text, *notice.figures)),
    "under another title": lambda notice: (notice.other_title, notice.text),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, and of which story it is."""

    story: str
    kind: str
    feed: str
    title: str
    text: str
    moment: datetime
    copy: bool = False
    """Whether it is to name the first of its story."""


def labelled() -> Iterator[Labelled]:
    """All articles; a story's first one before its copies."""
    for number, story in enumerate(STORIES):
        name, moment = f"story {number}", FIRST + number * timedelta(hours=3)
        yield Labelled(name, "story", "first", story.title, story.text, moment)
        for place, (kind, version) in enumerate(VERSIONS.items(), 1):
            later = moment + place * timedelta(hours=5)
            yield Labelled(name, f"story, {kind}", f"site {place}", *version(story), later, copy=True)
        for place, (kind, other) in enumerate(OTHERS.items()):
            later = moment + timedelta(hours=2) + place * DAY
            yield Labelled(f"{name}, {kind}", f"story, {kind}", f"other {place}", *other(story), later)
    for number, notice in enumerate(NOTICES):
        name, moment = f"notice {number}", FIRST + number * timedelta(hours=1)
        yield Labelled(name, "notice", "first", notice.title, notice.text, moment)
        for place, (kind, short) in enumerate(SHORT_VERSIONS.items(), 1):
            later = moment + place * timedelta(hours=2)
            yield Labelled(name, f"notice, {kind}", f"site {place}", *short(notice), later, copy=True)
        for place, (kind, short) in enumerate(SHORT_OTHERS.items()):
            later = moment + DAY + place * timedelta(hours=2)
            yield Labelled(f"{name}, {kind}", f"notice, {kind}", f"other {place}", *short(notice), later)
    for number, template in enumerate(TEMPLATES):
        for place, day in enumerate(template.days):
            title, text = template.title.format(*day), template.text.format(*day)
            kind = "a machine's daily report, under " + (
                "titles of its own" if "{0}" in template.title else "one title"
            )
            feed = f"machine {place}" if template.several else "machine"
            kind += ", in several feeds" if template.several else ""
            yield Labelled(f"template {number}, {place}", kind, feed, title, text, FIRST + place * DAY)
    for number, channel in enumerate(CHANNELS):
        for place, (title, line) in enumerate(channel.clips):
            text = joined(line, channel.below)
            yield Labelled(f"{number}, {title}", "a channel's clip", "channel", title, text, FIRST + place * DAY)
    for title, text, times in BOILERPLATE:
        for place in range(times):
            for feed in ("column", "column elsewhere"):
                name = f"{title}, {feed}, {place}"
                yield Labelled(name, "a column's heading", feed, title, text, FIRST + place * DAY)


@dataclass(slots=True)
class Found:
    """How many articles of a kind there are, and how many of them name another."""

    articles: int = 0
    copies: int = 0
    right: int = 0
    """Copies that name the first of their story."""
    alone: int = 0
    """Copies that are alike enough to the first: what would be found if it and they were all there is."""
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    kinds: Mapping[str, Found]
    says: Sequence[str]
    """What was missed, and what was wrongly found."""

    @property
    def precision(self) -> float:
        """Of what names an article, the share that names the right one."""
        right = self._sum("right")
        return right / (right + self._sum("wrong"))

    @property
    def recall(self) -> float:
        """Of the copies, the share that names the first of its story."""
        return self._sum("right") / self._sum("copies")

    @property
    def alone(self) -> float:
        """The recall if of every story there were the first and one copy only."""
        return self._sum("alone") / self._sum("copies")

    def _sum(self, what: str) -> int:
        return sum(getattr(found, what) for found in self.kinds.values())


def measured(folder: Path) -> Figures:
    """Load and mark all of them in a new warehouse in the folder."""
    articles = {f"https://{_host(each.feed)}.example/{number}": each for number, each in enumerate(labelled())}
    store = Warehouse(folder / "newsmill.duckdb")
    _fill(store, articles)
    mark_duplicates(store, MEASURE)
    with store.reading() as connection:
        marks = connection.execute(
            "SELECT a.url, o.url FROM clean.articles a LEFT JOIN clean.articles o ON o.article_id = a.duplicate_of "
            "ORDER BY a.url"
        ).fetchall()
        pairs = connection.execute(
            "SELECT a.url, b.url FROM clean.similar_articles s JOIN clean.articles a ON a.article_id = s.article_id "
            "JOIN clean.articles b ON b.article_id = s.other_id WHERE s.similarity >= $1",
            [SIMILAR],
        ).fetchall()
    alike = {frozenset(pair) for pair in pairs}
    firsts = {each.story: url for url, each in articles.items() if not each.copy}
    kinds = {each.kind: Found() for each in articles.values()}
    says = []
    for url, named in marks:
        one, found = articles[url], kinds[articles[url].kind]
        right = firsts[one.story] if one.copy else None
        found.articles += 1
        found.copies += one.copy
        found.right += one.copy and named == right
        found.alone += frozenset((url, right)) in alike
        if named == right:
            continue
        if named:
            found.wrong += 1
            says.append(f"wrong: {one.kind}: {one.title!r} names {articles[named].title!r} ({articles[named].kind})")
        else:
            says.append(f"missed: {one.kind}: {one.title!r}")
    return Figures(kinds, sorted(says))


def _fill(store: Warehouse, articles: Mapping[str, Labelled]) -> None:
    feeds: dict[str, list[Item]] = {}
    for url, each in articles.items():
        html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in each.text.split("\n\n"))
        feeds.setdefault(each.feed, []).append(Item(each.title, html, url, url, format_datetime(each.moment)))
    with store.writing() as connection:
        for name, items in feeds.items():
            site = f"https://{_host(name)}.example/"
            feed = Feed(_host(name), name, f"{site}feed.xml", site_url=site)
            load(connection, [milled(*items, feed=feed, at=NOW)], run_id="one")


def _host(feed: str) -> str:
    return feed.replace(" ", "-")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder))
    print(*figures.says, "", sep="\n")
    print(f"| {'kind':<64} | articles | copies | found | alone | wrong |")
    print(f"| {'-' * 64} | -------: | -----: | ----: | ----: | ----: |")
    for kind, found in figures.kinds.items():
        copies = (found.copies, found.right, found.alone) if found.copies else ("", "", "")
        print("| {:<64} | {:>8} | {:>6} | {:>5} | {:>5} | {:>5} |".format(kind, found.articles, *copies, found.wrong))
    print(
        f"precision {figures.precision:.3f}, recall {figures.recall:.3f}; {figures.alone:.3f} of first and copy alone"
    )
    texts = [(story.title, joined(*[story.text] * 2, str(number))) for number in range(20) for story in STORIES]
    began = time.process_time()
    for title, text in texts:
        bands(title, text)
    spent = time.process_time() - began
    size = sum(len(text) for _, text in texts) // len(texts)
    print(f"{1000 * spent / len(texts):.2f} ms a signature, of {size:,} characters")


if __name__ == "__main__":
    main()
