"""The landing zone: fetched bytes, durable before anything reads them.

    landing/blobs/ab/cd/<sha256>.zst      the bytes, compressed, content-addressed
    landing/packs/ab/<sha256>.zst         the bytes of many small documents, each compressed alone, one after the other
    landing/pending/<name>.json           the record of a document, or of a pack, that is landed and not yet loaded
    landing/loaded/2026/11/23/<name>.json the same, after its batch was committed

The blob is written first, so a record never refers to bytes that aren't there. A killed run leaves its records in
`pending`; the next run loads them. `reprocess` rebuilds the warehouse from these files alone.

Backfills land thousands of small files: a pack costs two fsyncs for all of them, not two for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

import zstandard

from warehouse.errors import LandingError
from warehouse.records import Document, Source

MAX_BLOB_BYTES = 1 << 30
"""Fetches have a lower limit, so a larger blob was tampered with."""

_FIELDS = [field.name for field in fields(Document)]


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
    ) -> Document:
        """Make the bytes and their record durable. Raises LandingError, for example if the disk is full."""
        document_id = hashlib.sha256(data).hexdigest()
        document = Document(
            document_id=document_id,
            feed_id=feed_id,
            url=url,
            final_url=final_url,
            fetched_at=fetched_at,
            status=status,
            headers=dict(headers),
            size=len(data),
            landing_path=f"blobs/{document_id[:2]}/{document_id[2:4]}/{document_id}.zst",
            source=source,
        )
        blob = self.root / document.landing_path
        if not self._is_intact(document):
            write_durably(blob, zstandard.ZstdCompressor(level=3).compress(data))
        write_durably(
            self.root / "pending" / record_name(document),
            json.dumps(_record(document), ensure_ascii=False, indent=1).encode(),
        )
        return document

    def land_pack(self, drafts: Sequence[tuple[Document, bytes]]) -> list[Document]:
        """Make many documents durable together; returns them with document_id, size and landing_path filled in.

        Landing the same documents again gives the same pack. Raises LandingError.
        """
        compressor = zstandard.ZstdCompressor(level=3)
        frames = [compressor.compress(data) for _, data in drafts]
        packed = b"".join(frames)
        name = hashlib.sha256(packed).hexdigest()
        documents, offset = [], 0
        for (draft, data), frame in zip(drafts, frames, strict=True):
            landing_path = f"packs/{name[:2]}/{name}.zst@{offset}+{len(frame)}"
            digest = hashlib.sha256(data).hexdigest()
            documents.append(replace(draft, document_id=digest, size=len(data), landing_path=landing_path))
            offset += len(frame)
        path = self.root / "packs" / name[:2] / f"{name}.zst"
        if not path.exists() or path.stat().st_size != len(packed):
            write_durably(path, packed)
        records = [_record(document) for document in documents]
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
        """Documents that are landed and not yet loaded, oldest first."""
        return sorted(self._records(self.root / "pending"), key=_by_age)

    def documents(self) -> list[Document]:
        """Every document that was ever landed, oldest first."""
        loaded = {d.key: d for d in self._records(self.root / "loaded")}
        return sorted((loaded | {d.key: d for d in self.pending()}).values(), key=_by_age)

    def mark_loaded(self, documents: Iterable[Document]) -> None:
        """Move the documents' records to `loaded`, after the commit; a pack has one record for all its documents.

        Doing it twice is fine. Raises LandingError if a record is gone.
        """
        for document in {record_name(document): document for document in documents}.values():
            self._move_to_loaded(document)

    def _move_to_loaded(self, document: Document) -> None:
        source = self.root / "pending" / record_name(document)
        target = self.root / "loaded" / _folder(document) / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except FileNotFoundError:
            if not target.exists():  # another run has not moved it either
                raise LandingError(f"{source}: the landing record is gone; was the landing zone cleared?") from None

    def _records(self, folder: Path) -> Iterator[Document]:
        for path in folder.rglob("*.json"):
            try:
                content = json.loads(path.read_bytes())
                # an empty pack is not a record: {} raises KeyError
                for record in content or [{}] if isinstance(content, list) else [content]:
                    moment = datetime.fromisoformat(record["fetched_at"])
                    yield Document(**(record | {"fetched_at": moment, "source": record["source"]}))
            except FileNotFoundError:
                continue  # another run moved it to `loaded` in the meantime
            except (ValueError, TypeError, KeyError) as error:
                raise LandingError(f"{path}: not a landing record ({error}); move it away and run again") from error


def _record(document: Document) -> dict[str, object]:
    record = {name: getattr(document, name) for name in _FIELDS}
    return record | {"fetched_at": document.fetched_at.isoformat(), "headers": dict(document.headers)}


def _by_age(document: Document) -> tuple[datetime, str]:
    return document.fetched_at, document.feed_id


def record_name(document: Document) -> str:
    """The file name of the document's record; all documents of a pack share one."""
    if pack := _PACK.match(document.landing_path):
        return f"pack-{pack[1]}.json"
    # feed ids are slugs (the registry checks them), so the name is safe; the digest makes it unique
    time = document.fetched_at.strftime("%Y%m%dT%H%M%S%fZ")
    return f"{time}-{document.feed_id}-{document.document_id[:16]}.json"


def _folder(document: Document) -> str:
    if pack := _PACK.match(document.landing_path):
        return f"packs/{pack[1][:2]}"
    return document.fetched_at.strftime("%Y/%m/%d")


_PACK = re.compile(r"packs/[0-9a-f]{2}/([0-9a-f]{64})\.zst@")


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
