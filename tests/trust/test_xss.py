"""What cleaning makes of hostile markup, in a browser with scripts on: nothing runs, and only images are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from random import Random
from typing import Any, cast

import pytest
from selenium.webdriver import Chrome

from tasks.mill.document import mill_bytes
from tasks.text.tags import ATTRIBUTES, BLOCK, INLINE, TABLE
from tests.browser import chromium, needs_browser
from tests.sites.pictures import pixel
from tests.sites.server import Page, SiteServer
from tests.tasks.making import FEED, Item, document, rss
from tests.tasks.parse.pages import ENGLISH, page, paragraphs
from tests.trust import words
from tests.trust.mutation import mutated
from tests.trust.xss import RUNNING, VECTORS
from warehouse.records import Feed, Form, Rules

pytestmark = needs_browser

TAGS = INLINE | BLOCK | TABLE | {"img", "figcaption"}
ATTRIBUTES_AND_REL = ATTRIBUTES | {"a": {*ATTRIBUTES["a"], "rel"}}
SEED = 1
DAMAGED = 1000
"""Vectors with damage of their own."""
MAX_BYTES = 20_000
HTML_WORDS = tuple(word.encode() for word in words.HTML)
MANY = 300
"""Different pieces of cleaned HTML that the vectors must make at least, so that the test tests something."""
HEAD = """<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"><script>
var numbers = []; Object.defineProperty(window, 'ran', {value: number => { numbers.push(number) }});
</script></head><body>"""
ELEMENTS = """
return [...document.querySelectorAll('section *')].map(element => [
    element.namespaceURI.endsWith('xhtml') ? element.localName : element.tagName, element.getAttributeNames(),
    element.href || element.src || '', element.closest('section').title])
"""
SETTLED = """
const done = arguments[arguments.length - 1];
const frame = () => new Promise(requestAnimationFrame), task = () => new Promise(next => setTimeout(next));
(async () => { for (let times = 0; times < 5; times++) { await frame(); await task() } done(numbers) })()
"""
"""The numbers of the vectors that ran, once everything that waits for a frame or for another task has had its turn."""
TOUCHED = """
const events = ['click', 'auxclick', 'mouseover', 'mouseenter', 'pointerenter', 'wheel', 'keydown', 'focus', 'focusin',
    'toggle', 'copy', 'load', 'error', 'scroll', 'animationstart', 'transitionrun', 'submit', 'input', 'beforetoggle']
for (const element of document.querySelectorAll('section *'))
    for (const name of events) element.dispatchEvent(new Event(name, {bubbles: true}))
"""
"""As a reader who touches everything; events that a script makes follow no link."""
PARSED_AGAIN = """
for (const section of document.querySelectorAll('section')) section.innerHTML = section.innerHTML
"""


@dataclass(frozen=True)
class Shown:
    """A page that was looked at."""

    ran: list[int]
    elements: list[tuple[str, list[str], str, str]]
    """Tag, attributes, address, and the numbers of the vector."""
    requests: list[tuple[str, str]]
    """Kind and address of each, the page's own left out."""
    sections: int
    """Of the body; its only children, if nothing gets out of them."""


