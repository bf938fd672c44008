"""Backfilling an archive of article files: files to committed rows, and the memory it takes.

    python -m benchmarks.backfill --articles 20000 [--articles 200000] [--memory]

The files are those of ../shared/corpus/archive, repeated with different addresses and text. The peer reads the same
files in the same run with a simple script: PyYAML, BeautifulSoup with lxml, DuckDB. newsmill runs in an environment
like a user's (benchmarks/ingest.py says why).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ingest import our_program, run

ARCHIVE = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "archive"
PEER = """
import json, sys, time
from pathlib import Path
import bs4, duckdb, pyarrow, yaml
started = time.perf_counter()
connection = duckdb.connect(sys.argv[2])
connection.execute("CREATE TABLE articles (url VARCHAR, title VARCHAR, text VARCHAR, html VARCHAR)")
rows, done = [], 0
def flush():
    columns = zip(*rows)
    batch = pyarrow.table(dict(zip(("url", "title", "text", "html"), columns)))
    connection.execute("INSERT INTO articles SELECT * FROM batch")
paths = sorted(Path(sys.argv[1]).rglob("*.md"))
for path in paths[:: max(1, len(paths) // int(sys.argv[3]))]:
    _, front, body = path.read_text().split("---\\n", 2)
    fields = yaml.load(front, Loader=yaml.CSafeLoader)
    text = bs4.BeautifulSoup(body, "lxml").get_text(" ")
    rows.append((fields["from"], str(fields["title"]), text, body))
    done += 1
    if len(rows) == 1000:
        flush(); rows = []
if rows:
    flush()
connection.close()
print(json.dumps({"seconds": time.perf_counter() - started, "articles": done}))
"""


def write_archive(folder: Path, count: int) -> int:
    """Write `count` files; returns their total size in bytes."""
    originals = [(path.parent.name, path.read_text(encoding="utf-8")) for path in sorted(ARCHIVE.rglob("*.md"))]
    size = 0
    for number in range(count):
        site, text = originals[number % len(originals)]
        site_folder = folder / f"{site}-{number // 5000}"
        site_folder.mkdir(parents=True, exist_ok=True)
        # change the address, which is in the front matter and in the link line, and add a paragraph
        address = next(line for line in text.splitlines() if line.startswith("from:")).removeprefix("from:").strip()
        path, hash_sign, fragment = address.partition("#")
        new_address = f"{path}-{number}{hash_sign}{fragment}"
        new_text = text.replace(address, new_address) + f"\n<p>Copy {number}: 第{number}份</p>\n"
        data = new_text.encode()
        (site_folder / f"{number:07}.md").write_bytes(data)
        size += len(data)
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, action="append", help="how many articles to load; may be repeated")
    parser.add_argument("--peer", type=int, default=5000, help="how many of them the peer reads, evenly spaced")
    parser.add_argument("--memory", action="store_true", help="measure the peak memory too, which slows the run")
    options = parser.parse_args()
    if not ARCHIVE.exists():
        sys.exit(f"{ARCHIVE} is missing: this benchmark needs the corpus of real articles")
    program = our_program()
    subprocess.run([program, "server", "start"], check=True, stdout=subprocess.DEVNULL)
    print(f"{'':22}{'articles':>10}{'MB':>7}{'seconds':>9}{'articles/s':>12}{'peak MB':>9}")
    for count in options.articles or [20_000]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "feeds.toml").write_text("")
            size = write_archive(folder / "archive", count)
            environment = os.environ | {
                "NEWSMILL_FEEDS": str(folder / "feeds.toml"),
                "NEWSMILL_WAREHOUSE": str(folder / "data" / "newsmill.duckdb"),
            }
            command: list[str | Path] = [program, "backfill", "archive", folder / "archive", "--no-publish", "--json"]
            for title in ("newsmill", "newsmill, again"):
                _, peak, output = run(command, environment, memory=options.memory)
                report = json.loads(output)
                loaded = report["new"] + report["changed"] + report["unchanged"]
                _print_line(title, loaded, size, report["seconds"], peak)
            command = [sys.executable, "-c", PEER, folder / "archive", folder / "peer.duckdb", str(options.peer)]
            _, peak, output = run(command, environment, memory=options.memory)
            report = json.loads(output)
            _print_line("bs4, one process", report["articles"], 0, report["seconds"], peak)


def _print_line(title: str, articles: int, size: int, seconds: float, peak: float) -> None:
    rate = articles / seconds
    print(f"{title:22}{articles:10,}{size / 1e6:7.0f}{seconds:9.1f}{rate:12,.0f}{peak:9.0f}", flush=True)


if __name__ == "__main__":
    main()
