"""Whether fields are right: against feedparser's test cases, and against a second reading of real feeds.

    python -m benchmarks.fidelity [--show N]

Prints how many of feedparser's expectations on fields that newsmill keeps hold, in how many of the W3C validator's
cases it finds all entries that feedparser finds, and for the feeds of ../shared/corpus how often each field agrees with
benchmarks/independent.py. With --show, the first N disagreements of each kind. Those that are meant are counted apart,
with the reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

from benchmarks import independent, meant
from benchmarks.conformance import ANY, Case, Clause, feedparser_cases, w3c_feeds
from benchmarks.corpus import FEEDS
from benchmarks.independent import Reading, plain, words
from tasks.clean.article import clean_html
from tasks.mill.document import mill_bytes
from tasks.text import urls
from tasks.text.plain import SUMMARY
from tests.places import ROOT
from warehouse.feed_descriptions import About
from warehouse.records import Article, Document, Entry, Feed, Milled

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAST = 0.98
"""The share of words from which two texts agree."""

REPAIRED = "feedparser repairs UTF-8 that was read as Latin-1"
TOLD_APART = "authors that one text names are told apart"
ONE_CASE = "categories that differ by case count once"
TRACKING = "addresses are kept without tracking parameters, and without redirectors"

NAME = "an author is a name; an email address is none"
HEADER = "many servers send a Content-Language that they were installed with"
NOT_HIDDEN = "an empty xml:lang does not hide the feed's language"
OF_TEXT = "an entry has one language, that of its text"
CDF = "a document without items, and of no version that feedparser knows, is no feed"
BASE64 = "a title in base64 that names no type is HTML"
ID = "an id is kept as it is written: it names the entry, also after its feed has moved"
SELF = "a feed's link is that to its site, not that to itself"
MEANT: Mapping[str, str] = {
    "encoding/bozo_linenoise.xml": "<> is no tag, and so it is text",
    "wellformed/atom/entry_author_map_author.xml": NAME,
    "wellformed/atom10/entry_author_map_author.xml": NAME,
    "wellformed/atom/entry_title_base64.xml": BASE64,
    "wellformed/atom/entry_title_base64_2.xml": BASE64,
    "wellformed/base/feed_link_xml_base_iri.xml": SELF,
    "wellformed/base/http_entry_id_base_content_location.xml": ID,
    "wellformed/base/http_entry_id_base_docuri.xml": ID,
    "wellformed/cdf/channel_abstract_map_description.xml": CDF,
    "wellformed/cdf/channel_abstract_map_tagline.xml": CDF,
    "wellformed/cdf/channel_href_map_link.xml": CDF,
    "wellformed/cdf/channel_href_map_links.xml": CDF,
    "wellformed/cdf/channel_title.xml": CDF,
    "wellformed/lang/entry_content_xml_lang_blank.xml": NOT_HIDDEN,
    "wellformed/lang/entry_content_xml_lang_blank_2.xml": NOT_HIDDEN,
    "wellformed/lang/entry_summary_xml_lang_blank.xml": NOT_HIDDEN,
    "wellformed/lang/entry_title_xml_lang_blank.xml": NOT_HIDDEN,
    "wellformed/lang/entry_title_xml_lang_inherit_3.xml": OF_TEXT,
    "wellformed/lang/entry_title_xml_lang_inherit_4.xml": OF_TEXT,
    "wellformed/lang/http_content_language.xml": HEADER,
    "wellformed/lang/http_content_language_entry_title_inherit.xml": HEADER,
    "wellformed/lang/http_content_language_entry_title_inherit_2.xml": HEADER,
    "wellformed/rss/item_description_and_summary.xml": "of two texts the longer one is the article's",
    "wellformed/rss/item_description_not_a_doctype.xml": "HTML takes what follows <! for a comment",
    "wellformed/rss/item_image_link_conflict.xml": "the host in an address is in lower case",
}
"""A case of feedparser's, by its path → why newsmill's answer is another."""

_AND = re.compile(r",? and | & |, ")
_HREF = re.compile(r'<a href="([^"]*)"')

Pair = tuple[object, object]
"""What newsmill has, and what is expected, in the same form."""
Compared = tuple[str, Pair, str | None]
"""A field, what is in it, and why it may differ."""


@dataclass(slots=True)
class Tally:
    compared: int = 0
    agree: int = 0
    meant: Counter[str] = field(default_factory=Counter)
    """Reason → how often."""
    disagreements: list[tuple[str, str]] = field(default_factory=list)
    """The case or item, and what differs."""

    def add(self, pair: Pair, name: str, reason: str | None = None) -> None:
        """`reason`: why they may differ."""
        self.compared += 1
        if pair[0] == pair[1]:
            self.agree += 1
        elif reason:
            self.meant[reason] += 1
        else:
            self.disagreements.append((name, f"{pair[0]!r}, not {pair[1]!r}"))


def mill(data: bytes, url: str, headers: Mapping[str, str] | None = None) -> Milled:
    name = hashlib.sha256(data).hexdigest()
    headers = {"content-type": "application/xml", **(headers or {})}
    document = Document(name, "feed", url, url, NOW, 200, headers, len(data), f"blobs/{name}.zst")
    return mill_bytes(data, document, Feed("feed", "Feed", url))


def ask_peer() -> Any:
    """What feedparser makes of the cases; see benchmarks/peer.py."""
    command = [sys.executable, "-m", "benchmarks.peer"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


# feedparser's cases


def check_cases(
    cases: Sequence[Case], types: Mapping[str, list[dict[str, str]]]
) -> tuple[dict[str, Tally], Counter[str]]:
    """How many expectations hold, in the folder base and elsewhere; and what newsmill doesn't keep of what they ask."""
    tallies = {"outside sanitize and base": Tally(), "in base": Tally()}
    not_kept: Counter[str] = Counter()
    for case in cases:
        if case.folder == "sanitize" or not case.clauses:
            continue
        result = mill(case.data, case.url, case.headers)
        pairs = [_compare(clause, result, types[case.path]) for clause in case.clauses]
        if None in pairs:
            missing = next(clause for clause, pair in zip(case.clauses, pairs, strict=True) if pair is None)
            not_kept[("entries." if missing.entry is not None else "feed.") + missing.field] += 1
            continue
        wrong = [pair for pair in pairs if pair and pair[0] != pair[1]]
        tally = tallies["in base" if case.folder == "base" else "outside sanitize and base"]
        tally.add(wrong[0] if wrong else (None, None), case.path, MEANT.get(case.path))
    return tallies, not_kept


