"""Secrets are masked in every form in which an address holds them, and the rest of the text stays."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import masking
from warehouse.errors import NewsmillError
from warehouse.masking import SHORTEST, mask, mask_credentials, mask_headers, remember_secret


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    masking._known.clear()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://reader:s3cret@news.example/feed", "https://news.example/feed"),
        ("https://reader:p@ss@news.example", "https://news.example"),
        ("https://news.example/feed?token=abc&page=2", "https://news.example/feed?token=…&page=2"),
        ("https://news.example/feed?api_key=abc#top", "https://news.example/feed?api_key=…#top"),
        ("https://news.example/feed?page=2&X-Amz-Signature=abc", "https://news.example/feed?page=2&X-Amz-Signature=…"),
        ("https://news.example/feed#access_token=abc", "https://news.example/feed#access_token=…"),
        ("https://news.example/feed;sessionid=abc", "https://news.example/feed;sessionid=…"),
        ("https://news.example/@editor/feed?keyword=port", "https://news.example/@editor/feed?keyword=port"),
        ("https://news.example/feed?author=ann&tokens=3", "https://news.example/feed?author=ann&tokens=3"),
        (
            'the server at "https://a:b@news.example/?sig=1" is down',
            'the server at "https://news.example/?sig=…" is down',
        ),
        # an address as a parameter of another one, encoded once and twice
        (
            "https://proxy.example/?url=https%3A%2F%2Fnews.example%2Ffeed%3Ftoken%3Dabc%26page%3D2&width=4",
            "https://proxy.example/?url=https%3A%2F%2Fnews.example%2Ffeed%3Ftoken%3D…%26page%3D2&width=4",
        ),
        (
            "https://proxy.example/?url=https%253A%252F%252Fnews.example%252F%253Ftoken%253Dabc",
            "https://proxy.example/?url=https%253A%252F%252Fnews.example%252F%253Ftoken%253D…",
        ),
        (
            "https://proxy.example/?url=https%3A%2F%2Freader%3As3cret%40news.example%2Ffeed",
            "https://proxy.example/?url=https%3A%2F%2Fnews.example%2Ffeed",
        ),
        # references are no secrets
        ("https://{env:USER}:{file:/run/pass}@news.example/", "https://{env:USER}:{file:/run/pass}@news.example/"),
        ("https://news.example/feed?token={env:TOKEN}&p=1", "https://news.example/feed?token={env:TOKEN}&p=1"),
        # what mask_passwords showed stays readable
        ("ducklake:postgres://mill:****@db.example/lake", "ducklake:postgres://mill:****@db.example/lake"),
    ],
)
def test_credentials_and_tokens_are_masked(address: str, shown: str) -> None:
    assert mask(address) == shown
    assert mask(shown) == shown


def test_parameters_stay_where_they_may_name_a_page() -> None:
    assert mask_credentials("https://a:b@news.example/story?key=1024") == "https://news.example/story?key=1024"


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    remember_secret("pa/ss wörd")
    for text in ("/feeds/pa/ss wörd/news.xml", "/feeds/pa%2Fss%20w%C3%B6rd/", "the key pa/ss%20w%C3%B6rd is wrong"):
        assert "ss" not in mask(text)
        assert "ss" not in mask_credentials(text)
    remember_secret("the")
    assert mask("the other") == "the other", "a word is no secret"


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=SHORTEST), st.text(), st.text())
def test_no_known_secret_is_left(secret: str, before: str, after: str) -> None:
    masking._known.clear()
    remember_secret(secret)
    for written in (secret, quote(secret), quote(secret, safe="")):
        assert secret not in mask(f"{before}{written}{after}").replace(masking.MASK, "\0")


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


def test_every_error_of_newsmill_masks_its_message() -> None:
    assert str(NewsmillError("https://a:b@news.example/?token=abc: gone")) == "https://news.example/?token=…: gone"


def test_cookies_are_not_stored() -> None:
    headers = {"Set-Cookie": "session=abc", "etag": '"1"', "link": "<https://news.example/?token=abc>; rel=self"}
    assert mask_headers(headers) == {"etag": '"1"', "link": "<https://news.example/?token=…>; rel=self"}
