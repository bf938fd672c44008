"""Settings: flags win over NEWSMILL_* variables, these over newsmill.toml, that over Prefect's (tasks/blocks.py).

The only module that reads the environment; ruff (TID251) holds the others to that. It imports DuckDB and the landing
zone only for the properties that need them, as `newsmill config` and `feeds list` need neither.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from voluptuous import All, Invalid

from tasks.networks import AllowedAddresses, parse_allowed
from tasks.outbox_table import OutboxTable, check_names, read_outbox
from tasks.shapes import (
    Check,
    list_of,
    number,
    one_of,
    optional,
    path,
    path_of,
    positive,
    problems_of,
    switch,
    table,
    text,
    whole,
)
from warehouse.errors import NewsmillError
from warehouse.feed import FullText
from warehouse.masking import HIDDEN, Secret, mask_passwords
from warehouse.store.lake import (
    CONNECT_TIMEOUT,
    SCHEME,
    Bucket,
    Lake,
    Location,
    is_lake,
    lake_at,
)

if TYPE_CHECKING:
    from tasks.rhythm import Bounds
    from warehouse.landing import Landing
    from warehouse.store.connection import Warehouse
    from warehouse.store.maintenance import Retention

PREFIX = "NEWSMILL_"
FILE = "newsmill.toml"
MEGABYTE = 1_000_000
DATA = Path("warehouse/data")
"""The folder of every file whose path is not set."""


def _home() -> Path:
    import platformdirs

    return platformdirs.user_state_path("newsmill")


def _cores() -> int:
    return min(os.cpu_count() or 1, 8)


def _check_networks(value: object) -> bool | str:
    allowed = value if isinstance(value, bool) else text(str(value) if isinstance(value, int) else value)
    try:
        parse_allowed(str(allowed))
    except ValueError as error:
        raise Invalid(str(error)) from error
    return allowed


def _check_periods(value: str) -> str:
    from tasks.rhythm import period

    try:
        for word in value.split():
            period(word)
    except ValueError as error:
        raise Invalid(str(error)) from error
    return value


def _absolute_path(value: object) -> Path:
    return path(value).absolute()


def _secret(value: object) -> Secret:
    return value if isinstance(value, Secret) else Secret(text(value))


Checks = Literal["report", "fail", "off"]


def _setting(check: Check, default: Any, description: str) -> Any:
    """A field of Settings: what it may be, its default or what makes it, and what docs/settings.md says of it."""
    facts = {"check": check, "description": description}
    if callable(default):
        return field(default_factory=default, metadata=facts)
    return field(default=default, metadata=facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    feeds: Path = _setting(path, Path("feeds.toml"), "The feeds registry")
    warehouse: str = _setting(
        text,
        str(DATA / "newsmill.duckdb"),
        "The pipeline's own DuckDB file; or a lake: ducklake:sqlite:FILE or ducklake:postgres:CONNINFO",
    )
    data_path: str | None = _setting(
        optional(text),
        None,
        "Where a lake keeps its Parquet files: a folder, or s3://BUCKET/FOLDER; beside an SQLite catalog",
    )
    catalog_password: Secret | None = _setting(optional(_secret), None, "PostgreSQL's password, for a lake's catalog")
    s3_endpoint: str | None = _setting(optional(text), None, "host:port of the S3 store; Amazon's own by default")
    s3_region: str = _setting(text, "us-east-1", "The S3 store's region")
    s3_key: Secret | None = _setting(optional(_secret), None, "The S3 store's access key")
    s3_secret: Secret | None = _setting(optional(_secret), None, "The S3 store's secret key")
    s3_tls: bool = _setting(switch, True, "Ask the S3 store by https")
    published: Path | None = _setting(optional(path), None, "The analysts' copy; news.duckdb beside the warehouse")
    landing: Path | None = _setting(optional(path), None, "The landing zone; landing/ beside the warehouse")
    image_store: Path | None = _setting(optional(path), None, "The image store; images/ beside the warehouse")
    site_patterns: Path | None = _setting(
        optional(path), None, "Rules for web pages, a file for each host; rules/ beside feeds"
    )
    home: Path = _setting(
        _absolute_path,
        _home,
        "Where the local Prefect server keeps its database and log; ~/.local/state/newsmill on Linux",
    )

    allow_private_addresses: bool | str = _setting(
        _check_networks,
        False,
        "Fetch from private networks and loopback too: 1 for all, or a list of networks and hosts, such as "
        "`127.0.0.0/8,news.internal`",
    )
    contact: str = _setting(
        text, "no contact given", "An address or a page at which sites can reach you: part of the User-Agent"
    )
    concurrency: int = _setting(whole(1, 512), 32, "Requests under way at once")
    per_host: int = _setting(whole(1, 32), 2, "Requests under way at once to one host")
    timeout: float = _setting(positive, 20, "Seconds without any byte before a request counts as timed out")
    deadline: float = _setting(positive, 60, "Seconds a whole request may take, redirects included")
    max_redirects: int = _setting(whole(0, 20), 5, "Redirects that are followed")
    max_feed_bytes: int = _setting(whole(1), 32 * MEGABYTE, "The largest feed, after decompression")
    max_image_bytes: int = _setting(whole(1), 20 * MEGABYTE, "The largest image")
    max_image_pixels: int = _setting(whole(1), 80000000, "The largest image, in pixels")
    retries: int = _setting(whole(0, 10), 2, "More tries of a feed after a time-out or a 5xx, in one run")
    retry_delay: float = _setting(number(0), 2, "Seconds before the first retry; doubles each time, with jitter")
    image_attempts: int = _setting(whole(1), 4, "Runs that try an image before it is given up")
    images_per_run: int = _setting(whole(1), 5000, "Images that one run fetches at most")
    full_text: FullText = _setting(
        one_of(get_args(FullText)),
        "auto",
        "For feeds that say nothing of it: whether an entry's own page is fetched for its text; auto: "
        "where the feed gives a teaser",
    )
    page_attempts: int = _setting(whole(1), 5, "Runs that try a page before it is given up")
    pages_per_run: int = _setting(whole(0), 1000, "Pages that one run fetches at most")
    pages_per_host: int = _setting(whole(1), 50, "Pages that one run fetches of one host at most")
    pages_seconds: float = _setting(positive, 1800, "Seconds after which a run begins no further batch of pages")
    page_days: float = _setting(positive, 30, "Days for which an article's page is wanted after it was first seen")
    page_checks: str = _setting(
        All(text, _check_periods),
        "1h 6h 1d 7d 30d",
        "When a page is asked again after it was first read, to see what was changed or taken down; empty: never",
    )
    gone_after: str = _setting(
        All(text, _check_periods), "1d", "How long a page must be missing before it counts as taken down"
    )
    min_interval: float = _setting(positive, 900, "Seconds before a scheduled ingest asks a feed again, at least")
    max_interval: float = _setting(positive, 86400, "Seconds until a scheduled ingest asks a feed again, at most")
    missing_tries: int = _setting(whole(0), 5, "Answers of 404 in a row that disable a feed; 0: none do")
    missing_days: float = _setting(number(0), 3, "Days that must lie between the first and the last of those 404s")
    lock_timeout: float = _setting(number(0), 60, "Seconds to wait while another process holds the warehouse")
    workers: int = _setting(whole(1), _cores, "Processes that parse and clean; one for each core, at most 8")
    mill_timeout: float = _setting(positive, 120, "Seconds one document may take to parse and clean")
    wayback_url: str = _setting(text, "https://web.archive.org", "The Wayback Machine, or a copy of its API")
    backfill_pause: float = _setting(number(0), 1.5, "Seconds between two requests of a backfill")
    max_page_bytes: int = _setting(whole(1), 16 * MEGABYTE, "The largest web page or article file")
    checks: Checks = _setting(
        one_of(get_args(Checks)),
        "report",
        "A failed quality check is reported (report) or ends the run unpublished (fail); off: no checks",
    )
    fail_share: float = _setting(
        number(0, 1),
        1.0,
        "An ingest fails when a larger share of its feeds fail, or all that it asked; feeds left alone "
        "after a failure count as failed",
    )
    alert_share: float = _setting(
        number(0, 1),
        0.5,
        "An ingest tells Prefect's automations when a larger share of its feeds fail, counted as for fail_share",
    )
    outbox: tuple[OutboxTable, ...] = _setting(
        All(list_of(read_outbox), check_names),
        (),
        "Where articles are posted to: [[outbox]] in newsmill.toml; `newsmill outbox --help` shows one",
    )
    outbox_seconds: float = _setting(positive, 60, "Seconds that a run posts to outboxes at most")
    outbox_attempts: int = _setting(whole(1), 10, "Attempts after which a message of an outbox is given up")
    dask_scheduler: str | None = _setting(
        optional(text),
        None,
        "Address of the Dask scheduler that `ingest --dask` uses; without one, `workers` processes here",
    )
    keep_fetches: int = _setting(whole(1), 90, "Days for which ops.fetches is kept; each feed's last fetch stays")
    keep_runs: int = _setting(whole(1), 365, "Days for which ops.runs is kept")
    keep_checks: int = _setting(whole(1), 90, "Days for which ops.checks is kept")
    keep_events: int = _setting(
        whole(1), 30, "Days for which ops.article_events and the messages that were sent are kept"
    )
    keep_prefect: int = _setting(
        whole(1), 30, "Days for which the local Prefect server keeps runs with their tasks, logs and artifacts"
    )
    keep_snapshots: int = _setting(whole(1), 7, "Days for which a lake keeps its snapshots")
    prefect_port: int = _setting(
        whole(0, 65535), 0, "Port of the local Prefect server; 0 takes 4200 if it is free, else another"
    )
    metrics_port: int = _setting(
        whole(0, 65535), 9464, "Port at which `newsmill serve` has /metrics for Prometheus; 0: none"
    )
    metrics_host: str = _setting(
        text, "127.0.0.1", "Address of this machine at which /metrics is served; 0.0.0.0 lets other machines read"
    )
    otlp_endpoint: str | None = _setting(
        optional(text),
        None,
        "OpenTelemetry collector to which `newsmill serve` sends the metrics by HTTP, such as "
        "`http://127.0.0.1:4318`; needs `newsmill[telemetry]`",
    )
    openlineage_url: str | None = _setting(
        optional(text),
        None,
        "OpenLineage server to which each run sends events that name the tables it writes, such as "
        "`http://127.0.0.1:5000`; needs `newsmill[telemetry]`",
    )

    @property
    def location(self) -> Location:
        """The warehouse's file, or its lake."""
        if not is_lake(self.warehouse):
            return Path(self.warehouse).absolute()
        key, secret = _secret_value(self.s3_key), _secret_value(self.s3_secret)
        bucket = Bucket(self.s3_endpoint, self.s3_region, key, secret, self.s3_tls)
        password = _secret_value(self.catalog_password)
        # libpq reads PGCONNECT_TIMEOUT itself, unless the connection string overrides it
        timeout = None if "PGCONNECT_TIMEOUT" in os.environ else CONNECT_TIMEOUT
        return lake_at(self.warehouse, data=self.data_path, bucket=bucket, password=password, connect_timeout=timeout)

    @property
    def address(self) -> str:
        """The setting `warehouse` with an absolute path, for a process that runs in another folder."""
        location = self.location
        if isinstance(location, Lake):
            return f"{SCHEME}{location.kind}:{location.catalog}"
        return str(location)

    @property
    def store(self) -> Warehouse:
        from warehouse.store.connection import Warehouse

        return Warehouse(self.location, self.lock_timeout)

    @property
    def folder(self) -> Path:
        """The folder on this machine beside or in which the warehouse's other files lie."""
        location = self.location
        if isinstance(location, Lake):
            return Path(location.catalog).parent if location.kind == "sqlite" else DATA.absolute()
        return location.parent

    @property
    def rebuild_path(self) -> Path:
        """Where `reprocess` builds the warehouse anew."""
        location = self.location
        return self.folder / f".{location.name if isinstance(location, Path) else 'lake'}.rebuild"

    @property
    def bounds(self) -> Bounds:
        from tasks.rhythm import Bounds

        return Bounds(self.min_interval, self.max_interval, self.missing_tries, self.missing_days)

    @property
    def recheck_seconds(self) -> list[float]:
        """When a page is asked again after it was first read."""
        from tasks.rhythm import period

        return [period(word) for word in self.page_checks.split()]

    @property
    def gone_seconds(self) -> float:
        from tasks.rhythm import period

        return period(self.gone_after)

    @property
    def allowed_addresses(self) -> AllowedAddresses:
        return parse_allowed(str(self.allow_private_addresses))

    @property
    def landing_path(self) -> Path:
        return (self.landing or self.folder / "landing").absolute()

    @property
    def landing_zone(self) -> Landing:
        from warehouse.landing import Landing

        return Landing(self.landing_path)

    @property
    def images_path(self) -> Path:
        return (self.image_store or self.folder / "images").absolute()

    @property
    def patterns_path(self) -> Path:
        return self.site_patterns or self.feeds.parent / "rules"

    @property
    def published_path(self) -> Path:
        return (self.published or self.folder / "news.duckdb").absolute()

    @property
    def retention(self) -> Retention:
        from warehouse.store.maintenance import Retention

        periods = (self.keep_fetches, self.keep_runs, self.keep_checks, self.keep_snapshots, self.keep_events)
        return Retention(*(timedelta(days=days) for days in periods), outboxes=[table.name for table in self.outbox])

    @property
    def user_agent(self) -> str:
        from importlib.metadata import version

        return f"newsmill/{version('newsmill')} (news archiver; {self.contact})"


