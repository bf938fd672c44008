"""Publishing: in full or what has changed, the same copy; checked, and never the older one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from benchmarks.relevance import ARTICLES
from tasks.clean.similarity import MEASURE
from tests.tasks.making import NOW, Item, milled
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.load.batch import load
from warehouse.load.duplicates import mark_duplicates
from warehouse.publish import search_index
from warehouse.publish.copy import publish
from warehouse.read.queries import run_query
from warehouse.store.connection import Warehouse
from warehouse.store.transactions import Connection


def item(name: str, title: str, text: str) -> Item:
    return Item(
        title, f"<p>{text}</p><img src='https://quay.example/{name}.png'>", f"https://quay.example/{name}", name
    )


ITEMS = [item(*article) for article in ARTICLES]
SEARCHED = ("steel tariffs", "berth", "港", "出口管制", "relax crane")
MORE = [item(f"more-{number}", f"Berth {number}", f"Berth {number} opens on day {number}.") for number in range(80)]


def add(store: Warehouse, *items: Item, hour: int = 0) -> None:
    with store.writing() as connection:
        load(connection, [milled(*items, at=NOW + timedelta(hours=hour))], run_id=str(hour))


@pytest.fixture
def store(tmp_path: Path) -> Warehouse:
    """A hundred articles; they aren't published yet."""
    store = Warehouse(tmp_path / "newsmill.duckdb", lock_timeout=0)
    add(store, *ITEMS, *MORE)
    return store


@pytest.fixture
def target(store: Warehouse) -> Path:
    return store.path.with_name("news.duckdb")


def contents(path: Path) -> dict[str, Any]:
    """Every row of the copy, and what searching it finds."""
    with duckdb.connect(str(path), read_only=True) as copy:
        tables = copy.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "WHERE schema_name IN ('clean', 'ops') AND table_name <> 'publications' ORDER BY ALL"
        ).fetchall()
        found: dict[str, Any] = {table: copy.execute(f"FROM {table} ORDER BY ALL").fetchall() for (table,) in tables}
        for view in ("marts.latest_articles", "marts.daily_volume", "marts.image_coverage", "marts.feed_health"):
            found[view] = sorted(copy.execute(f"FROM {view}").fetchall(), key=repr)
        for asked in SEARCHED:
            found[asked] = sorted(
                copy.execute("SELECT url, title, score FROM search($1, n := 500)", [asked]).fetchall()
            )
        found["comments"] = copy.execute(
            "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE schema_name IN ('clean', 'ops', 'marts', 'search') ORDER BY ALL"
        ).fetchall()
    return found


def same_as_anew(store: Warehouse, target: Path) -> bool:
    anew = target.with_name("anew.duckdb")
    anew.unlink(missing_ok=True)
    assert publish(store, anew).kind == "full"
    one, other = contents(target), contents(anew)
    differing = [name for name in one if one[name] != other[name]]
    assert not differing, differing
    return list(one) == list(other)


def change(store: Warehouse, sql: str) -> None:
    with store.writing() as connection:
        connection.execute(sql)


