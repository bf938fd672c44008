"""Forgetting articles: their rows first, then what lies in files, which ops.erasures lists until it is done.

A document that holds other articles, too, is replaced by their entries as they had been parsed
(`tasks.parse.kept_entries`), once milling these has given the same as milling the whole.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import AsyncFileLock
from more_itertools import constrained_batches

from tasks.mill.pool import MillingPool, open_milling_pool
from tasks.publish import write_copy
from tasks.registry.feeds_file import read_registry
from tasks.rhythm import period
from tasks.settings import Settings
from warehouse.counting import counted
from warehouse.errors import LandingError
from warehouse.filters import NO_FILTERS
from warehouse.landing import Landing
from warehouse.landing_records import read_record
from warehouse.landing_rewrite import PACKS, file_of, land_kept, loaded_record, replace_record
from warehouse.load import forgetting
from warehouse.load.forgetting import Erasure, Found, Selection
from warehouse.load.tombstones import count_marks, forgotten_entries
from warehouse.records import Document, Feed, Milled
from warehouse.store.connection import Warehouse
from warehouse.store.maintenance import scrub
from warehouse.store.rebuild import remove_stale

DOCUMENTS = 512
"""Documents that are rewritten together: all of them are in memory, and a pack has up to a few thousand."""
Key = tuple[str, str, datetime]
"""Of a document."""


@dataclass(slots=True)
class Erased:
    """What was removed from files."""

    documents_removed: int = 0
    documents_rewritten: int = 0
    images_removed: int = 0
    elsewhere: int = 0
    """Documents that another machine landed."""
    unreadable: list[str] = field(default_factory=list)
    """Documents of which it can't be told what they hold, with the reason."""

    @property
    def counts(self) -> dict[str, int]:
        return {
            "documents_removed": self.documents_removed,
            "documents_rewritten": self.documents_rewritten,
            "images_removed": self.images_removed,
            "documents_elsewhere": self.elsewhere,
            "documents_unreadable": len(self.unreadable),
        }

    @property
    def messages(self) -> Iterator[str]:
        yield (
            f"landing zone: {counted(self.documents_removed, 'document')} removed, "
            f"{self.documents_rewritten:,} rewritten; {counted(self.images_removed, 'image file')} removed"
        )
        if self.elsewhere:
            yield (
                f"{counted(self.elsewhere, 'document')} landed on another machine: run `newsmill forget --finish` there"
            )
        for problem in self.unreadable:
            yield f"{problem}; restore it, or remove it with `newsmill forget --finish --unreadable`"


def retention(feeds: Sequence[Feed], now: datetime) -> Selection | None:
    """What is older than its feed's keep_for; None if no feed has one."""
    limits = {feed.id: now - timedelta(seconds=period(feed.keep_for)) for feed in feeds if feed.keep_for}
    return Selection(limits=limits) if limits else None


def forget(settings: Settings, selection: Selection) -> Found:
    with settings.store.writing() as connection:
        return forgetting.forget(connection, selection)


def lock_path(settings: Settings) -> Path:
    """Held by whoever rewrites documents, and by a backup, which needs the bytes of the records that it has copied."""
    return settings.folder / ".forget.lock"


async def erase(settings: Settings, *, publish: bool = True, unreadable: bool = False) -> Erased | None:
    """Do everything that is queued; None if nothing is. `unreadable`: remove documents, too, that can't be read.

    `publish`: whether the published copy is made anew, where one exists; else the next publishing does that. Another
    process that erases is waited for: both would rewrite the same documents.
    """
    async with AsyncFileLock(lock_path(settings)):
        return await _erase(settings, publish, unreadable)


async def _erase(settings: Settings, publish: bool, unreadable: bool) -> Erased | None:
    erased = Erased()
    with settings.store.writing() as connection:
        erasures = forgetting.queued(connection)
    if not erasures:
        return None
    by_kind: dict[str, list[Erasure]] = defaultdict(list)
    for erasure in erasures:
        by_kind[erasure.kind].append(erasure)
    if by_kind["document"]:
        await _erase_documents(settings, by_kind["document"], erased, unreadable)
    if by_kind["image"]:
        await asyncio.to_thread(_erase_images, settings, by_kind["image"], erased)
    if by_kind["warehouse"]:
        with settings.store.reading() as connection:
            marks = count_marks(connection)
        await asyncio.to_thread(remove_stale, Warehouse(settings.rebuild_path, settings.lock_timeout), marks)
        await asyncio.to_thread(scrub, settings.store)
        _mark_done(settings, by_kind["warehouse"])
    if by_kind["copy"] and publish:
        if settings.published_path.exists():
            await asyncio.to_thread(write_copy, settings, anew=True)
        _mark_done(settings, by_kind["copy"])
    return erased


