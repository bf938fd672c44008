"""Documents that repeat one piece thousands of times: reading one takes as long as it is, not the square of that.

    python -m tests.trust.squares                 # all, minutes
    python -m tests.trust.squares --only picture

Each is read with so many pieces and with four times as many. In the square of the number, that takes 16 times as long.
Fuzzing repeats pieces, too, but seldom so many of them in the place where it matters; these were found by reading the
code for loops in loops, or are of kinds that were found so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from tests.trust.targets import TARGETS
from warehouse.errors import NewsmillError

MOST = 9.0
"""How many times as long four times as many pieces may take."""
LEAST = 0.5
"""Seconds of processor; what takes less is not compared."""
TIMES = 3
"""How often what seems to take too long is measured: on a busy machine, a single time says little."""
PROSE = (
    "<p>The north gate opens at eight, the harbour master says, and the ships wait in the bay until it does.</p>" * 3
)
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


@dataclass(frozen=True)
class Case:
    """A kind of document, by the number of its pieces."""

    name: str
    reader: str
    pieces: int
    make: Callable[[int], str]


def rss(inner: str, *, head: str = "", attributes: str = "") -> str:
    """A feed with one entry, which holds this besides its title and link."""
    item = f"<item><title>T</title><link>https://quay.example/gate</link>{inner}</item>"
    return f'<rss version="2.0" {NAMESPACES}{attributes}><channel><title>Q</title>{head}{item}</channel></rss>'


def page(body: str, head: str = "") -> str:
    meta = "<title>The gate opens at nine</title><meta property=og:type content=article>"
    return f"<!doctype html><html><head>{meta}{head}</head><body>{body}</body></html>"


def numbered(piece: str, count: int) -> str:
    """The piece so many times, each # in it replaced by its number."""
    return "".join(piece.replace("#", str(number)) for number in range(count))


def link(number: int) -> str:
    return f"<a href=/n/{number}>Title of the story {number}</a>"


IN_ENTRIES: dict[str, tuple[int, tuple[str, str, str]]] = {
    "noscript with an image": (1_000, ("", "<noscript><img src=/#></noscript>", "")),
    "noscript with a player": (1_000, ("", "<noscript><iframe src=/#></iframe></noscript>", "")),
    "invitations to read on": (1_000, ("", "<p><a href=//b.example/#>read on</a></p>", "")),
    "blanks beside a link": (
        8_000,
        (
            "<figure><img src=/a><figcaption><pre><a href=/b>x</a>",
            " ",
            "y</pre></figcaption>",
        ),
    ),
    "wide blanks beside a link": (
        8_000,
        (
            "<figure><img src=/a><figcaption><a href=/b>x</a>",
            "\u3000",
            "y</figcaption>",
        ),
    ),
    "<base> without an end": (3_000, ("", "<base ", "")),
    "an image's attribute": (5_000, ("<img data-x='http://a", ".jpg?", " x'>")),
    "attributes": (8_000, ("<p ", "a# ", ">x")),
    "tags in a tag's name": (3_000, ("", "<p", "")),
    "self-closed elements": (10_000, ("", "<div a=b/>", "x")),
    "ignored end tags": (12_000, ("", "<p><div></p>", "x")),
    "short codes": (1_000, ("", "[a# b='c']", "")),
    "unclosed short codes": (5_000, ("", "[caption]", "[/x]")),
    "<b> with an id": (2_000, ("", "<p><b id=#>a", "")),
    "line breaks": (8_000, ("", "a<br>", "")),
    "paragraphs": (5_000, ("", "<p>ab</p>", "")),
    "tables": (2_000, ("", "<table><tr><td>a</table>", "")),
    "list items": (4_000, ("", "<li>a", "")),
    "texts between items": (3_000, ("<ul>", "<li>a</li>b", "</ul>")),
    "lists in a list": (3_000, ("<ul><li>a</li>", "<ul><li>b</li></ul>", "</ul>")),
    "signs in a heading": (5_000, ("<h2>", "<a href=/#>¶</a>", "T</h2>")),
    "quotation marks in tags": (8_000, ("", '<ul><li b="c="/">', "")),
    "datelines": (2_000, ("", "<p>Lima —</p><p>x</p>", "")),
}
"""Name → number of pieces; what is before them, one of them, and what is after them in an entry's HTML."""
IN_PAGES: dict[str, tuple[int, tuple[str, str, str]]] = {
    "pictures of a figure": (1_500, ("<div><img src=/a.jpg>", "<picture></picture>", "</div>")),
    "noscript of a figure": (1_500, ("<div><img src=/a.jpg>", "<noscript>x</noscript>", "</div>")),
    "teasers in a list": (1_000, ("<ul>", "<li><h3><a href=/#>t</a></h3><p>The boats are in, all #</p></li>", "</ul>")),
    "links to other sites": (2_000, ("<ul>", "<li><a href=//b#.example/>Where to buy oars</a></li>", "</ul>")),
    "labels": (1_500, ("", "<div><b>Step #</b><p>The boats are in, all of them, as of #.</p></div>", "")),
    "posts": (1_000, ("", "<blockquote class=twitter-tweet><p>The boats are in, #</p></blockquote>", "")),
    "noscript in a page": (1_000, ("", "<noscript><img src=/#></noscript>", "")),
    "marked words": (4_000, ("<p>", "<b>ab</b> cd ef ", "</p>")),
    "self-closed elements in a page": (5_000, ("", "<div a=b/>", "")),
    "short texts between paragraphs": (
        1_000,
        ("", "A note<p>The gate opens at nine today, and at eight from #</p>", ""),
    ),
    "long paragraphs": (1_000, ("", "<p>The north gate opens at eight, the harbour master says it #</p>", "")),
    "links": (2_000, ("", "<a href=/#>The gate opens</a> ", "")),
    "articles": (1_000, ("", "<article><h2><a href=/#>x</a></h2>ab</article>", "")),
    "links in footers": (2_000, ("<footer>" * 100, "<p><a href=/#>x</a>", "</footer>" * 100)),
    "table cells": (4_000, ("<table>", "<tr><td>ab<td>cd ef", "</table>")),
}
"""The same in a page's article."""


