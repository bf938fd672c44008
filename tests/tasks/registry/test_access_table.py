"""A feed's access in feeds.toml: how it is read, and what is said of invalid keys, without their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import add_feed, read_feeds
from tests.tasks.registry.feeds import feed
from warehouse.access import Access
from warehouse.records import Feed

TEXT = """
headers = { X-Api-Key = "{env:HARBOUR_KEY}", "accept-language" = "pt" }
cookies = { session = "{file:/run/secrets/session}", seen = "1" }
user_agent = "Harbour reader"
proxy = "http://quay:{env:PROXY_PASSWORD}@proxy.example:3128"
auth = { user = "reader", password = "{block:harbour}" }
"""
ACCESS = Access(
    headers=(("x-api-key", "{env:HARBOUR_KEY}"), ("accept-language", "pt")),
    cookies=(("session", "{file:/run/secrets/session}"), ("seen", "1")),
    user_agent="Harbour reader",
    proxy="http://quay:{env:PROXY_PASSWORD}@proxy.example:3128",
    user="reader",
    password="{block:harbour}",
)


def test_access_is_read(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(feed(TEXT) + feed('auth = { token = "{env:T}" }\nproxy = "{env:PROXY}"', name="b"), "utf-8")
    assert [each.access for each in read_feeds(path)] == [ACCESS, Access(token="{env:T}", proxy="{env:PROXY}")]


def test_access_that_was_read_can_be_written(tmp_path: Path) -> None:
    ours = Feed("a", "A", "https://example.org/a", access=ACCESS)
    add_feed(tmp_path / "feeds.toml", ours)
    assert read_feeds(tmp_path / "feeds.toml") == [ours]


def test_access_shows_no_secret() -> None:
    access = Access((("x", "hush-1"),), (("y", "hush-2"),), "reader", "http://hush-3@p", "hush-4", "hush-5", "hush-6")
    assert repr(access) == "Access(user_agent='reader')"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('headers = "hush"', "headers must be a table (write headers = { … ="),
        ("headers = { key = 4711 }", "headers.key must be text (write it in quotes"),
        ('headers = { "a b" = "hush" }', "headers has a name that no header has"),
        ('headers = { Cookie = "hush" }', "headers can't hold cookie (write it as cookies)"),
        ('headers = { User-Agent = "hush" }', "headers can't hold user-agent (write it as user_agent)"),
        ('headers = { Host = "hush" }', "headers can't hold host, which newsmill sets itself"),
        ('headers = { If-None-Match = "hush" }', "headers can't hold if-none-match, which newsmill sets itself"),
        ('headers = { a = "hush", A = "hush" }', "headers hold a header twice"),
        ('headers = { a = "hush\\nb: hush" }', "headers.a must be one line of ASCII characters"),
        ('headers = { a = "hushé" }', "headers.a must be one line of ASCII characters"),
        ('cookies = ["hush"]', "cookies must be a table"),
        ('cookies = { a = "hush; b=hush" }', "cookies must be names and values without spaces"),
        ('cookies = { "a=" = "hush" }', "cookies must be names and values without spaces"),
        ("cookies = { a = true }", "cookies.a must be text"),
        ('user_agent = ""', "user_agent must be one line of ASCII characters"),
        ('proxy = "hush"', 'proxy must be an http:// or https:// address (write "http://proxy.example:3128"'),
        ('proxy = "socks5://hush@proxy.example:1"', "proxy must be an http:// or https:// address"),
        ('proxy = "http://{env:HUSH_HOST}:3128"', "proxy must be an http:// or https:// address"),
        ('proxy = "http://hush@proxy.example:99999"', "proxy must be an http:// or https:// address"),
        ("proxy = 4711", "proxy must be text (write it in quotes"),
        ('auth = "hush"', 'auth must be a table (write auth = { token = "{env:NAME}" })'),
        ('auth = { user = "hush" }', "auth must have user and password, or token"),
        ('auth = { user = "hush", password = "hush", token = "hush" }', "auth must have user and password, or token"),
        ("auth = {}", "auth must have user and password, or token"),
        ('auth = { user = "hu:sh", password = "hush" }', 'auth has a user with a ":"'),
        ('auth = { user = "hush", pasword = "hush" }', "unknown key auth.pasword (write auth.password)"),
        ("auth = { token = 4711 }", "auth.token must be text"),
        ('headers = { Authorization = "hush" }\nauth = { token = "hush" }', "auth stands beside an authorization in"),
    ],
)
def test_an_invalid_access_is_named_without_its_values(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(feed(text), "utf-8")
    with pytest.raises(FeedsFileError) as caught:
        read_feeds(path)
    message = str(caught.value)
    assert says in message
    assert 'feed "a": ' in message
    assert "hush" not in message.replace("{env:HUSH_HOST}", "")
    assert "4711" not in message


def test_auth_beside_a_user_in_the_address(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(feed('auth = { token = "hush" }').replace("https://", "https://reader:hush@"), "utf-8")
    with pytest.raises(FeedsFileError, match="auth stands beside a user in url"):
        read_feeds(path)


@pytest.mark.parametrize("address", ["http://[", "http://me@[/", "//", "", "x" * 5000])
def test_auth_beside_an_invalid_address_is_no_second_problem(tmp_path: Path, address: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(f'[[feed]]\nid = "a"\nname = "A"\nurl = "{address}"\nauth = {{ token = "hush" }}\n', "utf-8")
    with pytest.raises(FeedsFileError, match="url must be an http:// or https:// address") as caught:
        read_feeds(path)
    assert "hush" not in str(caught.value)
