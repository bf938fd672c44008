"""Milling a document: what becomes an article, what is only seen again, and what is rejected."""

from __future__ import annotations

import zlib

import pytest

from tasks.mill.document import _PARSERS, mill_bytes
from tests.tasks.making import FEED, Item, document, milled

ITEMS = (Item(), Item("The ferry is late", link="https://quay.example/ferry", guid="ferry"))


def test_known_entries_are_seen_and_not_cleaned_again() -> None:
    first = milled(*ITEMS)
    assert [article.title for article in first.articles] == ["The gate is open", "The ferry is late"]
    again = milled(*ITEMS, known=frozenset([first.entries[0].entry_id]))
    assert again.seen == (first.entries[0].entry_id,)
    assert [entry.entry_id for entry in again.entries] == [first.entries[1].entry_id]
    assert [article.title for article in again.articles] == ["The ferry is late"]


def test_an_entry_that_is_listed_twice_is_one() -> None:
    assert len(milled(Item(), Item()).entries) == 1


def test_a_document_that_cannot_be_parsed_is_a_reject() -> None:
    data = b"<html><p>Down for maintenance</p></html>"
    (reject,) = mill_bytes(data, document(data), FEED).rejects
    assert (reject.step, reject.feed_id, reject.location) == ("parse", "quay", None)
    (reject,) = mill_bytes(data, document(data, source="warc"), FEED).rejects
    assert reject.location == FEED.url, "a document that is not the feed's own is named"


def test_whatever_a_document_raises_is_a_reject_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library may raise anything: `encoding="zlib"` once made zlib.error of a feed, which no run got past."""

    def fail(*_: object) -> None:
        raise zlib.error("incorrect header check")

    monkeypatch.setitem(_PARSERS, "feed", fail)
    result = milled(Item())
    assert (result.entries, result.articles) == ((), ())
    (reject,) = result.rejects
    assert (reject.step, reject.feed_id, reject.error) == ("parse", "quay", "error: incorrect header check")


def test_an_article_that_cannot_be_cleaned_is_a_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr("tasks.mill.document.clean", fail)
    result = milled(Item())
    assert (len(result.entries), result.articles) == (1, ())
    (reject,) = result.rejects
    assert (reject.step, reject.error) == ("clean", "RuntimeError: a fault of our own")
    assert reject.location == "entry 0: gate"
