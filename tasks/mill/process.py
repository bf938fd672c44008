"""What runs in a milling process: calls that read landed documents and mill them.

What parses and cleans takes a third of a second to import. Only milling processes import it, and not the run that
names these functions to them. They import little else: no Prefect, no DuckDB, no settings.
"""

from __future__ import annotations

import faulthandler
import gc
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.errors import ParseError
from warehouse.landing import Landing
from warehouse.records import Article, Document, Entry, Feed, Milled


def prepare_process() -> None:
    """Set up a process that mills documents or loads the results.

    Run the garbage collector rarely: milling makes thousands of entries and trees of small objects, which reference
    counts free; the collector would walk through them, and through all imported modules, each time. Freezing again,
    in a process's second run, would keep what the first one left behind.
    """
    if not gc.get_freeze_count():
        gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def prepare_milling() -> None:
    """Set up a milling process: import what all documents need, then `prepare_process`."""
    import tasks.mill.document  # noqa: F401

    prepare_process()


def mill_document(landing: Path, document: Document, feed: Feed, known: frozenset[str] = frozenset()) -> Milled:
    """Mill a document of the landing zone. Entries whose ids are `known` are only noted as seen, not cleaned again."""
    from tasks.mill.document import mill_bytes

    return mill_bytes(Landing(landing).read(document), document, feed, known)


def mill_documents(landing: Path, work: Sequence[tuple[Document, Feed, frozenset[str]]]) -> list[Milled]:
    """Mill several documents, each with its feed and the ids of the entries known of it."""
    return [mill_document(landing, document, feed, known) for document, feed, known in work]


def mill_carefully(
    landing: Path,
    document: Document,
    feed: Feed,
    known: frozenset[str],
    hanging: Mapping[str, str],
    current: Path,
    seconds: float,
) -> Milled:
    """Mill a document of which an entry hangs or kills its process: each entry has `seconds`, then the process ends.

    The file `current` then names the entry, for the next call's `hanging`: entry id → why it is not cleaned.
    """
    from tasks.clean.article import clean
    from tasks.mill.document import mill_bytes

    def clean_within_bounds(entry: Entry, feed: Feed) -> Article:
        if entry.entry_id in hanging:
            raise ParseError(hanging[entry.entry_id])
        current.write_text(entry.entry_id)
        # Its thread is C code and needs no lock of Python's: it ends the process even inside a library's loop.
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            return clean(entry, feed)
        finally:
            faulthandler.cancel_dump_traceback_later()

    current.unlink(missing_ok=True)
    data = Landing(landing).read(document)
    with Path(os.devnull).open("w") as nowhere:
        return mill_bytes(data, document, feed, known, clean_within_bounds)
