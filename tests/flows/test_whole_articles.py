"""A town read whole: a feed of teasers, a list without a feed, a news sitemap; what is edited there, what vanishes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.flows.observing import rows
from tests.sites.server import Page, RequestHandler, Route
from tests.sites.teasers import STORIES, Story, TeaserSite, page, story_page
from tests.trust.state import State, read_state
from tests.trust.stopping import Stop

DELAY = 0.2
"""Seconds between two requests that the town's robots.txt asks for."""
BRIDGE, LIBRARY, TEA, COMET, FERRY, BUDGET, MINUTES = STORIES


def of(story: Story, path: str, title: str) -> Story:
    return replace(story, path=path, title=title, teaser="", is_free=True)


NOTICES = (
    of(BRIDGE, "/notices/71-pier.html", "The pier at Tannfeld gets new planks before the first snow"),
    of(LIBRARY, "/notices/72-well.html", "The well on the market square runs again after nine dry years"),
    of(COMET, "/notices/73-bell.html", "The bell of Saint Olga is rung by hand for the whole winter"),
    of(FERRY, "/notices/74-mill.html", "The mill at the lower weir sells the last of its flour"),
    of(BRIDGE, "/notices/75-dogs.html", "Dogs are allowed in the town hall, on Tuesdays and on a lead"),
)
"""On a page that lists them, and in no feed."""
PRESS = (
    of(TEA, "/press/goats.html", "镇长就山羊事件辞职 副镇长代理职务"),
    of(FERRY, "/press/skating.html", "Skating is allowed on the small lake from Saturday on"),
)
"""In the news sitemap alone."""
ALL = (*STORIES, *NOTICES, *PRESS)
READABLE = [story for story in ALL if story is not MINUTES]


class Town(TeaserSite):
    """It counts how many requests it answers at once, and notes when each came."""

    def __init__(self) -> None:
        super().__init__(robots=f"User-agent: *\nDisallow: /*/private/\nCrawl-delay: {DELAY}\n")
        self.arrived: list[tuple[str, float]] = []
        self.at_once = self.most = 0
        self._lock = threading.Lock()
        self.rebuild()

    def rebuild(self) -> None:
        """As it was at first."""
        self.stories = STORIES
        self.publish()
        for story in (*NOTICES, *PRESS):
            self.pages[story.path] = story_page(story, self.url(story.path))
        quick = self.pages[FERRY.path]
        self.pages[FERRY.path] = lambda handler: self._answer_slowly(handler, quick)
        day = f"<time datetime='{self.now:%Y-%m-%d}'>{self.now:%d %B %Y}</time>"
        items = "".join(f"<li>{day} <a href='{each.path}'>{escape(each.title)}</a></li>" for each in NOTICES)
        self.pages["/notices/"] = page("Notices of the town", f"<h1>Notices</h1><ul>{items}</ul>")
        listed = "".join(
            f"<url><loc>{self.url(each.path)}</loc><news:news><news:publication><news:name>The town</news:name>"
            f"<news:language>{each.language}</news:language></news:publication><news:publication_date>"
            f"{self.now.isoformat()}</news:publication_date><news:title>{each.title}</news:title></news:news></url>"
            for each in PRESS
        )
        sitemap = (
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{listed}</urlset>'
        )
        self.pages["/news.xml"] = Page(sitemap.encode(), "application/xml")

    def change(self) -> None:
        """A page of the feed and one of the list are edited; three vanish."""
        self.edit(BRIDGE.path, "until spring", "until summer")
        edited = replace(
            NOTICES[1], paragraphs=(*NOTICES[1].paragraphs[:-1], "The count has ended; nobody is invited.")
        )
        self.pages[edited.path] = story_page(edited, self.url(edited.path))
        self.take_down(COMET.path, "404")
        self.take_down(LIBRARY.path, "front")
        self.take_down(PRESS[1].path, "soft")

    def feeds_toml(self) -> str:
        lists = (("notices", "/notices/", "page"), ("press", "/news.xml", "sitemap"))
        return self.registry() + "".join(
            f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{self.url(path)}"\nkind = "{kind}"\n'
            for name, path, kind in lists
        )

    def route(self, target: str) -> Route:
        found = super().route(target)

        def answer(handler: RequestHandler) -> None:
            with self._counted(target):
                if isinstance(found, Page):
                    handler.send_page(found)
                else:
                    found(handler)

        return answer

    @contextmanager
    def _counted(self, target: str) -> Iterator[None]:
        with self._lock:
            self.arrived.append((target, time.monotonic()))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            yield
        finally:
            with self._lock:
                self.at_once -= 1

    def _answer_slowly(self, handler: RequestHandler, quick: Route) -> None:
        self.closing.wait(5 * DELAY)
        assert isinstance(quick, Page)
        handler.send_page(quick)


def let_an_hour_pass(newsmill: Newsmill) -> None:
    with duckdb.connect(str(newsmill.warehouse)) as connection:
        connection.execute(
            "UPDATE clean.pages SET next_try_at = now(), missing_since = missing_since - INTERVAL 1 HOUR "
            "WHERE next_try_at IS NOT NULL"
        )


def read_thrice(
    newsmill: Newsmill,
    site: Town,
    ingest: Callable[[Newsmill, int], Any] = lambda newsmill, _: newsmill.facts("ingest"),
) -> list[Any]:
    """Three ingests, an hour apart: what the town has, what it has changed, and what is still missing then."""
    site.rebuild()
    newsmill.registry(site.feeds_toml())
    facts = [ingest(newsmill, 0)]
    site.change()
    for number in (1, 2):
        let_an_hour_pass(newsmill)
        facts.append(ingest(newsmill, number))
    return facts


