"""Near duplicates: precision and recall on labelled articles, and the time an article takes.

    python -m benchmarks.duplicates

The articles are made from the texts in benchmarks/stories.py: copies of each story and notice, other writers' reports
of it, the next day's reports, and the repeated texts of machines and columns. They are loaded and marked as usual.
`duplicate_of` must be the first article of the story in every copy, and empty in all other articles.
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
"""Full-width digits and comma, as some Chinese, Japanese and Korean sites write them."""

TitleAndText = tuple[str, str]


def edit(text: str, *changes: Change) -> str:
    """Replace each (before, after)."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


def change_spelling(text: str) -> str:
    """The text in upper case, with other widths and punctuation."""
    return text.translate(WIDE).replace("; ", " – ").replace(". ", ".\n").replace("。", "。\n").upper()


def cut_off(text: str, share: float) -> str:
    return text[: int(share * len(text))].rsplit(" ", 1)[0] + "…"


def join_paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


COPIES: Mapping[str, Callable[[Story], TitleAndText]] = {
    "word for word": lambda story: (story.title, story.text),
    "in other case, width and punctuation": lambda story: (change_spelling(story.title), change_spelling(story.text)),
    "with an agency's lead and a site's tail": lambda story: (
        story.title,
        join_paragraphs(LEADS.get(story.language, "QUAY (Coast News) — ") + story.text, TAILS[story.language]),
    ),
    "under another headline": lambda story: (story.headline, story.text),
    "lightly edited": lambda story: (story.title, edit(story.text, *story.changes)),
    "lightly edited, under another headline": lambda story: (story.headline, edit(story.text, *story.changes)),
    "with another paragraph": lambda story: (story.title, join_paragraphs(story.text, story.addition)),
    "lightly edited, with another paragraph": lambda story: (
        story.title,
        join_paragraphs(edit(story.text, *story.changes), story.addition),
    ),
    "with its paragraphs in another order": lambda story: (
        story.title,
        join_paragraphs(story.paragraphs[0], *story.paragraphs[:0:-1]),
    ),
    "lightly edited, with its last paragraph replaced": lambda story: (
        story.title,
        join_paragraphs(*edit(story.text, *story.changes).split("\n\n")[:-1], story.addition),
    ),
    "without its last paragraph": lambda story: (story.title, join_paragraphs(*story.paragraphs[:-1])),
    "cut off after four fifths": lambda story: (story.title, cut_off(story.text, 0.8)),
    "a teaser: its first paragraph": lambda story: (story.title, story.paragraphs[0]),
}
"""The ways in which a story is copied."""

OTHERS: Mapping[str, Callable[[Story], TitleAndText]] = {
    "told by another writer": lambda story: story.retold,
    "the next day's report, which repeats half of the first": lambda story: (
        story.later[0],
        join_paragraphs(story.later[1], *story.paragraphs[1:]),
    ),
}
"""Articles that are not copies: another story, or the same one in other words."""

SHORT_COPIES: Mapping[str, Callable[[Notice], TitleAndText]] = {
    "word for word": lambda notice: (notice.title, notice.text),
    "in other case, width and punctuation": lambda notice: (
        change_spelling(notice.title),
        change_spelling(notice.text),
    ),
    "with the site's name in the title": lambda notice: (f"{notice.title} | Coast News", notice.text),
    "with a site's tail": lambda notice: (notice.title, join_paragraphs(notice.text, TAILS[notice.language])),
    "with a word or two changed": lambda notice: (notice.title, edit(notice.text, notice.change)),
}

