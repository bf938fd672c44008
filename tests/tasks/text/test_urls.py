from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from w3lib.url import canonicalize_url

from tasks.text.urls import (
    MAX_LENGTH,
    canonical,
    host_of,
    identity,
    normalize,
    resolve,
    site_of,
    strip_www,
    unwrap_image,
    unwrap_link,
    without_tracking,
)

ORIGIN = "https://pics.example/2024/quay.jpg"
BARE = "pics.example/2024/quay.jpg"
ENCODED = quote(ORIGIN, safe="")


@pytest.mark.parametrize(
    ("base", "address", "absolute"),
    [
        ("https://quay.example/a/b.html", "c.jpg", "https://quay.example/a/c.jpg"),
        ("https://quay.example/a/b.html", "/c.jpg", "https://quay.example/c.jpg"),
        ("https://quay.example/a/b.html", "../c.jpg", "https://quay.example/c.jpg"),
        ("https://quay.example/a/b.html", "?p=2", "https://quay.example/a/b.html?p=2"),
        ("https://quay.example/a/b.html", "#top", "https://quay.example/a/b.html#top"),
        ("https://quay.example/a/b.html", "//cdn.example/c.jpg", "https://cdn.example/c.jpg"),
        ("http://quay.example/", "//cdn.example/c.jpg", "http://cdn.example/c.jpg"),
        ("https://quay.example/", "http://other.example/x", "http://other.example/x"),
        (None, " https://quay.example/x\n", "https://quay.example/x"),
        (None, "https://quay.example/long/\n\t address", "https://quay.example/long/address"),
        (None, "https://quay.example/港口", "https://quay.example/%E6%B8%AF%E5%8F%A3"),
        (None, "https://quay.example/a b", "https://quay.example/a%20b"),
        (None, "https://quay.example/a%20b", "https://quay.example/a%20b"),
        (None, "https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        (None, "HTTPS://Quay.example/x", "HTTPS://Quay.example/x"),
        (None, "http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://quay.example/a/b.html", "www.port.example/x?y=1", "https://www.port.example/x?y=1"),
        ("http://quay.example/a/b.html", "Quay.example/x", "http://quay.example/x"),
        ("https://quay.example/a/b.html", "port.example/x", "https://quay.example/a/port.example/x"),
        ("https://quay.example/a/b.html", "www.html", "https://quay.example/a/www.html"),
        ("https://quay.example/a/b.html", "img\\c.jpg?p=\\", "https://quay.example/a/img/c.jpg?p=%5C"),
        ("https://quay.example/a/b.html", "http:///port.example/x", "http://port.example/x"),
        (None, "HTTPS:////port.example/x", "https://port.example/x"),
    ],
)
def test_resolve(base: str | None, address: str, absolute: str) -> None:
    resolved = resolve(base, address)
    assert resolved is not None
    # the letters' case in scheme and host is canonical()'s business
    assert resolved.lower() == absolute.lower()


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "   ",
        "c.jpg",
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "mailto:editor@quay.example",
        "ftp://quay.example/x",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://[quay.example/",
        "http://quay.example:port/",
        "http://quay.example:99999/",
        "https://quay.example/" + "a" * MAX_LENGTH,
    ],
)
def test_text_that_is_not_an_address(address: str | None) -> None:
    assert resolve(None, address) is None


@given(st.text(max_size=80), st.one_of(st.none(), st.text(max_size=40)))
@example(".\x1b", None)
@example(" :", None)
@example("\x1f:", None)
@example("\x1b?", None)
def test_any_text_resolves_to_an_http_address_or_nothing(text: str, base: str | None) -> None:
    for address in (text, "http://" + text, "https://quay.example/" + text):
        resolved = resolve(base, address)
        assert resolved is None or (resolved.lower().startswith(("http://", "https://")) and "\n" not in resolved)
        if resolved is not None:
            assert resolve(None, resolved) is not None, "the result must resolve again"


