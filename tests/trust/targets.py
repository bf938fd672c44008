"""What strangers' bytes are given to: a row for each reader, with the inputs that are damaged for it."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast, get_args

import httpx

from tasks.backfill.finds import BackfillRequest
from tasks.backfill.paged import Paged
from tasks.backfill.polite import Asker
from tasks.backfill.sitemap_files import parse_sitemap
from tasks.backfill.wayback import Wayback
from tasks.clean.article import clean
from tasks.errors import ParseError
from tasks.fetch.addresses import parse_address
from tasks.fetch.decoding import decode
from tasks.fetch.heads import mend_head
from tasks.fetch.http import Response, _target, parse_retry_after
from tasks.fetch.image_file import inspect_image
from tasks.fetch.moves import stated_move
from tasks.fetch.robots import Rules
from tasks.fetch.sitemap_index import MAX_LISTED, is_index, listed_sitemaps
from tasks.mill.document import mill_bytes
from tasks.parse.json_guess import guess_list
from tasks.parse.json_list import read_json
from tasks.parse.page_bundle import bundle, unbundle
from tasks.parse.page_join import join_pages
from tasks.registry.discovery import discover, looks_like_feed
from tasks.registry.feed_table import read_table
from tasks.registry.feeds_file import add_feeds, read_feeds
from tasks.registry.opml_files import from_opml, to_opml
from tasks.registry.site_patterns import read_pattern
from tasks.rhythm import freshness
from tasks.text import urls
from tasks.text.dates import is_date_line, parse_date
from tests.tasks.backfill import warcs
from tests.tasks.making import FEED, NOW, document
from tests.trust import seeds, words
from warehouse.masking import mask
from warehouse.records import Entry, Form, ListRules, PageRequest, PageRules
from warehouse.records import Rules as SiteRules

MAX_DECODED = 5_000_000


@dataclass(frozen=True)
class Target:
    """A reader that is given damaged input."""

    name: str
    read: Callable[[bytes], Iterable[str]]
    """Reads the input. What it raises is a fault, unless it is a NewsmillError; it returns the errors it reports."""
    seeds: Callable[[], tuple[bytes, ...]]
    words: tuple[str, ...]
    """Words of its format."""
    short: int
    """Inputs in the short form; where each takes long, fewer."""
    shared: Callable[[], Iterator[bytes]] | None = None
    """More seeds, where ../shared is present."""
    pack: Callable[[bytes], bytes] | None = None
    """Half of the damaged inputs are packed afterwards."""
    reads: int = 1
    """How many documents an input is read as; each has its time."""


def check_text(value: object) -> None:
    """Raises UnicodeEncodeError for a text that no database takes, wherever in the record it is."""
    if isinstance(value, str):
        value.encode()
    elif is_dataclass(value):
        for field in fields(value):
            check_text(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for member in value:
            check_text(member)


def mill(
    data: bytes, form: Form = "feed", content_type: str = "application/xml", language: str = "en", **feed: Any
) -> list[str]:
    """Parse and clean. Raises whatever is wrong with the result; its rejects are what is reported."""
    ours = replace(FEED, language=language, **feed)
    headers = replace(document(data, feed=ours, content_type=content_type), form=form)
    milled = mill_bytes(data, headers, ours)
    check_text((milled.entries, milled.articles, milled.rejects, milled.hints, milled.about))
    assert len(milled.articles) <= len(milled.entries), "an article for each entry that could be cleaned"
    return [reject.error for reject in milled.rejects]


def read_feed(data: bytes) -> list[str]:
    return mill(data)


def read_feed_with_rules(data: bytes) -> list[str]:
    return mill(
        data, rules=SiteRules("div, p", ("figure", ".wrap > img", "small"), r"点击|Read"), timezone="Asia/Shanghai"
    )


def read_page(data: bytes) -> list[str]:
    return mill(data, "page", "text/html", "zh")


def read_own_page(data: bytes) -> list[str]:
    """An article's own page, which ingest asks for: whole, or cut in two by its site."""
    request = PageRequest("https://quay.example/2026/gate", "The gate opens at nine", text="The gate opens at nine.")
    form: Form = "page"
    if len(data) % 2:
        middle = len(data) // 2
        form, data = "pages", bundle([(request.url, None, data[:middle]), (request.url, None, data[middle:])])
    asked = document(data, content_type="text/html", source="page")
    milled = mill_bytes(data, replace(asked, form=form, url=request.url, request=request), FEED)
    check_text((milled.entries, milled.articles, milled.page))
    assert milled.page, "every page has a reading"
    with suppress(ParseError):
        unbundle(data[1:])
    return [milled.page.error] if milled.page.error else []


