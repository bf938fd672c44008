from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import warehouse.landing
from warehouse.errors import LandingError
from warehouse.landing import Landing, write_durably
from warehouse.records import Document

NOW = datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC)
BODY = "<rss><channel><title>港口</title></channel></rss>".encode()


def land(landing: Landing, data: bytes = BODY, *, feed: str = "quay", at: datetime = NOW) -> Document:
    url = f"https://{feed}.example/feed.xml"
    headers = {"etag": '"é1"', "content-type": "application/xml"}
    return landing.land(data, feed_id=feed, url=url, final_url=url + "?b", fetched_at=at, status=200, headers=headers)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_lands_can_be_read(landing: Landing) -> None:
    document = land(landing)
    assert landing.read(document) == BODY
    assert document.size == len(BODY)
    assert landing.pending() == [document]
    assert landing.documents() == [document]


def test_a_record_survives_to_another_process(landing: Landing) -> None:
    document = land(landing)
    (again,) = Landing(landing.root).pending()
    assert again == document
    assert again.fetched_at == NOW
    assert again.headers == {"etag": '"é1"', "content-type": "application/xml"}


def test_nothing_landed(landing: Landing) -> None:
    assert landing.pending() == []
    assert landing.documents() == []


def test_documents_come_oldest_first(landing: Landing) -> None:
    late = land(landing, b"late", at=NOW + timedelta(days=2))
    early = land(landing, b"early", at=NOW - timedelta(days=400))
    middle = land(landing, b"middle")
    landing.mark_loaded([middle])
    assert landing.pending() == [early, late]
    assert landing.documents() == [early, middle, late]


def test_the_same_bytes_are_kept_once(landing: Landing) -> None:
    first = land(landing)
    second = land(landing, at=NOW + timedelta(hours=1))
    third = land(landing, feed="wire")
    assert first.landing_path == second.landing_path == third.landing_path
    assert len(files(landing.root / "blobs")) == 1
    assert len(landing.pending()) == 3


def test_landing_the_same_document_twice_is_one_record(landing: Landing) -> None:
    assert land(landing) == land(landing)
    assert len(landing.pending()) == 1


def test_settling_moves_the_record(landing: Landing) -> None:
    document = land(landing)
    landing.mark_loaded([document])
    assert landing.pending() == []
    assert landing.documents() == [document]
    (name,) = files(landing.root / "loaded")
    assert name.startswith("2026/11/20/")
    assert landing.read(document) == BODY


def test_settling_twice_is_fine(landing: Landing) -> None:
    document = land(landing)
    landing.mark_loaded([document])
    landing.mark_loaded([document])
    Landing(landing.root).mark_loaded([document])
    assert landing.documents() == [document]


def test_settling_what_never_landed_is_an_error(landing: Landing, tmp_path: Path) -> None:
    document = land(Landing(tmp_path / "elsewhere"))
    with pytest.raises(LandingError, match="the landing record is gone"):
        landing.mark_loaded([document])


def test_landed_again_after_it_was_settled_it_is_one_document(landing: Landing) -> None:
    document = land(landing)
    landing.mark_loaded([document])
    assert land(landing) == document
    assert landing.pending() == [document]
    assert landing.documents() == [document]


