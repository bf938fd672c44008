from __future__ import annotations

from typing import Any

import pytest

from tasks.errors import ParseError
from tests.tasks.making import FEED
from tests.tasks.parse.feeds import (
    JSON_ITEM,
    json_feed,
    parse_data,
    parse_single_entry,
)


def test_content_text_is_plain_text() -> None:
    entry = parse_single_entry(json_feed({"id": 7, "content_text": "2 < 3 & 5", "summary": "1 < 2"}))
    assert (entry.guid, entry.content_html, entry.content_type) == ("7", "2 < 3 & 5", "text/plain")
    assert entry.summary_html == "1 &lt; 2"


def test_raw_line_breaks_in_a_text_are_read() -> None:
    """JSON wants them escaped; some programs write them as they are."""
    data = json_feed({"id": "1", "content_text": "First line.|Second line."}).replace(b"|", b"\n")
    assert parse_single_entry(data).content_html == "First line.\nSecond line."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_json_feed_in_another_encoding(encoding: str) -> None:
    data = json_feed({"id": "1", "title": "Été à l'hôtel"}).decode()
    assert parse_single_entry(data.encode(encoding)).title == "Été à l'hôtel"


def test_one_invalid_byte_costs_one_character() -> None:
    data = json_feed({"id": "1", "title": "Été|"}, {"id": "2", "title": "夏"}).replace(b"|", b"\xc3")
    assert [entry.title for entry in parse_data(data).entries] == ["Été\ufffd", "夏"]


def test_a_comma_after_the_last_element_and_a_comment_after_the_end() -> None:
    data = json_feed({"id": "1", "title": "Gate, ] and \\", "tags": ["quay"]}).decode()
    data = data.replace('"quay"]', '"quay", ]').replace("}]}", "},\n]}\n<!-- cached -->")
    entry = parse_single_entry(data)
    assert (entry.title, entry.categories) == ("Gate, ] and \\", ("quay",))


def test_a_long_text_without_an_end_is_read_once() -> None:
    """In the square of its length, this would take an hour."""
    with pytest.raises(ParseError):
        parse_data(b'{"a": "' + b'\\"' * 500_000)


@pytest.mark.parametrize(
    ("top", "item", "author"),
    [
        ({"authors": {"name": "Oda"}}, {}, "Oda"),
        ({"authors": "Oda"}, {}, "Oda"),
        ({}, {"authors": {"name": "Oda"}}, "Oda"),
        ({"authors": [{"name": "Ana"}]}, {"authors": ["Oda", {"name": "Rui"}]}, "Oda, Rui"),
        ({}, {"author": "Oda"}, "Oda"),
        ({}, {"author": ["Oda", {"name": "Rui"}]}, "Oda, Rui"),
        ({"author": {"url": "https://quay.example/oda"}}, {"authors": [None, []]}, None),
    ],
)
def test_authors_in_another_form(top: dict[str, Any], item: dict[str, Any], author: str | None) -> None:
    assert parse_single_entry(json_feed({"id": "1"} | item, **top)).author == author


def test_an_object_around_a_text_is_no_text() -> None:
    """As WordPress' own interface writes them; Python's form of it must not become a title."""
    item = {"id": 1.5, "title": {"rendered": "Gate"}, "content_html": ["<p>x</p>"], "content_text": "Opens", "url": {}}
    entry = parse_single_entry(json_feed(item))
    assert (entry.guid, entry.title, entry.content_html, entry.link) == ("1.5", "", "Opens", None)


def test_the_images_of_an_item_and_the_authors_of_the_feed() -> None:
    attachments = [
        {"url": "https://quay.example/c.jpg", "mime_type": "image/jpeg"},
        {"url": "https://quay.example/d.mp3", "mime_type": "audio/mpeg"},
    ]
    item = {
        "id": "https://quay.example/x",
        "image": "https://quay.example/a.jpg",
        "banner_image": "b.jpg",
        "attachments": attachments,
    }
    entry = parse_single_entry(json_feed(item, authors=[{"name": "Oda"}, {"name": "Ana"}]))
    assert entry.enclosures == ("https://quay.example/a.jpg", "b.jpg", "https://quay.example/c.jpg")
    assert (entry.author, entry.link) == ("Oda, Ana", "https://quay.example/x")


