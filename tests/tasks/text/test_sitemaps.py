"""A sitemap's own statements: Google's tags for news and images, and when the sitemaps of an index changed.

tests/tasks/backfill/test_sitemap_files.py has limits, encodings and damaged sitemaps.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.text.sitemaps import MAX_IMAGES, MAX_TEXT, Details, read_sitemap
from tests.tasks.backfill.sitemaps import NEWS, SITEMAPS

IMAGES = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
ADDRESS = "https://quay.example/news.xml"


def news(
    title: str = "渡口", date: str = "2026-11-19T08:00:00Z", more: str = "", namespaces: str = f"{NEWS} {IMAGES}"
) -> bytes:
    return f"""<?xml version="1.0"?><urlset {SITEMAPS} {namespaces}><url><loc>https://quay.example/1</loc><news:news>
<news:publication><news:name>The Quay</news:name><news:language>zh-cn</news:language></news:publication>
<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>
<news:keywords>ferry, harbour</news:keywords></news:news>{more}</url></urlset>""".encode()


def test_what_google_s_tags_say_is_read() -> None:
    images = "".join(f"<image:image><image:loc>/img/{n}.jpg</image:loc></image:image>" for n in range(2))
    (page,) = read_sitemap(news(more=images), ADDRESS).pages
    assert page.published == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert page.details == Details(
        "渡口", "2026-11-19T08:00:00Z", "zh-cn", "ferry, harbour", ("/img/0.jpg", "/img/1.jpg"), "The Quay"
    )


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<![CDATA[ Bread & butter ]]>", "Bread & butter"),
        ("Bread &amp; butter", "Bread & butter"),
        ("Bread & butter", "Bread & butter"),
        ("\n  Two\n  lines ", "Two\n  lines"),
        ("", ""),
    ],
)
def test_titles(written: str, title: str) -> None:
    (page,) = read_sitemap(news(written), ADDRESS).pages
    assert page.details.title == title


def test_namespaces_that_are_not_declared_lose_nothing() -> None:
    (page,) = read_sitemap(news(namespaces=""), ADDRESS).pages
    assert page.details.title == "渡口"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-19T16:00:00+08:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026-11-19 16:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("Thu, 19 Nov 2026 08:00:00 GMT", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("2026年11月19日 16:00", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_dates_in_other_forms_cost_no_title(written: str, moment: datetime | None) -> None:
    (page,) = read_sitemap(news(date=written), ADDRESS, timezone="Asia/Shanghai").pages
    assert (page.published, page.details.title) == (moment, "渡口")


def test_texts_and_images_are_bounded() -> None:
    gallery = "<image:image><image:loc>/img/1.jpg</image:loc></image:image>" * 100
    (page,) = read_sitemap(news(title="a\n" * 50_000, more=gallery), ADDRESS).pages
    assert len(page.details.title) <= 2 * MAX_TEXT
    assert len(page.details.images) == MAX_IMAGES


def test_an_index_says_when_its_sitemaps_changed() -> None:
    listed = "".join(
        f"<sitemap><loc>https://quay.example/{n}.xml</loc>{changed}</sitemap>"
        for n, changed in enumerate(("<lastmod>2026-11-19</lastmod>", "", "<lastmod>soon</lastmod>"))
    )
    found = read_sitemap(f"<sitemapindex {SITEMAPS}>{listed}</sitemapindex>".encode(), ADDRESS)
    assert found.sitemaps == tuple(f"https://quay.example/{n}.xml" for n in range(3))
    assert found.sitemaps_changed == {"https://quay.example/0.xml": datetime(2026, 11, 19, tzinfo=UTC)}
