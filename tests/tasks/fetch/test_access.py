"""Which requests have a feed's access: where it is sent, and where it never is."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tasks.errors import FetchError
from tasks.fetch.access import AccessTable, literal_secrets, refuse_private
from tasks.networks import NONE_BESIDES_PUBLIC, parse_allowed
from warehouse.access import Access
from warehouse.masking import mask
from warehouse.records import Feed

OWN = Access(token="{env:HARBOUR_TOKEN}")
FEED = Feed("quay", "The Quay", "https://quay.example/feed", site_url="https://www.quay.example/", access=OWN)


@pytest.mark.parametrize(
    ("address", "is_own"),
    [
        ("https://quay.example/feed", True),
        ("https://QUAY.example/images/1.png", True),
        ("https://www.quay.example/1", True),
        ("https://quay.example:443/1", True),
        ("https://quay.example:8443/1", False),
        ("http://quay.example/feed", False),
        ("https://images.quay.example/1.png", False),
        ("https://quay.example.evil.example/", False),
        ("https://evilquay.example/", False),
        ("https://example/", False),
        ("https://quay.example@evil.example/", False),
        ("https://evil.example/?https://quay.example/", False),
    ],
)
def test_own_site(address: str, is_own: bool) -> None:
    assert (AccessTable([FEED]).find(httpx.URL(address), "quay") is not None) is is_own
    assert (AccessTable([FEED]).find(httpx.URL(address), None) is not None) is is_own


def test_own_site_of_a_feed_that_is_not_encrypted() -> None:
    table = AccessTable([replace(FEED, url="http://quay.example/feed", site_url=None)])
    owned = ["http://quay.example/1", "https://quay.example/1"]
    assert all(table.find(httpx.URL(address), "quay") for address in owned)
    assert not table.find(httpx.URL("http://quay.example:8080/1"), "quay")
    with_port = AccessTable([replace(FEED, url="http://127.0.0.1:8001/feed", site_url=None)])
    assert with_port.find(httpx.URL("http://127.0.0.1:8001/1"), "quay")
    assert not with_port.find(httpx.URL("http://127.0.0.1:8002/1"), "quay")
    assert not with_port.find(httpx.URL("https://127.0.0.1:8001/1"), "quay")


def test_an_encrypted_feed_with_a_site_that_is_not_sends_nothing_in_the_clear() -> None:
    table = AccessTable([replace(FEED, site_url="http://quay.example/")])
    assert not table.find(httpx.URL("http://quay.example/1"), "quay")


def test_hosts_in_other_scripts_and_secrets_in_the_address() -> None:
    table = AccessTable(
        [replace(FEED, url="https://{env:USER}:{env:P}@海港.example/feed?token={env:T}", site_url=None)]
    )
    assert table.find(httpx.URL("https://xn--hxt814e.example/1"), "quay") is None
    assert table.find(httpx.URL("https://海港.example/1"), "quay")
    assert table.find(httpx.URL(str(httpx.URL("https://海港.example/1"))), "quay")


def test_a_request_for_a_feed_has_its_own_access_or_none() -> None:
    other = replace(FEED, id="members", access=Access(token="{env:MEMBERS_TOKEN}"))
    table = AccessTable([replace(FEED, id="free", access=Access()), FEED, other])
    address = httpx.URL("https://quay.example/1.png")
    found = {id: table.find(address, id) for id in ("free", "quay", "members", "gone", None)}
    assert found == {"free": None, "quay": FEED, "members": other, "gone": None, None: FEED}


def test_secrets_are_read_and_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARBOUR_KEY", "key-of-the-harbour")
    (tmp_path / "password").write_text("pass:word é\n", encoding="utf-8")
    access = Access(
        headers=(("x-api-key", "id={env:HARBOUR_KEY}"),),
        cookies=(("session", "cookie-literal-17"), ("seen", "1")),
        user_agent="Reader",
        proxy="http://quay:{env:HARBOUR_KEY}@proxy.example:3128",
        user="reader",
        password=f"{{file:{tmp_path}/password}}",
    )
    opened = asyncio.run(AccessTable([FEED]).open(replace(FEED, access=access)))
    basic = base64.b64encode("reader:pass:word é".encode()).decode()
    assert opened.headers == {
        "x-api-key": "id=key-of-the-harbour",
        "user-agent": "Reader",
        "cookie": "session=cookie-literal-17; seen=1",
        "authorization": f"Basic {basic}",
    }
    assert opened.proxy == "http://quay:key-of-the-harbour@proxy.example:3128"
    for secret in ("key-of-the-harbour", "cookie-literal-17", "pass:word é", basic):
        assert secret not in mask(f"the server said {secret}")
        assert secret not in repr(opened)


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (Access(token="{env:NO_SUCH_TOKEN}"), "quay: auth: {env:NO_SUCH_TOKEN} has no value"),
        (Access(headers=(("x-key", "{env:TWO_LINES}"),)), "quay: x-key: what its reference names is not one line"),
        (Access(cookies=(("session", "{env:TWO_LINES}"),)), "quay: cookie: what its reference names is not one line"),
        (
            Access(proxy="{env:TWO_LINES}"),
            "quay: proxy: what its reference names is not an http:// or https:// address",
        ),
        (Access(proxy="{env:NO_SUCH_PROXY}"), "quay: proxy: {env:NO_SUCH_PROXY} has no value"),
    ],
)
def test_a_secret_that_can_not_be_sent(access: Access, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_LINES", "first-line\r\nx-injected: second-line")
    with pytest.raises(FetchError) as caught:
        asyncio.run(AccessTable().open(replace(FEED, access=access)))
    assert says in str(caught.value)
    assert "second-line" not in str(caught.value)
    assert caught.value.retry_after == 0, "the server was not asked"


def test_literal_secrets() -> None:
    access = Access(
        headers=(("authorization", "Bearer abc123def456"), ("accept-language", "pt"), ("x-key", "{env:KEY}")),
        cookies=(("session", "s3cret"), ("consent", "yes")),
        proxy="http://quay:hush@proxy.example",
        user="reader",
        password="harbour",
    )
    assert literal_secrets(access) == ["Bearer abc123def456", "s3cret", "abc123def456", "harbour", "hush"]
    assert literal_secrets(Access(token="{env:T}", proxy="http://quay:{env:P}@proxy.example")) == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "[::1]", "localhost", "[::ffff:10.0.0.1]", "169.254.169.254"]
)
def test_a_proxy_is_not_asked_for_private_addresses(host: str) -> None:
    address = httpx.URL(f"http://{host}/feed")
    with pytest.raises(FetchError, match="leads to a private network address"):
        asyncio.run(refuse_private(address, NONE_BESIDES_PUBLIC, str(address)))
    asyncio.run(refuse_private(address, parse_allowed("1"), str(address)))


def test_a_proxy_is_asked_for_names_that_only_it_knows() -> None:
    asyncio.run(refuse_private(httpx.URL("http://quay.invalid/feed"), NONE_BESIDES_PUBLIC, "quay"))
    asyncio.run(refuse_private(httpx.URL("http://93.184.216.34/feed"), NONE_BESIDES_PUBLIC, "quay"))
