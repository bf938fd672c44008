"""Code that is written for speed, beside the plain way, over the real feeds and article files of ../shared/corpus.

    python -m benchmarks.shortcuts [--rounds 3]

All documents are parsed and cleaned once, and the arguments of each function are recorded. Then both ways run over the
same arguments. The saving is a share of the time that everything takes which the shortcut is used for; a shortcut that
saves less than 2 % is not worth its code. Seconds are processor time, the least of all rounds.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import re
import resource
import ssl
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from unittest.mock import patch
from urllib.parse import urlsplit

import certifi
import feedparser
import feedparser.api
import regex
import yaml

from benchmarks.backfill import ARCHIVE
from benchmarks.corpus import FEEDS
from flows.prefect_server.local import write_one_authority
from tasks.clean import identity
from tasks.mill.document import mill_bytes
from tasks.mill.process import prepare_process
from tasks.parse import article_file
from tasks.text import plain, urls
from warehouse.digest import digest
from warehouse.records import Document, Feed

Part = Literal["feeds", "archive", "all"]
PARTS: tuple[Part, ...] = ("feeds", "archive")
Inputs = Literal["documents", "calls"]
FEED = Feed("f", "Feed", "https://site.example/feed", site_url="https://site.example/")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shortcut:
    name: str
    part: Part
    """What it is used for. Its saving is a share of that part's time."""
    shortcut: Callable[..., object]
    plain: Callable[..., object]
    inputs: Inputs = "documents"
    """The part's documents, or the arguments with which the shortcut is called when they are parsed and cleaned."""
    same: Callable[[Any], object] = lambda results: results
    """Applied to the results of each way before they are compared, if they may be spelled differently."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    shortcut: float
    """Seconds."""
    plain: float
    saving: float
    """Share of the time of everything the shortcut is used for, as it would be without the shortcut."""
    equal: bool
    """Whether both ways gave the same results."""

    def __str__(self) -> str:
        ratio = self.plain / self.shortcut
        same = "yes" if self.equal else "NO"
        return f"{self.name:42}{self.shortcut:9.3f}{self.plain:9.3f}{ratio:7.1f}{100 * self.saving:8.1f} %{same:>7}"


def compare(
    name: str,
    shortcut: Callable[[], object],
    plain_way: Callable[[], object],
    total: float,
    rounds: int,
    same: Callable[[object], object] = lambda results: results,
) -> Row:
    """Time both ways in turns. `total` is the time in seconds of everything that the shortcut is used for."""
    ways = {"shortcut": shortcut, "plain": plain_way}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    results: dict[str, object] = {}
    for _ in range(rounds):
        for way, function in ways.items():
            gc.collect()
            started = time.process_time()
            results[way] = function()
            seconds[way].append(time.process_time() - started)
    fast, slow = min(seconds["shortcut"]), min(seconds["plain"])
    equal = same(results["shortcut"]) == same(results["plain"])
    return Row(name, fast, slow, (slow - fast) / (total + slow - fast), equal)


# The plain ways. Each gives the same results as its shortcut.

_UNSPACED_LETTERS = regex.compile(r"(?:(?=\p{L}|\p{Nl})[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}])+")


def _collapse(text: str) -> str:
    return re.sub(r"[ \t\r\f\v\u00a0\u3000\u200b\ufeff\n]+", " ", text).strip()


def _collapse_inline(text: str) -> str:
    return re.sub(r"[ \t\r\f\v\u00a0\u200b\ufeff\n]+", " ", text.replace("\u00ad", ""))


def _word_count(text: str) -> int:
    text = plain._MARKERS.sub("\n", f"\n{text}")
    rest, runs = _UNSPACED_LETTERS.subn(" ", text)
    return int(len(text) - len(rest) + runs + len(plain._WORD.findall(rest)))


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _content_hash(title: str, text: str) -> str:
    content = f"{title}\n{text}"
    if not content.isascii():
        content = identity._nfkc(content)
    for _, _, pattern in identity._RELATIVE_TIMES:
        content = pattern.sub("", content)
    return digest("content", "".join(content.split()))


def _front_matter(text: str) -> object:
    return yaml.load(text, Loader=article_file.Verbatim)


@lru_cache(maxsize=4096)
def _unwrap_link(address: str) -> str:
    for _ in range(4):
        inner = urls._unwrap_once(address)
        if inner == address:
            break
        address = inner
    return address


@lru_cache(maxsize=4096)
def _unwrap_image(address: str) -> tuple[str, str | None]:
    origin, proxy = address, None
    for _ in range(4):
        inner = urls._proxied_image(urlsplit(origin))
        if not inner or inner == origin:
            break
        origin, proxy = inner, proxy or address
    return origin, proxy


def _canonical_forms(addresses: Sequence[str | None]) -> list[str | None]:
    return [address and urls.canonical(address) for address in addresses]


def _parse(data: bytes) -> object:
    """feedparser's entries, as `tasks.parse.feed` has set feedparser up."""
    parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    return [dict(entry) for entry in parsed.entries]