SHORT_OTHERS: Mapping[str, Callable[[Notice], TitleAndText]] = {
    "with other figures or places": lambda notice: (notice.title, edit(notice.text, *notice.figures)),
    "under another title": lambda notice: (notice.other_title, notice.text),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, with the story that it belongs to."""

    story: str
    kind: str
    feed: str
    title: str
    text: str
    moment: datetime
    copy: bool = False
    """Whether its `duplicate_of` must be the first article of the story."""


def labelled_articles() -> Iterator[Labelled]:
    """All articles; a story's first article comes before its copies."""
    for number, story in enumerate(STORIES):
        name, moment = f"story {number}", FIRST + number * timedelta(hours=3)
        yield Labelled(name, "story", "first", story.title, story.text, moment)
        for index, (kind, make_copy) in enumerate(COPIES.items(), 1):
            later = moment + index * timedelta(hours=5)
            yield Labelled(name, f"story, {kind}", f"site {index}", *make_copy(story), later, copy=True)
        for index, (kind, other) in enumerate(OTHERS.items()):
            later = moment + timedelta(hours=2) + index * DAY
            yield Labelled(f"{name}, {kind}", f"story, {kind}", f"other {index}", *other(story), later)
    for number, notice in enumerate(NOTICES):
        name, moment = f"notice {number}", FIRST + number * timedelta(hours=1)
        yield Labelled(name, "notice", "first", notice.title, notice.text, moment)
        for index, (kind, short) in enumerate(SHORT_COPIES.items(), 1):
            later = moment + index * timedelta(hours=2)
            yield Labelled(name, f"notice, {kind}", f"site {index}", *short(notice), later, copy=True)
        for index, (kind, short) in enumerate(SHORT_OTHERS.items()):
            later = moment + DAY + index * timedelta(hours=2)
            yield Labelled(f"{name}, {kind}", f"notice, {kind}", f"other {index}", *short(notice), later)
    for number, template in enumerate(TEMPLATES):
        for index, day in enumerate(template.days):
            title, text = template.title.format(*day), template.text.format(*day)
            kind = "a machine's daily report, with " + (
                "a new title each day" if "{0}" in template.title else "the same title"
            )
            feed = f"machine {index}" if template.several else "machine"
            kind += ", in several feeds" if template.several else ""
            yield Labelled(f"template {number}, {index}", kind, feed, title, text, FIRST + index * DAY)
    for number, channel in enumerate(CHANNELS):
        for index, (title, line) in enumerate(channel.clips):
            text = join_paragraphs(line, channel.below)
            yield Labelled(f"{number}, {title}", "a channel's clip", "channel", title, text, FIRST + index * DAY)
    for title, text, times in BOILERPLATE:
        for index in range(times):
            for feed in ("column", "column elsewhere"):
                name = f"{title}, {feed}, {index}"
                yield Labelled(name, "a column's heading", feed, title, text, FIRST + index * DAY)


@dataclass(slots=True)
class Tally:
    """How many articles of a kind there are, and how many of them have a `duplicate_of`."""

    articles: int = 0
    copies: int = 0
    right: int = 0
    """Copies whose `duplicate_of` is the first article of the story."""
    alone: int = 0
    """Copies that are similar enough to the first article: those that are found without other copies."""
    wrong: int = 0
    """Articles whose `duplicate_of` is a wrong article, or should be empty."""


@dataclass(frozen=True, slots=True)
class Figures:
    kinds: Mapping[str, Tally]
    mistakes: Sequence[str]
    """A line for each copy that was missed and each article that was marked wrongly."""

    @property
    def precision(self) -> float:
        """The share of right ones among all articles with a `duplicate_of`."""
        right = self._sum("right")
        return right / (right + self._sum("wrong"))

    @property
    def recall(self) -> float:
        """The share of the copies whose `duplicate_of` is right."""
        return self._sum("right") / self._sum("copies")

    @property
    def alone(self) -> float:
        """The recall if every story had only its first article and one copy."""
        return self._sum("alone") / self._sum("copies")

    def _sum(self, field: str) -> int:
        return sum(getattr(tally, field) for tally in self.kinds.values())


def measure(folder: Path) -> Figures:
    """Load and mark all articles in a new warehouse in the folder."""
    articles = {f"https://{_host(a.feed)}.example/{number}": a for number, a in enumerate(labelled_articles())}
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
    similar = {frozenset(pair) for pair in pairs}
    firsts = {article.story: url for url, article in articles.items() if not article.copy}
    kinds = {article.kind: Tally() for article in articles.values()}
    mistakes = []
    for url, duplicate_of in marks:
        article, tally = articles[url], kinds[articles[url].kind]
        expected = firsts[article.story] if article.copy else None
        tally.articles += 1
        tally.copies += article.copy
        tally.right += article.copy and duplicate_of == expected
        tally.alone += frozenset((url, expected)) in similar
        if duplicate_of == expected:
            continue
        if duplicate_of:
            tally.wrong += 1
            other = articles[duplicate_of]
            mistakes.append(f"wrong: {article.kind}: {article.title!r} duplicates {other.title!r} ({other.kind})")
        else:
            mistakes.append(f"missed: {article.kind}: {article.title!r}")
    return Figures(kinds, sorted(mistakes))


def _fill(store: Warehouse, articles: Mapping[str, Labelled]) -> None:
    feeds: dict[str, list[Item]] = {}
    for url, article in articles.items():
        html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in article.text.split("\n\n"))
        item = Item(article.title, html, url, url, format_datetime(article.moment))
        feeds.setdefault(article.feed, []).append(item)
    with store.writing() as connection:
        for name, items in feeds.items():
            site = f"https://{_host(name)}.example/"
            feed = Feed(_host(name), name, f"{site}feed.xml", site_url=site)
            load(connection, [milled(*items, feed=feed, at=NOW)], run_id="one")


def _host(feed: str) -> str:
    return feed.replace(" ", "-")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder))
    print(*figures.mistakes, "", sep="\n")
    print(f"| {'kind':<64} | articles | copies | found | alone | wrong |")
    print(f"| {'-' * 64} | -------: | -----: | ----: | ----: | ----: |")
    for kind, tally in figures.kinds.items():
        copies = (tally.copies, tally.right, tally.alone) if tally.copies else ("", "", "")
        print("| {:<64} | {:>8} | {:>6} | {:>5} | {:>5} | {:>5} |".format(kind, tally.articles, *copies, tally.wrong))
    print(
        f"precision {figures.precision:.3f}, recall {figures.recall:.3f}; "
        f"recall with only one copy of each story {figures.alone:.3f}"
    )
    texts = [
        (story.title, join_paragraphs(*[story.text] * 2, str(number))) for number in range(20) for story in STORIES
    ]
    started = time.process_time()
    for title, text in texts:
        bands(title, text)
    seconds = time.process_time() - started
    size = sum(len(text) for _, text in texts) // len(texts)
    print(f"{1000 * seconds / len(texts):.2f} ms per signature of a text of {size:,} characters")


if __name__ == "__main__":
    main()
