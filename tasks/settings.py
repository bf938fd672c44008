"""Settings: flags first, then NEWSMILL_* variables, then newsmill.toml, then what Prefect keeps (tasks/blocks.py).

The only module that reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tasks.rhythm import Bounds
from warehouse.errors import NewsmillError
from warehouse.landing import Landing
from warehouse.store.connection import Warehouse
from warehouse.store.lake import HIDDEN, SCHEME, Bucket, Lake, Place, is_lake, lake_at, masked
from warehouse.store.maintenance import Retention

MEGABYTE = 1_000_000
DATA = Path("warehouse/data")
"""Where everything lies that is given no place of its own."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NEWSMILL_", toml_file="newsmill.toml", extra="forbid")

    feeds: Path = Field(Path("feeds.toml"), description="The feeds registry")
    warehouse: str = Field(
        str(DATA / "newsmill.duckdb"),
        description="The pipeline's own DuckDB file; or a lake: ducklake:sqlite:FILE or ducklake:postgres:CONNINFO",
    )
    data_path: str | None = Field(None, description="Where a lake keeps its Parquet files: a folder, or s3://…")
    catalog_password: SecretStr | None = Field(None, description="PostgreSQL's, for a lake's catalog")
    s3_endpoint: str | None = Field(None, description="host:port of the S3 store; Amazon's own by default")
    s3_region: str = Field("us-east-1", description="The S3 store's region")
    s3_key: SecretStr | None = Field(None, description="The S3 store's access key")
    s3_secret: SecretStr | None = Field(None, description="The S3 store's secret key")
    s3_tls: bool = Field(True, description="Ask the S3 store by https")
    published: Path | None = Field(None, description="The analysts' copy; news.duckdb beside the warehouse")
    landing: Path | None = Field(None, description="The landing zone; landing/ beside the warehouse")
    image_store: Path | None = Field(None, description="The image store; images/ beside the warehouse")
    home: Path = Field(
        default_factory=lambda: platformdirs.user_state_path("newsmill"),
        description="Where the local Prefect server keeps its database and log",
    )

    allow_private_addresses: bool = Field(False, description="Fetch from loopback and private networks too")
    contact: str = Field("no contact given", description="Who asks, an address or a page: part of the User-Agent")
    concurrency: int = Field(32, ge=1, le=512, description="Requests under way at once")
    per_host: int = Field(2, ge=1, le=32, description="Requests under way at once to one host")
    timeout: float = Field(20, gt=0, description="Seconds without any byte before a request counts as timed out")
    deadline: float = Field(60, gt=0, description="Seconds a whole request may take, redirects included")
    max_redirects: int = Field(5, ge=0, le=20)
    max_feed_bytes: int = Field(32 * MEGABYTE, gt=0, description="After decompression")
    max_image_bytes: int = Field(20 * MEGABYTE, gt=0)
    max_image_pixels: int = Field(80_000_000, gt=0)
    retries: int = Field(2, ge=0, le=10, description="More tries of a feed after a time-out or a 5xx, in one run")
    retry_delay: float = Field(2, ge=0, description="Seconds before the first of them; doubles each time, with jitter")
    image_attempts: int = Field(4, ge=1, description="Runs that try an image before it is given up")
    images_per_run: int = Field(5000, ge=1, description="Images one run fetches at the most")
    min_interval: float = Field(900, gt=0, description="Seconds before a scheduled ingest asks a feed again, at least")
    max_interval: float = Field(86_400, gt=0, description="The same, at the most")
    missing_tries: int = Field(5, ge=0, description="Answers of 404 in a row that disable a feed; 0: none do")
    missing_days: float = Field(3, ge=0, description="Days that have to lie between the first and the last of them")
    lock_timeout: float = Field(60, ge=0, description="Seconds to wait while another process holds the warehouse")
    workers: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=1, description="Milling processes")
    mill_timeout: float = Field(120, gt=0, description="Seconds one document may take to parse and clean")
    wayback_url: str = Field("https://web.archive.org", description="The Wayback Machine, or a copy of its API")
    backfill_pause: float = Field(1.5, ge=0, description="Seconds between two requests of a backfill")
    max_page_bytes: int = Field(16 * MEGABYTE, gt=0, description="A web page that a backfill reads")
    checks: Literal["report", "fail", "off"] = Field(
        "report",
        description="A quality check that fails is reported, or ends the run with nothing published",
    )
    fail_share: float = Field(
        1.0, ge=0, le=1, description="An ingest fails when a larger share of its feeds fail, or all that it asked"
    )
    alert_share: float = Field(
        0.5, ge=0, le=1, description="An ingest tells Prefect's automations when a larger share of its feeds fail"
    )
    dask_scheduler: str | None = Field(
        None,
        description="Address of the Dask scheduler that `ingest --dask` uses; without one, `workers` processes here",
    )
    keep_fetches: int = Field(90, ge=1, description="Days for which ops.fetches is kept")
    keep_runs: int = Field(365, ge=1, description="Days for which ops.runs is kept")
    keep_checks: int = Field(90, ge=1, description="Days for which ops.checks is kept")
    keep_snapshots: int = Field(7, ge=1, description="Days for which a lake keeps its snapshots")
    prefect_port: int = Field(0, ge=0, le=65535, description="Port of the local Prefect server; 0 takes a free one")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def place(self) -> Place:
        if not is_lake(self.warehouse):
            return Path(self.warehouse).absolute()
        bucket = Bucket(self.s3_endpoint, self.s3_region, _told(self.s3_key), _told(self.s3_secret), self.s3_tls)
        return lake_at(self.warehouse, data=self.data_path, bucket=bucket, password=_told(self.catalog_password))

    @property
    def address(self) -> str:
        """What `warehouse` says, for a process in any folder."""
        place = self.place
        if isinstance(place, Lake):
            return f"{SCHEME}{place.kind}:{place.catalog}"
        return str(place)

    @property
    def store(self) -> Warehouse:
        return Warehouse(self.place, self.lock_timeout)

    @property
    def folder(self) -> Path:
        """Where lies what belongs to the warehouse on this machine."""
        place = self.place
        if isinstance(place, Lake):
            return Path(place.catalog).parent if place.kind == "sqlite" else DATA.absolute()
        return place.parent

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.min_interval, self.max_interval, self.missing_tries, self.missing_days)

    @property
    def landing_zone(self) -> Landing:
        return Landing((self.landing or self.folder / "landing").absolute())

    @property
    def images_path(self) -> Path:
        return (self.image_store or self.folder / "images").absolute()

    @property
    def published_path(self) -> Path:
        return (self.published or self.folder / "news.duckdb").absolute()

    @property
    def retention(self) -> Retention:
        kept = (self.keep_fetches, self.keep_runs, self.keep_checks, self.keep_snapshots)
        return Retention(*(timedelta(days=days) for days in kept))

    @property
    def user_agent(self) -> str:
        return f"newsmill/{version('newsmill')} (news archiver; {self.contact})"


