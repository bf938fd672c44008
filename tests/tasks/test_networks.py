"""Public addresses, and those that NEWSMILL_ALLOW_PRIVATE_ADDRESSES allows besides."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tasks.networks import is_public, parse_allowed
from tasks.settings import load_settings
from warehouse.errors import NewsmillError


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        # what stands for an IPv4 address: 6to4 (RFC 3056), IPv4-compatible (RFC 4291 2.5.5.1), NAT64 (RFC 6052)
        *("2002:7f00:1::", "2002:c0a8:0101::1", "::127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1"),
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::1", "64:ff9b::101:101"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


def test_networks_and_hosts_are_allowed() -> None:
    allowed = parse_allowed("127.0.0.0/8, news.internal,fd00::/8")
    assert allowed.allow("anything", ip_address("127.0.0.2"))
    assert allowed.allow("NEWS.internal.", ip_address("10.0.0.1"))
    assert allowed.allow("anything", ip_address("fd00::7"))
    assert allowed.allow("anything", ip_address("1.1.1.1"))
    assert not allowed.allow("other.internal", ip_address("10.0.0.1"))
    assert not allowed.allow("anything", ip_address("::1"))


@pytest.mark.parametrize(
    ("text", "everything"), [("1", True), ("True", True), ("0", False), ("", False), ("no", False)]
)
def test_all_or_none(text: str, everything: bool) -> None:
    assert parse_allowed(text).allow("quay", ip_address("127.0.0.1")) is everything


@pytest.mark.parametrize("text", ["127.0.0.0/40", "10.0.0.256", "news internal", "::zz"])
def test_a_mistake_in_the_setting_is_an_error(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_ALLOW_PRIVATE_ADDRESSES", f"127.0.0.1,{text}")
    with pytest.raises(NewsmillError, match=r"allow_private_addresses: .* is neither a network nor a host's name"):
        load_settings()