def _mark_done(settings: Settings, erasures: Sequence[Erasure]) -> None:
    with settings.store.writing() as connection:
        forgetting.mark_done(connection, erasures)


def _erase_images(settings: Settings, erasures: Sequence[Erasure], erased: Erased) -> None:
    with settings.store.reading() as connection:
        shown = forgetting.stored_paths(connection, [erasure.path or "" for erasure in erasures])
    for erasure in erasures:
        file = settings.images_path / (erasure.path or "")
        if erasure.path not in shown and file.is_file():
            file.unlink()
            erased.images_removed += 1
    _mark_done(settings, erasures)


# --- documents ------------------------------------------------------------------------------------------------------


async def _erase_documents(settings: Settings, erasures: Sequence[Erasure], erased: Erased, unreadable: bool) -> None:
    landing = settings.landing_zone
    by_record: dict[Path | None, list[Erasure]] = defaultdict(list)
    for erasure in erasures:
        by_record[loaded_record(landing, _document_of(erasure))].append(erasure)
    without_record = by_record.pop(None, [])
    # a backfill needs no feeds.toml
    feeds, shared_filters = read_registry(settings.feeds) if settings.feeds.exists() else ([], NO_FILTERS)
    with open_milling_pool(settings, feeds, shared_filters=shared_filters) as pool:
        rewriting = _Rewriting(settings, pool, erased, unreadable)
        for records in constrained_batches(
            by_record.items(), DOCUMENTS, get_len=lambda record: len(record[1]), strict=False
        ):
            await rewriting.rewrite({record: each for record, each in records if record})
    await asyncio.to_thread(_finish_removed, settings, without_record, erased)


def _document_of(erasure: Erasure) -> Document:
    """The document, as far as its record's path depends on it."""
    assert erasure.document_id and erasure.feed_id and erasure.fetched_at and erasure.path
    return Document(erasure.document_id, erasure.feed_id, "", "", erasure.fetched_at, 0, {}, 0, erasure.path)


def _finish_removed(settings: Settings, erasures: Sequence[Erasure], erased: Erased) -> None:
    """Documents without a record: a killed process has removed it, or another machine has it."""
    if not erasures:
        return
    with settings.store.writing() as connection:
        elsewhere = forgetting.still_known(connection, erasures)
    done = [erasure for erasure in erasures if erasure.erasure_id not in elsewhere]
    erased.elsewhere += len(elsewhere)
    _remove_files(settings, {file_of(erasure.path or "") for erasure in done})
    _mark_done(settings, done)