@dataclass(frozen=True)
class Viewer:
    driver: Chrome
    site: SiteServer

    def show(self, pieces: dict[str, str]) -> Shown:
        """A page with the pieces of HTML, each in a section with its name."""
        sections = "".join(f'<section title="{escape(name)}">{html}</section>\n' for name, html in pieces.items())
        self.site.pages["/page"] = Page(f"{HEAD}{sections}".encode(), "text/html; charset=utf-8")
        list(self._requests())  # of the page before
        self.driver.get(self.site.url("/page"))
        self.driver.execute_script(TOUCHED)
        self.driver.execute_async_script(SETTLED)
        self.driver.execute_script(PARSED_AGAIN)
        self.driver.execute_script(TOUCHED)
        ran = self.driver.execute_async_script(SETTLED)
        elements = [cast("tuple[str, list[str], str, str]", tuple(one)) for one in self.driver.execute_script(ELEMENTS)]
        children = self.driver.execute_script("return [...document.body.children].map(child => child.localName)")
        assert self.driver.current_url == self.site.url("/page"), "nothing leads away"
        assert len(self.driver.window_handles) == 1, "nothing opens a window"
        return Shown(ran, elements, list(self._requests()), len(children) if set(children) == {"section"} else -1)

    def _requests(self) -> Iterator[tuple[str, str]]:
        for line in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message: dict[str, Any] = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]
                if request["request"]["url"] != self.site.url("/page"):
                    yield request["type"], request["request"]["url"]


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    with (
        SiteServer() as site,
        chromium(
            tmp_path_factory.mktemp("chromium"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            log_requests=True,
        ) as driver,
    ):
        for number in range(len(VECTORS)):
            site.pages[f"/{number}/i"] = Page(pixel(), "image/gif")
        driver.set_script_timeout(60)
        yield Viewer(driver, site)


def cleaned(data: bytes, feed: Feed, form: Form = "feed", content_type: str = "application/xml") -> list[str]:
    milled = mill_bytes(data, replace(document(data, feed=feed, content_type=content_type), form=form), feed)
    return [article.content_html for article in milled.articles]


def from_json_feed(html: str, feed: Feed) -> list[str]:
    """JSON can hold every character."""
    item = {"id": feed.url, "url": feed.url, "content_html": html}
    data = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode("utf-8", "surrogatepass")
    return cleaned(data, feed)


def every_way(html: str, feed: Feed) -> Iterator[str]:
    """What each way into the warehouse makes of an entry, article file or page with this markup."""
    yield from from_json_feed(html, feed)
    yield from from_json_feed(html, replace(feed, rules=Rules(remove=("div.ad",))))
    yield from from_json_feed(html, replace(feed, rules=Rules(content="body")))
    yield from cleaned(rss(Item(text=html, link=feed.url)), feed)
    yield from cleaned(rss(Item(text=f"<p>{html}</p><p>{html}", link=feed.url)), feed)
    yield from cleaned(f"[x]({feed.url})\n------\n\n{html}\n".encode(), feed, "article", "text/plain")
    text = paragraphs(ENGLISH[:2]) + html + paragraphs(ENGLISH[2:])
    whole = replace(feed, rules=Rules(content=".article-body"))
    yield from cleaned(page(text=text).encode(), whole, "page", "text/html")


def aimed(viewer: Viewer, number: int) -> tuple[str, Feed]:
    """The vector, and a feed whose addresses are the test's server's, so that it sees what is asked for."""
    site = viewer.site.url("").rstrip("/")
    address = f"{site}/{number}/"
    return VECTORS[number].aimed(number, site), replace(FEED, url=address, site_url=address)


def check(viewer: Viewer, names: dict[str, str]) -> Shown:
    """The page with these pieces of cleaned HTML (HTML → its name): nothing in it does any harm."""
    viewer.site.requests.clear()
    shown = viewer.show({name: html for html, name in names.items()})
    assert shown.ran == []
    assert [request for request in shown.requests if request[0] != "Image"] == []
    kinds = {request.headers.get("sec-fetch-dest") for request in viewer.site.requests if request.path != "/page"}
    assert kinds == {"image"}
    assert shown.sections == len(names), "each piece stays in its place"
    wrong = [
        (tag, attributes, address, name)
        for tag, attributes, address, name in shown.elements
        if tag not in TAGS
        or not set(attributes) <= ATTRIBUTES_AND_REL.get(tag, set())
        or (address and not address.startswith(("http://", "https://", "mailto:")))
    ]
    assert wrong == []
    return shown


def test_what_is_cleaned_runs_nothing_and_asks_for_images_only(viewer: Viewer) -> None:
    names: dict[str, str] = {}
    for number, vector in enumerate(VECTORS):
        for way, html in enumerate(every_way(*aimed(viewer, number))):
            names.setdefault(html, f"{number} {way} {vector.kind}")
    assert len(names) > MANY
    shown = check(viewer, names)
    assert {tag for tag, *_ in shown.elements} > {"p", "a", "img", "figure", "table", "pre"}, "something is left"


def test_vectors_that_are_damaged_and_joined_do_no_harm_either(viewer: Viewer) -> None:
    numbers = range(len(VECTORS))
    vectors = [aimed(viewer, number)[0].encode("utf-8", "surrogatepass") for number in numbers]
    names: dict[str, str] = {}
    for number in range(DAMAGED):
        rng = Random(f"{SEED} {number}")
        html = mutated(rng.choice(vectors), rng, vectors, HTML_WORDS)[:MAX_BYTES].decode("utf-8", "replace")
        for cleaned_html in from_json_feed(html, aimed(viewer, 0)[1]):
            names.setdefault(cleaned_html, str(number))
    assert len(names) > MANY
    check(viewer, names)


def test_what_is_not_cleaned_is_noticed(viewer: Viewer) -> None:
    """Otherwise the test above would pass whatever cleaning does."""
    site = viewer.site.url("").rstrip("/")
    pieces = [html.replace("RAN", f"ran({number})").replace("SITE", site) for number, html in enumerate(RUNNING)]
    shown = viewer.show({str(number): html for number, html in enumerate(pieces)})
    assert set(shown.ran) == {0, 1, 2, 3, 4}
    assert {"Stylesheet", "Image"} < {kind for kind, _ in shown.requests}
    assert {"script", "svg", "iframe", "link", "object"} < {tag for tag, *_ in shown.elements}
    assert viewer.show({"0": "x</section><p>y"}).sections == -1
