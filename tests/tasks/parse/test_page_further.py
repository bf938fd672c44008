"""Where an article goes on."""

from __future__ import annotations

import pytest

from tasks.parse.page_further import further_page
from tests.tasks.making import NOW
from warehouse.records import Document, Feed, PageRules

ADDRESS = "https://quay.example/news/gate"
FEED = Feed("quay", "Quay", "https://quay.example/feed")
TEXT = "<p>The gate opens at nine and closes at four, and nobody has ever seen who turns the key.</p>" * 20
NEXT = '<a rel="next" href="/news/gate?page=2">Next page</a>'
AMP = '<link rel="amphtml" href="/amp/news/gate">'


def further(html: str, feed: Feed = FEED, address: str = ADDRESS) -> str | None:
    document = Document("d", "quay", address, address, NOW, 200, {}, len(html), "", "page", "page")
    return further_page(html.encode(), document, feed)


@pytest.mark.parametrize(
    ("html", "address"),
    [
        (f"<html><body>{TEXT}{NEXT}</body></html>", f"{ADDRESS}?page=2"),
        (f"<html><body>{TEXT}<a href='/news/gate/2'>下一页</a></body></html>", f"{ADDRESS}/2"),
        (f"<html><body>{TEXT}<a href='/news/gate/2'>Nächste Seite</a></body></html>", f"{ADDRESS}/2"),
        # the next article
        (f"<html><body>{TEXT}<a rel='next' href='/news/harbour'>Next</a></body></html>", None),
        (f"<html><body>{TEXT}</body></html>", None),
        # a page that shows its text by scripts alone
        (f"<html><head>{AMP}</head><body><div id=root></div></body></html>", "https://quay.example/amp/news/gate"),
        (f"<html><head>{AMP}</head><body>{TEXT}</body></html>", None),
        ("%PDF-1.7 rel=next", None),
        ("", None),
    ],
)
def test_the_next_page_or_the_plain_version(html: str, address: str | None) -> None:
    assert further(html) == address


@pytest.mark.parametrize(
    ("address", "link", "following"),
    [
        (ADDRESS, "?page=2", f"{ADDRESS}?page=2"),
        (f"{ADDRESS}?page=2", "?page=3", f"{ADDRESS}?page=3"),
        ("https://quay.example/n/gate.html", "gate_2.html", "https://quay.example/n/gate_2.html"),
        ("https://quay.example/n/4711.html", "4711-2.html", "https://quay.example/n/4711-2.html"),
        ("https://quay.example/n/%E9%97%A8.html", "门-2.html", "https://quay.example/n/%E9%97%A8-2.html"),
        ("https://quay.example/n/gate/page/2/", "/n/gate/page/3/", "https://quay.example/n/gate/page/3/"),
    ],
)
def test_the_next_page_however_it_is_addressed(address: str, link: str, following: str) -> None:
    html = f"<html><body>{TEXT}<a rel=next href='{link}'>Next</a></body></html>"
    assert further(html, address=address) == following


def test_a_page_with_links_to_its_neighbours_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise AssertionError("the page is read twice")

    monkeypatch.setattr("tasks.parse.page_further.read_source", fail)
    links = "".join(f"<a href='/2026/11/{number}.html'>{number}</a>" for number in range(47100, 47130))
    assert (
        further(f"<html><body>{TEXT}{links}</body></html>", address="https://quay.example/2026/11/47112.html") is None
    )


def test_an_amp_page_has_no_further_plain_version() -> None:
    amp = "https://quay.example/amp/news/gate"
    assert further(f"<html><head>{AMP}</head><body><p>Short.</p></body></html>", address=amp) is None


def test_a_rule_names_the_link_to_the_next_page() -> None:
    feed = Feed("quay", "Quay", "https://quay.example/feed", page=PageRules(next=("a.on",)))
    assert further(f"<html><body>{TEXT}<a class='on' href='/part-two'>→</a></body></html>", feed) == (
        "https://quay.example/part-two"
    )
