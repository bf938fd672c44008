"""Where the parts of an installation lie, and their names in a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.orchestration.prefect_database import database_path
from tasks.settings import Settings
from warehouse.store.lake import Lake

SETTINGS = "newsmill.toml"
LANDING = "landing"
WAREHOUSE = "warehouse.duckdb"
WAREHOUSE_LOG = f"{WAREHOUSE}.wal"
IMAGES = "images"
PREFECT = "prefect.db"
FEEDS, DEPLOYMENTS, RULES = "feeds.toml", "prefect.yaml", "rules"


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder of the installation."""

    name: str
    """In a backup; the files of a folder have names below it."""
    path: Path
    is_folder: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """What of it is there: the file with those that belong to it, or the folder if it isn't empty."""
        if self.is_folder:
            return (self.path,) if self.path.is_dir() and any(self.path.iterdir()) else ()
        beside = ("", ".wal") if self.name == WAREHOUSE else ("", "-wal", "-shm") if self.name == PREFECT else ("",)
        paths = (self.path.with_name(self.path.name + ending) for ending in beside)
        return tuple(path for path in paths if path.exists())


def places(settings: Settings) -> dict[str, Place]:
    """The places by their names, without newsmill.toml, which says where the others are; the warehouse last. The
    analysts' copy is not among them: it is made of the warehouse."""
    found = [
        Place(FEEDS, settings.feeds.absolute()),
        Place(DEPLOYMENTS, Path(DEPLOYMENTS).absolute()),
        Place(RULES, settings.patterns_path.absolute(), is_folder=True),
        Place(LANDING, settings.landing_path, is_folder=True),
        Place(IMAGES, settings.images_path, is_folder=True),
        Place(PREFECT, database_path(settings)),
    ]
    if not isinstance(settings.location, Lake):
        found.append(Place(WAREHOUSE, settings.location))
    return {place.name: place for place in found}
