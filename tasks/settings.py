"""Settings: flags first, then NEWSMILL_* variables, then newsmill.toml. The only module that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from warehouse.connection import Warehouse
from warehouse.errors import NewsmillError
from warehouse.landing import Landing

MEGABYTE = 1_000_000


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="NEWSMILL_", toml_file="newsmill.toml", extra="forbid")

    feeds: Path = Field(Path("feeds.toml"), description="The feeds registry")
    warehouse: Path = Field(Path("warehouse/data/newsmill.duckdb"), description="The pipeline's own DuckDB file")
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
    def store(self) -> Warehouse:
        return Warehouse(self.warehouse.absolute(), self.lock_timeout)

    @property
    def landing_zone(self) -> Landing:
        return Landing((self.landing or self.warehouse.parent / "landing").absolute())

    @property
    def images_path(self) -> Path:
        return (self.image_store or self.warehouse.parent / "images").absolute()

    @property
    def published_path(self) -> Path:
        return (self.published or self.warehouse.parent / "news.duckdb").absolute()

    @property
    def user_agent(self) -> str:
        return f"newsmill/{version('newsmill')} (news archiver; {self.contact})"


def load_settings(**flags: Any) -> Settings:
    """The settings in force; flags that are None were not given. Raises NewsmillError that names what is wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']} (it is {problem['input']!r})"
            for problem in error.errors()
        )
        raise NewsmillError(f"settings: {problems}; see NEWSMILL_* variables and newsmill.toml") from error
    except (OSError, ValueError) as error:
        raise NewsmillError(f"newsmill.toml: {error}") from error


_given: ContextVar[Settings | None] = ContextVar("settings", default=None)


def current_settings() -> Settings:
    """The settings the command line was given; in a deployment, those of the environment."""
    return _given.get() or load_settings()


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Let `current_settings` answer with these."""
    token = _given.set(settings)
    try:
        yield
    finally:
        _given.reset(token)


def keep_prefect_quiet() -> None:
    """Leave Prefect's console log out of what a command prints; it has to be said before Prefect sets its log up."""
    for handler in ("CONSOLE", "DEBUG"):
        os.environ.setdefault(f"PREFECT_LOGGING_HANDLERS_{handler}_LEVEL", "CRITICAL")


def child_environment(**extra: str) -> dict[str, str]:
    """The environment for a process newsmill starts."""
    return {**os.environ, **extra}
