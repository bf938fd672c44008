"""What a picture or a video shows is not what its article says."""

from __future__ import annotations

import pytest

from tasks.clean.article import clean
from tasks.parse.feed import parse
from tests.tasks.making import FEED, document
from warehouse.records import Article

CAPTION = "Students hold up placards in front of the harbour office, as they did in April (photograph: A. Quay)"
REPORT = "The port's charges rise by a tenth."
TEASER = "What it means for ferries."


def article(item: str) -> Article:
    data = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Quay</title><item>'
        f"<title>Charges</title><link>https://quay.example/charges</link>{item}</item></channel></rss>"
    ).encode()
    (entry,) = parse(data, document(data), FEED).entries
    return clean(entry, FEED)


MEDIA = f'<media:content url="https://quay.example/a.jpg" medium="image"><media:description type="plain">{CAPTION}'
INSIDE = f"{MEDIA}</media:description></media:content>"
GROUPED = f"<media:group>{INSIDE}</media:group>"
BESIDE = (
    f'<media:content url="https://quay.example/a.jpg" medium="image"/><media:description>{CAPTION}</media:description>'
)
DESCRIPTION = f"<description>{TEASER}</description>"
CONTENT = f"<content:encoded>{REPORT}</content:encoded>"


@pytest.mark.parametrize("media", [INSIDE, GROUPED, BESIDE])
@pytest.mark.parametrize("order", ["media first", "media last", "media between"])
def test_a_caption_is_neither_text_nor_summary(media: str, order: str) -> None:
    items = {
        "media first": media + DESCRIPTION + CONTENT,
        "media last": DESCRIPTION + CONTENT + media,
        "media between": DESCRIPTION + media + CONTENT,
    }
    found = article(items[order])
    assert (found.content_text, found.summary) == (REPORT, TEASER)
    assert [image.url for image in found.images] == ["https://quay.example/a.jpg"]
    only = article(media + DESCRIPTION if order == "media first" else DESCRIPTION + media)
    assert (only.content_text, only.summary) == (TEASER, TEASER)


@pytest.mark.parametrize("rest", ["", "<description/>", "<description>   </description>"])
def test_it_is_the_text_of_an_entry_that_has_no_other(rest: str) -> None:
    video = (
        "<media:group><media:title>Charges</media:title>"
        '<media:content url="https://quay.example/v" type="application/x-shockwave-flash"/>'
        "<media:description>How the charges came about: a &lt; b.\n\nChapters follow.</media:description></media:group>"
    )
    assert article(rest + video).content_text == "How the charges came about: a < b.\n\nChapters follow."


def test_it_may_be_html() -> None:
    media = '<media:description type="html">&lt;p&gt;One &lt;b&gt;bold&lt;/b&gt; line.&lt;/p&gt;</media:description>'
    assert article(media).content_html == "<p>One <b>bold</b> line.</p>"


def test_a_feed_that_is_not_well_formed() -> None:
    assert article(f"{INSIDE}<description>Fish & chips < {TEASER}</description>").summary == f"Fish & chips < {TEASER}"