def _compare(clause: Clause, result: Milled, types: list[dict[str, str]]) -> Pair | None:
    """None for a field that newsmill doesn't keep."""
    if clause.entry is None:
        return _feed_pair(clause, result.about or About())
    entry = next((entry for entry in result.entries if entry.position == clause.entry), None)
    article = next((article for article in result.articles if entry and article.entry_id == entry.entry_id), None)
    kinds = types[clause.entry] if clause.entry < len(types) else {}
    if entry is None or article is None:
        return ("no entry", clause.expected) if _pair(clause, _NOTHING[0], _NOTHING[1], kinds) else None
    return _pair(clause, entry, article, kinds)


def _feed_pair(clause: Clause, about: About) -> Pair | None:
    match clause.field.split("."):
        case ["title"] | ["title_detail", "value"]:
            return about.title or "", plain(clause.expected)
        case ["subtitle" | "tagline" | "description"] | ["subtitle_detail" | "tagline_detail", "value"]:
            return about.description or "", plain(clause.expected)
        case ["link"] | ["links", "0", "href"]:
            return about.link, clause.expected
        case ["icon"]:
            return about.icon, clause.expected
        case ["language"]:
            return (about.language or "").lower(), (clause.expected or "").lower().replace("_", "-")
    return None


def _pair(clause: Clause, entry: Entry, article: Article, kinds: Mapping[str, str]) -> Pair | None:
    expected = clause.expected
    match clause.field.split("."):
        case ["title"] | ["title_detail", "value"]:
            return article.title, _text(expected, kinds.get("title"))
        case ["link"] | ["links", "0", "href"]:
            return article.url, expected
        case ["id"] | ["guid"]:
            return entry.guid, expected
        case ["author"]:
            return article.author, plain(expected)
        case ["author_detail", "name"] | ["authors", _, "name"]:
            return _among(article.authors, expected)
        case ["published_parsed"] | ["created_parsed"]:
            return _clock(article.published_at), expected[:6]
        case ["updated_parsed"]:
            return _clock(article.updated_at), expected[:6]
        case ["content", "0", "value"]:
            return article.content_html, _html(expected, kinds.get("content"))
        case ["summary" | "description"] | ["summary_detail", "value"]:
            html = (
                clean_html(entry.summary_html, base=entry.content_base or entry.base_url).html
                if entry.summary_html
                else None
            )
            return html or article.content_html, _html(expected, kinds.get("summary"))
        case ["content", "0", "base"] | ["summary_detail", "base"]:
            return entry.content_base or entry.base_url, expected
        case ["language"] | ["content" | "title_detail" | "summary_detail", *_, "language"]:
            return (entry.language or "").lower(), (expected or "").lower()
        case ["tags", _, "term"] | ["category"]:
            return _among(article.categories, expected)
        case ["len(tags)"]:
            return len(article.categories), expected
        case ["enclosures", _, "url" | "href"]:
            return _among([enclosure.url for enclosure in article.enclosures], expected)
        case ["enclosures", _, "type"]:
            return _among([enclosure.media_type or "" for enclosure in article.enclosures], expected)
        case ["image", "href"] | ["media_thumbnail", _, "url"]:
            return _among([image.url for image in article.images], expected)
    return None