def watchful(newsmill: Newsmill) -> Newsmill:
    """Pages are asked again after an hour; what is missing twice, an hour apart, is gone."""
    return newsmill.setting(full_text="auto", page_checks="1h", gone_after="1h")


Reading = tuple[Newsmill, Town, list[Any], State]


@pytest.fixture(scope="module")
def read(newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    newsmill = watchful(newsmill_in(tmp_path_factory.mktemp("town")))
    with Town() as site:
        facts = read_thrice(newsmill, site)
        yield newsmill, site, facts, read_state(newsmill)


def test_one_ingest_gives_whole_articles_and_later_ones_the_edits_and_removals(read: Reading) -> None:
    newsmill, site, (first, second, third), _ = read
    assert (first["new"], first["pages_read"], first["pages_failed"]) == (len(ALL), len(READABLE), 1)
    assert [(each["new"], each["edited"], each["gone"]) for each in (first, second, third)] == [
        (len(ALL), 0, 0),
        (0, 2, 0),
        (0, 0, 3),
    ]
    assert [each["pages_unchanged"] for each in (first, second, third)] == [0, len(READABLE) - 5, len(READABLE) - 3]
    assert [each["checks_failed"] for each in (first, second, third)] == [[], [], []]
    found = rows(newsmill.published, "SELECT url, feed_id, text_source, content_text FROM clean.articles")
    by_path = {url.removeprefix(site.url("")): (feed, source, text) for url, feed, source, text in found}
    feeds = {story.path: "ridge" for story in STORIES} | {story.path: "notices" for story in NOTICES}
    for story in READABLE:
        feed, source, text = by_path[story.path]
        assert (feed, source) == (feeds.get(story.path, "press"), "page")
        assert text.startswith(story.paragraphs[0][:40])
    assert by_path[MINUTES.path] == ("ridge", "feed", MINUTES.teaser)
    edits = rows(newsmill.published, "SELECT title, is_silent FROM marts.edited_articles ORDER BY feed_id DESC")
    assert edits == [(BRIDGE.title, True), (NOTICES[1].title, True)]
    removed = rows(newsmill.published, "SELECT url, gone_reason, back_at FROM marts.removed_articles")
    reasons = {url.removeprefix(site.url("")): reason for url, reason, _ in removed}
    assert reasons.keys() == {COMET.path, LIBRARY.path, PRESS[1].path}
    for path, reason in ((COMET.path, "404"), (LIBRARY.path, "front page"), (PRESS[1].path, "error page")):
        assert reason in reasons[path]


def test_no_host_is_asked_more_often_than_it_allows(read: Reading) -> None:
    """Counted where it matters: two requests at once, pages only as often as Crawl-delay says, robots.txt once a day,
    each page once in a run, and none that robots.txt closes."""
    _, site, _, _ = read
    asked = Counter(path for path, _ in site.arrived)
    assert site.most <= 2
    assert asked.pop("/robots.txt") == 1
    assert {asked.pop(path) for path in ("/feed.xml", "/notices/", "/news.xml")} == {3}
    assert asked.pop("/") == 2, "where the library's address leads"
    assert asked == {story.path: 3 for story in READABLE}
    moments = [moment for path, moment in site.arrived if path.count("/") > 1 and path != "/notices/"]
    runs = [moments[number : number + len(READABLE)] for number in range(0, len(moments), len(READABLE))]
    for run in runs:
        # half of it: a request may arrive late, and the next one in time
        assert run[-1] - run[0] >= DELAY * (len(READABLE) - 1) / 2


def test_reprocess_gives_the_same_rows_and_asks_nobody(read: Reading) -> None:
    newsmill, site, _, state = read
    marts = ("FROM marts.edited_articles ORDER BY ALL", "FROM marts.removed_articles ORDER BY ALL")
    requests, before = len(site.arrived), [rows(newsmill.warehouse, mart) for mart in marts]
    assert [len(found) for found in before] == [2, 3]
    newsmill.facts("reprocess")
    assert read_state(newsmill).differences(state) == []
    assert [rows(newsmill.warehouse, mart) for mart in marts] == before
    assert len(site.arrived) == requests


KILLS = (
    (
        Stop("after landing a document", 2),
        Stop("before landing pages"),
        Stop("after landing pages", 2),
        Stop("before a commit", 3),
        Stop("after loading a batch"),
        Stop("after planning pages", 2),
        Stop("before recording robots.txt"),
    ),
    (Stop("after landing pages"), Stop("before a commit", 2), Stop("after recording pages without a text")),
    (Stop("after marking records as loaded"), Stop("after planning pages", 2), Stop("before swapping the copy in")),
)
"""Where each of the three ingests is killed: first there, the next time there, and so on."""


@pytest.mark.thorough
def test_killed_at_any_step_and_run_again_it_ends_the_same(
    read: Reading, newsmill_in: Callable[[Path], Newsmill], tmp_path: Path
) -> None:
    _, site, _, undisturbed = read

    def ingest(newsmill: Newsmill, number: int) -> int:
        for stop in KILLS[number]:
            killed = replace(newsmill, environment={**newsmill.environment, **stop.variable})("ingest")
            assert killed.returncode not in (0, 1), f"not killed {stop}: {killed.stdout}\n{killed.stderr}"
        return newsmill("ingest").returncode

    newsmill = watchful(newsmill_in(tmp_path))
    assert read_thrice(newsmill, site, ingest) == [0, 0, 0]
    assert read_state(newsmill).differences(undisturbed) == []
