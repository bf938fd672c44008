"""A backup's file: a tar archive that can be checked, written and read as a stream.

    newsmill-backup.json    what wrote it, when, and what it lacks
    …                       the files
    SHA256SUMS              the checksum of each file, in their order, in the form of sha256sum

A file that was cut off lacks SHA256SUMS; one that was damaged has other sums. `tar -xf` and `sha256sum -c` can read it,
too. Neither writing nor reading keeps more in memory than one block of one file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Protocol

from warehouse.errors import NewsmillError

HEADER = "newsmill-backup.json"
SUMS = "SHA256SUMS"
FORM = 1
"""The number of this form of backups."""
BLOCK = 1 << 20
MAX_HEADER = 1 << 20
"""Bytes of the header, at most."""


class BackupError(NewsmillError):
    """A backup can't be written, or is not whole."""


class _Hashing:
    """A file of which what is read is added to a checksum."""

    def __init__(self, file: Readable) -> None:
        self.file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.sum.update(data)
        return data


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class BackupWriter:
    """Writes a backup. It is whole only after `finish`."""

    def __init__(self, file: BinaryIO, facts: dict[str, Any]) -> None:
        self._file = file
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=BLOCK)
        self._sums: IO[bytes] = TemporaryFile()  # noqa: SIM115 - `finish` closes it
        self.files = 0
        self.bytes = 0
        self.add_bytes(HEADER, json.dumps({"form": FORM, **facts}, indent=1).encode())

    def add_bytes(self, name: str, data: bytes) -> None:
        self._add(name, io.BytesIO(data), len(data), 0)

    def add_file(self, name: str, file: BinaryIO) -> None:
        """An open file with the size that it has now. Raises BackupError if it is cut off meanwhile."""
        status = os.fstat(file.fileno())
        self._add(name, file, status.st_size, status.st_mtime)

    def add_path(self, name: str, path: Path) -> None:
        """A regular file; one that is gone by now is left out, as is what is not a file."""
        try:
            with path.open("rb") as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    self.add_file(name, file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise BackupError(f"{path}: can't be read ({error.strerror}); fix its rights, then run again") from error

    def add_folder(self, name: str, folder: Path, wanted: Callable[[Path], bool] = lambda path: True) -> None:
        """The wanted files in the folder and those below it."""
        for path in files_below(folder):
            if wanted(path):
                self.add_path(f"{name}/{path.relative_to(folder).as_posix()}", path)

    def _add(self, name: str, file: Readable, size: int, modified: float) -> None:
        if "\n" in name or "\\" in name:
            raise BackupError(f"{name!r}: a name that a list of checksums can't hold; rename the file")
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = size, int(modified), 0o600
        hashing = _Hashing(file)
        try:
            self._tar.addfile(entry, hashing)
        except OSError as error:
            what = f"{name}: was cut off while it was copied" if "unexpected end" in str(error) else f"{error}"
            raise BackupError(f"the backup can't be written: {what}; run again, with enough free space") from error
        forget_entries(self._tar)
        self._sums.write(f"{hashing.sum.hexdigest()}  {name}\n".encode(errors="surrogateescape"))
        self.files += 1
        self.bytes += size

    def finish(self) -> None:
        """Write the checksums, and make all of it durable."""
        with self._sums as sums:
            sums.flush()
            sums.seek(0)
            entry = tarfile.TarInfo(SUMS)
            entry.size, entry.mode = os.fstat(sums.fileno()).st_size, 0o600
            self._tar.addfile(entry, sums)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())


def forget_entries(tar: tarfile.TarFile) -> None:
    """Free the memory of what was written or read: tarfile keeps a kilobyte for each file."""
    tar.members.clear()  # type: ignore[attr-defined]


def files_below(folder: Path) -> Iterator[Path]:
    """Every file in the folder and those below it; none if there is no folder. Raises BackupError."""
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name)


def _refuse(error: OSError) -> None:
    """A backup that lacks a folder is none. Raises BackupError."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise BackupError(
            f"{error.filename}: can't be read ({error.strerror}); fix its rights, then run again"
        ) from error


Receive = Callable[[str, int, Readable], None]
"""Takes a file of a backup: its name, when it was changed, and what it holds."""


def read_backup(path: Path, receive: Receive, begin: Callable[[dict[str, Any]], None] = lambda facts: None) -> int:
    """Hand the header to `begin` and each file to `receive`; returns the number of files. Raises BackupError, after
    some files have been received, if the backup is cut off or damaged: nothing received may be used before this
    returns."""
    try:
        with path.open("rb") as file, TemporaryFile() as sums:
            try:
                count = _read(path, tarfile.TarFile(fileobj=file), receive, begin, sums)
            except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
                raise BackupError(f"{path}: is no backup, or was damaged ({error}); use another one") from error
    except OSError as error:
        raise BackupError(f"{path}: can't be read ({error.strerror or error})") from error
    return count


def first_file(path: Path, name: str) -> bytes | None:
    """What the file of that name holds if it is the first after the header; its checksum isn't looked at. Raises
    BackupError."""
    try:
        with path.open("rb") as file, tarfile.TarFile(fileobj=file) as tar:
            for expected in (HEADER, name):
                entry = tar.next()
                content = _content(tar, entry) if entry else None
                if entry is None or content is None or entry.size > MAX_HEADER:
                    return None
                if expected == HEADER:
                    _header(path, entry, content)
                elif entry.name == name:
                    return content.read()
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BackupError(f"{path}: is no backup, or was damaged ({error}); use another one") from error
    except OSError as error:
        raise BackupError(f"{path}: can't be read ({error.strerror or error})") from error
    return None


def _read(
    path: Path,
    tar: tarfile.TarFile,
    receive: Receive,
    begin: Callable[[dict[str, Any]], None],
    sums: IO[bytes],
) -> int:
    count = 0
    while entry := tar.next():
        forget_entries(tar)
        content = _content(tar, entry)
        if content is None:
            raise BackupError(f"{path}: {entry.name!r} in it is not a file; newsmill writes no such backup")
        if entry.name == SUMS:
            _compare(path, sums, content)
            return count
        hashing = _Hashing(content)
        if count == 0:
            begin(_header(path, entry, hashing))
        else:
            receive(entry.name, int(entry.mtime), hashing)
        while hashing.read(BLOCK):
            pass
        sums.write(f"{hashing.sum.hexdigest()}  {entry.name}\n".encode(errors="surrogateescape"))
        count += 1
    raise BackupError(f"{path}: the backup is cut off: its checksums are missing; use another one")


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    """What a file of the archive holds. None for what is no file, and for one with holes: as such, a small archive
    could fill a disk."""
    return tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None


def _header(path: Path, entry: tarfile.TarInfo, content: Readable) -> dict[str, Any]:
    if entry.name != HEADER or entry.size > MAX_HEADER:
        raise BackupError(f"{path}: not a backup made by `newsmill backup`")
    facts = json.loads(content.read(MAX_HEADER))
    if not isinstance(facts, dict) or facts.get("form") != FORM:
        raise BackupError(f"{path}: made by a newer newsmill, in another form; upgrade newsmill")
    return facts


def _compare(path: Path, found: IO[bytes], stored: IO[bytes]) -> None:
    found.seek(0)
    for line in found:
        if stored.readline(len(line)) != line:
            name = line.decode(errors="replace").partition("  ")[2].strip()
            raise BackupError(f"{path}: {name} in it is damaged; use another backup")
    if stored.read(1):
        raise BackupError(f"{path}: files are missing in it; use another backup")
