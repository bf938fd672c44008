"""The landing zone: fetched bytes, durable before anything reads them.

    landing/blobs/ab/cd/<sha256>.zst      the bytes, compressed, content-addressed
    landing/packs/ab/<sha256>.zst         the bytes of many small documents, each compressed alone, one after the other
    landing/pending/<name>.json           the record of a document, or of a pack, that is landed and not yet loaded
    landing/loaded/2026/11/23/<name>.json the same, after its batch was committed
    landing/damaged/…                     files that were in `pending` and are not records

The blob is written first, so a record never refers to bytes that aren't there. A killed run leaves its records in
`pending`; the next run loads them. `reprocess` rebuilds the warehouse from these files alone.

Backfills land thousands of small files: a pack costs two fsyncs for all of them, not two for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import zstandard

from warehouse.errors import LandingError
from warehouse.landing_records import blob_path, encode_record, read_record, record_folder, record_name
from warehouse.masking import mask, mask_headers
from warehouse.records import Document, Form, Source

MAX_BLOB_BYTES = 1 << 30
"""Fetches have a lower limit, so a larger blob was tampered with."""


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """A file that is where a landing record should be, and is none."""

    path: Path
    error: str


class Landing:
    def __init__(self, root: Path) -> None:
        self.root = root

    def land(
        self,
        data: bytes,
        *,
        feed_id: str,
        url: str,
        final_url: str,
        fetched_at: datetime,
        status: int,
        headers: Mapping[str, str],
        source: Source = "feed",
        form: Form = "feed",
    ) -> Document:
        """Make the bytes and their record durable. Raises LandingError, for example if the disk is full."""
        document_id = hashlib.sha256(data).hexdigest()
        document = Document(
            document_id=document_id,
            feed_id=feed_id,
            url=mask(url),
            final_url=mask(final_url),
            fetched_at=fetched_at,
            status=status,
            headers=mask_headers(headers),
            size=len(data),
            landing_path=blob_path(document_id),
            source=source,
            form=form,
        )
        blob = self.root / document.landing_path
        if not self._is_intact(document):
            write_durably(blob, zstandard.ZstdCompressor(level=3).compress(data))
        write_durably(
            self.root / "pending" / record_name(document),
            json.dumps(encode_record(document), ensure_ascii=False, indent=1).encode(),
        )
        return document

    def land_pack(self, drafts: Sequence[tuple[Document, bytes]]) -> list[Document]:
        """Make many documents durable together; returns them with document_id, size and landing_path filled in.

        Landing the same documents again gives the same pack. Raises LandingError.
        """
        name, packed, documents = pack(drafts)
        path = self.root / name
        if not path.exists() or path.stat().st_size != len(packed):
            write_durably(path, packed)
        records = [encode_record(document) for document in documents]
        write_durably(
            self.root / "pending" / record_name(documents[0]), json.dumps(records, ensure_ascii=False).encode()
        )
        return documents

    def _is_intact(self, document: Document) -> bool:
        """Whether the landing zone already has the document's bytes, undamaged."""
        if not (self.root / document.landing_path).exists():
            return False
        try:
            self.read(document)
        except LandingError:
            return False  # write them again
        return True

    def read(self, document: Document) -> bytes:
        """The document's bytes, checked against their digest. Raises LandingError."""
        name, _, position = document.landing_path.partition("@")
        path = f"{self.root}/{name}"
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - making a Path takes longer than reading the file
                if position:
                    offset, _, length = position.partition("+")
                    file.seek(int(offset))
                    data = _decompress(file.read(int(length)))
                else:
                    data = _decompress(file.read())
        except (OSError, ValueError, zstandard.ZstdError) as error:
            raise LandingError(
                f"{path}: the landed bytes can't be read ({error}); restore them from a backup"
            ) from error
        if hashlib.sha256(data).hexdigest() != document.document_id:
            raise LandingError(f"{path}: the landed bytes are damaged; restore them from a backup")
        return data

    def pending(self) -> list[Document]:
        """Documents that are landed and not yet loaded, oldest first. `damaged_pending` has what is not a record."""
        return sorted(_read_all(self.root / "pending")[0], key=_by_age)

    def documents(self) -> list[Document]:
        """Every document that was ever landed, oldest first.

        Raises LandingError for a record in `loaded` that is damaged: without it, its articles would be lost.
        """
        pending = self.pending()  # first: a record that is moved meanwhile is then found twice, and not missed
        documents, damaged = _read_all(self.root / "loaded")
        if damaged:
            raise LandingError(damaged[0].error)
        return sorted({document.key: document for document in (*documents, *pending)}.values(), key=_by_age)

    def mark_loaded(self, documents: Iterable[Document]) -> None:
        """Move the documents' records to `loaded`, after the commit; a pack has one record for all its documents.

        Doing it twice is fine. Raises LandingError if a record is gone.
        """
        for document in {record_name(document): document for document in documents}.values():
            self._move_to_loaded(document)

    def _move_to_loaded(self, document: Document) -> None:
        source = self.root / "pending" / record_name(document)
        target = self.root / "loaded" / record_folder(document) / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except FileNotFoundError:
            if not target.exists():  # another run has not moved it either
                raise LandingError(f"{source}: the landing record is gone; was the landing zone cleared?") from None

    def damaged_pending(self) -> list[DamagedRecord]:
        """What lies in `pending` and is not a landing record: junk, an empty file, somebody else's."""
        return _read_all(self.root / "pending")[1]

    def set_aside(self, damaged: Iterable[DamagedRecord]) -> None:
        """Move the files to `damaged`, where nothing reads them. Doing it twice is fine. Raises LandingError."""
        for record in damaged:
            target = self.root / "damaged" / f"{uuid.uuid4().hex[:8]}-{record.path.name}"
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                record.path.replace(target)
            except FileNotFoundError:
                continue  # another run set it aside in the meantime
            except OSError as error:
                raise LandingError(
                    f"{record.path}: not a landing record, and can't be set aside ({error.strerror}); move it away"
                ) from error


