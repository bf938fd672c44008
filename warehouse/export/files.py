"""Writing an export's files: drafts beside their target, renamed when complete."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from warehouse.errors import NewsmillError

DRAFTS = ".newsmill-export"
"""Name, or end of the name, of the folder with an export's drafts."""


def write_file(target: Path, data: bytes) -> None:
    """Replace the file as a whole. Raises NewsmillError where it can't be written."""
    with replacing(target) as file:
        file.write(data)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which replaces the target when all of it is written. Raises NewsmillError."""
    draft = target.with_name(f".newsmill-export-{os.getpid()}.draft")
    with _explaining_errors(target):
        try:
            with draft.open("wb") as file:
                yield file
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def compressing(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """The file itself, or for .gz and .zst one whose content is compressed into it."""
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as compressed:
            yield cast(BinaryIO, compressed)
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=10).stream_writer(file, closefd=False) as compressed:
            yield cast(BinaryIO, compressed)
    else:
        yield file


@contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for drafts, removed afterwards. A killed export's drafts are removed first.

    Raises NewsmillError if another export is using it, and for any OSError in the `with` block.
    """
    with _explaining_errors(folder.parent):
        is_new = not folder.parent.exists()
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            _lock(handle, folder)
            try:
                for leftover in folder.iterdir():
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                if is_new:
                    with suppress(OSError):
                        folder.parent.rmdir()  # fails, rightly, if something was written into it
        finally:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NewsmillError(f"{folder.parent}: another export is writing there; let it finish") from error
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL):
            raise  # those: some network file systems can't lock folders


@contextmanager
def _explaining_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NewsmillError(
            f"{error.filename2 or error.filename or path}: can't be written ({error.strerror}); free space, fix the "
            "rights, or name another path"
        ) from error
