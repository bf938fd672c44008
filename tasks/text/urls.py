"""Addresses: resolving, unwrapping proxies, dropping tracking, canonical form.

Percent-encoding, IDNA and query order are w3lib's, the names of tracking parameters detrack's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from detrack.patterns import DEFAULT_PATTERNS
from w3lib.url import canonicalize_url, safe_url_string

MAX_LENGTH = 4096
"""Characters; a longer address is not one."""

_PREFIXES = ("utm_", "mtm_", "hsa_", "pk_", "piwik_", "bsft_", "vgo_")
# Names that detrack counts as tracking and that sites also use to say which article is meant.
_MEANINGFUL = {"pid", "sid", "r", "ts", "_t", "nd", "next", "cb", "si", "_", "rand", "source"}
_PUBLISHERS_OWN = {"at_medium", "at_campaign", "ocid", "maca", "traffic_source", "smid", "cmpid"}
_TRACKING = {name for name in DEFAULT_PATTERNS if name not in _MEANINGFUL} | _PUBLISHERS_OWN


_ABSOLUTE = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_SAFE = re.compile(
    r"https?://(?=[^/?#:]*[a-z0-9-])[a-z0-9.-]+(?::[0-9]{1,4})?(?:/[A-Za-z0-9._~:/@!$&'()*+,;=%-]*)?"
    r"(?:\?[A-Za-z0-9._~:/?@!$&()*+,;=%-]+)?(?:#[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+)?"
)
"""What safe_url_string would leave as it is, but for a # in the fragment and a missing slash before the query, which
name the same and stay as they were written: most addresses."""


_PLAIN = re.compile(
    r"https?://(?:[a-z0-9]+[.-])+[a-z]+/(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?(?:\?([\w.~-]+)=[\w.~-]*)?", re.ASCII
)
"""What is in canonical form for certain, tracking aside: most addresses. The group is the only parameter's name."""


_SECRET = re.compile(r"([?&][\w-]*(?:token|secret|passw(?:or)?d|auth|sig(?:nature)?|key)=)[^&#\s]+", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/?#\s]*@")


def presentable(address: str) -> str:
    """The address as logs and errors show it: no user and password, and no value of a key or token in its query."""
    return _SECRET.sub(r"\1…", _USER.sub("", address))


def resolve(base: str | None, address: str | None) -> str | None:
    """The absolute http(s) address, or None for anything else: data:, javascript:, nonsense."""
    if not address:
        return None
    address = "".join(address.split()) if "\n" in address or "\t" in address else address.strip()
    if len(address) > MAX_LENGTH:
        return None
    try:
        return _checked(address if _ABSOLUTE.match(address) else urljoin(base or "", address))
    except (ValueError, UnicodeError):
        return None


@lru_cache(maxsize=4096)  # a site's articles share most of their links
def _checked(absolute: str) -> str | None:
    """The address made safe. None for another scheme or without a host. Raises ValueError for nonsense."""
    if _SAFE.fullmatch(absolute):
        return absolute
    parts = urlsplit(absolute)
    if parts.scheme.lower() not in ("http", "https") or not (parts.hostname or "").strip("."):
        return None
    parts.port  # noqa: B018 - raises ValueError for a port that isn't one
    safe = safe_url_string(absolute)
    return safe if (urlsplit(safe).hostname or "").strip(".") else None


@lru_cache(maxsize=4096)
def without_tracking(address: str) -> str:
    """The address without the query parameters that only say where the reader came from."""
    if "?" not in address and "#" not in address:
        return address
    if (plain := _PLAIN.fullmatch(address)) and not _is_tracking(plain[1]):
        return address
    parts = urlsplit(address)
    if parts.query:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if not _is_tracking(name)]
        if len(kept) != len(pairs):
            parts = parts._replace(query=urlencode(kept))
    if parts.fragment and any(_is_tracking(name) for name, _ in parse_qsl(parts.fragment)):
        parts = parts._replace(fragment="")
    return urlunsplit(parts)


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_PREFIXES)


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """RFC 3986 6.2: one form for all spellings of an address. Tracking, fragment, default port left out."""
    if _PLAIN.fullmatch(address) and not _has_any(address, _WRAPPED) and without_tracking(address) == address:
        return address
    for _ in range(4):  # only its canonical form may show an address to be a redirector's, or a parameter to track
        form = _canonical(address)
        if form == address or (not _has_any(form, _WRAPPED) and without_tracking(form) == form):
            return form
        address = form
    return address


