"""Rewriting what the landing zone holds, for documents of which something is forgotten.

What takes a record's place is written and durable before the record is removed. Killed in between, the landing zone has
both; rewriting the same record again gives the same files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import zstandard

from warehouse.landing import Landing, pack, write_durably
from warehouse.landing_records import blob_path, encode_record, record_folder, record_name
from warehouse.records import Document

PACKS = "packs/"
"""How the paths of documents in packs begin."""


def record_of(landing: Landing, document: Document) -> Path | None:
    """Where the document's record lies; None if it is not in this landing zone."""
    name = record_name(document)
    for path in (landing.root / "loaded" / record_folder(document) / name, landing.root / "pending" / name):
        if path.exists():
            return path
    return None


def loaded_record(landing: Landing, document: Document) -> Path | None:
    """The same, of a document that the warehouse has. What a killed run left as pending is marked as loaded first: a
    run that goes on with it would else move the record while it is rewritten."""
    record = record_of(landing, document)
    if record and record.parent == landing.root / "pending":
        landing.mark_loaded([document])
        return record_of(landing, document)
    return record


def land_kept(landing: Landing, document: Document, data: bytes) -> Document:
    """Land the entries that are kept of a document; it has no record yet. Raises LandingError."""
    digest = hashlib.sha256(data).hexdigest()
    kept = replace(document, document_id=digest, size=len(data), landing_path=blob_path(digest), form="entries")
    write_durably(landing.root / kept.landing_path, zstandard.ZstdCompressor(level=3).compress(data))
    return kept


def replace_record(landing: Landing, record: Path, kept: Sequence[Document]) -> list[Document]:
    """Write what takes the record's place: a record for each of the kept documents, or one pack for those of a pack.
    Returns the documents with the paths at which they lie now.

    The former record stays. Raises LandingError.
    """
    packed = [document for document in kept if document.landing_path.startswith(PACKS)]
    for document in kept:
        if not document.landing_path.startswith(PACKS):
            _write_record(landing, record, [document])
    if not packed:
        return list(kept)
    name, data, moved = pack([(document, landing.read(document)) for document in packed])
    path = landing.root / name
    if not path.exists() or path.stat().st_size != len(data):
        write_durably(path, data)
    _write_record(landing, record, moved)
    places = {document.key: document for document in moved}
    return [places.get(document.key, document) for document in kept]


def _write_record(landing: Landing, former: Path, documents: Sequence[Document]) -> None:
    """Beside the former record: a pending one stays pending."""
    name = record_name(documents[0])
    is_pack = documents[0].landing_path.startswith(PACKS)
    content: object = [encode_record(document) for document in documents] if is_pack else encode_record(documents[0])
    folder = landing.root / "loaded" / record_folder(documents[0])
    if former.parent == landing.root / "pending":
        folder = former.parent
    write_durably(folder / name, json.dumps(content, ensure_ascii=False, indent=None if is_pack else 1).encode())


def file_of(landing_path: str) -> str:
    """The blob or pack in which a document lies, relative to the landing zone."""
    return landing_path.partition("@")[0]