@pytest.mark.parametrize("moment", ["before the first folder is read", "before the second"])
def test_a_record_that_is_moved_while_records_are_read_is_not_missed(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Of what an ingest loaded just then, `reprocess` took it for never landed, and dropped the rows."""
    document, read_all = land(landing), warehouse.landing._read_all
    before = iter(("before the first folder is read", "before the second"))

    def read(folder: Path) -> object:
        if next(before) == moment:
            landing.mark_loaded([document])
        return read_all(folder)

    monkeypatch.setattr(warehouse.landing, "_read_all", read)
    assert landing.documents() == [document]


class KilledError(BaseException):
    """What ends a process in the middle."""


def test_killed_between_blob_and_record(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(path: Path, data: bytes) -> None:
        if "pending" in path.parts:
            raise KilledError
        write_durably(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(warehouse.landing, "write_durably", killed)
        with pytest.raises(KilledError):
            land(landing)
    assert len(files(landing.root / "blobs")) == 1
    assert landing.pending() == landing.documents() == []
    document = land(landing)
    assert landing.read(document) == BODY
    assert landing.pending() == [document]


def test_killed_while_writing_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")

    def killed(_: int) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KilledError):
            write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == ["file"]


def test_a_half_written_record_is_never_read(landing: Landing) -> None:
    document = land(landing)
    (landing.root / "pending" / ".x1.tmp").write_bytes(b'{"document_id": ')
    assert landing.pending() == [document]


def test_data_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, bool]] = []
    path = tmp_path / "sub" / "file"
    fsync = os.fsync

    def spy(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), path.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    write_durably(path, b"data")
    assert synced == [(False, False), (True, True)]


def _cut(blob: Path) -> None:
    blob.write_bytes(blob.read_bytes()[:-5])


def _flip(blob: Path) -> None:
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 0xFF
    blob.write_bytes(data)


def _empty(blob: Path) -> None:
    blob.write_bytes(b"")


def _other(blob: Path) -> None:
    blob.write_bytes(zstandard.ZstdCompressor().compress(b"something else"))


def _plain(blob: Path) -> None:
    blob.write_bytes(BODY)


def _gone(blob: Path) -> None:
    blob.unlink()


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _other, _plain, _gone])
def test_a_damaged_blob_is_told(landing: Landing, damage: Callable[[Path], object]) -> None:
    document = land(landing)
    damage(landing.root / document.landing_path)
    with pytest.raises(LandingError, match=document.document_id):
        landing.read(document)


def test_landing_again_mends_a_damaged_blob(landing: Landing) -> None:
    document = land(landing)
    _cut(landing.root / document.landing_path)
    again = land(landing, at=NOW + timedelta(hours=1))
    assert landing.read(again) == BODY
    assert landing.read(document) == BODY


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b'{"fetched_at": "2026-11-20T00:00:00+00:00", "source": "feed"}', b"\xff\xfe"],
)
@pytest.mark.parametrize("name", ["odd.json", "notes.txt", "folder/odd.json"])
def test_what_is_not_a_record_is_set_aside(landing: Landing, name: str, content: bytes) -> None:
    document = land(landing)
    path = landing.root / "pending" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert landing.pending() == [document]
    (damaged,) = landing.damaged_pending()
    assert damaged.path == path
    assert f"{path}: not a landing record" in damaged.error
    landing.set_aside([damaged])
    landing.set_aside([damaged])  # a killed run does it again
    assert landing.damaged_pending() == []
    (kept,) = (landing.root / "damaged").iterdir()
    assert kept.read_bytes() == content
    assert landing.pending() == [document]


def changed(landing: Landing, **fields: object) -> Path:
    """The only pending record, with other fields."""
    (path,) = (landing.root / "pending").iterdir()
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"colour": "red"}, "unknown colour"),
        ({"landing_path": "../../secret.zst"}, "landing_path"),
        ({"landing_path": "blobs/aa/bb/" + "ab" * 32 + ".zst"}, "landing_path"),
        ({"document_id": "../../x"}, "landing_path"),
        ({"document_id": None}, "is not text"),
        ({"feed_id": "wire"}, "its name"),
        ({"size": -1}, "size"),
        ({"status": "200"}, "status"),
        ({"headers": {"etag": 1}}, "headers"),
        ({"headers": []}, "headers"),
        ({"form": "song"}, "form"),
        ({"fetched_at": "yesterday"}, "isoformat"),
        ({"fetched_at": "2026-11-20T00:00:00"}, "time zone"),
    ],
)
def test_a_record_is_checked_field_by_field(landing: Landing, fields: dict[str, object], reason: str) -> None:
    land(landing)
    path = changed(landing, **fields)
    (damaged,) = landing.damaged_pending()
    assert damaged.path == path
    assert reason in damaged.error
    assert landing.pending() == []


def test_a_link_among_the_records_is_set_aside(landing: Landing) -> None:
    document = land(landing)
    (landing.root / "pending" / "nowhere.json").symlink_to(landing.root / "nowhere")
    (damaged,) = landing.damaged_pending()
    landing.set_aside([damaged])
    assert (landing.pending(), landing.damaged_pending()) == ([document], [])


def test_drafts_of_other_runs_are_left_alone(landing: Landing) -> None:
    land(landing)
    draft = landing.root / "pending" / f".{'0' * 32}.tmp"
    draft.write_bytes(b"{")
    assert landing.damaged_pending() == []


def test_a_damaged_record_of_a_loaded_document_is_an_error(landing: Landing) -> None:
    """Rebuilding the warehouse without it would lose its articles."""
    document = land(landing)
    landing.mark_loaded([document])
    (record,) = (landing.root / "loaded").rglob("*.json")
    record.write_bytes(b"{")
    with pytest.raises(LandingError, match="not a landing record"):
        landing.documents()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder nobody may write to; root writes anyway, so for root it is a file where a folder should be."""
    folder = tmp_path / "locked"
    if os.geteuid() == 0:
        folder.write_bytes(b"")
        yield folder
    else:
        folder.mkdir(mode=0o500)
        yield folder
        folder.chmod(0o700)


def test_an_unwritable_folder_is_told(locked: Path) -> None:
    landing = Landing(locked / "landing")
    with pytest.raises(LandingError, match="can't be written"):
        land(landing)


def test_a_full_disk_is_told_and_leaves_nothing_behind(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = land(landing, b"kept")
    before = files(landing.root)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(LandingError, match="No space left on device"):
            land(landing)
    assert files(landing.root) == before
    assert landing.read(kept) == b"kept"


@given(st.binary(max_size=3000))
@settings(max_examples=40)
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    landing = Landing(tmp_path_factory.getbasetemp() / "any")
    assert landing.read(land(landing, data)) == data


def drafts(*texts: bytes) -> list[tuple[Document, bytes]]:
    return [
        (
            Document(
                "",
                "quay",
                f"u{n}",
                f"quay/{n}.md",
                NOW + timedelta(hours=n),
                200,
                {"file": "x"},
                0,
                "",
                "archive",
                "article",
            ),
            text,
        )
        for n, text in enumerate(texts)
    ]


def test_a_pack_is_landed_read_and_settled_together(landing: Landing) -> None:
    documents = landing.land_pack(drafts(b"one", BODY, b""))
    assert [landing.read(document) for document in documents] == [b"one", BODY, b""]
    assert sorted(landing.pending(), key=lambda d: d.final_url) == documents
    assert len(list((landing.root / "pending").iterdir())) == 1
    assert landing.land_pack(drafts(b"one", BODY, b"")) == documents
    assert len(list((landing.root / "packs").rglob("*.zst"))) == 1
    landing.mark_loaded(documents)
    landing.mark_loaded(documents)
    assert landing.pending() == []
    assert sorted(landing.documents(), key=lambda d: d.final_url) == documents


def test_a_cut_off_pack_is_told_and_mended(landing: Landing) -> None:
    documents = landing.land_pack(drafts(b"one", BODY))
    _cut(landing.root / documents[0].landing_path.partition("@")[0])
    with pytest.raises(LandingError, match=r"damaged|can.t be read"):
        landing.read(documents[1])
    assert landing.land_pack(drafts(b"one", BODY)) == documents
    assert landing.read(documents[1]) == BODY
