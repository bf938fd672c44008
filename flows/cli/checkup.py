"""What `newsmill doctor` looks at. Nothing is changed by looking, and no server is started."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, distributions, metadata, requires, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
from packaging.requirements import Requirement
from packaging.version import Version

from tasks.registry.feeds_file import read_feeds
from tasks.settings import Settings, keep_prefect_quiet, load_settings, unknown_variables
from warehouse.errors import NewsmillError, OldSchemaError, WarehouseLockedError
from warehouse.read.queries import run_query
from warehouse.store.lake import masked
from warehouse.store.sql_files import query

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

LITTLE = 1_000_000_000
"""Bytes of free space that are no cause for concern, beside what the next copy takes."""
NOTHING = 100_000_000
"""Bytes that the next run may well fill."""
SKEW, TOO_FAR = 30.0, 300.0
"""Seconds by which a clock may be wrong; what is due, and how long to wait, goes by it."""
LOCK_TIMEOUT = 3.0
LOAD_EXTENSION = "LOAD '{}'"
HEARTBEATS = 3
"""Heartbeats a worker may miss."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    name: str
    state: Literal["ok", "warning", "failed"]
    says: str
    mend: str = ""


def examine(**flags: Any) -> list[Finding]:
    """Everything there is to look at; where the settings are wrong, only what needs none."""
    found = [*_versions(), *_extensions()]
    try:
        settings = load_settings(**flags)
    except NewsmillError as error:
        return [*found, _explained("settings", error, "`newsmill config` says where settings come from")]
    looks: tuple[Callable[[Settings], Iterable[Finding]], ...] = (
        _settings,
        _registry,
        _folders,
        _disk,
        _warehouse,
        _published,
        _landing,
        _prefect,
    )
    for look in looks:
        found += look(settings)
    return found


def _explained(name: str, error: NewsmillError, mend: str, state: Literal["warning", "failed"] = "failed") -> Finding:
    """An error's message says what happened, then what to do; `mend` is for one that doesn't."""
    said, _, todo = str(error).partition("; ")
    return Finding(name, state, said, todo or mend)


# --- what is installed ----------------------------------------------------------------------------------------------