def _told(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


@dataclass(frozen=True, slots=True)
class Given:
    """A setting's value, and where it was given."""

    value: Any
    origin: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """A setting as `newsmill config` shows it."""

    name: str
    value: str | int | float | bool | None
    origin: str
    meaning: str


def load_settings(*, deployed: bool = False, **flags: Any) -> Settings:
    """The settings in force; flags that are None were not given. Raises NewsmillError that names what is wrong.

    `deployed` takes Prefect's variables into account.
    """
    return _valid(_gathered(flags, deployed=deployed))


def explain_settings(*, deployed: bool = False, **flags: Any) -> list[Explained]:
    """Every setting in force and where it comes from; what is secret is not told."""
    given = _gathered(flags, deployed=deployed)
    settings = _valid(given)
    beside = {
        "published": settings.published_path,
        "landing": settings.landing_zone.root,
        "image_store": settings.images_path,
    }
    explained = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        source = given.get(name, Given(None, "default"))
        shown = _shown(beside[name] if value is None and name in beside else value, source.is_secret)
        explained.append(Explained(name, shown, source.origin, field.description or ""))
    return explained


BLOCK = "block:"
"""`warehouse = "block:NAME"` takes a newsmill-warehouse block of Prefect's, any other setting a Secret block."""


def _gathered(flags: Mapping[str, Any], *, deployed: bool) -> dict[str, Given]:
    """All that is given: what comes first wins."""
    given: dict[str, Given] = {}

    def add(values: Mapping[str, Any], origin: str) -> None:
        for name, value in values.items():
            given.setdefault(name, Given(value, origin.format(name=name, NAME=name.upper())))

    add({name: value for name, value in flags.items() if value is not None}, "--{name}")
    add(EnvSettingsSource(Settings)(), "NEWSMILL_{NAME}")
    try:
        add(TomlConfigSettingsSource(Settings)(), "newsmill.toml")
    except (OSError, ValueError) as error:
        raise NewsmillError(f"newsmill.toml: {error}") from error
    if deployed:
        from tasks import blocks

        add(blocks.variables(Settings.model_fields), f"Prefect variable {blocks.VARIABLE}{{name}}")
    if not any(_block_name(each.value) for each in given.values()):
        return given
    if not deployed:
        keep_prefect_quiet()
    from tasks import blocks  # Prefect takes seconds to import

    if block := _block_name(given["warehouse"].value if "warehouse" in given else None):
        del given["warehouse"]
        add(blocks.warehouse_settings(block), f"block newsmill-warehouse/{block}")
    for name, each in given.items():
        if block := _block_name(each.value):
            given[name] = Given(blocks.secret(block), f"block secret/{block}", is_secret=True)
    return given


def _block_name(value: object) -> str | None:
    text = str(value)
    return text.removeprefix(BLOCK) if text.startswith(BLOCK) else None


def _valid(given: Mapping[str, Given]) -> Settings:
    try:
        return Settings.model_validate({name: each.value for name, each in given.items()})
    except ValidationError as error:
        problems = []
        for problem in error.errors():
            name = ".".join(map(str, problem["loc"]))
            source = given.get(name, Given(None, "default"))
            hidden = source.is_secret or _is_secret(name)
            problems.append(f"{name}: {problem['msg']} (it is {_shown(source.value, hidden)!r}, from {source.origin})")
        # not "from error": that would repeat every value
        raise NewsmillError(f"settings: {'; '.join(problems)}") from None


def _is_secret(name: str) -> bool:
    """Whether the setting is one that is never told."""
    return name in Settings.model_fields and "SecretStr" in str(Settings.model_fields[name].annotation)


def _shown(value: object, is_secret: bool) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return HIDDEN if is_secret else value
    if is_secret or isinstance(value, SecretStr):
        return HIDDEN
    return masked(str(value))


_given: ContextVar[Settings | None] = ContextVar("settings", default=None)


def current_settings() -> Settings:
    """The settings the command line was given; in a deployment, those of the environment and of Prefect's variables."""
    return _given.get() or load_settings(deployed=True)


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Let `current_settings` answer with these."""
    token = _given.set(settings)
    try:
        yield
    finally:
        _given.reset(token)


def unknown_variables() -> list[str]:
    """Variables that look like settings and are none."""
    known = {f"NEWSMILL_{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.upper().startswith("NEWSMILL_") and name.upper() not in known)


def keep_prefect_quiet() -> None:
    """Leave Prefect's console log out of what a command prints; it has to be said before Prefect sets its log up."""
    for handler in ("CONSOLE", "DEBUG"):
        os.environ.setdefault(f"PREFECT_LOGGING_HANDLERS_{handler}_LEVEL", "CRITICAL")


def leave_plugins_out() -> None:
    """Of the processes that are started from here on. Where Prefect is imported in a running event loop, as Dask's
    workers do, it can't start its plugins, and says so at length."""
    os.environ.setdefault("PREFECT_PLUGINS_ENABLED", "false")


def child_environment(**extra: str) -> dict[str, str]:
    """The environment for a process newsmill starts."""
    return {**os.environ, **extra}
