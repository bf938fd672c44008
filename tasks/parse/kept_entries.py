"""A document of which entries were forgotten: the others, as they had been parsed, as JSON.

Cutting an entry's bytes out of a stranger's document would leave another document: one that is not well-formed might
then be read in another way. The parsed entries are all that later steps use, so that milling them gives the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from tasks.errors import ParseError
from tasks.parse.entry import ParsedDocument
from warehouse.records import Document, Entry, Milled, Reject

Part = TypeVar("Part", Entry, Reject)


@cache
def _adapter() -> TypeAdapter[ParsedDocument]:
    return TypeAdapter(ParsedDocument)


def kept_entries(whole: Milled, forgotten: Iterable[Entry]) -> bytes:
    """The document without the forgotten entries, and without what was rejected and names one of them."""
    forgotten = list(forgotten)
    ids = {entry.entry_id for entry in forgotten}
    names = {name for entry in forgotten for name in (entry.guid, entry.link, entry.title) if name}
    parsed = ParsedDocument(
        tuple(_of(entry, "") for entry in whole.entries if entry.entry_id not in ids),
        tuple(_of(reject, "") for reject in whole.rejects if reject.step == "parse" and not _names_any(reject, names)),
        whole.hints,
        whole.about,
    )
    return _adapter().dump_json(parsed)


def parse_kept_entries(data: bytes, document: Document) -> ParsedDocument:
    """Raises ParseError."""
    try:
        parsed = _adapter().validate_json(data)
    except ValidationError as error:
        raise ParseError(f"not the entries that were kept of a document: {error.errors()[0]['msg']}") from None
    return replace(
        parsed,
        entries=tuple(_of(entry, document.document_id) for entry in parsed.entries),
        rejects=tuple(_of(reject, document.document_id) for reject in parsed.rejects),
    )


def _of(part: Part, document_id: str) -> Part:
    """The part with its document's id, which can't be among the bytes of which it is a hash."""
    return replace(part, document_id=document_id)


def _names_any(reject: Reject, names: Iterable[str]) -> bool:
    return any(name in (reject.location or "") or name in reject.error for name in names)