@pytest.mark.parametrize(
    ("address", "stripped"),
    [
        ("https://quay.example/x?utm_source=rss&utm_medium=feed", "https://quay.example/x"),
        ("https://quay.example/x?id=3&utm_campaign=a&page=2", "https://quay.example/x?id=3&page=2"),
        ("https://quay.example/x?fbclid=abc&id=3", "https://quay.example/x?id=3"),
        ("https://quay.example/x?gclid=abc", "https://quay.example/x"),
        ("https://quay.example/x?UTM_SOURCE=rss&id=3", "https://quay.example/x?id=3"),
        ("https://quay.example/x?at_medium=RSS&at_campaign=KARANGA", "https://quay.example/x"),
        ("https://quay.example/x?p=4&maca=en-rss-en&traffic_source=rss&smid=rss&cmpid=x", "https://quay.example/x?p=4"),
        ("https://quay.example/x#utm_source=rss", "https://quay.example/x"),
        ("https://quay.example/x#gate", "https://quay.example/x#gate"),
        # nothing to drop: left to the letter
        ("https://quay.example/x?a=b%20c&d", "https://quay.example/x?a=b%20c&d"),
        ("https://quay.example/x?sid=3&pid=4&source=wire", "https://quay.example/x?sid=3&pid=4&source=wire"),
        ("https://quay.example/x?b=&a=1&utm_source=q", "https://quay.example/x?b=&a=1"),
    ],
)
def test_without_tracking(address: str, stripped: str) -> None:
    assert without_tracking(address) == stripped
    assert without_tracking(stripped) == stripped


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("HTTP://Quay.Example:80/x", "http://quay.example/x"),
        ("https://quay.example:443/x", "https://quay.example/x"),
        ("https://quay.example:8443/x", "https://quay.example:8443/x"),
        ("https://quay.example", "https://quay.example/"),
        ("https://quay.example./x", "https://quay.example/x"),
        ("https://quay.example//a///b", "https://quay.example/a/b"),
        ("https://quay.example/x?b=2&a=1", "https://quay.example/x?a=1&b=2"),
        ("https://quay.example/%7eoda/%e6%b8%af", "https://quay.example/~oda/%E6%B8%AF"),
        ("https://quay.example/港", "https://quay.example/%E6%B8%AF"),
        ("https://quay.example/x?utm_source=rss#top", "https://quay.example/x"),
        (
            "https://www.google.com/url?q=" + quote("https://quay.example/x?utm_source=a", safe=""),
            "https://quay.example/x",
        ),
    ],
)
def test_canonical(address: str, form: str) -> None:
    assert canonical(address) == form
    assert canonical(form) == form


@pytest.mark.parametrize(
    "address",
    [
        "https://quay.example/2024/gate",
        "http://quay.example/2024/gate",
        "https://www.quay.example/2024/gate",
        "https://m.quay.example/2024/gate",
        "https://mobile.quay.example/2024/gate",
        "https://amp.quay.example/2024/gate",
        "https://QUAY.example:443/2024/gate/",
        "https://quay.example/2024/gate/amp",
        "https://quay.example/2024/gate/amp/",
        "https://quay.example/2024/gate.amp",
        "https://quay.example/2024/gate?amp=1",
        "https://quay.example/2024/gate?outputType=amp",
        "https://quay.example/2024/gate/index.html",
        "https://quay.example//2024/gate?utm_source=rss#comments",
        "https://quay-example.cdn.ampproject.org/c/s/quay.example/2024/gate",
        "https://www.google.com/amp/s/quay.example/2024/gate",
        "https://www.google.com/url?sa=t&q=https%3A%2F%2Fquay.example%2F2024%2Fgate",
    ],
)
def test_one_identity_for_all_addresses_of_an_article(address: str) -> None:
    assert identity(address) == "quay.example/2024/gate"


