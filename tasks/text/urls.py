"""Web addresses: resolving, unwrapping redirectors and image proxies, dropping tracking parameters, canonical form.

w3lib does percent-encoding, IDNA and the order of query parameters; detrack knows the names of tracking parameters.
w3lib is imported where an address needs it: it takes 25 ms, with all of urllib, and the addresses in feeds.toml do not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from detrack.patterns import DEFAULT_PATTERNS

MAX_LENGTH = 4096
"""Characters; anything longer is not taken for an address."""

_PREFIXES = ("utm_", "mtm_", "hsa_", "pk_", "piwik_", "bsft_", "vgo_")
# detrack counts these names as tracking, but some sites use them to tell their articles apart.
_MEANINGFUL = {"pid", "sid", "r", "ts", "_t", "nd", "next", "cb", "si", "_", "rand", "source"}
_PUBLISHERS_TRACKING = {"at_medium", "at_campaign", "ocid", "maca", "traffic_source", "smid", "cmpid"}
_TRACKING = {name for name in DEFAULT_PATTERNS if name not in _MEANINGFUL} | _PUBLISHERS_TRACKING

_DOUBTFUL = {"cache", "context", "nocache", "origin", "random", "recipient", "ref", "social", "timestamp", "view_id"}
"""Tracking if the value is a word (`ref=rss`); with a digit in it (`ref=2024-111`) it may tell two pages apart."""

_ABSOLUTE = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_SAFE = re.compile(
    r"https?://(?=[^/?#:]*[a-z0-9-])[a-z0-9.-]+(?::[0-9]{1,4})?(?:/[A-Za-z0-9._~:/@!$&'()*+,;=%-]*)?"
    r"(?:\?[A-Za-z0-9._~:/?@!$&()*+,;=%-]+)?(?:#[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+)?"
)
"""Addresses that need no escaping (most do not). safe_url_string would escape a # in the fragment and add a missing
slash before the query; both spellings name the same page, so these stay as written (`benchmarks.shortcuts`)."""

_SLASHES = re.compile(r"(https?:)/{3,}(?=[\w-]+\.)", re.IGNORECASE)
_NAMED = re.compile(r"[^\s.\x00-\x1f\x7f]")
_WWW_HOST = re.compile(r"www\d?\.[\w-]+(?:\.[\w-]+)+")
_WWW = re.compile(r"^www\d?\.")
_VARIANT_HOST = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)")


def strip_www(text: str) -> str:
    """The host, or the address without scheme, without a leading www., www2. …"""
    return _WWW.sub("", text)


def host_of(address: str) -> str:
    """The host in lower case, without www.; "" if the address has none or cannot be parsed."""
    host = _hostname(address).rstrip(".")
    bare = strip_www(host)
    return bare if "." in bare else host  # www.com is a site of its own


def site_of(address: str) -> str:
    """The host without www., m., mobile. and amp., so that a site's variants compare as equal; "" if there is none."""
    return _VARIANT_HOST.sub("", _hostname(address))


@lru_cache(maxsize=4096)
def domain_of(address: str) -> str:
    """The last two labels of the host: few addresses of two sites share them, and no site's own differ."""
    parts = address.split("/", 3)
    return ".".join(parts[2].partition(":")[0].lower().split(".")[-2:]) if len(parts) > 2 else ""


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""  # in lower case
    except ValueError:
        return ""


def resolve(base: str | None, address: str | None) -> str | None:
    """The absolute http(s) address; None for data:, javascript: and whatever else is not a web address."""
    if not address:
        return None
    address = "".join(address.split()) if "\n" in address or "\t" in address else address.strip()
    if len(address) > MAX_LENGTH:
        return None
    try:
        return _make_safe(address if _ABSOLUTE.match(address) else urljoin(base or "", _mend(base, address)))
    except (ValueError, UnicodeError):
        return None


def _mend(base: str | None, address: str) -> str:
    """A relative address as its author meant it: with the scheme that is missing, with slashes for backslashes."""
    path, mark, rest = address.partition("?")
    if "\\" in path:
        path = path.replace("\\", "/")  # as browsers do
    if match := _SLASHES.match(path):
        path = f"{match[1]}//{path[match.end() :]}"  # browsers read https:///host/ as https://host/
    host = path.partition("/")[0].lower()
    if base and "." in host and (_WWW_HOST.fullmatch(host) or host == _hostname(base)):
        path = f"//{path}"
    return f"{path}{mark}{rest}"


@lru_cache(maxsize=4096)  # a site's articles share most of their links
def _make_safe(absolute: str) -> str | None:
    return absolute if _SAFE.fullmatch(absolute) else _escape(absolute)