def _remove_files(settings: Settings, paths: Collection[str]) -> None:
    """Remove the blobs and packs that no document names any more."""
    landing = settings.landing_zone
    with settings.store.reading() as connection:
        named = forgetting.named_paths(connection, list(paths))
    named |= {file_of(document.landing_path) for document in landing.pending()}
    for path in set(paths) - named:
        (landing.root / path).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Rewriting:
    settings: Settings
    pool: MillingPool
    erased: Erased
    unreadable: bool

    @property
    def landing(self) -> Landing:
        return self.settings.landing_zone

    async def rewrite(self, by_record: Mapping[Path, Sequence[Erasure]]) -> None:
        """Write what takes the records' places, then change the rows, then remove the former files."""
        documents = {record: await asyncio.to_thread(read_record, record) for record in by_record}
        asked = {erasure.document_key: erasure for each in by_record.values() for erasure in each}
        wanted = [document for each in documents.values() for document in each if document.key in asked]
        milled = {each.document.key: each for each in await self.pool.mill(wanted, afresh=True)}
        with self.settings.store.reading() as connection:
            hits = forgotten_entries(connection, list(milled.values()))
        rows, former, left = [], [], set()
        for record, each in documents.items():
            kept: dict[Key, Document | None] = {}
            for document in each:
                whole = milled.get(document.key)
                kept[document.key] = document
                if whole and whole.is_unreadable and not self.unreadable:
                    left.add(document.key)
                    self.erased.unreadable.append(_unreadable(document, whole.rejects[0].error))
                elif whole:
                    forgotten = hits.get(document.key, set())
                    kept[document.key] = await self._kept(whole, forgotten)
                    if forgotten and kept[document.key] == document:
                        left.add(document.key)
                        self.erased.unreadable.append(_unreadable(document, "its other entries come out otherwise"))
            if all(kept[document.key] == document for document in each):
                continue
            if damaged := await asyncio.to_thread(self._damage, kept):
                left |= kept.keys()
                self.erased.unreadable.append(damaged)
                continue
            queued = {key: asked[key].queued_at for key in kept if key in asked and key not in left}
            rows += await asyncio.to_thread(self._replace, record, each, kept, queued)
            former.append(record)
        done = [erasure for key, erasure in asked.items() if key not in left]
        await asyncio.to_thread(self._finish, rows, former, [d for each in former for d in documents[each]], done)

    async def _kept(self, whole: Milled, forgotten: Collection[str]) -> Document | None:
        """What takes the document's place: itself, if nothing of it is forgotten and all of it was read; its other
        entries; or nothing. What could not be read goes, too: it may be what is forgotten."""
        document = whole.document
        has_doubts = any(reject.step == "parse" for reject in whole.rejects)
        if not forgotten and not has_doubts:
            return document
        if whole.page or all(entry.entry_id in forgotten for entry in whole.entries):
            return None
        from tasks.parse.kept_entries import kept_entries  # imported late: every run imports this module

        data = kept_entries(whole, [entry for entry in whole.entries if entry.entry_id in forgotten])
        kept = await asyncio.to_thread(land_kept, self.landing, document, data)
        (again,) = await self.pool.mill([kept], afresh=True)
        is_same = _texts(again, ()) == _texts(whole, forgotten)
        return kept if is_same or self.unreadable else document

    def _damage(self, kept: dict[Key, Document | None]) -> str | None:
        """What is wrong with the first of a pack's other documents that can't be read: without it, the pack can't be
        written again. With `unreadable`, those are removed, too."""
        for key, document in kept.items():
            if document and document.landing_path.startswith(PACKS):
                try:
                    self.landing.read(document)
                except LandingError as error:
                    if not self.unreadable:
                        return _unreadable(document, str(error))
                    kept[key] = None
        return None

    def _replace(
        self,
        record: Path,
        documents: Sequence[Document],
        kept: Mapping[Key, Document | None],
        queued: Mapping[Key, datetime],
    ) -> list[dict[str, object]]:
        """Write the kept documents' records; returns what changes in raw.documents. `queued`: those that are then done,
        and since when they were queued; others that are queued are queued again where they lie then."""
        moved = iter(replace_record(self.landing, record, [each for each in kept.values() if each]))
        rows: list[dict[str, object]] = []
        for document in {document.key: document for document in documents}.values():  # in the order of `kept`
            now = next(moved) if kept[document.key] else None
            self.erased.documents_removed += now is None
            self.erased.documents_rewritten += now is not None and now.document_id != document.document_id
            rows.append(
                {
                    "former_id": document.document_id,
                    "feed_id": document.feed_id,
                    "fetched_at": document.fetched_at,
                    "document_id": now and now.document_id,
                    "size": now and now.size,
                    "landing_path": now and now.landing_path,
                    "form": now and now.form,
                    "queued_at": queued.get(document.key),
                }
            )
        return rows

    def _finish(
        self,
        rows: Sequence[Mapping[str, object]],
        former: Sequence[Path],
        documents: Sequence[Document],
        done: Sequence[Erasure],
    ) -> None:
        with self.settings.store.writing() as connection:
            forgetting.replace_documents(connection, rows)
        for record in former:
            record.unlink(missing_ok=True)
        if documents:
            _remove_files(self.settings, {file_of(document.landing_path) for document in documents})
        _mark_done(self.settings, done)


def _texts(milled: Milled, forgotten: Collection[str]) -> tuple[object, ...]:
    """What is loaded of the document, whatever its own id is."""
    entries = [replace(entry, document_id="") for entry in milled.entries if entry.entry_id not in forgotten]
    articles = [article for article in milled.articles if article.entry_id not in forgotten]
    blocked = {entry_id: rule for entry_id, rule in milled.blocked.items() if entry_id not in forgotten}
    return entries, articles, blocked, milled.hints, milled.about


def _unreadable(document: Document, reason: str) -> str:
    return (
        f"{document.feed_id}: the document of {document.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
        f"{document.landing_path} in the landing zone, can't be read ({reason}), so that it can't be told whether it "
        "holds what was forgotten"
    )
