from __future__ import annotations

import pytest

from tasks.parse.page_head import PageHead
from tasks.parse.page_links import is_free, next_page, plain_version
from tasks.text.markup import parse

BASE = "https://quay.example/news/"


@pytest.mark.parametrize(
    ("stated", "free"),
    [(True, True), (False, False), ("False", False), ("true", True), ("https://schema.org/False", False), (None, None)],
)
def test_json_says_whether_all_may_read_it(stated: object, free: bool | None) -> None:
    article = {} if stated is None else {"isAccessibleForFree": stated}
    assert is_free(PageHead(BASE, article=article)) is free


@pytest.mark.parametrize(("tier", "free"), [("free", True), ("locked", False), ("Metered", False)])
def test_the_content_tier_says_it_without_json(tier: str, free: bool) -> None:
    assert is_free(PageHead(BASE, meta={"article:content_tier": [tier]})) is free


@pytest.mark.parametrize(
    ("link", "address", "following"),
    [
        ("<a href='gate?page=2'>Next page</a>", "gate", "gate?page=2"),
        ("<a href='gate?page=3'>Nächste Seite »</a>", "gate?page=2", "gate?page=3"),
        ("<a href='gate/2'>Page suivante</a>", "gate/", "gate/2"),
        ("<a href='gate_2.html'>下一页</a>", "gate.html", "gate_2.html"),
        ("<a href='gate-3.html' rel=next>›</a>", "gate-2.html", "gate-3.html"),
        ("<a href='gate/page/2/'>Siguiente</a>", "gate", "gate/page/2/"),
        ("<a href='gate?page=2'>次へ</a>", "gate", "gate?page=2"),
    ],
)
def test_the_next_page_has_the_pages_address_with_the_next_number(link: str, address: str, following: str) -> None:
    assert next_page(parse(f"<p>The gate</p>{link}"), BASE, BASE + address) == BASE + following


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("<a href='ferry' rel=next>Next</a>", "gate"),  # WordPress's next article
        ("<a href='gate?page=2'>Comments</a>", "gate"),
        ("<a href='gate?page=3'>Next</a>", "gate"),
        ("<a href='gate?page=1'>Next</a>", "gate?page=2"),
        ("<a href='https://other.example/news/gate?page=2'>Next</a>", "gate"),
        ("<a>Next</a>", "gate"),
    ],
)
def test_other_links_are_no_next_page(link: str, address: str) -> None:
    assert next_page(parse(link), BASE, BASE + address) is None


def test_the_amp_version() -> None:
    assert plain_version(PageHead(BASE, amp="gate/amp")) == "https://quay.example/news/gate/amp"
    assert plain_version(PageHead(BASE)) is None