SETTINGS: Mapping[str, Field[Any]] = {setting.name: setting for setting in fields(Settings)}
"""Every setting by its name."""

_SETTINGS = table({name: setting.metadata["check"] for name, setting in SETTINGS.items()})


def _secret_value(secret: Secret | None) -> str | None:
    return secret.value or None if secret else None  # an empty variable sets nothing


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """A setting's value before validation, and where it comes from."""

    value: Any
    origin: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class ExplainedSetting:
    """A setting as `newsmill config` shows it."""

    name: str
    value: str | int | float | bool | None
    origin: str
    meaning: str


def load_settings(*, deployed: bool = False, **flags: Any) -> Settings:
    """The settings in force; a flag that is None was not given. Raises NewsmillError naming each invalid setting.

    With `deployed`, Prefect's variables count, too.
    """
    return _validate(_collect_values(flags, deployed=deployed))


def explain_settings(*, deployed: bool = False, **flags: Any) -> list[ExplainedSetting]:
    """Every setting in force and where it comes from, with secrets masked."""
    values = _collect_values(flags, deployed=deployed)
    settings = _validate(values)
    default_paths = {
        "published": settings.published_path,
        "landing": settings.landing_path,
        "image_store": settings.images_path,
        "site_patterns": settings.patterns_path,
    }
    explained = []
    for name, setting in SETTINGS.items():
        value = getattr(settings, name)
        if value is None:
            value = default_paths.get(name)
        source = values.get(name, SourcedValue(None, "default"))
        printable = _printable(value, source.is_secret)
        explained.append(ExplainedSetting(name, printable, source.origin, setting.metadata["description"]))
    return explained


