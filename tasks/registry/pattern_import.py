"""Importing a folder of site patterns, and listing those that there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tasks.errors import FeedsFileError
from tasks.registry.site_patterns import MAX_PATTERN, SitePattern, host_of_file, hosts_of, read_pattern
from warehouse.landing import write_durably
from warehouse.records import Feed

Outcome = Literal["new", "replaced", "the same", "kept"]


@dataclass(slots=True)
class Imported:
    """What became of the files of a folder."""

    files: dict[str, Outcome] = field(default_factory=dict)
    """Name of a file in the folder of patterns → what became of it. "kept" is one that differs there already."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Name of a file that was not imported → why."""
    problems: list[str] = field(default_factory=list)
    """Lines that were left out: file, line and reason."""
    unfollowed: Counter[str] = field(default_factory=Counter)
    """Directive that newsmill does not follow → how many files have it."""
    feeds: dict[str, list[str]] = field(default_factory=dict)
    """Name of a file → the ids of the feeds whose pages it is for."""


def import_patterns(source: Path, target: Path, feeds: Sequence[Feed], *, replace: bool = False) -> Imported:
    """Copy the files of `source` that hold rules into `target`. A file that differs there is replaced only with
    `replace`: somebody may have edited it. Raises FeedsFileError, and LandingError if `target` can't be written."""
    result = Imported()
    for path in _files(source):
        name, host = path.name, host_of_file(path)
        if host is None:
            result.skipped[name] = "its name is not a host's, such as example.org.txt"
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            result.skipped[name] = f"it can't be read ({error.strerror})"
            continue
        pattern = read_pattern(host, data)
        result.problems += [f"{name}:{problem}" for problem in pattern.problems]
        result.unfollowed.update(pattern.unfollowed)
        if len(data) > MAX_PATTERN:
            result.skipped[name] = f"it has more than {MAX_PATTERN:,} bytes"
        elif not pattern.rules:
            named = f", only {', '.join(pattern.unfollowed)}" if pattern.unfollowed else ""
            result.skipped[name] = f"it holds no rule that newsmill follows{named}"
        else:
            result.files[f"{host}.txt"] = _copy(data, target / f"{host}.txt", replace=replace)
            if ids := feeds_of(host, feeds):
                result.feeds[f"{host}.txt"] = ids
    return result


def _files(folder: Path) -> list[Path]:
    """Raises FeedsFileError."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".txt" and path.is_file())
    except OSError as error:
        raise FeedsFileError(f"{folder}: can't be read ({error.strerror}); give a folder of HOST.txt files") from error
    if not files:
        raise FeedsFileError(f"{folder}: has no HOST.txt file; give the folder that holds them itself")
    return files


def _copy(data: bytes, path: Path, *, replace: bool) -> Outcome:
    before = path.read_bytes() if path.exists() else None
    if before == data:
        return "the same"
    if before is not None and not replace:
        return "kept"
    write_durably(path, data)
    return "new" if before is None else "replaced"


def feeds_of(host: str, feeds: Iterable[Feed]) -> list[str]:
    """The ids of the feeds on whose sites the file of this host holds."""
    return [
        feed.id for feed in feeds if any(host in hosts_of(address) for address in (feed.site_url, feed.url) if address)
    ]


def list_patterns(folder: Path) -> Iterator[SitePattern]:
    """The patterns of the folder, by host; none if there is no such folder."""
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else []:
        if host := host_of_file(path):
            yield read_pattern(host, path.read_bytes())