def _versions() -> Iterator[Finding]:
    wanted = metadata("newsmill")["Requires-Python"] or ""
    python = ".".join(map(str, sys.version_info[:3]))
    installed: dict[str, str | None] = {}
    wrong = False
    for requirement in map(Requirement, requires("newsmill") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed[requirement.name] = version(requirement.name)
        except PackageNotFoundError:
            installed[requirement.name] = None
        found = installed[requirement.name]
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            wrong = True
            said = f"{requirement.name} {found} is installed" if found else f"{requirement.name} is not installed"
            yield Finding(
                "versions",
                "failed",
                f"{said}; newsmill needs {requirement.specifier or 'it'}",
                f"pip install '{requirement.name}{requirement.specifier}'",
            )
    if not wrong:
        named = ", ".join(f"{name} {installed.get(name)}" for name in ("prefect", "duckdb"))
        yield Finding(
            "versions", "ok", f"newsmill {version('newsmill')}, Python {python} ({wanted}), {named}: all as required"
        )


def _extensions() -> Iterator[Finding]:
    """Wheels hold one extension each, for one version of DuckDB."""
    loaded = []
    for wheel in sorted({d.name.lower().replace("_", "-") for d in distributions() if d.name}):
        if not wheel.startswith("duckdb-extension-"):
            continue
        name = wheel.removeprefix("duckdb-extension-").replace("-", "_")
        mend = f"pip install --force-reinstall {wheel}=={duckdb.__version__}"
        if version(wheel) != duckdb.__version__:
            said = f"{name} is for DuckDB {version(wheel)}, and DuckDB is {duckdb.__version__}"
            yield Finding("extensions", "failed", said, mend)
            continue
        path = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        try:
            with duckdb.connect(":memory:") as connection:
                connection.execute(LOAD_EXTENSION.format(str(path).replace("'", "''")))  # LOAD takes no parameters
            loaded.append(name)
        except duckdb.Error as error:
            yield Finding("extensions", "failed", f"{name} can't be loaded: {str(error).splitlines()[0]}", mend)
    if loaded:
        yield Finding("extensions", "ok", f"{', '.join(loaded)}: for DuckDB {duckdb.__version__}, and load")


# --- what is configured ---------------------------------------------------------------------------------------------


def _settings(settings: Settings) -> Iterator[Finding]:
    if mistaken := unknown_variables():
        said = f"{', '.join(mistaken)}: no such setting, so without effect"
        yield Finding("settings", "warning", said, "mend the name; `newsmill config` lists all settings")
    else:
        yield Finding("settings", "ok", "all are known and valid; `newsmill config` shows them")


def _registry(settings: Settings) -> Iterator[Finding]:
    try:
        feeds = read_feeds(settings.feeds)
    except NewsmillError as error:
        yield _explained("feeds", error, f"mend {settings.feeds}, or name another with --feeds")
        return
    enabled = sum(feed.enabled for feed in feeds)
    if enabled:
        yield Finding("feeds", "ok", f"{len(feeds)} feeds, {enabled} enabled, in {settings.feeds}")
    else:
        yield Finding("feeds", "warning", f"{settings.feeds}: no feed is enabled", "`newsmill feeds add URL` adds one")


def _places(settings: Settings) -> dict[str, Path]:
    return {
        "warehouse": settings.folder,
        "published copy": settings.published_path.parent,
        "landing zone": settings.landing_zone.root,
        "image store": settings.images_path,
        "home": settings.home.absolute(),
    }


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _folders(settings: Settings) -> Iterator[Finding]:
    """What is written to: every folder, and the files in them."""
    wrong = []
    for name, folder in _places(settings).items():
        place = _nearest(folder)
        if not place.is_dir():
            wrong.append((name, f"{place} is a file, and a folder is needed"))
        elif not os.access(place, os.W_OK | os.X_OK):
            wrong.append((name, f"{place} can't be written"))
    for name, path in (("warehouse", Path(settings.warehouse)), ("published copy", settings.published_path)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            wrong.append((name, f"{path} can't be read and written"))
    for name, said in wrong:
        yield Finding("folders", "failed", f"{name}: {said}", "mend its owner and rights, or set another place")
    if not wrong:
        yield Finding("folders", "ok", f"{', '.join(_places(settings))}: all can be written")


def _disk(settings: Settings) -> Iterator[Finding]:
    file = Path(settings.warehouse)
    size = file.stat().st_size if file.is_file() else 0
    seen = set()
    for name, folder in _places(settings).items():
        place = _nearest(folder)
        if (device := place.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(place).free
        copies = size if name in ("warehouse", "published copy") else 0
        said = f"{_bytes(free)} free for the {name} ({place})"
        mend = "free space, or move the landing zone and the image store (NEWSMILL_LANDING, NEWSMILL_IMAGE_STORE)"
        if free < NOTHING + copies:
            yield Finding("disk", "failed", f"{said}: too little for the next run", mend)
        elif free < LITTLE + 2 * copies:
            yield Finding("disk", "warning", f"{said}: it will not last", mend)
        else:
            yield Finding("disk", "ok", said)


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


# --- what is there --------------------------------------------------------------------------------------------------


def _warehouse(settings: Settings) -> Iterator[Finding]:
    store, place = replace(settings.store, lock_timeout=LOCK_TIMEOUT), masked(settings.warehouse)
    try:
        if not store.exists():
            yield Finding("warehouse", "ok", f"{place}: not there yet; the first ingest makes it")
            return
        with store.reading() as connection:
            schema, articles = connection.execute(query("doctor_warehouse")).fetchall()[0]
            clock = connection.execute(query("doctor_clock")).fetchall()
    except OldSchemaError as error:
        yield _explained("warehouse", error, "", "warning")
    except WarehouseLockedError as error:
        yield _explained("warehouse", error, "", "warning")
    except NewsmillError as error:
        yield _explained("warehouse", error, "move it away; `newsmill reprocess` builds it again from what landed")
    else:
        yield Finding("warehouse", "ok", f"{place}: opens, schema {schema}, {articles:,} articles")
        if skews := [(fetched - parsedate_to_datetime(date)).total_seconds() for fetched, date in clock]:
            yield _clock("the feeds' servers", min(skews, key=abs))


def _clock(whose: str, skew: float) -> Finding:
    said = f"this machine's is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of {whose}"
    mend = "set the clock; a time service (chrony, systemd-timesyncd) keeps it right"
    if abs(skew) > TOO_FAR:
        return Finding("clock", "failed", said, mend)
    if abs(skew) > SKEW:
        return Finding("clock", "warning", said, mend)
    return Finding("clock", "ok", f"this machine's agrees with that of {whose}")


def _published(settings: Settings) -> Iterator[Finding]:
    path = settings.published_path
    if not path.exists():
        yield Finding(
            "published copy", "ok", f"{path}: not there yet; `newsmill ingest` or `newsmill publish` makes it"
        )
        return
    try:
        ((articles,),) = run_query(path, "SELECT count(*) FROM marts.latest_articles").rows
    except NewsmillError as error:
        yield _explained("published copy", error, "`newsmill publish` makes it anew")
    else:
        yield Finding("published copy", "ok", f"{path}: opens, {articles:,} articles")


def _landing(settings: Settings) -> Iterator[Finding]:
    try:
        waiting = settings.landing_zone.pending()
    except NewsmillError as error:
        yield _explained("landing zone", error, "keep that record elsewhere; the rest is loaded then")
        return
    if not waiting:
        yield Finding("landing zone", "ok", f"{settings.landing_zone.root}: nothing waits to be loaded")
    else:
        since = f"{waiting[0].fetched_at:%Y-%m-%d %H:%M} UTC"
        said = f"{len(waiting)} documents wait to be loaded, the oldest since {since}"
        yield Finding("landing zone", "warning", said, "the next `newsmill ingest` loads them")


# --- Prefect --------------------------------------------------------------------------------------------------------


def _prefect(settings: Settings) -> Iterator[Finding]:
    keep_prefect_quiet()
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.prefect_server.local import running

    local = None if PREFECT_API_URL.value() else running(settings)
    address = local.api_url if local else PREFECT_API_URL.value()
    if not address:
        said = "no server is set, and none of newsmill's own runs; the next command that needs one starts it"
        yield Finding("Prefect server", "ok", said)
        return
    try:
        with temporary_settings({PREFECT_API_URL: address}), get_client(sync_client=True) as client:
            yield _server(client, address)
            if told := client.hello().headers.get("date"):
                yield _clock("Prefect's server", (datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds())
            yield from _workers(client)
            yield from _variables(client)
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        said = f"{address} doesn't answer as Prefect's server does ({str(error) or type(error).__name__})"
        mend = "start it (`newsmill server start` starts a local one), or mend or unset PREFECT_API_URL"
        yield Finding("Prefect server", "failed", said, mend)


def _server(client: SyncPrefectClient, address: str) -> Finding:
    import prefect

    server, ours = Version(client.api_version()), Version(prefect.__version__)
    said = f"{address} answers, version {server}"
    if server < ours and server.release[:2] != ours.release[:2]:
        return Finding(
            "Prefect server",
            "failed",
            f"{said}; newsmill speaks {ours}",
            f"upgrade the server: pip install prefect=={ours}",
        )
    if server != ours:
        return Finding("Prefect server", "warning", f"{said}; newsmill speaks {ours}", "run the same version on both")
    return Finding("Prefect server", "ok", said)


def _workers(client: SyncPrefectClient) -> Iterator[Finding]:
    """Whether somebody runs what is deployed."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.exceptions import ObjectNotFound

    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["newsmill"]))
    pools: dict[str, list[DeploymentResponse]] = {}
    for deployment in client.read_deployments(deployment_filter=ours):
        if deployment.work_pool_name:
            pools.setdefault(deployment.work_pool_name, []).append(deployment)
    if not pools:
        yield Finding("deployments", "ok", "none of newsmill's; `prefect deploy --all` in the clone makes them")
    for pool, deployments in pools.items():
        names = ", ".join(sorted(deployment.name for deployment in deployments))
        start = f"prefect worker start --pool {pool}"
        try:
            paused = client.read_work_pool(pool).is_paused
        except ObjectNotFound:
            mend = f"prefect work-pool create {pool} --type process; prefect deploy --all"
            yield Finding("work pool", "failed", f"{pool}, which is to run {names}, is gone", mend)
            continue
        if paused:
            said = f"{pool} is paused: nothing of {names} runs"
            yield Finding("work pool", "warning", said, f"prefect work-pool resume {pool}")
        workers = [worker for worker in client.read_workers_for_work_pool(pool) if _beats(worker)]
        scheduled = any(not d.paused and any(s.active for s in d.schedules) for d in deployments)
        if workers:
            said = f"{len(workers)} at work in the pool {pool} ({names})"
            yield Finding("worker", "ok", said)
        else:
            said = f"none in the pool {pool}: {names} will not run"
            yield Finding("worker", "failed" if scheduled else "warning", said, start)


def _beats(worker: Any) -> bool:
    if not worker.last_heartbeat_time:
        return False
    silent = (datetime.now(UTC) - worker.last_heartbeat_time).total_seconds()
    return bool(silent < HEARTBEATS * (worker.heartbeat_interval_seconds or 30))


def _variables(client: SyncPrefectClient) -> Iterator[Finding]:
    from tasks.blocks import VARIABLE

    names = [variable.name for variable in client.read_variables() if variable.name.startswith(VARIABLE)]
    if mistaken := [name for name in names if name.removeprefix(VARIABLE) not in Settings.model_fields]:
        said = f"{', '.join(sorted(mistaken))}: no such setting, so without effect"
        yield Finding("Prefect variables", "warning", said, "mend the name; `newsmill config` lists all settings")