def entry(before: str, piece: str, after: str, count: int) -> str:
    return rss(f"<description><![CDATA[{before}{numbered(piece, count)}{after}]]></description>")


def article(before: str, piece: str, after: str, count: int) -> str:
    return page(f"<article>{PROSE}{before}{numbered(piece, count)}{after}{PROSE}</article>")


def captions(count: int) -> str:
    return entry(f"<img src=/a><p class=caption>{'a' * 9 * count} ab</p>", "<p class=caption>ab</p>", "", count)


def publishers(count: int) -> str:
    return rss(f"<dc:publisher>{'ab cd ' * 9 * count}</dc:publisher><x>{'<dc:publisher/>' * count}</x>")


def namespaces(count: int) -> str:
    return rss(numbered("<z xmlns:a#='#'/>", count) + f"<z xmlns:q='q'>{'<q:a/>' * count}</z>")


def long_language(count: int) -> str:
    return rss("", attributes=f" xml:lang='{'e' * 40 * count}'", head="<item><title>a</title></item>" * count)


def enclosures(count: int) -> str:
    images = numbered("<img src=/b# alt=ad>", 2 * count)
    files = numbered("<enclosure url='/#.jpg' type='image/jpeg'/>", count)
    return rss(f"{files}<description><![CDATA[{images}]]></description>")


def unclosed_titles(count: int) -> str:
    titles = numbered("<title id=#>a</title><ownerEmail><title>", count)
    return f"<opml><head>{titles}</head><body></body></opml>"


def json_feed(top: Mapping[str, object], count: int) -> str:
    items = [{"id": str(number)} for number in range(count)]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", **top, "items": items})


def json_authors(count: int) -> str:
    return json_feed({"authors": [{"name": f"a{number}"} for number in range(count)]}, count)


def row(count: int) -> str:
    cells = (f"<td>{link(number)}{link(number + count)}{link(number + 2 * count)}" for number in range(count))
    return page(f"<table><tr>{'<td>' * 20 * count}{''.join(cells)}</table>")


def cards(count: int) -> str:
    return page("".join(f"<div><h3>{link(number)}</h3><i></i><i></i></div>" for number in range(count)))


def items(count: int) -> str:
    return page("".join(f"<li>{link(number)}" for number in range(count)))


