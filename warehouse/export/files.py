"""Writing an export's files: beside their place first, then renamed."""

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


def write_file(target: Path, data: bytes) -> None:
    """Replace the file as a whole. Raises NewsmillError where it can't be written."""
    with replacing(target) as file:
        file.write(data)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the target's place when all of it is written."""
    draft = target.with_name(f".newsmill-export-{os.getpid()}.draft")
    with _explained(target):
        try:
            with draft.open("wb") as file:
                yield file
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def compressing(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=10).stream_writer(file, closefd=False) as packed:
            yield cast(BinaryIO, packed)
    else:
        yield file


@contextmanager
def draft_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for drafts, gone afterwards; what a killed export left in it is removed first.

    Raises NewsmillError while another export has it, and for what goes wrong with files in the meantime.
    """
    with _explained(folder.parent):
        is_new = not folder.parent.exists()
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            _lock(handle, folder)
            try:
                for left in folder.iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                if is_new:
                    with suppress(OSError):
                        folder.parent.rmdir()  # where nothing was written into it
        finally:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NewsmillError(f"{folder.parent}: another export is writing there; let it finish") from error
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL):
            raise  # some network file systems lock no folders


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NewsmillError(
            f"{error.filename2 or error.filename or place}: can't be written ({error.strerror}); free space, mend the "
            "rights, or name another place"
        ) from error