def test_nothing_is_done_when_nothing_has_changed(store: Warehouse, target: Path) -> None:
    first = publish(store, target)
    assert (first.kind, first.why, first.indexed) == ("full", "", len(ITEMS) + len(MORE))
    before = target.stat()
    again = publish(store, target)
    assert (again.kind, again.rows_copied, again.bytes) == ("unchanged", 0, before.st_size)
    store.path.touch()  # the file looks otherwise, and its rows are the same
    assert publish(store, target).kind == "unchanged"
    after = target.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_has_changed_makes_the_copy_that_making_it_anew_makes(store: Warehouse, target: Path) -> None:
    publish(store, target)
    steps: list[tuple[str, Callable[[], object]]] = [
        ("a new article", lambda: add(store, item("new", "The crane turns", "A crane turns on the quay."), hour=1)),
        ("an edit", lambda: add(store, item("en-port", "Harbour firms relax", "The tariffs are off."), hour=2)),
        ("seen again", lambda: add(store, *ITEMS[:2], hour=3)),
        ("duplicates", lambda: mark_duplicates(store, MEASURE)),
        ("an image", lambda: change(store, "UPDATE clean.images SET status = 'stored' WHERE url LIKE '%en-bank%'")),
        ("HTML alone", lambda: change(store, "UPDATE clean.articles SET content_html = '<p/>' WHERE guid = 'zh-bank'")),
        ("an article gone", lambda: change(store, "DELETE FROM clean.articles WHERE guid = 'more-7'")),
        ("a run", lambda: change(store, "INSERT INTO ops.runs (run_id, flow) VALUES ('r', 'ingest')")),
    ]
    for name, step in steps:
        step()
        done = publish(store, target)
        assert done.kind == "incremental", (name, done)
        assert 0 < done.rows_copied + done.rows_removed < 1000, name
        if name in ("seen again", "an image", "a run"):
            assert same_as_anew(store, target), name
    with duckdb.connect(str(target), read_only=True) as copy:
        kinds = copy.execute("SELECT kind FROM ops.publications ORDER BY published_at").fetchall()
    assert kinds == [("full",)] + [("incremental",)] * len(steps)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("UPDATE ops.schema_migrations SET name = 'x' WHERE version = 0", "the schema has changed"),
        ("DROP TABLE ops.publications", "of an older newsmill"),
        ("UPDATE search.made SET digest = 'x'", "search index is due"),
        ("UPDATE ops.publications SET rows_removed = 1000", "much was replaced"),
        ("DELETE FROM clean.articles WHERE guid LIKE 'more%'", "much has changed"),
    ],
)  # fmt: skip
def test_a_copy_that_is_no_good_to_go_on_from(store: Warehouse, target: Path, what: str, why: str) -> None:
    publish(store, target)
    with duckdb.connect(str(target)) as copy:
        copy.execute(what)
    add(store, item("new", "The crane turns", "A crane turns on the quay."), hour=1)
    done = publish(store, target)
    assert done.kind == "full"
    assert why in done.why
    assert same_as_anew(store, target)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    """Over the blocks in the middle, where rows are."""
    data = bytearray(path.read_bytes())
    data[100_000:-100_000] = bytes(len(data) - 200_000)
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [halve, scribble, lambda path: path.write_bytes(b"no database"), Path.unlink])
def test_a_half_written_copy_is_made_anew(store: Warehouse, target: Path, harm: Callable[[Path], None]) -> None:
    publish(store, target)
    harm(target)
    if target.exists():
        with pytest.raises(WarehouseError, match="`newsmill publish` makes it anew"):
            run_query(
                target, "SELECT max(a.content_text) FROM search('berth') JOIN clean.articles a USING (article_id)"
            )
    add(store, item("new", "The crane turns", "A crane turns on the quay."), hour=1)
    assert publish(store, target).kind == "full"
    assert same_as_anew(store, target)


def test_a_copy_of_an_older_newsmill_says_what_to_do(store: Warehouse, target: Path) -> None:
    publish(store, target)
    with duckdb.connect(str(target)) as copy:
        copy.execute("DROP MACRO TABLE search; DELETE FROM ops.schema_migrations WHERE version IN (0, 3, 4)")
    with pytest.raises(WarehouseError, match=r"published by an older newsmill: `newsmill publish` makes it anew"):
        run_query(target, "FROM search('gate')")


def test_a_copy_that_is_not_whole_is_not_published(
    store: Warehouse, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, target)
    before = contents(target)
    add(store, item("new", "The crane turns", "A crane turns on the quay."), hour=1)

    def losing(copy: Connection, scratch: Path) -> int:
        copy.execute("DELETE FROM clean.images WHERE url LIKE '%en-bank%'; DELETE FROM search.postings")
        return 0

    with monkeypatch.context() as patched:
        patched.setattr(search_index, "update", losing)
        with pytest.raises(WarehouseError, match=r"not whole \(clean\.images has .* search finds no .* last one stays"):
            publish(store, target)
    assert contents(target) == before
    assert sorted(path.name for path in target.parent.iterdir()) == [".news.duckdb.lock", target.name, store.path.name]
    assert publish(store, target).kind == "incremental"
    assert same_as_anew(store, target)


