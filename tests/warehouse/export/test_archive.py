"""Export to the archive form."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tasks.mill.document import mill_bytes
from tests.tasks.making import FEED, NOW, Item, document, milled
from tests.warehouse.export.making import (
    CAFE,
    ELSEWHERE,
    FILE,
    GATE,
    SEED,
    UNDATED,
    WIRE,
    files,
    from_archive,
    load_batch,
    pages,
)
from warehouse.errors import NewsmillError, WarehouseError
from warehouse.export.archive import export_archive
from warehouse.store.connection import Warehouse


def test_articles_of_a_feed(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE, UNDATED), milled(ELSEWHERE, feed=WIRE))
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
    assert lines[:2] == ["# The Quay", ""]
    assert [line.partition("[")[0] for line in lines[2:]] == ["- ", "- 2026-11-20 16:00 ", "- 2024-11-01 01:30 "]
    assert list(target.rglob(".*")) == []


def test_the_second_generation(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(CAFE), from_archive(at=NOW - timedelta(days=1)))
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
    load_batch(warehouse, *(from_archive(text, f"some/where/{file}") for file, text in texts.items()))
    export_archive(warehouse, target, list_page=False)
    assert files(target) == {file: text.encode() for file, text in texts.items()}


@pytest.mark.skipif(not SEED.exists(), reason="the corpus isn't here")
def test_a_real_file_through_the_whole_mill(warehouse: Warehouse, target: Path) -> None:
    (path,) = SEED.iterdir()
    data = path.read_bytes()
    came = replace(document(data, source="archive"), form="article", headers={"file": f"voa/{path.name}"})
    load_batch(warehouse, mill_bytes(data, came, FEED))
    export_archive(warehouse, target, list_page=False)
    assert files(target) == {f"quay/{path.name}": data}


def test_the_content_and_end_that_were_kept(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, from_archive(content="<p>\u0085 exactly</p>", end="\r\n"))
    export_archive(warehouse, target, list_page=False)
    assert files(target)["quay/77_快讯.md"].decode().endswith("------\n\n<p>\u0085 exactly</p>\r\n")


def test_a_feed_cannot_pass_for_an_archive(warehouse: Warehouse, target: Path) -> None:
    plain = from_archive()
    load_batch(warehouse, replace(plain, document=replace(plain.document, source="feed", form="feed")))
    export_archive(warehouse, target, list_page=False)
    (name,) = files(target)
    assert name.endswith("_快讯 [1]_ 港口.md")


def test_a_second_export_changes_nothing(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE), from_archive())
    export_archive(warehouse, target)
    before = {path: path.stat() for path in target.rglob("*")}
    done = export_archive(warehouse, target)
    assert (done.written, done.unchanged, done.list_pages) == (0, 3, 0)
    after = {path: path.stat() for path in target.rglob("*")}
    assert {path: (s.st_ino, s.st_mtime_ns) for path, s in before.items() if path.is_file()} == {
        path: (s.st_ino, s.st_mtime_ns) for path, s in after.items() if path.is_file()
    }


def test_only_what_changed_is_written(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE))
    export_archive(warehouse, target)
    (target / "quay" / "mine.md").write_text("mine")
    (target / "quay" / ("0" * 16 + "_mine.md")).write_text("mine too")
    load_batch(
        warehouse,
        milled(replace(GATE, title="The gate is shut", text="<p>Shut.</p>"), CAFE, at=NOW + timedelta(hours=1)),
    )
    done = export_archive(warehouse, target)
    assert (done.written, done.unchanged, done.removed, done.list_pages) == (1, 1, 1, 1)
    names = {name.partition("_")[2] for name in files(target / "quay")}
    assert names == {"The gate is shut.md", "港口咖啡馆_ 重新开张_.md", "mine.md", ""}


def test_the_archives_name_stays_when_a_feed_shows_the_article_again(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, from_archive())
    again = Item("快讯: 港口", "<p>港口今天开放到晚上九点钟。</p>", "https://quay.example/77", "77")
    (found,) = from_archive().articles
    newer = milled(again, at=NOW + timedelta(days=1))
    article = replace(newer.articles[0], keys=found.keys, url=found.url, title=found.title)
    load_batch(warehouse, replace(newer, articles=(article,)))
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
    load_batch(warehouse, *batch)
    done = export_archive(warehouse, target)
    found = {path.name for path in (target / "quay").iterdir()}
    assert done.written == len(found) == len(names)
    assert len({name.lower() for name in found}) == len(names)
    assert expected <= found
    assert {path.name for path in target.iterdir()} == {"quay", "quay.md"}
    assert export_archive(warehouse, target).unchanged == len(names)


def test_days_and_sites(warehouse: Warehouse, target: Path) -> None:
    load_batch(warehouse, milled(GATE, CAFE), milled(ELSEWHERE, feed=WIRE))
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
    load_batch(warehouse, milled(GATE, CAFE))
    code = (
        "import sys; from pathlib import Path; from warehouse.store.connection import Warehouse\n"
        "with Warehouse(Path(sys.argv[1]), 0).writing() as c: c.execute('DELETE FROM ops.feeds')"
    )
    writers: list[int] = []

    def write(done: int, total: int) -> None:
        writers.append(subprocess.run([sys.executable, "-c", code, warehouse.path], check=False).returncode)

    export_archive(warehouse, target, progress=write)
    assert writers == [0]


def test_links_in_the_folder_are_not_followed(warehouse: Warehouse, target: Path, tmp_path: Path) -> None:
    load_batch(warehouse, from_archive())
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
    load_batch(warehouse, from_archive())
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
