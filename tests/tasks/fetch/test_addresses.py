"""From an address to a request, or to the reason why there is none: whatever a stranger writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import FetchError, TransientFetchError
from tasks.fetch.addresses import parse_address


@pytest.mark.parametrize(
    "address",
    [
        "https://quay.example/a?b#c",
        "http://quay.example:8080/",
        "http://[2001:db8::1]:8080/",
        "http://例え.jp/ü?ä=港",
        "HTTPS://QUAY.EXAMPLE",
        "http://user:secret@quay.example/",
    ],
)
def test_what_can_be_asked_for(address: str) -> None:
    assert parse_address(address).host


@pytest.mark.parametrize(
    "address",
    [
        "http://1.2.3.456/p.jpg",
        "http://192.168.001.1/",
        "http://0177.0.0.1/",
        "http://xn--a.com/",
        "http://😀.com/",
        "http://１２７.０.０.１/",
        "http://[::1/",
        "http://exa mple.com/",
        "http://%31/",
        "http:///x",
        "http://.",
        "http://",
        "http://x:99999/",
        "http://x:0/",
        "http://x\x00.com",
        f"http://{'a' * 300}.com/",
        "//quay.example/x",
        "ftp://quay.example/",
        "data:image/png;base64,AA",
        "javascript:alert(1)",
        "quay.example",
        "",
        "http://" + "a" * 70_000,
    ],
)
def test_what_cannot(address: str) -> None:
    with pytest.raises(FetchError, match="not http or https") as caught:
        parse_address(address)
    assert not isinstance(caught.value, TransientFetchError)
    assert "leads to" not in str(caught.value), "there was no redirect"
    assert len(str(caught.value)) < 1000


def test_a_password_is_not_told() -> None:
    with pytest.raises(FetchError) as caught:
        parse_address("http://user:secret@1.2.3.456/?token=abc")
    assert "secret" not in str(caught.value)
    assert "abc" not in str(caught.value)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "http://a@", "http://1."]))
def test_any_text_is_an_address_or_refused(text: str, prefix: str) -> None:
    try:
        url = parse_address(prefix + text)
    except FetchError:
        return
    assert url.scheme in ("http", "https")
    assert url.host