def test_a_failure_leaves_the_last_copy(store: Warehouse, target: Path) -> None:
    publish(store, target)
    before = contents(target)
    store.path.write_bytes(b"no database")
    with pytest.raises(WarehouseError, match="not a DuckDB file"):
        publish(store, target)
    assert contents(target) == before


def test_who_comes_second_reads_later(store: Warehouse, target: Path) -> None:
    """Of two publishers at once, the one that reads the warehouse later swaps its copy in later."""
    publish(store, target)
    with ThreadPoolExecutor(1) as thread:
        with FileLock(target.with_name(f".{target.name}.lock")):
            with pytest.raises(WarehouseError, match="another process has been publishing it"):
                publish(store, target, lock_timeout=0)
            second = thread.submit(publish, store, target)
            add(store, item("late", "The late one", "It came while the second publisher waited."), hour=1)
        assert second.result().rows_copied
    with duckdb.connect(str(target), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM clean.articles WHERE guid = 'late'").fetchone() == (1,)


def test_a_place_that_can_not_be_written(store: Warehouse) -> None:
    with pytest.raises(WarehouseError, match=r"can't be published .* NEWSMILL_PUBLISHED"):
        publish(store, store.path / "news.duckdb")


def test_texts_are_compressed_but_those_that_search_shows(tmp_path: Path) -> None:
    store, target = Warehouse(tmp_path / "newsmill.duckdb"), tmp_path / "news.duckdb"
    add(store, *(item(str(number), f"Log {number}", f"Entry {number} of the log. " * 200) for number in range(30)))
    publish(store, target)
    with duckdb.connect(str(target), read_only=True) as copy:
        sql = (
            "SELECT DISTINCT compression FROM pragma_storage_info('clean.{}') "
            "WHERE column_name = $1 AND segment_type = 'VARCHAR'"
        )
        assert copy.execute(sql.format("articles"), ["content_text"]).fetchall() == [("Uncompressed",)]
        assert copy.execute(sql.format("article_versions"), ["content_text"]).fetchall() == [("ZSTD",)]


def test_a_locked_warehouse_is_said_so(store: Warehouse, target: Path, tmp_path: Path) -> None:
    publish(store, target)
    code = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(store.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        store.path.touch()
        with pytest.raises(WarehouseLockedError):
            publish(store, target)
    finally:
        holder.communicate("\n", timeout=30)


WRITING = """
import duckdb, os, sys
copy = duckdb.connect(sys.argv[1])
copy.execute("CREATE TABLE clean.mine AS SELECT 1 AS one")
print("writing", flush=True)
sys.stdin.read()
os._exit(1)
"""


def test_somebody_who_writes_into_the_copy_keeps_nobody_waiting(store: Warehouse, target: Path) -> None:
    publish(store, target)
    add(store, item("late", "The late ferry", "The late ferry sails."), hour=1)
    code = [sys.executable, "-c", WRITING, str(target)]
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as analyst:
        assert analyst.stdout
        assert analyst.stdin
        assert analyst.stdout.readline() == "writing\n"
        done = publish(store, target)
        assert (done.kind, done.why) == ("full", "somebody has the last copy open for writing")
        analyst.stdin.close()
    assert not target.with_name(f"{target.name}.wal").exists(), "what was being written is in nobody's way"
    with duckdb.connect(str(target)) as copy:
        assert copy.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mine'").fetchall() == [(0,)]
        assert copy.execute("SELECT title FROM search('late ferry', n := 1)").fetchall() == [("The late ferry",)]
