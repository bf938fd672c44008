"""Archives for the tests, written here, and what a backfill finds in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pygit2

from tasks.backfill.archive import Archive
from tasks.backfill.finds import BackfillRequest, Find
from tasks.networks import AllowedAddresses
from warehouse.records import Feed


def article(number: int, text: str = "", *, site: str = "quay") -> str:
    """An article file of the first generation; the number makes its address and its time."""
    body = text or f"第{number}号泊位今天开放。"
    return (
        f"<!--{1_700_000_000_000 + number * 3_600_000}-->\n[泊位 {number}](https://{site}.example/berth/{number})\n"
        f"------\n\n<p>{body}</p>\n"
    )


def write_archive(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def commit(repository: pygit2.Repository, files: Mapping[str, str | None], at: int) -> str:
    """Commit the files (None deletes one) at that many seconds since the epoch; returns the commit's id."""
    root = Path(repository.workdir)
    for name, text in files.items():
        if text is None:
            repository.index.remove(name)
        else:
            write_archive(root, {name: text})
            repository.index.add(name)
    repository.index.write()
    author = pygit2.Signature("Lin", "lin@quay.example", at, 0)
    parents = [] if repository.head_is_unborn else [repository.head.target]
    return str(repository.create_commit("HEAD", author, author, "x", repository.index.write_tree(), parents))


HARBOUR = Feed("harbour", "港口新闻", "https://harbour.example/feed")


def archive(where: Path | str, clones: Path, **wanted: object) -> Archive:
    return Archive(BackfillRequest(str(where), **wanted), [HARBOUR], 100_000, clones, AllowedAddresses(everything=True))  # type: ignore[arg-type]


def finds(source: Archive, after: str | None = None) -> list[Find]:
    async def gather() -> list[Find]:
        return [find async for find in source.finds(after)]

    return asyncio.run(gather())
