"""Extraction of articles from web pages, compared with other programs on the same pages, in the same run.

    python -m benchmarks.pages            (or: --sets scrapinghub fundus --peers trafilatura)

Each set in ../shared/pages has pages with their true texts; its score.py compares. Each program runs in a process of
its own on one core, the peers in an environment of their own, which is created on first use. The processor time is that
of the pages alone: imports and the first pages before them are left out.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.places import SHARED

PAGES = SHARED / "pages"
SETS = ("scrapinghub", "fundus", "chinese", "readability")
PEER = Path(".venv-benchmark-pages")
PEERS = {
    "trafilatura, precise": "trafilatura.extract(data, url=url, favor_precision=True, include_comments=False)",
    "trafilatura": "trafilatura.extract(data, url=url)",
    "readability-lxml": "lxml.html.fromstring(readability.Document(text).summary()).text_content()",
    "resiliparse": "resiliparse.extract.html2text.extract_plain_text(text, main_content=True)",
    "goose3": "goose3.Goose().extract(raw_html=text).cleaned_text",
    "newspaper4k": "newspaper.article(url, input_html=text).text",
    "boilerpy3": "boilerpy3.extractors.ArticleExtractor().get_content(text)",
}
"""Name → the expression that gives the text of a page."""
PACKAGES = [
    *("trafilatura==2.3.1", "readability-lxml", "lxml_html_clean", "goose3", "newspaper4k", "boilerpy3"),
    "resiliparse",
]
SCRIPT = """
import base64, gzip, importlib, json, logging, re, sys, time
expression, path = sys.argv[1:]
logging.disable(logging.CRITICAL)
modules = re.match(r"(?:lxml\\.html|resiliparse\\.extract\\.html2text|boilerpy3\\.extractors|[a-z0-9]+)", expression)[0]
names = {modules.partition(".")[0]: __import__(modules)}
if "readability" in expression:
    names["readability"] = __import__("readability")
code = compile(expression, "peer", "eval")
pages = [json.loads(line) for line in gzip.open(path, "rt", encoding="utf-8")]
def extract(page):
    data = base64.b64decode(page["html_base64"])
    try:
        return eval(code, names | {"data": data, "url": page["url"], "text": data.decode("utf-8", "replace")}) or ""
    except Exception:
        return ""  # a peer that fails on a page has found nothing
extract(pages[0])
started = time.process_time()
texts = {page["id"]: extract(page) for page in pages}
print(json.dumps({"seconds": time.process_time() - started, "texts": texts}))
"""


def scorer() -> ModuleType:
    """score.py of ../shared/pages."""
    spec = importlib.util.spec_from_file_location("score", PAGES / "score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(PAGES / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_pages(name: str) -> Iterator[dict[str, Any]]:
    """The pages of the set, with their bytes as `data`."""
    with gzip.open(PAGES / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            page = json.loads(line)
            yield page | {"data": base64.b64decode(page.pop("html_base64"))}


def extract(page: dict[str, Any]) -> str:
    """The text that newsmill loads for a page: parsed and cleaned; empty if it finds no article."""
    from tasks.clean.article import clean
    from tasks.errors import ParseError
    from tasks.parse.page import parse_page
    from warehouse.records import Document, Feed

    timezone = page.get("feed_timezone") or "UTC"
    feed = Feed("set", "Set", page["url"], language=page.get("feed_language"), timezone=timezone)
    moment, size = datetime(2026, 11, 20, tzinfo=UTC), len(page["data"])
    document = Document("d", "set", page["url"], page["url"], moment, 200, {}, size, "d", form="page")
    try:
        entry = parse_page(page["data"], document, feed).entries[0]
    except ParseError:
        return ""
    return clean(entry, feed).content_text


def run_ours(name: str) -> None:
    """Print what the peers' script prints."""
    from tasks.text.dates import parse_date

    pages = list(read_pages(name))
    for page in pages[:3]:
        extract(page)
    # no language knows this one, so that the words of all are loaded: once in a process, for the pages that need them
    parse_date("Ida, the 31st of Smarch 2024 or so", now=datetime.now(UTC))
    started = time.process_time()
    texts = {page["id"]: extract(page) for page in pages}
    print(json.dumps({"seconds": time.process_time() - started, "texts": texts}))


def peer_python() -> Path:
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        for package in PACKAGES:  # one by one: their pins of lxml's extras contradict each other
            subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        return run_ours(options.ours)
    present = [name for name in options.sets if (PAGES / f"{name}.jsonl.gz").exists()]
    if not present:
        sys.exit(f"{PAGES} has none of the sets: this benchmark needs pages with their true texts")
    print(f"{'':14}{'':22}{'F1':>8}{'precision':>11}{'recall':>8}{'ms a page':>11}")
    for name in present:
        commands: dict[str, Sequence[str | Path]] = {
            "newsmill": [sys.executable, "-m", "benchmarks.pages", "--ours", name],
            **{peer: [peer_python(), "-c", SCRIPT, PEERS[peer], PAGES / f"{name}.jsonl.gz"] for peer in options.peers},
        }
        compare(name, commands, scorer().score)
    return None


def compare(name: str, commands: dict[str, Sequence[str | Path]], score: Callable[..., dict[str, float]]) -> None:
    pages = list(read_pages(name))
    for program, command in commands.items():
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = json.loads(output.splitlines()[-1])
        figures = score(pages, found["texts"])
        per_page = 1_000 * found["seconds"] / len(pages)
        print(
            f"{name:14}{program:22}{figures['f1']:8.3f}{figures['precision']:11.3f}{figures['recall']:8.3f}"
            f"{per_page:11.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