def _escape(absolute: str) -> str | None:
    """Percent-encode the address. None without http(s) or a host; raises ValueError if it cannot be parsed."""
    parts = urlsplit(absolute)
    if parts.scheme.lower() not in ("http", "https") or not _NAMED.search(parts.hostname or ""):
        return None
    parts.port  # noqa: B018 - raises ValueError for an invalid port
    from w3lib.url import safe_url_string

    safe = safe_url_string(absolute)
    return safe if _NAMED.search(urlsplit(safe).hostname or "") else None


def without_tracking(address: str) -> str:
    """The address without the parameters that only record where the reader came from."""
    return _without_tracking(address) if "?" in address or "#" in address else address


@lru_cache(maxsize=4096)
def _without_tracking(address: str) -> str:
    parts = urlsplit(address)
    if parts.query:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        meaningful = [(name, value) for name, value in pairs if not _is_tracking(name) or _may_mean(name, value)]
        if len(meaningful) != len(pairs):
            parts = parts._replace(query=urlencode(meaningful))
    if parts.fragment and any(_is_tracking(name) for name, _ in parse_qsl(parts.fragment)):
        parts = parts._replace(fragment="")
    return urlunsplit(parts)


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_PREFIXES)


def _may_mean(name: str, value: str) -> bool:
    return name.lower() in _DOUBTFUL and any(map(str.isdigit, value))


_PLAIN = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+"
    r"(?:/(?!\.)(?:[A-Za-z0-9._~-]|%[89A-Fa-f][0-9A-Fa-f])+)+/?(?:\?([A-Za-z0-9_-]+)=[A-Za-z0-9._~-]*)?"
)
"""Most addresses of articles: at most one parameter, and nothing with a second spelling but the case of its escapes."""
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def normalize(address: str) -> str:
    """One form for all spellings of an address (RFC 3986 6.2), with all of its parameters."""
    if _PLAIN.fullmatch(address):
        return _with_upper_escapes(address)
    from w3lib.url import canonicalize_url

    return str(canonicalize_url(address))


@lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """One form for all spellings of an address, without tracking, fragment and default port."""
    plain = _PLAIN.fullmatch(address)  # `benchmarks.shortcuts`
    if not plain or _is_tracking(plain[1] or "") or _contains_any(address, _WRAPPER_NAMES):
        return _make_canonical(address)
    return _with_upper_escapes(address)


def _with_upper_escapes(address: str) -> str:
    return _ESCAPES.sub(lambda escapes: escapes[0].upper(), address) if "%" in address else address


def _make_canonical(address: str) -> str:
    for _ in range(4):  # the canonical form may turn out to be a redirector's address, or to have tracking parameters
        form = _canonicalize(address)
        if form == address:
            return form
        address = form
    return address


def _canonicalize(address: str) -> str:
    from w3lib.url import canonicalize_url

    parts = urlsplit(canonicalize_url(without_tracking(unwrap_link(address))))
    host = (parts.hostname or "").rstrip(".")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    netloc = f"[{host}]" if ":" in host else host
    if parts.port and parts.port != default:
        netloc = f"{netloc}:{parts.port}"
    path = re.sub(r"/{2,}", "/", parts.path) or "/"
    return urlunsplit((parts.scheme, netloc, path, parts.query, ""))


_VARIANT_PATH = re.compile(r"(?:/amp|/index\.(?:html?|php)|\.amp)?/?$")


@lru_cache(maxsize=4096)
def identity(address: str) -> str | None:
    """The same text for all addresses of one article: without scheme, www., m., amp, trailing slash and tracking.

    None for a site's front page, which identifies no article.
    """
    parts = urlsplit(canonical(address))
    host = _VARIANT_HOST.sub("", parts.netloc)
    path = _VARIANT_PATH.sub("", parts.path)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([(n, v) for n, v in pairs if n not in ("amp", "outputType") and not _is_tracking(n)])
    if not path and not query:
        return None
    return f"{host}{path}?{query}" if query else f"{host}{path}"


_LINK_WRAPPERS = (
    (re.compile(r"^(www\.)?google\.[a-z.]+$"), "/url", ("q", "url")),
    (re.compile(r"^l\.facebook\.com$"), "/l.php", ("u",)),
    (re.compile(r"^(out\.reddit|t\.umblr)\.com$"), "/", ("url", "z")),
    (re.compile(r"^(www\.)?bing\.com$"), "/news/apiclick.aspx", ("url",)),
)
_WRAPPER_NAMES = ("google.", "facebook.com", "reddit.com", "umblr.com", "bing.com", "ampproject.org")
"""Part of every address that `_unwrap_once` unwraps, and of few others (`benchmarks.shortcuts`)."""
_AMP_CACHE = re.compile(r"^/(?:amp/)?(?:c|v|s|i)/(?:s/)?(.+)$")


