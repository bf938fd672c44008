"""Making folders, and who may read what newsmill makes: its owner and group; the published copy everybody."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.errors import WarehouseError

SHARED_FOLDER, SHARED_FILE = 0o755, 0o644


def keep_files_private() -> None:
    """From now on, what this process and its children make is for owner and group alone.

    The umask is the only way: DuckDB, Prefect and git make files themselves.
    """
    os.umask(os.umask(0o077) | 0o007)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it. Everybody may look into it, as the published copy usually lies there.

    Raises WarehouseError.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(SHARED_FOLDER)
    except OSError as error:
        raise WarehouseError(f"{folder}: can't be made ({error.strerror}); name another place") from error


def remove_database(path: Path) -> None:
    """Remove a DuckDB file that a killed process may have left, and its log."""
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)


def share_like(path: Path, earlier: Path) -> None:
    """Let everybody read the file; or, if an earlier one is there, those who may read that. Raises OSError."""
    path.chmod(earlier.stat().st_mode & 0o7777 if earlier.exists() else SHARED_FILE)
