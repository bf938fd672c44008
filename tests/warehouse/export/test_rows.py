from __future__ import annotations

import gzip
import hashlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import feedparser
import pytest
import zstandard
from click.testing import CliRunner, Result
from lxml import etree

from tasks.mill.document import mill_bytes
from tests.places import CORPUS
from tests.tasks.making import FEED, NOW, Item, document, milled
from warehouse.errors import NewsmillError, WarehouseError
from warehouse.export.archive import export_archive
from warehouse.export.atom import export_feed
from warehouse.export.rows import export_jsonl, export_parquet
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.records import Article, Document, Entry, Feed, Milled, digest
from warehouse.store.connection import Warehouse

SEED = CORPUS / "seed"
GATE = Item()
CAFE = Item(
    "港口咖啡馆: 重新开张?",
    '<p>港口咖啡馆\n  今天重新开张。</p><img src="https://quay.example/cafe.jpg" alt="门口">',
    "https://quay.example/cafe",
    "cafe",
    "Thu, 31 Oct 2024 17:30:00 GMT",
)
UNDATED = Item("No date", "<p>Nobody said when this happened at the quay.</p>", "https://quay.example/u", "u", None)
WIRE = Feed("wire", "The Wire", "https://wire.example/feed.xml", language="en")
ELSEWHERE = replace(GATE, link="https://wire.example/1", title="Elsewhere", text="<p>Somewhere else, far from it.</p>")
FILE = """<!--1731641943000-->
[快讯 [1]: 港口](https://quay.example/77?utm_source=x)
------

<div><i>Fri, 15 Nov 2024</i></div><p>港口今天 开放。</p>
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "data" / "newsmill.duckdb", lock_timeout=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def loaded(warehouse: Warehouse, *batch: Milled) -> None:
    with warehouse.writing() as connection:
        load(connection, batch, run_id="run")


def published(warehouse: Warehouse) -> Path:
    return publish(warehouse, warehouse.path.with_name("news.duckdb")).path


def from_archive(
    text: str = FILE, file: str = "articles/quay/77_快讯.md", *, feed: Feed = FEED, at: datetime = NOW, **kept: Any
) -> Milled:
    """A first-generation file as reading it leaves it, made by hand."""
    comment, link, _, _, content = text.split("\n", 4)
    title, _, url = link[1:-1].rpartition("](")
    body = content.rstrip()
    name = hashlib.sha256(f"{file}{text}".encode()).hexdigest()
    source = Document(
        name, feed.id, url, file, at, 200, {"file": file}, len(text), f"packs/{name}", source="archive", form="article"
    )
    parsed = {
        "generation": 1,
        "file": file,
        "stated": comment[4:-3],
        "title": title,
        "url": url,
        "content": None,
        "end": content[len(body) :],
        "front_matter": None,
    } | kept
    stated = (
        None
        if comment == "<!--NaN-->"
        else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(comment[4:-3]))
    )
    entry = Entry(
        entry_id=digest(name),
        feed_id=feed.id,
        document_id=name,
        position=0,
        guid=None,
        link=url,
        title=title,
        author=None,
        published_at=stated,
        updated_at=None,
        language=None,
        categories=(),
        content_html=body,
        content_type="text/html",
        summary_html="",
        base_url=url,
        enclosures=(),
        parsed=json.dumps(parsed, ensure_ascii=False),
    )
    article = Article(
        entry_id=entry.entry_id,
        feed_id=feed.id,
        keys=(f"url:{url}",),
        guid=None,
        url=url.partition("?")[0],
        canonical_url=url.partition("?")[0],
        title=" ".join(title.split()),
        author=None,
        published_at=stated,
        updated_at=None,
        language="zh",
        summary="",
        content_html="<p>cleaned</p>",
        content_text=body,
        word_count=len(body),
        categories=(),
        images=(),
        content_hash=digest(title, body),
    )
    return Milled(source, (entry,), (article,))


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.md"))


# --- the archive form -----------------------------------------------------------------------------------------------


def test_articles_of_a_feed(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE, UNDATED), milled(ELSEWHERE, feed=WIRE))
    done = export_archive(warehouse, target)
    assert (done.articles, done.written, done.unchanged, done.removed, done.sites) == (4, 4, 0, 0, 2)
    with warehouse.reading() as connection:
        ids = dict(connection.execute("SELECT title, article_id[:16] FROM clean.articles").fetchall())
    found = files(target)
    cafe = f"quay/{ids[CAFE.title]}_港口咖啡馆_ 重新开张_.md"
    assert set(found) == {
        cafe,
        f"quay/{ids['The gate is open']}_The gate is open.md",
        f"quay/{ids['No date']}_No date.md",
        f"wire/{ids['Elsewhere']}_Elsewhere.md",
        "quay.md",
        "wire.md",
    }
    # the feed's HTML as it came, not as it was cleaned
    assert found[cafe].decode() == (
        "<!--1730395800000-->\n[港口咖啡馆: 重新开张?](https://quay.example/cafe)\n------\n\n"
        '<p>港口咖啡馆今天重新开张。</p><img src="https://quay.example/cafe.jpg" alt="门口">\n'
    )
    assert found[f"quay/{ids['No date']}_No date.md"].startswith(b"<!--NaN-->\n")
    lines = found["quay.md"].decode().splitlines()
    assert lines[:2] == ["# quay", ""]
    assert [line.partition("[")[0] for line in lines[2:]] == ["- ", "- 2026-11-20 16:00 ", "- 2024-11-01 01:30 "]
    assert list(target.rglob(".*")) == []


def test_the_second_generation(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(CAFE), from_archive(at=NOW - timedelta(days=1)))
    export_archive(warehouse, target, generation=2)
    found = files(target)
    (cafe,) = (data.decode() for name, data in found.items() if "咖啡馆" in name)
    assert cafe.startswith('---\nlayout: post\ntitle: "港口咖啡馆: 重新开张?"\ndate: 2024-10-31T17:30:00.000Z\n')
    assert cafe.endswith(
        '------\n\n<div>\n<p>港口咖啡馆今天重新开张。</p><img src="https://quay.example/cafe.jpg" alt="门口">\n</div>\n'
    )
    assert FILE.partition("\n------\n\n")[0] in found["quay/77_快讯.md"].decode()


def test_an_archive_gives_the_same_bytes_back(warehouse: Warehouse, target: Path) -> None:
    texts = {
        "quay/77_快讯.md": FILE,
        "quay/000_a.txt": "<!--NaN-->\n[two](https://quay.example/2)\n------\n\n<p>first</p>\n  <p>second</p>",
        "quay/3.md": "<!--1-->\n[ three ](https://quay.example/3_(x))\n------\n\n<p>\u3000缩进</p>\n\n",
    }
    loaded(warehouse, *(from_archive(text, f"some/where/{file}") for file, text in texts.items()))
    export_archive(warehouse, target, list_page=False)
    assert files(target) == {file: text.encode() for file, text in texts.items()}


@pytest.mark.skipif(not SEED.exists(), reason="the corpus isn't here")
def test_a_real_file_through_the_whole_mill(warehouse: Warehouse, target: Path) -> None:
    (path,) = SEED.iterdir()
    data = path.read_bytes()
    came = replace(document(data, source="archive"), form="article", headers={"file": f"voa/{path.name}"})
    loaded(warehouse, mill_bytes(data, came, FEED))
    export_archive(warehouse, target, list_page=False)
    assert files(target) == {f"quay/{path.name}": data}


def test_the_content_and_end_that_were_kept(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, from_archive(content="<p>\u0085 exactly</p>", end="\r\n"))
    export_archive(warehouse, target, list_page=False)
    assert files(target)["quay/77_快讯.md"].decode().endswith("------\n\n<p>\u0085 exactly</p>\r\n")


def test_a_feed_cannot_pass_for_an_archive(warehouse: Warehouse, target: Path) -> None:
    plain = from_archive()
    loaded(warehouse, replace(plain, document=replace(plain.document, source="feed", form="feed")))
    export_archive(warehouse, target, list_page=False)
    (name,) = files(target)
    assert name.endswith("_快讯 [1]_ 港口.md")


def test_a_second_export_changes_nothing(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE), from_archive())
    export_archive(warehouse, target)
    before = {path: path.stat() for path in target.rglob("*")}
    done = export_archive(warehouse, target)
    assert (done.written, done.unchanged, done.list_pages) == (0, 3, 0)
    after = {path: path.stat() for path in target.rglob("*")}
    assert {path: (s.st_ino, s.st_mtime_ns) for path, s in before.items() if path.is_file()} == {
        path: (s.st_ino, s.st_mtime_ns) for path, s in after.items() if path.is_file()
    }


def test_only_what_changed_is_written(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    export_archive(warehouse, target)
    (target / "quay" / "mine.md").write_text("mine")
    (target / "quay" / ("0" * 16 + "_mine.md")).write_text("mine too")
    loaded(
        warehouse,
        milled(replace(GATE, title="The gate is shut", text="<p>Shut.</p>"), CAFE, at=NOW + timedelta(hours=1)),
    )
    done = export_archive(warehouse, target)
    assert (done.written, done.unchanged, done.removed, done.list_pages) == (1, 1, 1, 1)
    names = {name.partition("_")[2] for name in files(target / "quay")}
    assert names == {"The gate is shut.md", "港口咖啡馆_ 重新开张_.md", "mine.md", ""}


def test_the_archives_name_stays_when_a_feed_shows_the_article_again(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, from_archive())
    again = Item("快讯: 港口", "<p>港口今天开放到晚上九点钟。</p>", "https://quay.example/77", "77")
    found = from_archive()
    key = found.articles[0].keys
    newer = milled(again, at=NOW + timedelta(days=1))
    loaded(warehouse, replace(newer, articles=(replace(newer.articles[0], keys=key),)))
    done = export_archive(warehouse, target, list_page=False)
    assert done.articles == 1
    assert list(files(target)) == ["quay/77_快讯.md"]
    assert "晚上九点" in files(target)["quay/77_快讯.md"].decode()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/1.md", "b/1.md", "c/1.MD"], {"1.md"}),
        (["a/é.md", "a/e\u0301.md"], {"é.md"}),
        (
            ["../../../etc/passwd", "..", "a/.git", "x/con.md", "a\\..\\b.md", "a/\0\n.md"],
            {"passwd", "_", "_git", "con_.md", "b.md", "_.md"},
        ),
    ],
)
def test_two_articles_never_share_a_file(
    warehouse: Warehouse, target: Path, names: list[str], expected: set[str]
) -> None:
    batch = [
        from_archive(FILE.replace("/77", f"/{number}"), name, at=NOW + timedelta(seconds=number))
        for number, name in enumerate(names)
    ]
    loaded(warehouse, *batch)
    done = export_archive(warehouse, target)
    found = {path.name for path in (target / "quay").iterdir()}
    assert done.written == len(found) == len(names)
    assert len({name.lower() for name in found}) == len(names)
    assert expected <= found
    assert {path.name for path in target.iterdir()} == {"quay", "quay.md"}
    assert export_archive(warehouse, target).unchanged == len(names)


def test_days_and_sites(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE), milled(ELSEWHERE, feed=WIRE))
    done = export_archive(warehouse, target, since=date(2024, 10, 31), until=date(2024, 10, 31))
    assert done.articles == 1
    assert pages(target) == ["quay.md"]
    # a list page has what is there, whatever is written this time
    done = export_archive(warehouse, target, sites=["quay"], since=date(2024, 11, 1))
    assert (done.articles, done.written) == (1, 1)
    assert len((target / "quay.md").read_text().splitlines()) == 4
    assert not (target / "wire").exists()
    assert export_archive(warehouse, target, until=date(2024, 10, 30)).articles == 0
    assert pages(target) == ["quay.md"]
    with pytest.raises(WarehouseError, match="no articles of nowhere in the warehouse; it has: quay, wire"):
        export_archive(warehouse, target, sites=["quay", "nowhere"])


def test_the_warehouse_is_let_go_before_files_are_written(warehouse: Warehouse, target: Path) -> None:
    """A writer in another process gets in while files are written."""
    loaded(warehouse, milled(GATE, CAFE))
    code = (
        "import sys; from pathlib import Path; from warehouse.store.connection import Warehouse\n"
        "with Warehouse(Path(sys.argv[1]), 0).writing() as c: c.execute('DELETE FROM ops.feeds')"
    )
    writers: list[int] = []

    def write(done: int, total: int) -> None:
        writers.append(subprocess.run([sys.executable, "-c", code, warehouse.path], check=False).returncode)

    export_archive(warehouse, target, progress=write)
    assert writers == [0]


def test_one_export_at_a_time(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE))
    refused: list[str] = []

    def again(done: int, total: int) -> None:
        with pytest.raises(NewsmillError) as error:
            export_archive(warehouse, target)
        refused.append(str(error.value))

    done = export_archive(warehouse, target, progress=again)
    assert refused == [f"{target}: another export is writing there; let it finish"]
    assert (done.written, pages(target)) == (1, ["quay.md"])


def test_what_a_killed_export_left_is_removed(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE))
    left = target / ".newsmill-export" / "spill"
    left.mkdir(parents=True)
    (left.parent / "article").write_text("half")
    export_archive(warehouse, target)
    assert list(target.rglob(".*")) == []


def test_links_in_the_folder_are_not_followed(warehouse: Warehouse, target: Path, tmp_path: Path) -> None:
    loaded(warehouse, from_archive())
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    target.mkdir()
    (target / "quay").symlink_to(outside)
    with pytest.raises(NewsmillError, match="quay: a link"):
        export_archive(warehouse, target)
    assert [path.name for path in outside.iterdir()] == ["file"]
    (target / "quay").unlink()
    (target / "quay").mkdir()
    (target / "quay" / "77_快讯.md").symlink_to(outside / "file")
    export_archive(warehouse, target)
    assert (outside / "file").read_text() == "mine"
    assert (target / "quay" / "77_快讯.md").read_text() == FILE


def test_a_folder_that_cannot_be_written(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, from_archive())
    (target / "quay" / "77_快讯.md").mkdir(parents=True)
    with pytest.raises(NewsmillError, match=r"77_快讯\.md: can't be written"):
        export_archive(warehouse, target)
    target.with_name("file").write_text("")
    with pytest.raises(NewsmillError, match=r"file.*: can't be written"):
        export_archive(warehouse, target.with_name("file"))


def test_no_articles(warehouse: Warehouse, target: Path) -> None:
    with warehouse.writing():
        pass
    assert export_archive(warehouse, target).articles == 0
    assert not target.exists()


# --- JSON Lines -----------------------------------------------------------------------------------------------------


def lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return [json.loads(line, parse_constant=pytest.fail) for line in data.decode().splitlines()]


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_jsonl(warehouse: Warehouse, tmp_path: Path, ending: str) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    with warehouse.writing() as connection:
        connection.execute("UPDATE clean.images SET path = 'ab/cd/x.jpg'")
        columns = [row[0] for row in connection.execute("DESCRIBE clean.articles").fetchall()]
    path = tmp_path / f"articles.{ending}"
    assert export_jsonl(published(warehouse), path) == 2
    cafe, gate = sorted(lines(path), key=lambda line: str(line["published_at"]))
    assert list(cafe) == [*columns, "images"]
    assert cafe["title"] == CAFE.title
    assert cafe["published_at"] == "2024-10-31T17:30:00.000000Z"
    assert cafe["updated_at"] is None
    assert cafe["categories"] == []
    assert cafe["images"] == [
        {"url": "https://quay.example/cafe.jpg", "alt": "门口", "caption": None, "path": "ab/cd/x.jpg"}
    ]
    assert gate["images"] == []
    found = duckdb.sql(f"SELECT title, typeof(published_at) FROM read_json_auto('{path}') ORDER BY title").fetchall()
    assert found == [(GATE.title, "TIMESTAMP"), (CAFE.title, "TIMESTAMP")]
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name, "data"]


def test_jsonl_of_more_rows_than_are_read_at_once(warehouse: Warehouse, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.export.rows.TABLE_ROWS", 3)
    items = [replace(GATE, link=f"https://quay.example/{n}", guid=str(n), title=f"Gate {n}") for n in range(10)]
    loaded(warehouse, milled(*items))
    assert export_jsonl(published(warehouse), tmp_path / "a.jsonl") == 10
    assert {line["title"] for line in lines(tmp_path / "a.jsonl")} == {f"Gate {n}" for n in range(10)}


def test_jsonl_of_a_query(warehouse: Warehouse) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    out = io.BytesIO()
    sql = """
        SELECT title AS "the "" title", published_at, 'nan'::DOUBLE AS nan, 1.5::DECIMAL(4, 2) AS price, [1, 2] AS list
        FROM clean.articles ORDER BY published_at DESC -- newest first
    """
    assert export_jsonl(published(warehouse), out, sql=sql) == 2
    first, second = (json.loads(line) for line in out.getvalue().decode().splitlines())
    assert first == {
        'the " title': "The gate is open",
        "published_at": "2026-11-20T08:00:00.000000Z",
        "nan": None,
        "price": 1.5,
        "list": [1, 2],
    }
    assert second['the " title'] == CAFE.title


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1; SELECT 2", "takes one query, and this is 2"),
        ("  -- nothing", "takes one query, and this is none"),
        ("DELETE FROM clean.articles", "takes a query that reads (SELECT, FROM, WITH), and this is DELETE"),
        ("COPY clean.articles TO 'stolen.csv'", "and this is COPY"),
        ("ATTACH 'other.duckdb'", "and this is ATTACH"),
        ("SET memory_limit = '9GB'", "and this is SET"),
        ("SELECT 1) TO 'stolen.csv' (FORMAT csv); --", "the query failed: Parser Error"),
        ("SELECT $1", "takes no parameters"),
        ("SELECT nothing FROM clean.articles", "the query failed: Binder Error"),
        ("SELECT error('halt')", "the query failed: Invalid Input Error: halt"),
    ],
)
def test_only_one_query_that_reads(warehouse: Warehouse, tmp_path: Path, sql: str, said: str) -> None:
    loaded(warehouse, milled(GATE))
    path = tmp_path / "a.jsonl"
    path.write_text("as it was")
    for source in (published(warehouse), warehouse):
        with pytest.raises(WarehouseError) as error:
            export_jsonl(source, path, sql=sql)
        assert said in str(error.value)
    assert path.read_text() == "as it was"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "data"]


def test_nothing_is_published(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        export_jsonl(tmp_path / "news.duckdb", tmp_path / "a.jsonl")
    (tmp_path / "news.duckdb").write_text("no database")
    with pytest.raises(WarehouseError, match="can't be opened"):
        export_jsonl(tmp_path / "news.duckdb", tmp_path / "a.jsonl")


def test_a_folder_that_is_not_there(warehouse: Warehouse, tmp_path: Path) -> None:
    loaded(warehouse, milled(GATE))
    with pytest.raises(NewsmillError, match=r"can't be written \(No such file or directory\)"):
        export_jsonl(published(warehouse), tmp_path / "nowhere" / "a.jsonl")


# --- Parquet --------------------------------------------------------------------------------------------------------


def test_parquet_by_month(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE, replace(GATE, link="https://quay.example/2", guid="2", title="Another")))
    done = export_parquet(published(warehouse), target)
    assert (done.rows, done.partitions, done.files) == (3, 2, 2)
    assert sorted(path.name for path in target.iterdir()) == ["month=2024-10", "month=2026-11"]
    sql = f"FROM read_parquet('{target}/*/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"SELECT month, count(*) {sql} GROUP BY ALL ORDER BY ALL").fetchall() == [
        ("2024-10", 1),
        ("2026-11", 2),
    ]
    with warehouse.reading() as connection:
        wanted = connection.execute("FROM clean.articles ORDER BY article_id").fetchall()
    assert duckdb.sql(f"SELECT * EXCLUDE (month) {sql} ORDER BY article_id").fetchall() == wanted
    codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{target}/*/*.parquet')").fetchall()
    assert codecs == [("ZSTD",)]


def test_parquet_is_made_anew(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    export_parquet(published(warehouse), target)
    done = export_parquet(published(warehouse), target, sql="FROM clean.articles WHERE published_at < '2025-01-01'")
    assert (done.rows, [path.name for path in target.iterdir()]) == (1, ["month=2024-10"])
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_parquet_by_any_columns(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE, replace(GATE, link="https://quay.example/2", guid="2", title="Another")))
    news = published(warehouse)
    done = export_parquet(news, target, partition=["feed_id", "language", "month"])
    assert (done.rows, done.partitions) == (3, 2)
    assert sorted(str(path.relative_to(target).parent) for path in target.rglob("*.parquet")) == [
        "feed_id=quay/language=en/month=2026-11",
        "feed_id=quay/language=zh/month=2024-10",
    ]
    done = export_parquet(news, target, sql="SELECT title, version FROM clean.articles", partition=["version"])
    assert (done.rows, [path.name for path in target.iterdir()]) == (3, ["version=1"])
    before = files(target)
    with pytest.raises(WarehouseError, match=r"no column nothing to partition by; there are: key, article_id"):
        export_parquet(news, target, table="clean.article_keys", partition=["nothing"])
    with pytest.raises(WarehouseError, match="name fewer"):
        export_parquet(news, target, table="clean.article_keys", partition=["key", "article_id", "key_hash"])
    assert files(target) == before


def test_every_table_and_view_can_be_exported(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    news = published(warehouse)
    with duckdb.connect(str(news), read_only=True) as copy:
        tables = copy.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema <> 'main'"
        ).fetchall()
        for (table,) in tables:
            row = copy.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert (export_parquet(news, target, table=table).rows,) == row, table


def test_parquet_without_months(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    done = export_parquet(published(warehouse), target, table="clean.images")
    assert (done.rows, done.partitions, [path.name for path in target.iterdir()]) == (1, 0, ["data_0.parquet"])
    done = export_parquet(published(warehouse), target, table="marts.latest_articles")
    assert done.rows == 2
    done = export_parquet(warehouse, target, sql="SELECT link, title FROM raw.entries")
    assert (done.rows, done.partitions) == (2, 0)
    for table in ("clean.nothing", "clean.articles; DROP", "articles", "information_schema.tables"):
        with pytest.raises(WarehouseError, match="there is no table"):
            export_parquet(published(warehouse), target, table=table)
    with pytest.raises(WarehouseError, match=r"there is no table raw\.entries"):
        export_parquet(published(warehouse), target, table="raw.entries")


def test_a_query_that_fails_leaves_the_folder_as_it_was(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    export_parquet(published(warehouse), target)
    before = files(target)
    late = "SELECT *, CASE WHEN title = 'The gate is open' THEN error('halt') END AS x FROM clean.articles"
    for sql in (late, "SELECT nothing", "SELECT 'no time' AS published_at"):
        with pytest.raises(WarehouseError, match="the query failed"):
            export_parquet(published(warehouse), target, sql=sql)
    assert files(target) == before
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_a_killed_parquet_export(warehouse: Warehouse, target: Path) -> None:
    """Killed before the new folder is in its place: the old one is whole, and the next export clears what was left."""
    loaded(warehouse, milled(GATE, CAFE))
    news = published(warehouse)
    export_parquet(news, target)
    before = files(target)
    code = (
        "import os, signal, sys; from pathlib import Path; import warehouse.export.rows as export\n"
        "export._rows_in = lambda written: os.kill(os.getpid(), signal.SIGKILL)\n"
        "export.export_parquet(Path(sys.argv[1]), Path(sys.argv[2]), sql='FROM clean.articles LIMIT 1')"
    )
    killed = subprocess.run([sys.executable, "-c", code, news, target], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(target.with_name(".out.newsmill-export").rglob("*.parquet"))
    assert files(target) == before
    assert export_parquet(news, target).rows == 2
    assert sorted(path.name for path in target.parent.iterdir()) == ["data", "out"]


def test_killed_between_the_two_renames(warehouse: Warehouse, target: Path) -> None:
    loaded(warehouse, milled(GATE, CAFE))
    export_parquet(published(warehouse), target)
    before = files(target)
    target.rename(target.with_name(".out.newsmill-before"))
    with pytest.raises(WarehouseError):
        export_parquet(published(warehouse), target, sql="SELECT nothing")
    assert files(target) == before


@pytest.mark.parametrize(
    "other", ["notes.txt", "sub/a.parquet", "month=2024-05/notes.txt", "month=2024-05/sub/a.parquet"]
)
def test_a_folder_of_something_else_is_not_replaced(warehouse: Warehouse, target: Path, other: str) -> None:
    loaded(warehouse, milled(GATE))
    (target / other).parent.mkdir(parents=True)
    (target / other).write_text("mine")
    with pytest.raises(NewsmillError, match="holds what is no earlier export"):
        export_parquet(published(warehouse), target)
    assert files(target) == {other: b"mine"}


# --- Atom -----------------------------------------------------------------------------------------------------------


def test_atom(warehouse: Warehouse) -> None:
    loaded(warehouse, milled(GATE, CAFE, replace(UNDATED, extra="<author>a@quay.example (林海)</author>")))
    news = published(warehouse)
    done = export_feed(news)
    read = feedparser.parse(done.data)
    assert not read.bozo
    assert read.version == "atom10"
    assert done.entries == len(read.entries) == 3
    times = [entry.published for entry in read.entries]
    assert times == sorted(times, reverse=True)
    cafe = read.entries[-1]
    assert (cafe.title, cafe.link, cafe.published) == (CAFE.title, CAFE.link, "2024-10-31T17:30:00+00:00")
    assert cafe.updated == cafe.published
    assert cafe.id.startswith("urn:uuid:")
    assert "重新开张" in cafe.content[0].value
    assert cafe.summary
    assert read.feed.updated == times[0]
    assert export_feed(news).data == done.data


def test_atom_of_a_site(warehouse: Warehouse) -> None:
    loaded(warehouse, milled(GATE, CAFE), milled(ELSEWHERE, feed=WIRE))
    news = published(warehouse)
    read = feedparser.parse(export_feed(news, sites=["quay"], limit=1).data)
    assert [entry.title for entry in read.entries] == ["The gate is open"]
    whole = feedparser.parse(export_feed(news).data)
    assert read.feed.id != whole.feed.id
    assert read.entries[0].id in {entry.id for entry in whole.entries}
    with pytest.raises(WarehouseError, match="no articles of nowhere"):
        export_feed(news, sites=["nowhere"])


def test_atom_of_a_query(warehouse: Warehouse) -> None:
    loaded(warehouse, milled(GATE))
    news = published(warehouse)
    sql = """
        SELECT * FROM (VALUES
            ('old' || chr(7), 'https://a.example/?a=1&b=<2>', DATE '2020-01-01', '<p>]]> & more</p>'),
            ('new & <b>bold</b>', 'javascript:alert(1)', DATE '2021-01-01', NULL),
            ('new & <b>bold</b>', 'javascript:alert(1)', DATE '2021-01-01', NULL),
            ('no date', 'https://a.example/3', NULL, NULL),
            ('', NULL, NULL, NULL)
        ) AS t(title, url, published_at, content_html)
    """
    done = export_feed(news, sql=sql, title="Mine")
    assert (done.entries, done.left_out) == (3, 2)
    etree.fromstring(done.data)
    read = feedparser.parse(done.data)
    assert read.feed.title == "Mine"
    assert [entry.id for entry in read.entries] == [
        entry.id for entry in feedparser.parse(export_feed(news, sql=sql.replace("'old'", "'older'")).data).entries
    ]
    new, old, undated = read.entries
    assert "javascript" not in done.data.decode()
    assert "bold" in new.title
    assert (old.title, old.link) == ("old", "https://a.example/?a=1&b=<2>")
    assert old.content[0].value == "<p>]]> & more</p>"
    assert "published" not in undated
    with pytest.raises(WarehouseError, match="the query gives no published_at, url"):
        export_feed(news, sql="SELECT title FROM clean.articles")
    with pytest.raises(WarehouseError, match="must be times, and one is 'soon'"):
        export_feed(news, sql="SELECT 'a' AS title, 'b' AS url, 'soon' AS published_at")


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.fixture
def command(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    from flows.cli.export import export

    monkeypatch.chdir(tmp_path)
    (tmp_path / "feeds.toml").write_text(
        f'[[feed]]\nid = "quay"\nname = "码头"\nurl = "{FEED.url}"\n', encoding="utf-8"
    )
    loaded(warehouse, milled(GATE, CAFE))
    published(warehouse)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(export, [*arguments, "--warehouse", str(warehouse.path)])

    return run


def test_commands(command: Callable[..., Result], tmp_path: Path) -> None:
    done = command("archive", "articles", "--generation", "2", "--from", "2024-10-01", "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert (facts["articles"], facts["written"], facts["list_pages"], facts["folder"]) == (2, 2, 1, "articles")
    assert (tmp_path / "articles" / "quay.md").exists()
    done = command("archive", "articles", "--generation", "2")
    assert "2 articles of 1 sites in articles: 0 files written, 2 unchanged" in done.stdout

    facts = json.loads(command("jsonl", "a.jsonl.gz", "--json").stdout)
    assert (facts["rows"], facts["path"], len(lines(tmp_path / "a.jsonl.gz"))) == (2, "a.jsonl.gz", 2)
    done = command("jsonl", "-", "--sql", "SELECT title FROM clean.articles ORDER BY title", "--json")
    assert [json.loads(line)["title"] for line in done.stdout.splitlines()] == ["The gate is open", CAFE.title]
    assert json.loads(done.stderr)["rows"] == 2
    done = command("jsonl", "-", "--live", "--sql", "SELECT link FROM raw.entries")
    assert len(done.stdout.splitlines()) == 2

    facts = json.loads(command("parquet", "months", "--table", "clean.article_versions", "--json").stdout)
    assert (facts["rows"], facts["partitions"]) == (2, 2)
    assert command("parquet", "months", "--table", "a", "--sql", "b").exit_code == 2

    done = command("feed", "--limit", "1")
    assert [entry.title for entry in feedparser.parse(done.stdout_bytes).entries] == ["The gate is open"]
    assert "1 entries" in done.stderr
    assert json.loads(command("feed", "news.atom", "--site", "quay", "--json").stdout)["entries"] == 2
    assert len(feedparser.parse(tmp_path / "news.atom").entries) == 2
    assert command("feed", "--site", "quay", "--sql", "b").exit_code == 2

    assert 'xmlUrl="https://quay.example/feed.xml"' in command("opml", "-").stdout
    assert json.loads(command("opml", "feeds.opml", "--json").stdout)["feeds"] == 1
    assert "码头" in (tmp_path / "feeds.opml").read_text(encoding="utf-8")


def test_a_mistake_is_said_in_words(command: Callable[..., Result]) -> None:
    done = command("archive", "articles", "--site", "nowhere")
    assert isinstance(done.exception, WarehouseError)
