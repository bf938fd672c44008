from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.tasks.parse.pages import (
    ADDRESS,
    CHINESE,
    MANDARIN,
    json_ld,
    mill_article,
    page,
    paragraphs,
    parse_entry,
)


def test_the_lead_image_is_the_enclosure() -> None:
    head = '<meta property="og:image" content="/lead.jpg"><meta name="twitter:image" content="/small.jpg">'
    entry = parse_entry(page(head=head))
    assert entry.enclosures == ("https://quay.example/lead.jpg",)
    assert [image.url for image in mill_article(page(head=head)).images] == ["https://quay.example/lead.jpg"]


@pytest.mark.parametrize(
    ("head", "lead"),
    [
        ("<meta property=og:image content=/2024/gate.jpg>", "/2024/gate.jpg"),
        ("<meta property=og:image content=/logo.png><meta name=twitter:image content=/gate.jpg>", "/gate.jpg"),
        ("<meta property=og:image content=/img/og-default.png>" + json_ld(image={"url": "/gate.jpg"}), "/gate.jpg"),
        (json_ld(image=["/gate.jpg", "/ferry.jpg"]), "/gate.jpg"),
        ("<meta property=og:image content=/quay-logo.svg>", None),
        ("", None),
    ],
)
def test_the_picture_that_stands_for_the_page_is_none_of_the_sites_own(head: str, lead: str | None) -> None:
    image = mill_article(page(head=head)).lead_image
    entry = parse_entry(page(head=head))
    expected = f"https://quay.example{lead}" if lead else None
    assert entry.lead_image == expected
    assert (image.url if image else None) == expected


@pytest.mark.parametrize(
    ("head", "before", "published_at"),
    [
        (json_ld(datePublished="2024-03-05T15:36:16+08:00"), "", "2024-03-05T07:36:16"),
        (json_ld(datePublished="2024-03-05 15:36:16"), "", "2024-03-05T07:36:16"),
        ('<meta property="article:published_time" content="2024-03-05T15:36:16+08:00">', "", "2024-03-05T07:36:16"),
        ('<meta name="PubDate" content="2024-03-05 15:36">', "", "2024-03-05T07:36:00"),
        ("", "<p>2024年3月5日 15:36　来源：码头报</p>", "2024-03-05T07:36:00"),
        ("", "<span>2024-03-05 15:36:16</span>", "2024-03-05T07:36:16"),
        # a day only, and the time beside the title
        (json_ld(datePublished="2024-03-05"), "<span>2024/3/5 15:36</span>", "2024-03-05T07:36:00"),
        (json_ld(datePublished="2024-03-05"), "<time datetime='2024-03-05T07:36Z'>today</time>", "2024-03-05T07:36:00"),
        # a time of another day is another date
        (json_ld(datePublished="2024-03-05"), "<span>2024/3/9 15:36</span>", "2024-03-04T16:00:00"),
    ],
)
def test_the_date_has_its_time_of_day_and_the_feeds_time_zone(head: str, before: str, published_at: str) -> None:
    html = page(head=head, before=before, title="北门开放", text=paragraphs(MANDARIN), lang="zh")
    assert parse_entry(html, CHINESE).published_at == datetime.fromisoformat(published_at).replace(tzinfo=UTC)


def test_a_page_without_a_date_has_none() -> None:
    assert parse_entry(page()).published_at is None
    assert parse_entry(page(head=json_ld(datePublished="soon"))).published_at is None


def test_of_several_articles_in_the_json_the_one_with_the_pages_address_counts() -> None:
    nodes = [
        {
            "@type": "NewsArticle",
            "headline": "Another",
            "url": "https://quay.example/other",
            "datePublished": "2020-01-01",
        },
        {
            "@type": ["Report", "NewsArticle"],
            "headline": "Ours",
            "url": ADDRESS,
            "datePublished": "2024-03-05T01:00:00Z",
        },
    ]
    head = f'<script type="application/ld+json">{json.dumps({"@graph": nodes})}</script>'
    entry = parse_entry(page(head=head))
    assert (entry.title, entry.published_at) == ("Ours", datetime(2024, 3, 5, 1, tzinfo=UTC))


def test_broken_json_is_passed_over() -> None:
    head = '<script type="application/ld+json">{"@type": "NewsArticle", </script>'
    entry = parse_entry(
        page(head=head + '<meta name="author" content="王小明"><meta name="keywords" content="港口，交通">')
    )
    assert (entry.author, entry.categories) == ("王小明", ("港口", "交通"))


@pytest.mark.parametrize(
    ("canonical", "link"),
    [
        ("https://quay.example/gate", "https://quay.example/gate"),
        ("/gate", "https://quay.example/gate"),
        ("https://amp.quay.example/gate", "https://amp.quay.example/gate"),
        ("https://elsewhere.example/gate", ADDRESS),
        ("https://notquay.example/gate", ADDRESS),
        ("https://quay.example/", ADDRESS),
        ("javascript:alert(1)", ADDRESS),
        ("http://[", ADDRESS),
    ],
)
def test_the_canonical_address_counts_only_on_the_same_site(canonical: str, link: str) -> None:
    assert parse_entry(page(head=f'<link rel="canonical" href="{canonical}">')).link == link


def test_the_language_is_the_pages() -> None:
    assert parse_entry(page(lang="en_GB")).language == "en-GB"
    assert parse_entry(page(lang="<x>")).language is None


def test_the_metadata_is_stored() -> None:
    entry = json.loads(parse_entry(page(head=json_ld(headline="Gate", datePublished="2024-03-05T01:00Z"))).parsed)
    assert entry["json_ld"]["headline"] == ["Gate"]
    assert entry["published"] == "2024-03-05T01:00Z"


@pytest.mark.parametrize(
    ("title", "without"),
    [
        ("The gate is open | The Quay", "The gate is open"),
        ("The gate is open - The Quay", "The gate is open"),
        ("The gate – open again — the quay", "The gate – open again"),
        ("All of the Quay", "All of the Quay"),
        ("The Quay", "The Quay"),
        ("The gate is open | The Bay", "The gate is open | The Bay"),
    ],
)
def test_the_sites_name_is_no_part_of_the_title(title: str, without: str) -> None:
    head = f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="The Quay">'
    assert parse_entry(page(head=head)).title == without


def test_the_sites_name_is_no_author() -> None:
    named = json_ld(headline="Gate", author={"name": "The Quay"}, publisher={"name": "The Quay"})
    assert parse_entry(page(head=named + '<meta name="author" content="Ann Quay">')).author == "Ann Quay"
