"""`newsmill init`: the files of an installation that its operator edits, in a folder that need not be a clone."""

from __future__ import annotations

import getpass
import os
import pwd
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from warehouse.errors import NewsmillError
from warehouse.store.folders import make_folder

UNIT = "newsmill.service"
"""The systemd unit's file name."""


@dataclass(frozen=True, slots=True)
class Made:
    """What `newsmill init` did. The names of its fields are keys of its --json."""

    folder: str
    made: list[str]
    kept: list[str]
    """Files that were there before."""
    user: str | None
    """As whom systemd runs newsmill; None: no unit was made."""


def make_installation(folder: Path, *, systemd: bool = False) -> Made:
    """Write the files that the folder lacks; none that is there is changed. Raises NewsmillError."""
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise NewsmillError(f"{folder}: a file, and a folder is needed; name another")
    make_folder(folder)
    texts: dict[str, Callable[[], str]] = {
        "feeds.toml": lambda: _shipped("feeds.toml"),
        "newsmill.toml": lambda: _template("newsmill.toml"),
        "prefect.yaml": lambda: for_installation(_shipped("prefect.yaml")),
        "README.md": lambda: _template("README.md"),
    }
    user = _service_user(folder) if systemd else None
    if user:
        texts[UNIT] = lambda: make_unit(folder, Path(sys.argv[0]).absolute(), user)
    made: list[str] = []
    kept: list[str] = []
    for name, text in texts.items():
        (made if _write_new(folder / name, text()) else kept).append(name)
    return Made(str(folder), made, kept, user if UNIT in made else None)


def _service_user(folder: Path) -> str:
    """Who ran this; for root, whoever owns the folder, as root can make it for another."""
    if os.geteuid() != 0:
        return getpass.getuser()
    owner = folder.stat().st_uid
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:  # a user of a container, who has no name here; systemd takes the number
        return str(owner)


def _write_new(path: Path, text: str) -> bool:
    """Whether the file was not there before. If root makes it in the folder of another, it is theirs: else they could
    not even read it. Raises NewsmillError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise NewsmillError(
            f"{path}: can't be written ({error.strerror}); fix the folder's rights, or name another"
        ) from error
    return True


def _shipped(name: str) -> str:
    """The text of a file that the clone has at its top, and the wheel beside this module."""
    packaged = files("flows.installation") / "shipped" / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / name).read_text(encoding="utf-8")


def _template(name: str) -> str:
    return (files("flows.installation") / "templates" / name).read_text(encoding="utf-8")


def for_installation(text: str) -> str:
    """The clone's prefect.yaml for an installation: its deployments import the flows from the installed package, not
    from files beside it, and name the folder to their runs. Raises ValueError if the text is not as expected."""
    text = re.sub(r"\bflows/(\w+)\.py:(\w+)", r"flows.\1.\2", text)
    text = re.sub(r"^ *# (/generated|generated: .*|`make docs` writes .*)\n", "", text, flags=re.MULTILINE)
    text = _replaced(
        r"^# There are no pull steps: .*\n(?:#.*\n)*",
        "# Runs import newsmill from where it is installed. NEWSMILL_FOLDER tells them where this file lies: they\n"
        "# begin in an empty folder, so that nothing beside this file is imported in place of newsmill's modules.\n",
        text,
    )
    text = _replaced(r"^prefect-version: .*\n", r"\g<0>pull: []\n", text)
    return _replaced(r"^( +)env:\n", r'\g<0>\1  NEWSMILL_FOLDER: "{{ $PWD }}"\n', text)


def _replaced(pattern: str, replacement: str, text: str) -> str:
    text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"prefect.yaml has {count} places like {pattern!r}, and one is expected")
    return text


def make_unit(folder: Path, program: Path, user: str) -> str:
    """The text of a systemd unit that serves the installation in the folder. Raises NewsmillError."""
    for path in (folder, program):
        if any(character in str(path) for character in "\"\\\n'"):
            raise NewsmillError(f"{path}: systemd can't use a path with quotes or backslashes; name another folder")
    unit = _template(UNIT)
    for name, value in {"FOLDER": str(folder), "PROGRAM": str(program), "USER": user}.items():
        unit = unit.replace(f"@{name}@", value.replace("%", "%%"))
    return unit
