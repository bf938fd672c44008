from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tasks.clean.article import clean
from tasks.clean.identity import content_hash, keys
from tests.tasks.making import FEED, entry


def test_keys_are_the_address_then_the_guid() -> None:
    assert keys(entry(), "https://www.quay.example/gate?utm_source=rss") == ("url:quay.example/gate", "guid:quay:gate")
    assert keys(entry(guid=None), "https://quay.example/gate") == ("url:quay.example/gate",)
    assert keys(entry(), None) == ("guid:quay:gate",)


def test_a_guid_belongs_to_its_feed() -> None:
    assert set(keys(entry(), None)).isdisjoint(keys(entry(feed_id="wire"), None))


def test_a_front_page_is_not_a_key() -> None:
    assert keys(entry(), "https://quay.example/") == ("guid:quay:gate",)


def test_without_address_and_guid_the_text_is_the_key() -> None:
    first, second = entry(guid=None), entry(guid=None, content="<p>Another text.</p>")
    assert len(keys(first, None)) == 1
    assert keys(first, None)[0].startswith("text:quay:")
    assert keys(first, None) == keys(first, None) != keys(second, None)


def test_a_guid_that_is_an_address_is_the_same_over_http_and_https() -> None:
    first, second = entry(guid="http://quay.example/8491"), entry(guid="https://quay.example/8491")
    assert keys(first, None) == keys(second, None) == ("guid:quay://quay.example/8491",)


def hashed(content: str, title: str = "The gate") -> str:
    return clean(entry(title=title, content=content), FEED).content_hash


TEXT = "<p>The north gate opens at eight.</p><p>The south gate stays shut.</p>"


def test_the_hash_depends_on_title_and_text() -> None:
    assert hashed(TEXT) == hashed(TEXT)
    assert hashed(TEXT) != hashed(TEXT.replace("eight", "nine"))
    assert hashed(TEXT) != hashed(TEXT, title="The gates")


def test_the_hash_ignores_what_changes_at_every_fetch() -> None:
    same = {
        hashed(TEXT),
        # proxies and addresses
        hashed('<img src="https://images.weserv.nl?url=pics.example/a.jpg">' + TEXT),
        hashed('<img src="https://i0.wp.com/pics.example/a.jpg?w=3">' + TEXT),
        # the mirror's own frame
        hashed("<div><i>Fri, 15 Nov 2024 03:36:16 GMT</i></div>" + TEXT),
        hashed("<div><i>Sat, 16 Nov 2024 03:36:16 GMT</i></div>" + TEXT),
        hashed(TEXT + '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a></div>'),
        hashed(TEXT + '<p>The post <a href="https://quay.example/g?x=1">The gate</a> appeared first on The Quay.</p>'),
        # white space, markup and Unicode forms
        hashed(TEXT.replace(" ", "\n  ")),
        hashed(TEXT.replace("<p>", '<p class="x"><span>').replace("</p>", "</span></p>")),
        hashed(TEXT.replace("north", "\uff4e\uff4f\uff52\uff54\uff48")),
    }
    assert len(same) == 1


def test_the_hash_ignores_relative_times() -> None:
    for forms in (
        ["3 hours ago", "4 hours ago", "1 day ago", "an hour ago"],
        ["3小时前", "15分钟前", "2 天前"],
        ["3時間前", "2日前"],
        ["il y a 3 heures", "il y a 2 jours"],
        ["hace 3 horas", "hace 2 días"],
        ["vor 3 Stunden", "vor 2 Tagen"],
        ["5 min read", "6 min read"],
    ):
        assert len({content_hash("Gate", f"The gate opened. {form}") for form in forms}) == 1, forms


def test_numbers_and_absolute_times_count() -> None:
    assert content_hash("Gate", "It opened 3 times") != content_hash("Gate", "It opened 4 times")
    assert content_hash("Gate", "2024年前") == content_hash("Gate", "2024年前")
    assert content_hash("Gate", "at 8:00") != content_hash("Gate", "at 9:00")


@given(st.text(), st.text())
def test_the_hash_of_any_text(title: str, text: str) -> None:
    assert len(content_hash(title, text)) == 32
    assert content_hash(title, text) == content_hash(f" {title}\n", f"\t{text} ")


@given(
    st.text(
        alphabet="a é港\uff0c\u3002\u0301\u3099\uff76\uff9e\u30ab\u212b\u2460\u1100\u1161\u11a8=\u0338～＆－／＃｜＋",
        max_size=40,
    )
)
def test_the_hash_is_that_of_nfkc(text: str) -> None:
    """The short way for Chinese texts composes and decomposes as NFKC of the whole does."""
    assert content_hash("\uff0c", text) == content_hash(",", unicodedata.normalize("NFKC", text))
