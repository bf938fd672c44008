from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.referer import referer

IMAGE = "https://pics.example/quay.jpg"


@pytest.mark.parametrize(
    ("article", "sent"),
    [
        ("https://quay.example/2026/gate?page=2", "https://quay.example/2026/gate?page=2"),
        ("https://quay.example/gate#comments", "https://quay.example/gate"),
        ("https://oda:secret@quay.example/gate", "https://quay.example/gate"),
        ("https://quay.example:8443/gate", "https://quay.example:8443/gate"),
        ("https://quay.example", "https://quay.example/"),
        ("https://quay.example/gate?api_key=0123456789abcdef0123", "https://quay.example/"),
        ("ftp://quay.example/gate", None),
        ("https:///gate", None),
        ("https://[quay/gate", None),
        ("https://quay.example/港口", None),
        ("https://quay.example/a\r\nX: y", None),
        ("", None),
    ],
)
def test_the_referer_of_an_image(article: str, sent: str | None) -> None:
    assert referer(article, IMAGE) == sent


def test_without_encryption_only_the_origin_of_an_encrypted_article_is_sent() -> None:
    plain = "http://pics.example/quay.jpg"
    assert referer("https://oda@quay.example:8443/gate?page=2", plain) == "https://quay.example:8443/"
    assert referer("http://quay.example/gate", plain) == "http://quay.example/gate"
    assert referer("http://quay.example/gate", IMAGE) == "http://quay.example/gate"


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from([IMAGE, "http://pics.example/a"]))
def test_whatever_the_article_is_called_the_referer_is_a_header_without_credentials(
    user: str, path: str, address: str
) -> None:
    for article in (f"https://{user}@quay.example/{path}", f"https://quay.example/{path}", user):
        sent = referer(article, address)
        if sent is not None:
            assert sent.isascii()
            assert sent.isprintable()
            assert urlsplit(sent).username is None
            assert "#" not in sent