@lru_cache(maxsize=4096)
def unwrap_link(address: str) -> str:
    """The address that a redirector's or AMP cache's address leads to, if it contains it; else the address itself."""
    if not _contains_any(address, _WRAPPER_NAMES):
        return address
    for _ in range(4):  # redirectors wrap redirectors; bounded, because the addresses are not ours
        inner = _unwrap_once(address)
        if inner == address:
            break
        address = inner
    return address


def _contains_any(address: str, parts: tuple[str, ...]) -> bool:
    """Whether the address contains one of the parts. One pattern of them all takes ten times as long."""
    address = address.lower()
    return any(map(address.__contains__, parts))


def _unwrap_once(address: str) -> str:
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


@lru_cache(maxsize=4096)  # many images come twice, for browsers with and without scripts
def unwrap_image(address: str) -> tuple[str, str | None]:
    """(origin, proxy): the image's own absolute address, and the proxy's address or None."""
    origin, proxy = address, None
    for _ in range(4):  # proxies wrap proxies; bounded, because the addresses are not ours
        inner = _proxied_image(urlsplit(origin)) if _contains_any(origin, _PROXY_PARTS) else None
        if not inner or inner == origin:
            break
        origin, proxy = inner, proxy or address
    return origin, proxy


_PROXY_PARTS = (
    *("weserv.nl", "wsrv.nl", "googleusercontent", "google.", "duckduckgo", "fbcdn", ".wp.com"),
    *("/_next/image", "/image/fetch/", "/cdn-cgi/image/"),
)
"""Each address that `_proxied_image` knows contains one of these, and few others do (`benchmarks.shortcuts`)."""
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
_SCHEME = re.compile(r"https?(?::|%3A)(?:/|%2F){1,2}", re.IGNORECASE)


def _proxied_image(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    query = parse_qs(parts.query)
    if _WP_HOST.match(host):
        scheme = "https" if query.get("ssl") == ["1"] or "ssl" not in query else "http"
        # the parameters are Photon's and say how to scale; the origin serves the full image without them
        return _with_scheme(unquote(parts.path.lstrip("/")), scheme)
    for pattern, path, names in _QUERY_PROXIES:
        if pattern.search(host) and parts.path.startswith(path):
            value = next((query[name][0] for name in names if query.get(name)), None)
            raw = parts.query.split("url=", 1)[-1]
            if value and "?" in raw:  # not encoded, so the rest belongs to the origin's own query
                value = raw
            return _with_scheme(value) if value else None
    if parts.path == "/_next/image" and query.get("url"):
        return resolve(f"{parts.scheme}://{parts.netloc}/", query["url"][0])
    if (match := _FETCH.search(parts.path)) and (start := _SCHEME.search(match[1])):
        return _with_scheme(_decode_tail(match[1][start.start() :], parts))
    if match := _CDN_CGI.match(parts.path):
        inner = match[1]
        return _with_scheme(inner) if _SCHEME.match(inner) else f"{parts.scheme}://{parts.netloc}/{inner}"
    return None


def _decode_tail(tail: str, parts: SplitResult) -> str:
    if "%3a" in tail[:10].lower() or "%2f" in tail[:12].lower():
        return unquote(tail)
    return f"{tail}?{parts.query}" if parts.query else tail


def _with_scheme(address: str, scheme: str = "https") -> str | None:
    """The absolute address of `HOST/PATH`, `//HOST/PATH`, `ssl:HOST/PATH` (weserv's https) or of a whole address."""
    if not _SCHEME.match(address):
        address = unquote(address) if "%2f" in address.lower() else address
    if _SCHEME.match(address):
        address = unquote(address) if "%3a" in address[:10].lower() else address
        address = re.sub(r"^(https?):/+", r"\1://", address, flags=re.IGNORECASE)
        return resolve(None, address)
    address = address.removeprefix("ssl:").lstrip("/")
    try:
        host = urlsplit(f"//{address}")
        if not host.hostname or ("." not in host.hostname and host.hostname != "localhost"):
            return None
        if host.port not in (None, 443) or _is_ip(host.hostname):
            scheme = "http"  # there is no certificate for a bare IP address, nor usually for an unusual port
    except ValueError:
        return None
    return resolve(None, f"{scheme}://{address}")


def _is_ip(host: str) -> bool:
    if host[-1:].isalpha() and ":" not in host:  # most hosts; ip_address is slow to refuse them
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
