"""An API's list of articles in JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.mill.document import mill_bytes
from tasks.parse.json_list import MAX_ITEMS, parse_json_list, read_json
from tests.tasks.making import document
from warehouse.records import Article, Document, Feed, ListRules, Milled

RULES = ListRules(items="data.articles", link="url", title="headline", date="published")
FEED = Feed("quay", "The Quay", "https://api.quay.example/v1/articles?n=20", kind="json", list=RULES)
ITEM = {"url": "/news/1", "headline": "The gate opens", "published": "2026-11-19T08:00:00Z"}


def landed(data: bytes, feed: Feed = FEED) -> Document:
    return replace(document(data, feed=feed, content_type="application/json"), form="json list")


def milled(top: Any, feed: Feed = FEED) -> Milled:
    data = top if isinstance(top, bytes) else json.dumps(top, ensure_ascii=False).encode()
    return mill_bytes(data, landed(data, feed), feed)


def article(item: dict[str, Any], **rules: str) -> Article:
    found = milled({"data": {"articles": [item]}}, replace(FEED, list=replace(RULES, **rules)))
    assert not found.rejects
    return found.articles[0]


def test_an_item_becomes_an_article() -> None:
    found = article(
        {
            **ITEM,
            "text": "<p>At eight.</p><p>Not at nine.</p>",
            "img": {"url": "/img/1.jpg"},
            "by": [{"name": "Ann Lee"}],
        },
        content="text",
        image="img",
        author="by",
    )
    assert (found.title, found.url) == ("The gate opens", "https://api.quay.example/news/1")
    assert found.published_at == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert (found.content_text, found.authors) == ("At eight.\n\nNot at nine.", ("Ann Lee",))
    assert found.lead_image
    assert found.lead_image.url == "https://api.quay.example/img/1.jpg"


def test_links_are_relative_to_the_site_if_it_is_known() -> None:
    feed = replace(FEED, site_url="https://www.quay.example/")
    assert milled({"data": {"articles": [ITEM]}}, feed).articles[0].url == "https://www.quay.example/news/1"


def test_an_address_can_be_put_together() -> None:
    slug = "join('', ['https://quay.example/', to_string(no), '/', slug])"
    assert article({**ITEM, "no": 12, "slug": "gate"}, link=slug).url == "https://quay.example/12/gate"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("At eight.\n\nNot at nine.", "At eight.\n\nNot at nine."),
        ("<p>At eight &amp; nine.</p>", "At eight & nine."),
        ("Five < seven", "Five < seven"),
        ({"rendered": "<p>At eight.</p>"}, "At eight."),
        (["<p>At eight.</p>"], "At eight."),
        (None, ""),
    ],
)
def test_content_is_html_or_plain_text(value: Any, text: str) -> None:
    assert article({**ITEM, "text": value}, content="text").content_text == text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_795_075_200, datetime(2026, 11, 19, 8, tzinfo=UTC)),
        (1_795_075_200_000, datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026-11-19 08:00:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("19. November 2026, 08:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        (None, None),
        (True, None),
        ({"iso": 1}, None),
    ],
)
def test_dates(value: Any, moment: datetime | None) -> None:
    assert article({**ITEM, "published": value}).published_at == moment


def test_what_identifies_an_item() -> None:
    assert article(ITEM).keys == ("url:api.quay.example/news/1",)
    assert article({**ITEM, "id": 7}, id="id").keys == ("url:api.quay.example/news/1", "guid:quay:7")


@pytest.mark.parametrize(
    ("data", "items"),
    [
        (b'[{"url": "/1"}]', "@"),
        (b'{"url": "/1"}\n{"url": "/2"}\n', "@"),
        (b')]}\',\n[{"url": "/1"}]', "@"),
        (b'callback({"a": [{"url": "/1"}]});', "a"),
        (b'\xef\xbb\xbf{"a": [{"url": "/1"}]} <!-- 0.1 s -->', "a"),
        (b'{"a": {"1": {"url": "/1"}}}', "a.*"),
        (b'{"a": [{"b": [{"url": "/1"}]}, {"b": [{"url": "/2"}]}]}', "a[].b[]"),
        (b'{"a": [{"node": {"url": "/1", "t": "line\nline"}}]}', "a[].node"),
        ('{"a": [{"url": "/1", "t": "渡口"}]}'.encode("utf-16"), "a"),
    ],
)
def test_shapes_of_lists(data: bytes, items: str) -> None:
    feed = replace(FEED, list=ListRules(items=items, link="url"))
    found = parse_json_list(data, landed(data, feed), feed)
    assert found.entries[0].link == "/1"
    assert not found.rejects


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ({"data": {"items": []}, "total": 0}, "finds nothing in the JSON, not a list; its top level is data, total"),
        ({"data": {"articles": {}}}, "finds an object in the JSON"),
        ([], "its top level is a list"),
        (b"", "the document is empty"),
        (b"<html><p>Sorry</p></html>", 'no JSON: .*; it is a web page, perhaps of kind = "page"'),
        (b"[" * 100_000, "no JSON: it is nested too deep"),
        (b'{"data": 1' + b"0" * 5_000 + b"}", "no JSON"),
    ],
)
def test_json_without_the_list_is_unreadable_and_says_what_is_there(top: Any, message: str) -> None:
    found = milled(top)
    assert found.is_unreadable
    assert re.search(message, found.rejects[0].error)


def test_an_empty_list_is_no_failure() -> None:
    assert not milled({"data": {"articles": []}}).is_unreadable


def test_an_item_without_a_link_costs_not_the_others() -> None:
    found = milled({"data": {"articles": [{"headline": "No link", "id": 4}, ITEM, "text", None]}})
    assert [each.title for each in found.articles] == ["The gate opens"]
    assert [reject.location for reject in found.rejects] == ["entry 0: 4", "entry 2: ", "entry 3: "]
    assert found.rejects[0].error == "the item has no link: list.link = 'url' finds nothing in it"


def test_a_function_that_an_item_is_not_for_rejects_that_item() -> None:
    feed = replace(FEED, list=replace(RULES, link="join('/', parts)"))
    found = milled(
        {"data": {"articles": [{**ITEM, "parts": 5}, {**ITEM, "parts": ["https:/", "quay.example", "1"]}]}}, feed
    )
    assert [each.url for each in found.articles] == ["https://quay.example/1"]
    assert len(found.rejects) == 1


def test_a_reject_repeats_nothing_that_no_database_takes() -> None:
    feed = replace(FEED, list=replace(RULES, title="join(' ', tags)"))
    top = {"data": {"articles": [{**ITEM, "tags": "half \ud83d of an emoji"}]}}
    (reject,) = milled(json.dumps(top).encode(), feed).rejects
    assert "invalid type for value: half  of an emoji" in reject.error


def test_a_list_without_end_is_cut() -> None:
    items = [{**ITEM, "url": f"/{n}"} for n in range(2 * MAX_ITEMS)]
    assert len(milled({"data": {"articles": items}}).entries) == MAX_ITEMS
    lines = b"\n".join(b'{"url": "/%d"}' % n for n in range(20 * MAX_ITEMS))
    assert len(read_json(lines)) <= 10 * MAX_ITEMS