BLOCK = "block:"
"""`warehouse = "block:NAME"` takes a newsmill-warehouse block of Prefect's, any other setting a Secret block."""


def _collect_values(flags: Mapping[str, Any], *, deployed: bool) -> dict[str, SourcedValue]:
    """The value of every setting that is set anywhere, by name; the first source that has one wins."""
    values: dict[str, SourcedValue] = {}

    def add(source: Mapping[str, Any], origin: str) -> None:
        for name, value in source.items():
            values.setdefault(name, SourcedValue(value, origin.format(name=name, NAME=name.upper())))

    add({name: value for name, value in flags.items() if value is not None}, "--{name}")
    add(_read_environment(), "NEWSMILL_{NAME}")
    add(_read_file(), FILE)
    if deployed:
        from tasks import blocks

        add(blocks.read_variables(SETTINGS), f"Prefect variable {blocks.VARIABLE}{{name}}")
    if not any(_block_name(setting.value) for setting in values.values()):
        return values
    if not deployed:
        keep_prefect_quiet()
    from tasks import blocks  # Prefect takes seconds to import

    if block := _block_name(values["warehouse"].value if "warehouse" in values else None):
        del values["warehouse"]
        add(blocks.read_warehouse_block(block), f"block newsmill-warehouse/{block}")
    for name, setting in values.items():
        if block := _block_name(setting.value):
            values[name] = SourcedValue(blocks.read_secret(block), f"block secret/{block}", is_secret=True)
    return values