def read_list_page(data: bytes) -> list[str]:
    return mill(data, "list page", "text/html", "zh", kind="page")


def read_list_page_with_selectors(data: bytes) -> list[str]:
    rules = ListRules("li, tr, .card, article", "a", "h3, .tit", "time, span", "p", "img", "em")
    return mill(data, "list page", "text/html", kind="page", list=rules, timezone="Asia/Shanghai")


def read_live_sitemap(data: bytes) -> list[str]:
    return mill(data, "sitemap", kind="sitemap", timezone="Asia/Shanghai")


def read_json_list(data: bytes) -> list[str]:
    rules = ListRules("data.articles || @", "url", "title", "date", "join(' ', tags)", "image", "by", "body", "id")
    return mill(data, "json list", "application/json", kind="json", list=rules)


def read_sitemap_index(data: bytes) -> list[str]:
    """An index, as a fetch follows it."""
    addresses = listed_sitemaps(data, "https://quay.example/sitemap.xml") if is_index(data) else []
    check_text(addresses)
    assert len(addresses) <= MAX_LISTED
    return []


PAGE_RULES = PageRules(
    content=("article", "//div[@class]", "body"),
    remove=("figure, .share", "//*[contains(@class, 'a')][position() mod 7 = 1]"),
    title=("h1", "//meta[@property='og:title']/@content"),
    author=("(substring-after(//p, 'By '))",),
    date=("time", "//*[@datetime]"),
    next=("a:last-child",),
    whole=("(concat(//a/@href, '?all'))",),
    replace=(("<noscript>", "<div>"), ("p>", "div>")),
)


def read_page_with_rules(data: bytes) -> list[str]:
    return mill(data, "page", "text/html", "zh", page=PAGE_RULES)