def pack(drafts: Sequence[tuple[Document, bytes]]) -> tuple[str, bytes, list[Document]]:
    """The path of the pack of these documents, its bytes, and the documents with document_id, size and landing_path."""
    compressor = zstandard.ZstdCompressor(level=3)
    frames = [compressor.compress(data) for _, data in drafts]
    packed = b"".join(frames)
    name = hashlib.sha256(packed).hexdigest()
    path = f"packs/{name[:2]}/{name}.zst"
    documents, offset = [], 0
    for (draft, data), frame in zip(drafts, frames, strict=True):
        digest = hashlib.sha256(data).hexdigest()
        landing_path = f"{path}@{offset}+{len(frame)}"
        documents.append(replace(draft, document_id=digest, size=len(data), landing_path=landing_path))
        offset += len(frame)
    return path, packed, documents


def _read_all(folder: Path) -> tuple[list[Document], list[DamagedRecord]]:
    """The documents of all records below the folder, and what is not a record. Drafts of other runs are left alone."""
    documents: list[Document] = []
    damaged: list[DamagedRecord] = []
    for path in folder.rglob("*"):
        if is_draft(path) or not (path.is_file() or path.is_symlink()):
            continue
        try:
            documents += read_record(path)
        except FileNotFoundError:
            if path.is_symlink():
                damaged.append(DamagedRecord(path, f"{path}: a link that leads nowhere"))
            # else another run moved it to `loaded` in the meantime
        except LandingError as error:
            damaged.append(DamagedRecord(path, str(error)))
    return documents, damaged


def _by_age(document: Document) -> tuple[datetime, str]:
    return document.fetched_at, document.feed_id


def _decompress(frame: bytes) -> bytes:
    """Raises ValueError for more than MAX_BLOB_BYTES."""
    size = zstandard.frame_content_size(frame)
    if not 0 <= size <= MAX_BLOB_BYTES:
        raise ValueError(f"{size:,} bytes after decompression")
    return _per_thread.decompressor.decompress(frame)


class _PerThread(threading.local):
    """Threads can't share a decompressor, and making one takes as long as using it."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_per_thread = _PerThread()


def write_durably(path: Path, data: bytes) -> None:
    """Write a draft, fsync, rename, fsync the folder: after a crash the file is complete or absent.

    Raises LandingError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync(path.parent)
    except OSError as error:
        raise LandingError(
            f"{path}: can't be written ({error.strerror}); free space or fix the rights, then run again: "
            "nothing that was landed before is lost"
        ) from error


def is_draft(path: Path) -> bool:
    """Whether `write_durably` was killed before it renamed this file."""
    return path.name.startswith(".") and path.suffix == ".tmp"


def sync(path: Path) -> None:
    """fsync the file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
