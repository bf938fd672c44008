"""A backup's file: whole or refused."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from flows.installation.backup_file import HEADER, SUMS, BackupError, BackupWriter, Readable, first_file, read_backup

FILES = {
    "newsmill.toml": b"contact = 'quay'\n",
    "landing/pending/a.json": b"{}",
    "landing/blobs/ab/cd/x.zst": bytes(range(256)) * 40,
    "images/ab/empty": b"",
    "rules/hafen-\u00fc.txt": b"body: //article\n",
}


def write(path: Path) -> None:
    with path.open("xb") as file:
        writer = BackupWriter(file, {"newsmill": "0.1.0"})
        for name, data in FILES.items():
            writer.add_bytes(name, data)
        assert not writer._tar.getmembers(), "what was written isn't kept in memory"
        writer.finish()
        assert writer.files == len(FILES) + 1


def read(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def receive(name: str, modified: int, content: Readable) -> None:
        found[name] = content.read()

    assert read_backup(path, receive) == len(found) + 1
    return found


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    path = tmp_path / "backup.tar"
    write(path)
    return path


def test_it_holds_what_was_written(backup: Path) -> None:
    facts: dict[str, object] = {}
    assert read(backup) == FILES
    read_backup(backup, lambda name, modified, content: None, facts.update)
    assert facts == {"form": 1, "newsmill": "0.1.0"}
    assert first_file(backup, "newsmill.toml") == FILES["newsmill.toml"]
    assert first_file(backup, "feeds.toml") is None


def test_tar_and_sha256sum_read_it_too(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", backup, "-C", folder], check=True)
    checked = subprocess.run(["sha256sum", "--check", SUMS], cwd=folder, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.count("OK")) == (0, len(FILES) + 1)
    assert {path for path in FILES if (folder / path).read_bytes() == FILES[path]} == set(FILES)


def test_one_that_is_cut_off_is_refused_wherever(backup: Path) -> None:
    whole = backup.read_bytes()
    end = whole.rindex(hashlib.sha256(FILES["rules/hafen-\u00fc.txt"]).hexdigest().encode())
    for length in [0, 1, *range(300, end, 701)]:
        backup.write_bytes(whole[:length])
        with pytest.raises(BackupError, match=r"backup\.tar: "):
            read(backup)


def test_one_that_was_damaged_is_refused_wherever(backup: Path) -> None:
    """Or holds what was written: between two files, and in their times, nothing depends on a byte."""
    whole = backup.read_bytes()
    refused = 0
    for place in range(0, len(whole), 97):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            found = read(backup)
        except BackupError:
            refused += 1
        else:
            assert found == FILES, place
    assert refused > 100


def test_a_damaged_file_is_named(backup: Path) -> None:
    whole = backup.read_bytes()
    place = whole.index(b"//article")
    backup.write_bytes(whole[:place] + b"X" + whole[place + 1 :])
    with pytest.raises(BackupError, match=r"rules/hafen-ü\.txt in it is damaged"):
        read(backup)


def put(tar: tarfile.TarFile, name: str, data: bytes = b"", **values: object) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    for key, value in values.items():
        setattr(entry, key, value)
    tar.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize(
    ("header", "says"),
    [({"form": 2}, "made by a newer newsmill"), (None, "not a backup made by"), ([], "made by a newer")],
)
def test_what_newsmill_did_not_write_is_refused(tmp_path: Path, header: object, says: str) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as tar:
        put(tar, HEADER if header is not None else "other", json.dumps(header).encode())
    with pytest.raises(BackupError, match=says):
        read(path)
    with pytest.raises(BackupError, match=says):
        first_file(path, "newsmill.toml")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "linked.tar"
    with tarfile.open(path, "w") as tar:
        put(tar, HEADER, b'{"form": 1}')
        put(tar, "newsmill.toml", type=kind, linkname="/etc/passwd")
    with pytest.raises(BackupError, match="is not a file"):
        read(path)
    assert first_file(path, "newsmill.toml") is None


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"none\.tar: can't be read \(No such file"):
        read(tmp_path / "none.tar")
    (tmp_path / "text.tar").write_text("Ferries\n" * 400)
    with pytest.raises(BackupError, match=r"text\.tar: is no backup"):
        read(tmp_path / "text.tar")


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "timeless.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        put(tar, HEADER, b'{"form": 1}')
        put(tar, "feeds.toml", pax_headers={"mtime": "inf"})
    with pytest.raises(BackupError, match=r"timeless\.tar: is no backup, or was damaged"):
        read(path)