def join_page_parts(data: bytes) -> list[str]:
    """The page in two halves, as pages of an article, of which the site gives each twice."""
    entries: list[Entry] = []
    for part in (data[: len(data) // 2], data[len(data) // 2 :]):
        milled = mill_bytes(part, replace(document(part, content_type="text/html"), form="page"), FEED)
        entries += milled.entries
    if entries:
        joined = join_pages(entries[0], entries[1:] + entries)
        check_text((joined, clean(joined, FEED)))
    return []


def read_site_pattern(data: bytes) -> list[str]:
    pattern = read_pattern("quay.example", data)
    check_text(pattern)
    page = seeds.pages()[0]
    return [*pattern.problems, *mill(page, "page", "text/html", page=pattern.rules)]


def read_article(data: bytes) -> list[str]:
    return mill(data, "article", "text/plain", "zh")


def read_json_feed(data: bytes) -> list[str]:
    return mill(data, content_type="application/feed+json")


def read_charset(data: bytes) -> list[str]:
    """Its first line says: form, language, Content-Type."""
    line, _, body = data.partition(b"\n")
    form, language, content_type = [*line.decode("latin-1").split(" ", 2), "", "", ""][:3]
    return mill(body, form if form in get_args(Form) else "feed", content_type, language)  # type: ignore[arg-type]


def read_warc(data: bytes) -> list[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.warc.gz"
        path.write_bytes(data)
        found = warcs.finds(warcs.source(path, max_bytes=1_000_000))
        plan = warcs.plan(warcs.source(path, max_bytes=1_000_000))
    assert plan.items == len(found), "the plan counts what is then found"
    check_text(found)
    return [find.error for find in found if find.error]


def read_sitemap(data: bytes) -> list[str]:
    contents = parse_sitemap(Response("https://quay.example/sitemap.xml", 200, {}, data), MAX_DECODED, "Asia/Shanghai")
    check_text(contents)
    return list(contents.problems)


def read_cdx(data: bytes) -> list[str]:
    """The index answers every question with these bytes; each capture is a feed."""

    async def answer(url: str, **_: object) -> Response:
        return Response(url, 200, {}, data if "/cdx/search/cdx?" in url else seeds.RSS.encode())

    asker = cast("Asker", SimpleNamespace(get=answer))
    wayback = Wayback(BackfillRequest("quay"), FEED, asker, "https://archive.example", MAX_DECODED, MAX_DECODED)

    async def look() -> list[str]:
        await wayback.plan()
        found = [find async for find in wayback.finds(None)]
        check_text(found)
        return [find.error for find in found if find.error]

    return asyncio.run(look())


def read_paged(data: bytes) -> list[str]:
    """Every page of a feed, as a backfill of its older pages reads it."""

    async def answer(url: str, **_: object) -> Response:
        return Response(url, 200, {"content-type": "application/xml"}, data)

    paged = Paged(BackfillRequest("quay"), FEED, cast("Asker", SimpleNamespace(get=answer)), MAX_DECODED, max_pages=3)

    async def look() -> list[str]:
        await paged.plan()
        found = [find async for find in paged.finds(None)]
        check_text([(find.mark, find.url, find.location, find.error) for find in found])
        return [find.error for find in found if find.error]

    return asyncio.run(look())


def read_address(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    for read in (mask, urls.host_of, urls.site_of, urls.strip_www):
        read(text)
    for base in (None, "https://quay.example/a/b?c#d", "http://[::1", ""):
        if absolute := urls.resolve(base, text):
            check_text(
                (absolute, urls.without_tracking(absolute), urls.unwrap_link(absolute), urls.canonical(absolute))
            )
            check_text((urls.unwrap_image(absolute), urls.identity(absolute), mask(absolute)))
    parse_address(text)
    return []


def read_coded(data: bytes) -> list[str]:
    """Its first byte chooses the coding. ValueError and OverflowError are what `decode` promises."""
    coding = {48: "gzip", 49: "deflate", 50: "br", 51: "zstd"}.get(data[0] if data else 0, "x-gzip")
    try:
        assert len(decode(data[1:], coding, MAX_DECODED)) <= MAX_DECODED
    except (ValueError, OverflowError) as error:
        return [str(error)]
    return []


def read_date(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    for timezone in ("UTC", "Asia/Shanghai", "America/St_Johns"):
        moment = parse_date(text, timezone=timezone, now=NOW)
        assert moment is None or moment.tzinfo is not None
    is_date_line(text)
    return []


def read_feeds_file(data: bytes) -> list[str]:
    """What is read can be written again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feeds.toml"
        path.write_bytes(data)
        found = read_feeds(path)
        check_text(found)
        copied = Path(folder) / "copied.toml"
        add_feeds(copied, found)
        assert read_feeds(copied) == found, "feeds that were read can be written"
    return []


def read_opml(data: bytes) -> list[str]:
    """What is read can be written again: without the passwords in addresses, and each group's feeds together."""
    found, notes = from_opml(data)
    check_text((found, notes))
    again, _ = from_opml(to_opml(found, "Ports").encode())
    first = {feed.group: place for place, feed in reversed([*enumerate(found)])}
    order = sorted(enumerate(found), key=lambda placed: first[placed[1].group] if placed[1].group else placed[0])
    assert [feed.url for feed in again] == [mask(feed.url) for _, feed in order], "feeds that were read can be written"
    return notes


def read_robots(data: bytes) -> list[str]:
    rules = Rules(data.decode("utf-8-sig", "replace"))
    for path in ("/", "/private/a.html", "/private/open%20door?x=1", "/港"):
        rules.allow(f"https://quay.example{path}")
    check_text(rules.sitemaps)
    assert rules.crawl_delay is None or rules.crawl_delay == rules.crawl_delay, "a delay is a number"
    return []


def read_image(data: bytes) -> list[str]:
    inspect_image(data, max_pixels=25_000_000)
    return []


def read_site(data: bytes) -> list[str]:
    """A site's page or feed, as `newsmill feeds add` sees it."""
    check_text((discover(data, "https://quay.example/x"), looks_like_feed(data) or ""))
    return []


def read_api(data: bytes) -> list[str]:
    """An API's answer, as `newsmill feeds add` sees it: what is guessed can be written into feeds.toml."""
    rules = guess_list(read_json(data))
    if rules:
        table = {key: value for key, value in asdict(rules).items() if value is not None}
        read_table({"id": "a", "name": "A", "url": "https://a.example/", "kind": "json", "list": table})
    return []


def read_headers(data: bytes) -> list[str]:
    """The headers of an answer that newsmill looks into."""
    headers: dict[str, str] = {}
    for line in data.decode("latin-1").split("\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    wait, lifetime = parse_retry_after(headers.get("retry-after")), freshness(headers)
    assert wait is None or 0 <= wait <= 86_400
    assert lifetime is None or 0 < lifetime < 1e9
    here = httpx.URL("https://quay.example/a/b")
    check_text(str(_target(here, headers.get("location", ""), "https://quay.example/a/b")))
    return []


def heads() -> tuple[bytes, ...]:
    return tuple(
        b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"Connection: keep-alive", b"", b""))
        for lines in (
            (b"Content-Type: text/xml", b"Content-Length: 12"),
            (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"no header"),
            (b"Server : quay\x00", b"X-Folded: a", b" b", b"ETag: \xe9\r"),
        )
    )


def moves() -> tuple[bytes, ...]:
    return tuple(
        b"<rss><channel><!-- x --><title><![CDATA[Quay]]></title><itunes:new-feed-url>%s</itunes:new-feed-url><item/>"
        % new
        for new in (
            b"https://new.example/feed?a=1&amp;b=2",
            b"<![CDATA[http://new.example/]]>",
            b"https://quay.example/feed",
        )
    )


def read_head(data: bytes) -> list[str]:
    """The head of a response, mended for h11: what is mended needs no mending."""
    mended = mend_head(data)
    assert mend_head(mended) == mended, "a head is mended at once"
    assert len(mended) <= len(data) + 2 * data.count(b"\n") + 40
    return []


def read_move(data: bytes) -> list[str]:
    new = stated_move(data, "https://quay.example/feed")
    check_text(new)
    assert new is None or new.startswith(("http://", "https://"))
    return []


def pack(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def pack_records(data: bytes) -> bytes:
    """Each record as a gzip member of its own."""
    return b"".join(map(pack, re.split(rb"(?=WARC/1)", data))) or pack(data)


TARGETS: tuple[Target, ...] = (
    Target("feed", read_feed, seeds.feed_documents, words.FEED + words.HTML, 400, seeds.shared_feeds),
    Target("feed with rules", read_feed_with_rules, seeds.feed_documents, words.FEED + words.HTML, 120),
    Target("json feed", read_json_feed, seeds.json_feeds, words.JSON, 400),
    Target("list page", read_list_page, seeds.list_pages, words.HTML, 150, seeds.shared_pages),
    Target("list page with selectors", read_list_page_with_selectors, seeds.list_pages, words.HTML, 100),
    Target("live sitemap", read_live_sitemap, seeds.news_sitemaps, words.SITEMAP, 400),
    Target("sitemap index", read_sitemap_index, seeds.news_sitemaps, words.SITEMAP, 400),
    Target("json list", read_json_list, seeds.json_lists, words.JSON, 400),
    Target("api", read_api, seeds.json_lists, words.JSON, 400),
    Target("page", read_page, seeds.pages, words.HTML, 150, seeds.shared_pages),
    Target("own page", read_own_page, seeds.pages, words.HTML, 120, seeds.shared_pages),
    Target("page with rules", read_page_with_rules, seeds.pages, words.HTML, 80, seeds.shared_pages),
    Target("joined pages", join_page_parts, seeds.pages, words.HTML, 60, seeds.shared_pages),
    Target("site pattern", read_site_pattern, seeds.site_patterns, words.SITE_PATTERN, 200),
    Target("article file", read_article, seeds.articles, words.ARTICLE, 250, seeds.shared_articles),
    Target("charset", read_charset, seeds.charsets, words.CHARSET, 300),
    Target("warc", read_warc, seeds.warcs, words.WARC, 300, pack=pack_records),
    Target("sitemap", read_sitemap, seeds.sitemaps, words.SITEMAP, 400, pack=pack),
    Target("cdx index", read_cdx, seeds.cdx_answers, words.JSON, 400),
    Target("paged feed", read_paged, seeds.paged_feeds, words.FEED + words.JSON + words.ADDRESS, 200, reads=2),
    Target("address", read_address, seeds.addresses, words.ADDRESS, 1000),
    Target("content coding", read_coded, seeds.coded, (), 400),
    Target("date", read_date, seeds.dates, words.DATE, 300),
    Target("feeds.toml", read_feeds_file, seeds.feeds_files, words.TOML, 300),
    Target("opml", read_opml, seeds.opml_files, words.OPML, 400),
    Target("robots.txt", read_robots, seeds.robots_files, words.ROBOTS, 400),
    Target("image", read_image, seeds.images, words.IMAGE, 400),
    Target("site", read_site, seeds.pages, words.HTML, 150, seeds.shared_pages),
    Target("headers", read_headers, seeds.headers, words.HEADER, 400),
    Target("response head", read_head, heads, words.HEADER, 400),
    Target("new address", read_move, moves, words.FEED + words.ADDRESS, 400),
)