def _text(expected: str, media_type: str | None) -> str:
    return " ".join(expected.split()) if media_type == "text/plain" else plain(expected)


def _html(expected: str, media_type: str | None) -> str:
    return clean_html(expected, base=None, plain=media_type == "text/plain").html


def _among(found: Sequence[str], expected: object) -> Pair:
    return (expected, expected) if expected in found or (expected is ANY and found) else (found, expected)


def _clock(moment: datetime | None) -> tuple[int, ...] | None:
    return moment.astimezone(UTC).timetuple()[:6] if moment else None


_EMPTY = mill(b"<rss><channel><item><title>-</title></item></channel></rss>", "http://example.org/")
_NOTHING = _EMPTY.entries[0], _EMPTY.articles[0]


# the W3C validator's cases


def lost_entries(counts: Mapping[str, int]) -> Tally:
    """Cases with the entries that feedparser finds; `counts` are feedparser's."""
    tally = Tally()
    for path, data in w3c_feeds():
        milled = mill(data, f"http://127.0.0.1/{path}")
        found = max((entry.position + 1 for entry in milled.entries), default=0)
        tally.add((min(found, counts[path]), counts[path]), path)
    return tally


# real feeds


def compare_corpus() -> dict[str, Tally]:
    """Field → how often it agrees with the second reading."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for path in sorted(FEEDS.iterdir()):
        data = path.read_bytes()
        url = f"https://{path.name}.example/feed"
        result = mill(data, url)
        readings = independent.read(data, url)
        last = max((entry.position for entry in result.entries), default=-1)
        tallies["items"].add((last + 1, len(readings)), path.name)
        if last + 1 != len(readings):
            continue
        articles = {article.entry_id: article for article in result.articles}
        for entry in result.entries:
            for name, pair, *reason in _compare_item(entry, articles[entry.entry_id], readings[entry.position]):
                tallies[name].add(pair, f"{path.name} {entry.position}", *reason)
    return tallies


def _compare_item(entry: Entry, article: Article, reading: Reading) -> Iterator[Compared]:
    if reading.title:
        title = " ".join(article.title.split())
        yield "title", (title, reading.title), REPAIRED if _is_misread(title, reading.title) else None
    same = article.url and reading.url and urls.canonical(article.url) == urls.canonical(reading.url)
    yield "address", (article.url, reading.url), TRACKING if same else None
    yield "guid", (entry.guid, reading.guid), None
    if reading.published_at:
        yield "published", (article.published_at, reading.published_at), None
    if reading.updated_at:
        yield "updated", (article.updated_at, reading.updated_at), None
    stated = [name for names in reading.authors for name in _AND.split(names)]
    yield "authors", (article.authors, reading.authors), TOLD_APART if [*article.authors] == stated else None
    once = {name.casefold(): None for name in reading.categories}
    is_case = [name.casefold() for name in article.categories] == [*once]
    yield "categories", (article.categories, reading.categories), ONE_CASE if is_case else None
    yield from _compare_texts(article, reading)


def _compare_texts(article: Article, reading: Reading) -> Iterator[Compared]:
    base = reading.url or ""
    if reading.summary:
        is_whole = len(reading.summary) <= SUMMARY
        left_out = [*meant.parts(reading.summary_tree, base, "summary")]
        lost, reason = _lost_words(reading.summary, article.summary, left_out) if is_whole else ("", None)
        yield "summary", (lost or _tell(words(article.summary), words(reading.summary)), ""), reason
    left_out = [*meant.parts(reading.tree, base, "text")]
    captions = [image.caption or "" for image in article.images]
    lost, reason = _lost_words(reading.text, "\n".join([article.content_text, *captions]), left_out)
    yield "words of the text that are kept", (lost, ""), reason
    yield "words of the text that are its own", (_tell(words(article.content_text), words(reading.text)), ""), None
    known = {urls.canonical(unescape(address)) for address in _HREF.findall(article.content_html)}
    lost_links = [address for address in dict.fromkeys(reading.links) if _canonical(address) not in known]
    yield "links", (lost_links, []), meant.why_addresses(lost_links, left_out)
    if reading.images:
        yield "images", (bool(article.images), True), meant.why_addresses(reading.images, left_out)


def _is_misread(title: str, other: str) -> bool:
    """Whether the other is the title in UTF-8, read as Latin-1."""
    return title.encode() == other.encode("latin-1", "replace")


def _canonical(address: str) -> str:
    return urls.canonical(urls.resolve(None, address) or address)


def _lost_words(theirs: str, ours: str, left_out: Sequence[meant.Part]) -> tuple[str, str | None]:
    """Which of their words ours lacks, and why it may."""
    whole, known = words(theirs), words(ours)
    return _tell(whole, known), meant.why_words(_lacking(whole, known), (1 - LEAST) * len(whole), left_out)


def _tell(whole: Sequence[str], other: Sequence[str]) -> str:
    """Which words of the whole the other lacks, in words; "" if they are less than one in fifty."""
    lacking = _lacking(whole, other)
    if len(lacking) <= (1 - LEAST) * len(whole):
        return ""
    return f"{len(lacking)} of {len(whole)}: {' '.join(lacking[:12])}"


def _lacking(whole: Sequence[str], other: Sequence[str]) -> list[str]:
    left = Counter(other)
    lacking = []
    for word in whole:
        if left[word]:
            left[word] -= 1
        else:
            lacking.append(word)
    return lacking


# printing


def print_rows(tallies: Mapping[str, Tally], show: int) -> None:
    print(f"\n{'':40}{'compared':>9}{'agree':>9}{'meant':>7}{'differ':>8}{'share':>8}")
    for name, tally in tallies.items():
        meant, differ = tally.meant.total(), len(tally.disagreements)
        share = (tally.agree + meant) / tally.compared if tally.compared else 1
        print(f"{name:40}{tally.compared:>9}{tally.agree:>9}{meant:>7}{differ:>8}{share:>8.1%}")
    for name, tally in tallies.items():
        for reason, count in tally.meant.items():
            print(f"  meant, {name}: {count} times: {reason}")
        for case, difference in tally.disagreements[:show]:
            print(f"  {name}: {case}: {difference[:400]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, default=0, help="how many disagreements of each kind to print")
    options = parser.parse_args()
    peer = ask_peer()
    tallies, not_kept = check_cases([*feedparser_cases()], peer["types"])
    print_rows({f"expectations {name}": tally for name, tally in tallies.items()}, options.show)
    print(f"\n{sum(not_kept.values())} expectations are about what newsmill doesn't keep")
    for name, count in not_kept.most_common(options.show):
        print(f"  {count:4} {name}")
    print_rows({"W3C cases with all entries": lost_entries(peer["entries"])}, options.show)
    print_rows(compare_corpus(), options.show)


if __name__ == "__main__":
    main()