@pytest.mark.parametrize("authors", [{"name": "Oda"}, "Oda", ["Oda"], [{"name": "Oda", "url": "https://oda.example/"}]])
def test_the_authors_of_a_feed_in_other_shapes(authors: object) -> None:
    assert parse_single_entry(json_feed({"id": "1"}, authors=authors)).authors == ("Oda",)


def test_the_author_of_a_feed_of_version_1_0() -> None:
    assert parse_single_entry(json_feed({"id": "1"}, version="1", author={"name": "Oda"})).author == "Oda"


def test_the_many_authors_of_a_feed_are_read_once() -> None:
    """Not for each item, which would take minutes."""
    authors = [{"name": f"Oda {number}"} for number in range(100_000)]
    entries = parse_data(json_feed(*[{"id": "1"}] * 2_000, {"id": "2", "author": "Ana"}, authors=authors)).entries
    assert entries[0].authors == entries[1_999].authors == tuple(f"Oda {number}" for number in range(50))
    assert entries[2_000].authors == ("Ana",)


def test_the_long_site_and_language_of_a_feed_are_read_once() -> None:
    """Not for each item, which would take minutes. The one is no address, the other is no language."""
    site, language = "a." * 1_000_000, "\u0007" + "en" * 500_000
    entries = parse_data(json_feed(*[{"id": "1"}] * 2_000, home_page_url=site, language=language)).entries
    assert {(entry.base_url, entry.language) for entry in entries} == {(FEED.url, "en" * 50)}


@pytest.mark.parametrize(
    "bad",
    [
        3,
        None,
        "text",
        [],
        {"id": "x", "authors": 3},
        {"id": "x", "authors": ["Oda"]},
        {"id": "x", "attachments": [{}]},
        {"id": "x", "tags": 3},
        {"id": "x", "_x": float("nan")},
        {"id": "x", "date_published": 10**400},
    ],
)
def test_a_bad_item_does_not_affect_others(bad: object) -> None:
    result = parse_data(json_feed(JSON_ITEM, bad, {"id": "g2", "content_text": "two"}))
    guids = [entry.guid for entry in result.entries if entry.guid != "x"]
    assert guids == ["g1", "g2"]
    assert len(result.entries) + len(result.rejects) == 3
    for reject in result.rejects:
        assert (reject.step, reject.feed_id) == ("parse", "quay")
        assert reject.location is not None
        assert reject.location.startswith("entry 1:")


@pytest.mark.parametrize("depth", [300, 900])
def test_a_deeply_nested_item_does_not_affect_others(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    data = json_feed({"id": "x", "_x": "NESTED"}, JSON_ITEM).replace(b'"NESTED"', nested)
    assert [entry.guid for entry in parse_data(data).entries][-1] == "g1"


@pytest.mark.parametrize(
    ("item", "read"),
    [
        ({"authors": ["Oda", {"name": None}, 3]}, ("Oda, 3", (), ())),
        ({"authors": 3, "author": {"name": "Oda"}}, ("Oda", (), ())),
        ({"authors": {"name": "Oda"}}, ("Oda", (), ())),
        ({"authors": "Oda"}, ("Oda", (), ())),
        ({"authors": [], "author": "Oda"}, ("Oda", (), ())),
        ({"tags": "harbour", "attachments": {"url": "a.jpg"}}, (None, (), ())),
        ({"tags": [2026, None, ["x"], "gate"]}, (None, ("2026", "gate"), ())),
        (
            {"attachments": [3, {}, {"mime_type": "image/png"}, {"mime_type": "image/png", "url": "a"}]},
            (None, (), ("a",)),
        ),
        ({"image": ["a.jpg"], "banner_image": {}, "_x": [float("nan"), float("inf")]}, (None, (), ())),
    ],
)
def test_a_field_of_another_type_is_left_out_not_its_item(
    item: dict[str, object], read: tuple[str | None, tuple[str, ...], tuple[str, ...]]
) -> None:
    entry = parse_single_entry(json_feed({"id": "x"} | item))
    assert (entry.author, entry.categories, entry.enclosures) == read


def test_an_item_that_is_no_object_is_a_reject_with_the_reason() -> None:
    (reject,) = parse_data(json_feed(["gate"], JSON_ITEM)).rejects
    assert (reject.error, reject.location) == ('the item is no object but ["gate"]', "entry 0: ")