def _canonical(address: str) -> str:
    parts = urlsplit(canonicalize_url(without_tracking(unwrap_link(address))))
    host = (parts.hostname or "").rstrip(".")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    netloc = f"[{host}]" if ":" in host else host
    if parts.port and parts.port != default:
        netloc = f"{netloc}:{parts.port}"
    path = re.sub(r"/{2,}", "/", parts.path) or "/"
    return urlunsplit((parts.scheme, netloc, path, parts.query, ""))


_VARIANT_HOST = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)")
_VARIANT_PATH = re.compile(r"(?:/amp|/index\.(?:html?|php)|\.amp)?/?$")


@lru_cache(maxsize=4096)
def identity(address: str) -> str | None:
    """What an article's address has in common with its other addresses: scheme, www., m., amp, trailing slash aside.

    None where the address names no article: a site's front page.
    """
    parts = urlsplit(canonical(address))
    host = _VARIANT_HOST.sub("", parts.netloc)
    path = _VARIANT_PATH.sub("", parts.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(n, v) for n, v in pairs if n not in ("amp", "outputType")])
    if not path and not query:
        return None
    return f"{host}{path}?{query}" if query else f"{host}{path}"


_LINK_WRAPPERS = (
    (re.compile(r"^(www\.)?google\.[a-z.]+$"), "/url", ("q", "url")),
    (re.compile(r"^l\.facebook\.com$"), "/l.php", ("u",)),
    (re.compile(r"^(out\.reddit|t\.umblr)\.com$"), "/", ("url", "z")),
    (re.compile(r"^(www\.)?bing\.com$"), "/news/apiclick.aspx", ("url",)),
)
_WRAPPED = ("google.", "facebook.com", "reddit.com", "umblr.com", "bing.com", "ampproject.org")
"""What the hosts above have in their names, and few other addresses have in them."""
_AMP_CACHE = re.compile(r"^/(?:amp/)?(?:c|v|s|i)/(?:s/)?(.+)$")


@lru_cache(maxsize=4096)
def unwrap_link(address: str) -> str:
    """The address a redirector or AMP cache stands for, as far as the address itself says so."""
    if not _has_any(address, _WRAPPED):
        return address
    for _ in range(4):  # redirectors wrap redirectors; a bound, since strangers write the addresses
        inner = _unwrapped(address)
        if inner == address:
            break
        address = inner
    return address


def _has_any(address: str, marks: tuple[str, ...]) -> bool:
    """Whether the address may be one of those; a pattern of them all takes ten times as long."""
    address = address.lower()
    return any(map(address.__contains__, marks))


def _unwrapped(address: str) -> str:
    parts = urlsplit(address)
    host = parts.hostname or ""
    for pattern, path, names in _LINK_WRAPPERS:
        if pattern.match(host) and parts.path.startswith(path):
            query = parse_qs(parts.query)
            for name in names:
                if name in query and (inner := resolve(None, query[name][0])):
                    return inner
    if (
        host.endswith(".cdn.ampproject.org") or (host.startswith("www.google.") and parts.path.startswith("/amp/"))
    ) and (match := _AMP_CACHE.match(parts.path)):
        origin = resolve(None, f"https://{match[1]}" + (f"?{parts.query}" if parts.query else ""))
        return origin or address
    return address


@lru_cache(maxsize=4096)  # a picture often stands there twice, for browsers with scripts and without
def unwrap_image(address: str) -> tuple[str, str | None]:
    """(origin, proxy): the image's own address, and the proxy's where it came through one. Both absolute."""
    origin, proxy = address, None
    for _ in range(4):  # proxies wrap proxies; a bound, since strangers write the addresses
        inner = _inner_image(urlsplit(origin)) if _has_any(origin, _PROXIED) else None
        if not inner or inner == origin:
            break
        origin, proxy = inner, proxy or address
    return origin, proxy