def stated_text(count: int) -> str:
    stated = json.dumps({"@type": "Article", "articleBody": "a" * 80 * count})
    return page(PROSE + numbered("<p>aab#", count), f"<script type=application/ld+json>{stated}</script>")


CASES = [
    *(Case(name, "feed", count, partial(entry, *around)) for name, (count, around) in IN_ENTRIES.items()),
    *(Case(name, "page", count, partial(article, *around)) for name, (count, around) in IN_PAGES.items()),
    Case("sources of a picture", "feed", 500, lambda n: entry("<picture>", "<source srcset=data:>", "<img>" * n, n)),
    Case("marks of superscripts", "feed", 2_000, lambda n: entry("<p>a<sup>b</sup>", "&#xFDD3;", "&#xFDD5;" * n, n)),
    Case("buttons", "feed", 1_000, lambda n: entry(f"<p>{'.' * 20 * n}", "<button>a</button>", "", n)),
    Case("captions of one image", "feed", 1_000, captions),
    Case("wide blanks in a name", "feed", 2_000, lambda n: rss(f"<dc:creator>A{chr(0x2003) * n}B</dc:creator>")),
    Case("categories", "feed", 2_000, lambda n: rss(numbered("<category>c#</category>", n))),
    Case("keywords", "feed", 4_000, lambda n: rss(f"<itunes:keywords>{numbered('#,', n)}</itunes:keywords>")),
    Case("blanks in keywords", "feed", 10_000, lambda n: rss(f"<media:keywords>a{' ' * n}b</media:keywords>")),
    Case("publishers", "feed", 300, publishers),
    Case("namespaces", "feed", 1_000, namespaces),
    Case("a long language", "feed", 250, long_language),
    Case("image enclosures", "feed", 500, enclosures),
    Case("removed elements", "feed with rules", 1_500, lambda n: entry("<p>a</p>" * n, "<small>b</small>", "", n)),
    Case("line breaks, with rules", "feed with rules", 5_000, lambda n: entry("<br>" * n, "<small>a</small>", "", n)),
    Case("tags in <xmp>", "feed with rules", 6_000, partial(entry, "<xmp>", "<b c=#>", "</xmp>")),
    Case("titles without an end", "opml", 6_000, unclosed_titles),
    Case("authors of a JSON Feed", "json feed", 300, json_authors),
    Case("a JSON Feed's address", "json feed", 500, lambda n: json_feed({"home_page_url": "a." * 20 * n}, n)),
    Case("cells of a row", "list page", 150, row),
    Case("entries of a list", "list page", 500, cards),
    Case("items", "list page with selectors", 1_000, items),
    Case("empty items", "list page with selectors", 3_000, lambda n: page(f"<ul><li>{link(1)}{'<li>' * n}</ul>")),
    Case("a stated text", "page", 1_000, stated_text),
    Case("removed figures", "page with rules", 1_000, partial(article, "", "<figure></figure>text of it ", "")),
]


def seconds(case: Case, pieces: int) -> float:
    """Of processor, for reading the document with so many pieces."""
    (target,) = (target for target in TARGETS if target.name == case.reader)
    data = case.make(pieces).encode()
    begin = time.process_time()
    with suppress(NewsmillError):  # a refusal
        list(target.read(data))
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose name holds this")
    options = parser.parse_args()
    for reader in {case.reader for case in CASES}:
        seconds(Case("", reader, 1, lambda _: page(PROSE * 3)), 1)  # what is read first imports, too
    squares = []
    print(f"{'document':<34}{'reader':<26}{'pieces':>8}{'seconds':>9}{'4 times':>9}")
    for case in CASES:
        if options.only in case.name:
            for _ in range(TIMES):
                few, many = seconds(case, case.pieces), seconds(case, 4 * case.pieces)
                if not (is_square := many > LEAST and many > MOST * few):
                    break
            squares += [case.name] if is_square else []
            print(
                f"{case.name:<34}{case.reader:<26}{case.pieces:>8,}{few:>9.2f}{many:>9.2f}{' !' if is_square else ''}"
            )
    if squares:
        sys.exit(f"these take the square of their length, or nearly: {', '.join(squares)}")


if __name__ == "__main__":
    main()