def _read_environment() -> dict[str, Any]:
    """The settings in NEWSMILL_* variables, in upper or lower case; tables as JSON. Raises NewsmillError."""
    variables = {name.upper(): value for name, value in os.environ.items()}
    names = {name: f"{PREFIX}{name.upper()}" for name in SETTINGS}
    values: dict[str, Any] = {name: variables[variable] for name, variable in names.items() if variable in variables}
    if "outbox" in values:
        try:
            values["outbox"] = json.loads(values["outbox"])
        except ValueError as error:
            raise NewsmillError(f"{names['outbox']}: outboxes are written as a JSON list there: {error}") from None
    return values


def _read_file() -> dict[str, Any]:
    """The settings in newsmill.toml, if there is one. Raises NewsmillError."""
    try:
        return tomllib.loads(Path(FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NewsmillError(f"{FILE}: {error}") from error


def _block_name(value: object) -> str | None:
    text = str(value)
    return text.removeprefix(BLOCK) if text.startswith(BLOCK) else None


def _validate(values: Mapping[str, SourcedValue]) -> Settings:
    try:
        return Settings(**_SETTINGS({name: setting.value for name, setting in values.items()}))
    except Invalid as error:
        problems = []
        for problem in problems_of(error):
            where = path_of(problem)
            name = str(where[0])
            source = values.get(name, SourcedValue(None, "default"))
            value = _printable(source.value, source.is_secret or _is_secret(name))
            # a table, such as an [[outbox]], is long, and what is wrong in it may be a secret that was written into it
            is_table = isinstance(source.value, list | tuple | dict)
            shown = "" if is_table else f"it is {value!r}, "
            problems.append(f"{'.'.join(map(str, where))}: {problem.msg} ({shown}from {source.origin})")
        # not "from error": that would repeat every value
        raise NewsmillError(f"settings: {'; '.join(problems)}") from None


def _is_secret(name: str) -> bool:
    """Whether the setting's value must never be printed."""
    return name in SETTINGS and "Secret" in str(SETTINGS[name].type)


def _printable(value: object, is_secret: bool) -> str | int | float | bool | None:
    """The value with secrets, and passwords within addresses, masked."""
    if value is None or isinstance(value, bool | int | float):
        return HIDDEN if is_secret else value
    if is_secret or isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, tuple):
        return mask_passwords(", ".join(map(str, value)))
    return mask_passwords(str(value))


_command_settings: ContextVar[Settings | None] = ContextVar("settings", default=None)


FOLDER = "NEWSMILL_FOLDER"
"""Names the folder of an installation to its deployments' runs, which Prefect starts in an empty folder: were it their
own, a `tasks/` or `flows/` of the operator's in it would be imported in place of newsmill's."""


def current_settings() -> Settings:
    """The command line's settings; in a deployment, those of the environment and of Prefect's variables."""
    if settings := _command_settings.get():
        return settings
    if folder := os.environ.get(FOLDER):
        _enter(folder)
    return load_settings(deployed=True)


def _enter(folder: str) -> None:
    """Let relative paths begin there, as for a command that is run there. Raises NewsmillError."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise NewsmillError(
            f"{folder}: this installation's folder can't be entered ({error.strerror}); if it was moved, run "
            "`newsmill serve` or `newsmill deploy` in the folder where it is now"
        ) from error


@contextmanager
def use_settings(settings: Settings) -> Iterator[None]:
    """Let `current_settings` return these."""
    token = _command_settings.set(settings)
    try:
        yield
    finally:
        _command_settings.reset(token)


def unknown_variables() -> list[str]:
    """Environment variables that start with NEWSMILL_ and name no setting."""
    known = {f"{PREFIX}{name.upper()}" for name in SETTINGS} | {FOLDER}
    return sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)


def environment_variable(name: str) -> str | None:
    """An environment variable that an operator named, such as one with a secret."""
    return os.environ.get(name)


def keep_prefect_quiet() -> None:
    """Keep Prefect's log off the console of a command. Call it before Prefect is imported: it sets up its log then."""
    for handler in ("CONSOLE", "DEBUG"):
        os.environ.setdefault(f"PREFECT_LOGGING_HANDLERS_{handler}_LEVEL", "CRITICAL")


def disable_prefect_plugins() -> None:
    """Turn Prefect's plugins off in processes started from here on.

    Dask's workers import Prefect in a running event loop, where it can't start plugins and logs long warnings.
    """
    os.environ.setdefault("PREFECT_PLUGINS_ENABLED", "false")


_SAFE_PATH = "PYTHONSAFEPATH"
"""Keeps a Python program from importing a `tasks/` or `flows/` of the current folder in place of newsmill's."""


@contextmanager
def without_current_folder() -> Iterator[None]:
    """Python programs that are started meanwhile import nothing from the current folder."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


def child_environment(defaults: Mapping[str, str] | None = None, /, **variables: str) -> dict[str, str]:
    """The environment for a child process: this process's and `variables`.

    A variable of `defaults` is used only where this process's environment does not set it.
    """
    return {_SAFE_PATH: "1", **(defaults or {}), **os.environ, **variables}