def _parse_with_standard_driver(data: bytes) -> object:
    with patch.object(feedparser.api, "PREFERRED_XML_PARSERS", []):
        return _parse(data)


def _parse_translating_all(data: bytes) -> object:
    def decode_entities(_element: str, data: str) -> str:
        return data

    with patch.object(feedparser.mixin._FeedParserMixin, "decode_entities", staticmethod(decode_entities)):
        return _parse(data)


SHORTCUTS = (
    Shortcut("feedparser's XML driver (parse/expat)", "feeds", _parse, _parse_with_standard_driver),
    Shortcut("feedparser's translation (parse/feed)", "feeds", _parse, _parse_translating_all),
    Shortcut("article_file.simple_front_matter", "archive", article_file.read_front_matter, _front_matter, "calls"),
    Shortcut("plain.collapse", "all", plain.collapse, _collapse, "calls"),
    Shortcut("plain._collapse_inline", "all", plain._collapse_inline, _collapse_inline, "calls"),
    Shortcut("plain.word_count", "all", plain.word_count, _word_count, "calls"),
    Shortcut("urls._make_safe", "all", urls._make_safe, urls._escape, "calls", _canonical_forms),
    Shortcut("urls.canonical", "all", urls.canonical, urls._make_canonical, "calls"),
    Shortcut("urls.unwrap_link", "all", urls.unwrap_link, _unwrap_link, "calls"),
    Shortcut("urls.unwrap_image", "all", urls.unwrap_image, _unwrap_image, "calls"),
    Shortcut("identity._nfkc", "all", identity._nfkc, _nfkc, "calls"),
    Shortcut("identity.content_hash", "all", identity.content_hash, _content_hash, "calls"),
)


@contextmanager
def recording(function: Any, calls: list[tuple[Any, ...]]) -> Iterator[None]:
    """Add the arguments of each call of the function to `calls`, wherever a module of newsmill has its name."""

    def record(*args: Any) -> Any:
        calls.append(args)
        return function(*args)

    names = [
        (module, name)
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").startswith("tasks.")
        for name, value in vars(module).items()
        if value is function
    ]
    for module, name in names:
        setattr(module, name, record)
    try:
        yield
    finally:
        for module, name in names:
            setattr(module, name, function)


def documents(part: Part) -> list[tuple[bytes, Document]]:
    form: Literal["feed", "article"] = "feed" if part == "feeds" else "article"
    paths = sorted(FEEDS.iterdir()) if part == "feeds" else sorted(ARCHIVE.rglob("*.md"))
    return [
        (
            path.read_bytes(),
            Document(path.name, FEED.id, FEED.url, FEED.url, NOW, 200, {"file": path.name}, 0, "", "feed", form),
        )
        for path in paths
    ]


