"""The landing zone: fetched bytes, durable before anything reads them.

    landing/blobs/ab/cd/<sha256>.zst      the bytes, compressed, content-addressed
    landing/packs/ab/<sha256>.zst         the bytes of many small documents, each compressed alone, one after the other
    landing/pending/<name>.json           a document that is landed and not yet loaded, or a pack of them
    landing/loaded/2026/11/23/<name>.json the same, after its batch was committed

The blob is written first, so a record never names bytes that aren't there. A killed run leaves its records in
`pending`; the next run loads them. The records alone are enough to build the warehouse again (`reprocess`).

Backfilling lands thousands of small files: a pack costs two fsyncs for all of them, not two for each.
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
from typing import cast

import zstandard

from warehouse.errors import LandingError
from warehouse.records import Document, Source

MAX_BLOB_BYTES = 1 << 30
"""No blob is larger: what is landed was bounded by the fetch's cap. A larger one was tampered with."""


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
        """Make the bytes and their record durable; returns the document. Raises LandingError (a full disk, say)."""
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
        if not self._holds(document):
            write_durably(blob, zstandard.ZstdCompressor(level=3).compress(data))
        write_durably(
            self.root / "pending" / record_name(document),
            json.dumps(_record(document), ensure_ascii=False, indent=1).encode(),
        )
        return document

    def land_pack(self, drafts: Sequence[tuple[Document, bytes]]) -> list[Document]:
        """Make many documents durable together; what they say of their landing path and size is filled in here.

        The same documents again are the same pack. Raises LandingError.
        """
        compressor = zstandard.ZstdCompressor(level=3)
        frames = [compressor.compress(data) for _, data in drafts]
        packed = b"".join(frames)
        name = hashlib.sha256(packed).hexdigest()
        documents, offset = [], 0
        for (draft, data), frame in zip(drafts, frames, strict=True):
            place = f"packs/{name[:2]}/{name}.zst@{offset}+{len(frame)}"
            digest = hashlib.sha256(data).hexdigest()
            documents.append(replace(draft, document_id=digest, size=len(data), landing_path=place))
            offset += len(frame)
        path = self.root / "packs" / name[:2] / f"{name}.zst"
        if not path.exists() or path.stat().st_size != len(packed):
            write_durably(path, packed)
        records = [_record(document) for document in documents]
        write_durably(
            self.root / "pending" / record_name(documents[0]), json.dumps(records, ensure_ascii=False).encode()
        )
        return documents

    def _holds(self, document: Document) -> bool:
        """Whether the bytes are there already, and whole."""
        if not (self.root / document.landing_path).exists():
            return False
        try:
            self.read(document)
        except LandingError:
            return False  # damaged; here they are again
        return True

    def read(self, document: Document) -> bytes:
        """The document's bytes, checked against their name. Raises LandingError."""
        name, _, place = document.landing_path.partition("@")
        path = f"{self.root}/{name}"
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path takes longer to make than the file to read
                if place:
                    offset, _, length = place.partition("+")
                    file.seek(int(offset))
                    data = _decompressed(file.read(int(length)))
                else:
                    data = _decompressed(file.read())
        except (OSError, ValueError, zstandard.ZstdError) as error:
            raise LandingError(
                f"{path}: the landed bytes can't be read ({error}); restore them from a backup"
            ) from error
        if hashlib.sha256(data).hexdigest() != document.document_id:
            raise LandingError(f"{path}: the landed bytes are damaged; restore them from a backup")
        return data

    def pending(self) -> list[Document]:
        """Documents that are landed and not yet loaded, oldest first."""
        return sorted(self._records(self.root / "pending"), key=_age)

    def documents(self) -> list[Document]:
        """Every document that was ever landed, oldest first."""
        loaded = {d.key: d for d in self._records(self.root / "loaded")}
        return sorted((loaded | {d.key: d for d in self.pending()}).values(), key=_age)

    def settle(self, documents: Iterable[Document]) -> None:
        """Say that the documents are loaded and committed, a pack's all together. Doing so twice is fine."""
        for document in {record_name(document): document for document in documents}.values():
            self._settle(document)

    def _settle(self, document: Document) -> None:
        source = self.root / "pending" / record_name(document)
        target = self.root / "loaded" / _folder(document) / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except FileNotFoundError:
            if not target.exists():  # not settled by another run either
                raise LandingError(f"{source}: the landing record is gone; was the landing zone cleared?") from None

    def _records(self, folder: Path) -> Iterator[Document]:
        for path in folder.rglob("*.json"):
            try:
                record = json.loads(path.read_bytes())
                for each in record or [{}] if isinstance(record, list) else [record]:  # an empty pack is no record
                    yield replace(
                        Document(**(each | {"fetched_at": datetime.fromisoformat(each["fetched_at"])})),
                        source=cast(Source, each["source"]),
                    )
            except FileNotFoundError:
                continue  # another run settled it meanwhile
            except (ValueError, TypeError, KeyError) as error:
                raise LandingError(f"{path}: not a landing record ({error}); move it away and run again") from error


def _record(document: Document) -> dict[str, object]:
    record = {name: getattr(document, name) for name in _FIELDS}
    return record | {"fetched_at": document.fetched_at.isoformat(), "headers": dict(document.headers)}


def _age(document: Document) -> tuple[datetime, str]:
    return document.fetched_at, document.feed_id


def record_name(document: Document) -> str:
    """The name of the record that holds the document; all documents of a pack share one."""
    if pack := _PACK.match(document.landing_path):
        return f"pack-{pack[1]}.json"
    # feed ids are slugs (checked by the registry), so the name is safe; the digest keeps it unique all the same
    when = document.fetched_at.strftime("%Y%m%dT%H%M%S%fZ")
    return f"{when}-{document.feed_id}-{document.document_id[:16]}.json"


def _folder(document: Document) -> str:
    if pack := _PACK.match(document.landing_path):
        return f"packs/{pack[1][:2]}"
    return document.fetched_at.strftime("%Y/%m/%d")


_PACK = re.compile(r"packs/[0-9a-f]{2}/([0-9a-f]{64})\.zst@")


def _decompressed(frame: bytes) -> bytes:
    """Raises ValueError for what is larger than anything that was landed: it was tampered with."""
    size = zstandard.frame_content_size(frame)
    if not 0 <= size <= MAX_BLOB_BYTES:
        raise ValueError(f"{size:,} bytes after decompression")
    return _own.decompressor.decompress(frame)


class _Own(threading.local):
    """Each thread's own: a decompressor is not to be used by two, and to make one takes as long as to use it."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_own = _Own()


def write_durably(path: Path, data: bytes) -> None:
    """Write under a temporary name, fsync, rename, fsync the folder: after a crash the file is whole or absent."""
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
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LandingError(
            f"{path}: can't be written ({error.strerror}); free space or mend the rights, then run again: "
            "nothing that was landed before is lost"
        ) from error