_PROXIED = (
    "weserv.nl",
    "wsrv.nl",
    "googleusercontent",
    "google.",
    "duckduckgo",
    "fbcdn",
    ".wp.com",
    "/_next/image",
    "/image/fetch/",
    "/cdn-cgi/image/",
)
"""What the addresses below have in them, and few others."""
_WP_HOST = re.compile(r"^i[0-3]\.wp\.com$")
_QUERY_PROXIES: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"^(images\.|img\.)?weserv\.nl$|^wsrv\.nl$"), "", ("url",)),
    (re.compile(r"(^|-)(opensocial|gadget)s?\.googleusercontent\.com$"), "/gadgets/proxy", ("url",)),
    (re.compile(r"^www\.google\.[a-z.]+$"), "/imgres", ("imgurl",)),
    (re.compile(r"^external-content\.duckduckgo\.com$"), "/iu", ("u",)),
    (re.compile(r"^external\.[a-z0-9-]+\.fna\.fbcdn\.net$"), "/", ("url",)),
)
_FETCH = re.compile(r"/image/fetch/(.+)$")
_CDN_CGI = re.compile(r"^/cdn-cgi/image/[^/]+/(.+)$")
_SCHEMED = re.compile(r"https?(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)


def _inner_image(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    query = parse_qs(parts.query)
    if _WP_HOST.match(host):
        scheme = "https" if query.get("ssl") == ["1"] or "ssl" not in query else "http"
        # Photon's own parameters say how to scale; the origin is asked for the whole picture
        return _with_scheme(unquote(parts.path.lstrip("/")), scheme)
    for pattern, path, names in _QUERY_PROXIES:
        if pattern.search(host) and parts.path.startswith(path):
            value = next((query[name][0] for name in names if query.get(name)), None)
            raw = parts.query.split("url=", 1)[-1]
            if value and "?" in raw:  # not encoded, so what follows belongs to the origin's own query
                value = raw
            return _with_scheme(value) if value else None
    if parts.path == "/_next/image" and query.get("url"):
        return resolve(f"{parts.scheme}://{parts.netloc}/", query["url"][0])
    if (match := _FETCH.search(parts.path)) and (start := _SCHEMED.search(match[1])):
        return _with_scheme(_decoded(match[1][start.start() :], parts))
    if match := _CDN_CGI.match(parts.path):
        inner = match[1]
        return _with_scheme(inner) if _SCHEMED.match(inner) else f"{parts.scheme}://{parts.netloc}/{inner}"
    return None


def _decoded(tail: str, parts: SplitResult) -> str:
    if "%3a" in tail[:10].lower() or "%2f" in tail[:12].lower():
        return unquote(tail)
    return f"{tail}?{parts.query}" if parts.query else tail


def _with_scheme(address: str, scheme: str = "https") -> str | None:
    """`HOST/PATH`, `//HOST/PATH`, `ssl:HOST/PATH` (weserv's word for https) or a whole address."""
    if not _SCHEMED.match(address):
        address = unquote(address) if "%2f" in address.lower() else address
    if _SCHEMED.match(address):
        address = unquote(address) if "%3a" in address[:10].lower() else address
        address = re.sub(r"^(https?):/+", r"\1://", address, flags=re.IGNORECASE)
        return resolve(None, address)
    address = address.removeprefix("ssl:").lstrip("/")
    try:
        host = urlsplit(f"//{address}")
        if not host.hostname or ("." not in host.hostname and host.hostname != "localhost"):
            return None
        if host.port not in (None, 443) or _is_ip(host.hostname):
            scheme = "http"  # a server without a name has no certificate
    except ValueError:
        return None
    return resolve(None, f"{scheme}://{address}")


def _is_ip(host: str) -> bool:
    if host[-1:].isalpha() and ":" not in host:  # nearly always
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
