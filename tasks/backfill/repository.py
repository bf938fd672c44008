"""The article files of a git repository: those of one revision, or every version over its whole history."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import FetchPrune, ObjectType, SortMode

from tasks.backfill.files import File, is_article, moment_of
from tasks.errors import BackfillError
from tasks.networks import AllowedAddresses


def clone_or_update(address: str, clones: Path, allowed: AllowedAddresses) -> Path:
    """The path of the repository's bare clone, new or brought up to date. Raises BackfillError."""
    if not allowed.everything:
        _refuse_private(address, allowed)
    folder = clones / hashlib.sha256(address.encode()).hexdigest()[:24]
    try:
        if (folder / "HEAD").exists():
            pygit2.Repository(str(folder)).remotes["origin"].fetch(prune=FetchPrune.PRUNE)
            return folder
        draft = folder.with_suffix(".tmp")
        shutil.rmtree(draft, ignore_errors=True)
        draft.parent.mkdir(parents=True, exist_ok=True)
        pygit2.clone_repository(address, str(draft), bare=True)
        draft.replace(folder)
    except (pygit2.GitError, OSError, KeyError) as error:
        raise BackfillError(f"{_without_password(address)}: can't be cloned ({error})") from error
    return folder


def files(path: Path, revision: str | None, history: bool) -> Iterator[File]:
    """The article files of the revision; with `history`, every version of each up to it. Raises BackfillError."""
    try:
        repository = pygit2.Repository(str(path))
        name = revision or ("origin/HEAD" if _has(repository, "origin/HEAD") else "HEAD")
        commit = repository.revparse_single(name).peel(ObjectType.COMMIT)
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise BackfillError(f"{path}: not a git repository with the revision {revision or 'HEAD'} ({error})") from error
    if history:
        yield from _over_history(repository, commit, path)
    else:
        yield from _in_tree(repository, commit, path)


def _refuse_private(address: str, allowed: AllowedAddresses) -> None:
    """Raises BackfillError for an address, a web address or git@host:path, that leads into a private network."""
    host = urlsplit(address).hostname if "://" in address else address.partition(":")[0].rpartition("@")[2]
    try:
        addresses = {ip_address(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, ValueError) as error:
        raise BackfillError(f"{_without_password(address)}: its host can't be found ({error})") from error
    if not all(allowed.allow(host or "", ip) for ip in addresses):
        raise BackfillError(
            f"{_without_password(address)}: leads to a private network address; if that is meant, set "
            f"NEWSMILL_ALLOW_PRIVATE_ADDRESSES={host}, or NEWSMILL_ALLOW_PRIVATE_ADDRESSES=1 for all"
        )


def _without_password(address: str) -> str:
    try:
        parts = urlsplit(address)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.scheme else address
    except ValueError:
        return address


def _has(repository: Any, revision: str) -> bool:
    try:
        repository.revparse_single(revision)
    except (KeyError, ValueError):
        return False
    return True


def _in_tree(repository: Any, commit: Any, path: Path) -> Iterator[File]:
    """The files of one revision, sorted by name."""
    trees = [("", commit.tree)]
    saved_at = moment_of(commit.commit_time)
    while trees:
        prefix, tree = trees.pop()
        folders = []
        for item in sorted(tree, key=lambda item: item.name or ""):
            name = f"{prefix}{item.name}"
            if item.type == ObjectType.TREE:
                folders.append((f"{name}/", item))
            elif item.type == ObjectType.BLOB and is_article(name):
                yield _file(repository, item.id, name, name, saved_at, f"{path.name}@{str(commit.id)[:12]}:{name}")
        trees.extend(reversed(folders))


def _file(
    repository: Any, blob_id: Any, name: str, mark: str, saved_at: datetime, location: str, *, version: bool = False
) -> File:
    def read(limit: int) -> bytes:
        blob = repository[blob_id]
        if blob.size >= limit:
            return b" " * limit  # it will be rejected as too large; its bytes are not needed
        return bytes(blob.data)

    return File(name, mark, None, saved_at, read, location, version)


def _over_history(repository: Any, commit: Any, path: Path) -> Iterator[File]:
    """Every version of every file, oldest commit first, those of rewritten and deleted files included."""
    yielded: set[tuple[str, bytes]] = set()
    for ancestor in repository.walk(commit.id, SortMode.TOPOLOGICAL | SortMode.TIME | SortMode.REVERSE):
        parent = ancestor.parents[0].tree if ancestor.parents else None
        difference = parent.diff_to_tree(ancestor.tree) if parent else ancestor.tree.diff_to_tree(swap=True)
        saved_at = moment_of(ancestor.commit_time)
        changed = [delta.new_file for delta in difference.deltas if delta.status_char() != "D"]
        for file in sorted(changed, key=lambda file: file.path or ""):
            name = file.path
            version = (name, file.id.raw)
            # a merge commit lists the changes of its branches again
            if not name or not is_article(name) or version in yielded:
                continue
            yielded.add(version)
            location = f"{path.name}@{str(ancestor.id)[:12]}:{name}"
            yield _file(repository, file.id, name, f"{ancestor.id} {name}", saved_at, location, version=True)
