"""A document that is rejected as a whole says which it is and why."""

from __future__ import annotations

from dataclasses import replace

from tasks.errors import ParseError
from tasks.mill.rejects import reject_document
from tests.tasks.making import FEED, document
from warehouse.records import PageRequest

DAMAGED = document(b"\0")
ERROR = ParseError("the file is no text")


def test_a_feeds_document_is_found_by_its_feed() -> None:
    (reject,) = reject_document(DAMAGED, ERROR).rejects
    assert (reject.step, reject.feed_id, reject.location) == ("parse", FEED.id, None)
    assert (reject.document_id, reject.error) == (DAMAGED.document_id, "the file is no text")


def test_any_other_names_its_file() -> None:
    (reject,) = reject_document(replace(DAMAGED, source="warc", final_url="quay.warc#7"), ERROR).rejects
    assert reject.location == "quay.warc#7"


def test_a_page_of_an_article_is_none_that_can_be_read() -> None:
    page = replace(DAMAGED, form="page", request=PageRequest(url=FEED.url, title="Quay"))
    result = reject_document(page, ERROR)
    assert result.rejects == ()
    assert result.page is not None
    assert (result.page.status, result.page.error) == ("skipped", "the file is no text")