def test_different_articles_have_different_identities() -> None:
    addresses = [
        "https://quay.example/gate",
        "https://quay.example/gate2",
        "https://news.quay.example/gate",
        "https://quay.example/Gate",
        "https://quay.example/?p=1",
        "https://quay.example/?p=2",
        "https://quay.example/gate?page=2",
        "https://quay.example:8080/gate",
        "https://quay.example/lamp",
        "https://m.example/gate",
    ]
    assert len({identity(address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize(
    "address",
    ["https://quay.example", "http://www.quay.example/", "https://quay.example/index.html", "https://quay.example/#x"],
)
def test_a_front_page_has_no_identity(address: str) -> None:
    assert identity(address) is None


_HOSTS = [
    "quay.example",
    "WWW.Quay.example",
    "m.quay.example:80",
    "quay.example:8080",
    "quay.example.",
    "bücher.example",
    "[::1]:8080",
    "www.google.com",
    "l.facebook.com",
    "quay-example.cdn.ampproject.org",
]
_SEGMENTS = [
    "a",
    "b%20c",
    "港口",
    "amp",
    "index.html",
    "",
    "..",
    ".",
    "c",
    "s",
    "url",
    "l.php",
    "%7Ez",
    "a;b",
    "%",
    "c+d",
]
_PAIRS = [
    "a=1",
    "utm_source=x",
    "b=%20",
    "q=https%3A%2F%2Fin.example%2Fz",
    "u=http%3A%2F%2Fin.example%2Fz%3Fa%3D1",
    "amp=1",
    "=",
    "%",
    "港=口",
    "a=&a=2",
]
_ADDRESSES = st.builds(
    lambda scheme, host, path, query, fragment: (
        f"{scheme}://{host}{''.join('/' + p for p in path)}{'?' if query else ''}{'&'.join(query)}{fragment}"
    ),
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(_HOSTS),
    st.lists(st.sampled_from(_SEGMENTS), max_size=4),
    st.lists(st.sampled_from(_PAIRS), max_size=3),
    st.sampled_from(["", "#top", "#utm_source=x"]),
).map(lambda address: resolve(None, address) or "https://quay.example/x")


@given(_ADDRESSES)
@settings(max_examples=400)
def test_the_canonical_form_of_a_canonical_address_is_itself(address: str) -> None:
    form = canonical(address)
    assert canonical(form) == form
    assert identity(form) == identity(address)
    assert resolve(None, form) == form


_ORDINARY = st.builds(
    lambda host, path, end, pair: (f"https://{host}/{'/'.join(path)}{end}", pair),
    st.from_regex(r"([a-z0-9]{1,3}[.-]){0,3}[a-z0-9]{1,64}\.[a-z]{2,6}", fullmatch=True),
    st.lists(st.from_regex(r"([A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2}){1,8}", fullmatch=True), max_size=4),
    st.sampled_from(["", "/"]),
    st.from_regex(r"(\?[A-Za-z0-9_.~-]{1,8}=[A-Za-z0-9_.~-]{0,8})?", fullmatch=True) | st.just("?utm_source=x"),
).filter(lambda parts: "//" not in parts[0].removeprefix("https://"))


@given(_ORDINARY)
@settings(max_examples=400)
def test_the_canonical_form_of_an_ordinary_address_is_w3libs(parts: tuple[str, str]) -> None:
    address, pair = parts
    stripped = "" if without_tracking(f"https://quay.example/{pair}") == "https://quay.example/" else pair
    assert canonical(address + pair) == canonicalize_url(address + stripped)
    assert normalize(address + pair) == canonicalize_url(address + pair)


def test_two_spellings_of_an_address_are_one() -> None:
    assert normalize("HTTPS://EXAMPLE.org/a#top") == normalize("https://example.org/a")
    assert normalize("https://example.org/a?utm_source=x") != normalize("https://example.org/a")


@given(_ADDRESSES)
def test_tracking_parameters_never_change_an_identity(address: str) -> None:
    before, _, fragment = address.partition("#")
    tracked = f"{before}{'&' if '?' in before else '?'}utm_source=rss&utm_medium=feed" + (
        f"#{fragment}" if fragment else ""
    )
    assert identity(tracked) == identity(address)


def test_nested_redirectors_are_unwrapped() -> None:
    inner = "https://quay.example/gate"
    address = "https://www.google.com/url?q=" + quote("https://www.google.com/url?q=" + quote(inner, safe=""), safe="")
    assert canonical(address) == inner
    assert identity(address) == "quay.example/gate"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.google.com/url?sa=t&url=https%3A%2F%2Fquay.example%2Fgate%3Fid%3D3",
        "https://google.de/url?q=https%3A%2F%2Fquay.example%2Fgate%3Fid%3D3",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fquay.example%2Fgate%3Fid%3D3&h=AT0",
        "https://out.reddit.com/t3_abc?url=https%3A%2F%2Fquay.example%2Fgate%3Fid%3D3",
        "https://t.umblr.com/redirect?z=https%3A%2F%2Fquay.example%2Fgate%3Fid%3D3",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fquay.example%2fgate%3fid%3d3",
        "https://quay-example.cdn.ampproject.org/c/s/quay.example/gate?id=3",
        "https://quay-example.cdn.ampproject.org/v/s/quay.example/gate?id=3",
        "https://www.google.com/amp/s/quay.example/gate?id=3",
    ],
)
def test_unwrap_link(address: str) -> None:
    assert unwrap_link(address) == "https://quay.example/gate?id=3"


@pytest.mark.parametrize(
    "address",
    [
        "https://quay.example/url?q=https%3A%2F%2Fother.example%2F",
        "https://www.google.com/search?q=https%3A%2F%2Fquay.example%2F",
        "https://www.google.com/url?q=javascript%3Aalert(1)",
        "https://evilgoogle.com/url?q=https%3A%2F%2Fquay.example%2F",
        "https://quay.example/c/s/other.example/x",
    ],
)
def test_an_address_that_is_not_a_redirectors(address: str) -> None:
    assert unwrap_link(address) == address


@pytest.mark.parametrize(
    "proxy",
    [
        # both forms: the origin encoded, and as it stands
        f"https://images.weserv.nl/?url={ENCODED}",
        f"https://images.weserv.nl/?url={ORIGIN}",
        f"https://images.weserv.nl/?url={BARE}",
        f"https://images.weserv.nl?url={BARE}",
        f"https://images.weserv.nl?url={ENCODED}&w=800",
        f"https://images.weserv.nl/?w=800&url={BARE}",
        f"https://images.weserv.nl/?url=ssl:{BARE}",
        f"https://images.weserv.nl/?url=%2F%2F{BARE}",
        f"https://wsrv.nl/?url={ENCODED}&output=webp",
        f"https://wsrv.nl/?url={BARE}&output=webp",
        f"https://i0.wp.com/{BARE}",
        f"https://i1.wp.com/{BARE}?resize=800%2C600&ssl=1",
        f"https://res.cloudinary.com/quay/image/fetch/w_800/{ORIGIN}",
        f"https://res.cloudinary.com/quay/image/fetch/w_800/{ENCODED}",
        f"https://substackcdn.com/image/fetch/w_1456,c_limit,f_auto/{ENCODED}",
        f"https://quay.example/cdn-cgi/image/width=800,quality=80/{ORIGIN}",
        f"https://quay.example/_next/image?url={ENCODED}&w=1080&q=75",
        f"https://external-content.duckduckgo.com/iu/?u={ENCODED}&f=1",
        f"https://images1-focus-opensocial.googleusercontent.com/gadgets/proxy?container=focus&url={ENCODED}",
        f"https://www.google.com/imgres?imgurl={ENCODED}&w=3",
        # one in another, once and twice encoded
        f"https://images.weserv.nl/?url=https://images.weserv.nl/?url={BARE}",
        f"https://images.weserv.nl/?url={quote('https://images.weserv.nl/?url=' + ENCODED, safe='')}",
        f"https://wsrv.nl/?url={quote(f'https://i0.wp.com/{BARE}?ssl=1', safe='')}",
        f"https://quay.example/_next/image?url={quote(f'https://images.weserv.nl/?url={BARE}', safe='')}&w=640",
        f"https://images.weserv.nl/?url={quote(ENCODED, safe='')}",
        f"https://res.cloudinary.com/a/image/fetch/https://res.cloudinary.com/b/image/fetch/{ORIGIN}",
    ],
)
def test_unwrap_image(proxy: str) -> None:
    assert unwrap_image(proxy) == (ORIGIN, proxy)


@pytest.mark.parametrize(
    ("proxy", "origin"),
    [
        ("https://images.weserv.nl/?url=http%3A%2F%2Fpics.example%2Fa.jpg", "http://pics.example/a.jpg"),
        ("https://i2.wp.com/pics.example/a.jpg?ssl=0", "http://pics.example/a.jpg"),
        ("https://images.weserv.nl/?url=pics.example/a.jpg?id=1&size=2", "https://pics.example/a.jpg?id=1&size=2"),
        (
            "https://images.weserv.nl/?url=https%3A%2F%2Fpics.example%2Fa.jpg%3Fid%3D1%26size%3D2&w=3",
            "https://pics.example/a.jpg?id=1&size=2",
        ),
        ("https://images.weserv.nl/?url=pics.example/a%20b.jpg", "https://pics.example/a%20b.jpg"),
        ("https://images.weserv.nl/?url=127.0.0.1:8000/a.jpg", "http://127.0.0.1:8000/a.jpg"),
        ("https://quay.example/cdn-cgi/image/width=80/pics/a.jpg", "https://quay.example/pics/a.jpg"),
        ("https://quay.example/_next/image?url=%2Fpics%2Fa.jpg&w=640&q=75", "https://quay.example/pics/a.jpg"),
    ],
)
def test_unwrapped_images_with_another_address(proxy: str, origin: str) -> None:
    assert unwrap_image(proxy) == (origin, proxy)


@pytest.mark.parametrize(
    "address",
    [
        ORIGIN,
        f"{ORIGIN}?url=https%3A%2F%2Fother.example%2Fb.jpg",
        "https://images.weserv.nl/",
        "https://images.weserv.nl/?url=",
        "https://images.weserv.nl/?url=nonsense",
        "https://images.weserv.nl/?url=javascript%3Aalert(1)",
        "https://i0.wp.com/",
        "https://quay.example/image/fetch/w_80/a.jpg",
        "https://quay.example/_next/image?w=80",
    ],
)
def test_an_address_that_is_not_an_image_proxys(address: str) -> None:
    assert unwrap_image(address) == (address, None)


_WRAPPERS: list[Callable[[str], str]] = [
    lambda a: "https://images.weserv.nl/?url=" + quote(a, safe=""),
    lambda a: "https://wsrv.nl/?w=80&url=" + quote(a, safe=""),
    lambda a: "https://quay.example/_next/image?url=" + quote(a, safe="") + "&w=1",
    lambda a: "https://res.cloudinary.com/q/image/fetch/w_1/" + quote(a, safe=""),
    lambda a: "https://external-content.duckduckgo.com/iu/?u=" + quote(a, safe=""),
]


@given(
    st.lists(st.sampled_from(_WRAPPERS), max_size=3),
    st.sampled_from([ORIGIN, ORIGIN + "?a=1&b=%20", "http://p.example/"]),
)
def test_nested_proxies_are_unwrapped(wrappers: list[Callable[[str], str]], origin: str) -> None:
    address = origin
    for wrap in wrappers:
        address = wrap(address)
    assert unwrap_image(address) == (origin, address if wrappers else None)


@given(_ADDRESSES, st.text(max_size=30))
def test_unwrapping_gives_an_address_whatever_the_proxy_is_given(address: str, text: str) -> None:
    for proxied in (
        address,
        resolve(None, f"https://images.weserv.nl/?url={text}"),
        resolve(None, f"https://i0.wp.com/{text}"),
        resolve(None, f"https://quay.example/cdn-cgi/image/w/{text}"),
        resolve(None, f"https://quay.example/image/fetch/https%3A%2F{text}"),
    ):
        if proxied:
            origin, proxy = unwrap_image(proxied)
            assert resolve(None, origin) is not None
            assert proxy in (None, proxied)
            assert resolve(None, unwrap_link(proxied)) is not None


@pytest.mark.parametrize(
    ("address", "host", "site"),
    [
        ("https://www.quay.example/gate", "quay.example", "quay.example"),
        ("https://WWW2.Quay.example:8080/gate", "quay.example", "quay.example"),
        ("https://quay.example./gate", "quay.example", "quay.example."),
        ("https://m.quay.example/", "m.quay.example", "quay.example"),
        ("https://mobile.quay.example/", "mobile.quay.example", "quay.example"),
        ("https://amp.quay.example/", "amp.quay.example", "quay.example"),
        ("https://www.example/", "www.example", "www.example"),
        ("https://m.example/", "m.example", "m.example"),
        ("https://wwwquay.example/", "wwwquay.example", "wwwquay.example"),
        ("http://[::1]:8080/", "::1", "::1"),
        ("http://[", "", ""),
        ("quay.example", "", ""),
        ("", "", ""),
    ],
)
def test_the_host_of_an_address_and_its_site(address: str, host: str, site: str) -> None:
    assert (host_of(address), site_of(address)) == (host, site)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [("www.quay.example/gate", "quay.example/gate"), ("www3.com", "com"), ("wwww.example", "wwww.example"), ("", "")],
)
def test_strip_www(text: str, stripped: str) -> None:
    assert strip_www(text) == stripped