def mill_all(part: Part) -> float:
    """Parse and clean all documents of the part; returns seconds of processor time."""
    work = documents(part)
    started = time.process_time()
    for data, document in work:
        mill_bytes(data, document, FEED)
    return time.process_time() - started


def recorded_calls(functions: Sequence[Any]) -> dict[Any, list[tuple[Any, ...]]]:
    """The arguments of all calls of each function, while the feeds and the archive are parsed and cleaned."""
    calls: dict[Any, list[tuple[Any, ...]]] = {function: [] for function in functions}
    with ExitStack() as stack:
        for function in functions:
            stack.enter_context(recording(function, calls[function]))
        mill_all("feeds")
        mill_all("archive")
    return calls


CLIENTS = 7
"""Clients of Prefect's server that an ingest makes; each reads its certificate authorities."""


def compare_authorities(rounds: int) -> Row:
    """Reading one certificate authority in place of all, beside a whole ingest."""

    def make_contexts(authorities: str) -> int:
        return len([ssl.create_default_context(cafile=authorities) for _ in range(CLIENTS)])

    with TemporaryDirectory() as folder:
        one_authority = str(write_one_authority(Path(folder)))
        fast, slow = partial(make_contexts, one_authority), partial(make_contexts, certifi.where())
        return compare("local.write_one_authority", fast, slow, ingest_seconds(Path(folder), rounds), rounds)


def ingest_seconds(folder: Path, rounds: int) -> float:
    """Processor seconds of `newsmill ingest` with one feed, which cannot be reached, and a local Prefect server."""
    (folder / "feeds.toml").write_text('[[feed]]\nid = "f"\nname = "Feed"\nurl = "http://127.0.0.1:9/feed"\n')
    variables = {"HOME": folder, "WAREHOUSE": folder / "newsmill.duckdb", "RETRIES": 0, "ALLOW_PRIVATE_ADDRESSES": 1}
    environment = os.environ | {f"NEWSMILL_{name}": str(value) for name, value in variables.items()}

    def newsmill(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [str(Path(sys.executable).with_name("newsmill")), *arguments]
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    newsmill("server", "start")
    try:
        newsmill("ingest")  # makes the warehouse
        return min(newsmill("ingest", "--force") for _ in range(rounds))
    finally:
        newsmill("server", "stop")


def apply_all(function: Any, arguments: Sequence[tuple[Any, ...]]) -> list[object]:
    if hasattr(function, "cache_clear"):
        function.cache_clear()
    results: list[object] = []
    for call in arguments:
        try:
            results.append(function(*call))
        except ValueError:  # an address that cannot be parsed
            results.append(None)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not FEEDS.exists():
        sys.exit(f"{FEEDS} is absent: this benchmark needs the corpus of real feeds")
    prepare_process()
    totals: dict[Part, float] = {}
    for part in PARTS:
        totals[part] = min(mill_all(part) for _ in range(options.rounds))
        print(f"{len(documents(part)):,} documents of the {part}: {totals[part]:.2f} s")
    totals["all"] = sum(totals.values())
    print(f"\n{'':42}{'seconds':>9}{'plainly':>9}{'ratio':>7}{'saving':>10}{'equal':>7}")
    calls = recorded_calls([shortcut.shortcut for shortcut in SHORTCUTS if shortcut.inputs == "calls"])
    for shortcut in SHORTCUTS:
        if shortcut.inputs == "calls":
            arguments = calls[shortcut.shortcut]
        else:
            arguments = [(data,) for data, _ in documents(shortcut.part)]
        fast, slow = partial(apply_all, shortcut.shortcut, arguments), partial(apply_all, shortcut.plain, arguments)
        total = totals[shortcut.part]
        print(compare(shortcut.name, fast, slow, total, options.rounds, shortcut.same), flush=True)
    print(compare_authorities(options.rounds))


if __name__ == "__main__":
    main()
