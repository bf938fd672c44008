"""The records of the landing zone: a JSON file for each document, or for each pack of documents.

Whatever lies in the folder of records may be damaged or somebody else's, so a record is checked field by field: what it
says becomes paths and rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from warehouse.errors import LandingError
from warehouse.records import Document, Form, PageRequest

MAX_BYTES = 256_000_000
"""Of a record. A pack has at most a few thousand documents, and each takes a few kilobytes."""

_NAMES = [field.name for field in fields(Document)]
_REQUIRED = frozenset(field.name for field in fields(Document) if field.default is MISSING)
_TEXTS = ("document_id", "feed_id", "url", "final_url", "landing_path", "source")
_REQUEST = frozenset(field.name for field in fields(PageRequest))
_OPTIONAL = frozenset(field.name for field in fields(PageRequest) if field.default is None)
_MOMENTS = ("published_at", "updated_at")
"""Of a request."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PACK = re.compile(r"packs/([0-9a-f]{2})/(\1[0-9a-f]{62})\.zst@\d{1,15}\+\d{1,15}")


def encode_record(document: Document) -> dict[str, object]:
    """The document as its record holds it."""
    record = {name: getattr(document, name) for name in _NAMES}
    record["request"] = document.request and asdict(document.request)
    return record | {"fetched_at": document.fetched_at.isoformat(), "headers": dict(document.headers)}


def read_record(path: Path) -> list[Document]:
    """The document of a record, or the documents of a pack's.

    Raises FileNotFoundError, and LandingError for a file that is not a landing record.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES:,} bytes")  # noqa: TRY301
        content = json.loads(path.read_bytes())
        documents = [_decode(record) for record in (content if isinstance(content, list) else [content])]
        if not documents:
            raise ValueError("it names no document")  # noqa: TRY301
        if any(record_name(document) != path.name for document in documents):
            raise ValueError("its name is not the one that belongs to what it holds")  # noqa: TRY301
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise LandingError(f"{path}: not a landing record ({error})") from error
    return documents


def _decode(record: Any) -> Document:
    """Raises ValueError."""
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004
    if missing := _REQUIRED - record.keys():
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    if unknown := record.keys() - _NAMES:
        raise ValueError(f"it has an unknown {', '.join(sorted(unknown))[:100]}")
    if not all(isinstance(record[name], str) for name in _TEXTS if name in record):
        raise ValueError(f"one of {', '.join(_TEXTS)} is not text")
    if not all(isinstance(record[name], int) and record[name] >= 0 for name in ("status", "size")):
        raise ValueError("its status or size is not a number")
    headers = record["headers"]
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ValueError("its headers are not texts by name")
    if record.get("form", "feed") not in get_args(Form):
        raise ValueError("its form is unknown")
    fetched_at = datetime.fromisoformat(str(record["fetched_at"]))
    if fetched_at.tzinfo is None:
        raise ValueError("its fetched_at has no time zone")
    if not _is_path(record):
        raise ValueError("its landing_path is not the one that belongs to its document_id")
    request = _decode_request(record.get("request"))
    return Document(**(record | {"fetched_at": fetched_at, "request": request}))


def _decode_request(record: Any) -> PageRequest | None:
    """Raises ValueError."""
    if record is None:
        return None
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in ("url", "title")):
        raise ValueError("its request names no page")
    if unknown := record.keys() - _REQUEST:
        raise ValueError(f"its request has an unknown {', '.join(sorted(unknown))[:100]}")
    lists = {name: record.get(name, []) for name in ("authors", "categories")}
    texts = [value for name, value in record.items() if name not in lists and name != "words" and value is not None]
    if not all(isinstance(value, list) for value in lists.values()):
        raise ValueError("its request's authors or categories are no list")
    if not all(isinstance(text, str) for text in chain(texts, *lists.values())):
        raise ValueError("its request holds something other than text")
    if any(record.get(name, "") is None for name in _REQUEST - _OPTIONAL):
        raise ValueError("its request lacks what every request has")
    if any(datetime.fromisoformat(record[name]).tzinfo is None for name in _MOMENTS if record.get(name)):
        raise ValueError("its request's time has no time zone")
    if not isinstance(record.get("words"), int | None):
        raise ValueError("its request's number of words is no number")  # noqa: TRY004
    return PageRequest(**(record | {name: tuple(value) for name, value in lists.items()}))


def _is_path(record: Mapping[str, Any]) -> bool:
    digest, path = record["document_id"], record["landing_path"]
    return bool(_DIGEST.fullmatch(digest)) and (path == blob_path(digest) or bool(_PACK.fullmatch(path)))


def blob_path(digest: str) -> str:
    """The path of the bytes with this digest (SHA-256, hex), relative to the landing zone."""
    return f"blobs/{digest[:2]}/{digest[2:4]}/{digest}.zst"


def record_name(document: Document) -> str:
    """The file name of the document's record; all documents of a pack share one."""
    if pack := _PACK.match(document.landing_path):
        return f"pack-{pack[2]}.json"
    # the registry's ids are slugs, but a record may be anybody's; the digest makes the name unique
    feed_id = re.sub(r"[^\w-]", "_", document.feed_id)
    time = document.fetched_at.strftime("%Y%m%dT%H%M%S%fZ")
    return f"{time}-{feed_id}-{document.document_id[:16]}.json"


def record_folder(document: Document) -> str:
    """The folder of the document's record, below `loaded`."""
    if pack := _PACK.match(document.landing_path):
        return f"packs/{pack[1]}"
    return document.fetched_at.strftime("%Y/%m/%d")
