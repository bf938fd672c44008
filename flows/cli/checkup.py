"""The checks of `newsmill doctor`. They change nothing and start no server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, distributions, metadata, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import humanize
from packaging.requirements import Requirement
from packaging.version import Version

from tasks.errors import ServerError
from tasks.fetch.access import literal_secrets
from tasks.orchestration.prefect_database import database_bytes, database_path
from tasks.registry.feeds_file import read_feeds
from tasks.settings import SETTINGS, Settings, keep_prefect_quiet, load_settings, unknown_variables
from warehouse.counting import counted
from warehouse.errors import NewsmillError, OldSchemaError, WarehouseError, WarehouseLockedError
from warehouse.masking import mask, mask_passwords
from warehouse.read.queries import run_query
from warehouse.store.extensions import load_extension
from warehouse.store.sql_files import query

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

LOW_SPACE = 1_000_000_000
"""Bytes of free space, beside two copies of the warehouse, below which a warning is due."""
NO_SPACE = 100_000_000
"""Bytes of free space, beside one copy, below which the next run may fail."""
SKEW_WARNING, SKEW_FAILURE = 30.0, 300.0
"""Seconds by which the clock may be wrong: which feeds are due, and how long to wait, depends on it."""
MUCH_OF_PREFECT = 2_000_000_000
"""Bytes of the local Prefect server's database from which on a warning is due."""
LOCK_TIMEOUT = 3.0
HEARTBEATS = 3
"""Heartbeats that a worker may miss before it counts as gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. The names of its fields are keys of `newsmill doctor --json`."""

    name: str
    state: Literal["ok", "warning", "failed"]
    says: str
    mend: str = ""


def examine(**flags: Any) -> list[Finding]:
    """The findings of all checks; with invalid settings, only of those that need no settings."""
    findings = [*_check_versions(), *_check_extensions()]
    try:
        settings = load_settings(**flags)
    except NewsmillError as error:
        return [*findings, _from_error("settings", error, "`newsmill config` says where settings come from")]
    checks: tuple[Callable[[Settings], Iterable[Finding]], ...] = (
        *(_check_settings, _check_registry, _check_folders, _check_disk),
        *(_check_warehouse, _check_published_copy, _check_landing_zone, _check_prefect_database, _check_prefect),
    )
    for check in checks:
        findings += check(settings)
    return findings


def _from_error(name: str, error: NewsmillError, fix: str, state: Literal["warning", "failed"] = "failed") -> Finding:
    """The error's message up to its semicolon, after which it names the fix; `fix` is for errors that name none."""
    problem, _, named_fix = str(error).partition("; ")
    return Finding(name, state, problem, named_fix or fix)


def _check_versions() -> Iterator[Finding]:
    required_python = metadata("newsmill")["Requires-Python"] or ""
    python = ".".join(map(str, sys.version_info[:3]))
    installed: dict[str, str | None] = {}
    all_right = True
    for requirement in map(Requirement, requires("newsmill") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed[requirement.name] = version(requirement.name)
        except PackageNotFoundError:
            installed[requirement.name] = None
        present = installed[requirement.name]
        if present is None or not requirement.specifier.contains(present, prereleases=True):
            all_right = False
            name = requirement.name
            message = f"{name} {present} is installed" if present else f"{name} is not installed"
            yield Finding(
                "versions",
                "failed",
                f"{message}; newsmill needs {requirement.specifier or 'it'}",
                f"pip install '{requirement.name}{requirement.specifier}'",
            )
    if all_right:
        message = (
            f"newsmill {version('newsmill')}, Python {python} ({required_python}), prefect {installed.get('prefect')}, "
            f"duckdb {installed.get('duckdb')}: all as required"
        )
        yield Finding("versions", "ok", message)


def _check_extensions() -> Iterator[Finding]:
    """Each wheel has one extension, for one version of DuckDB."""
    loaded = []
    for wheel in sorted({d.name.lower().replace("_", "-") for d in distributions() if d.name}):
        if not wheel.startswith("duckdb-extension-"):
            continue
        name = wheel.removeprefix("duckdb-extension-").replace("-", "_")
        fix = f"pip install --force-reinstall {wheel}=={duckdb.__version__}"
        if version(wheel) != duckdb.__version__:
            problem = f"{name} is for DuckDB {version(wheel)}, and DuckDB is {duckdb.__version__}"
            yield Finding("extensions", "failed", problem, fix)
            continue
        try:
            with duckdb.connect(":memory:") as connection:
                load_extension(connection, name)
            loaded.append(name)
        except WarehouseError as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            yield Finding("extensions", "failed", f"{name} can't be loaded: {reason}", fix)
    if loaded:
        yield Finding("extensions", "ok", f"{', '.join(loaded)}: for DuckDB {duckdb.__version__}, and load")


def _check_settings(settings: Settings) -> Iterator[Finding]:
    if unknown := unknown_variables():
        message = f"{', '.join(unknown)}: no such setting, so without effect"
        yield Finding("settings", "warning", message, "fix the name; `newsmill config` lists all settings")
    else:
        yield Finding("settings", "ok", "all are known and valid; `newsmill config` shows them")


def _check_registry(settings: Settings) -> Iterator[Finding]:
    try:
        feeds = read_feeds(settings.feeds)
    except NewsmillError as error:
        yield _from_error("feeds", error, f"fix {settings.feeds}, or name another with --feeds")
        return
    if exposed := [feed.id for feed in feeds if mask(feed.url) != feed.url or literal_secrets(feed.access)]:
        message = f"{settings.feeds} holds a secret in the address or the access of {', '.join(exposed[:5])}"
        yield Finding("feeds", "warning", message, "write {env:NAME}, {file:PATH} or {block:NAME} in its place")
    enabled = sum(feed.enabled for feed in feeds)
    if enabled:
        yield Finding("feeds", "ok", f"{counted(len(feeds), 'feed')}, {enabled} enabled, in {settings.feeds}")
    else:
        yield Finding("feeds", "warning", f"{settings.feeds}: no feed is enabled", "`newsmill feeds add URL` adds one")


def _folders(settings: Settings) -> dict[str, Path]:
    """The folders that newsmill writes to, by what they hold."""
    return {
        "warehouse": settings.folder,
        "published copy": settings.published_path.parent,
        "landing zone": settings.landing_zone.root,
        "image store": settings.images_path,
        "home": settings.home.absolute(),
    }


def _nearest_existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())


def _check_folders(settings: Settings) -> Iterator[Finding]:
    """Whether newsmill can write to its folders, or make them, and to the files in them."""
    problems = []
    for name, folder in _folders(settings).items():
        existing = _nearest_existing(folder)
        if not existing.is_dir():
            problems.append((name, f"{existing} is a file, and a folder is needed"))
        elif not os.access(existing, os.W_OK | os.X_OK):
            problems.append((name, f"{existing} can't be written"))
    for name, path in (("warehouse", Path(settings.warehouse)), ("published copy", settings.published_path)):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            problems.append((name, f"{path} can't be read and written"))
    for name, problem in problems:
        yield Finding("folders", "failed", f"{name}: {problem}", "fix its owner and permissions, or set another path")
    if not problems:
        yield Finding("folders", "ok", f"{', '.join(_folders(settings))}: all can be written")


def _check_disk(settings: Settings) -> Iterator[Finding]:
    file = Path(settings.warehouse)
    size = file.stat().st_size if file.is_file() else 0
    devices = set()
    for name, folder in _folders(settings).items():
        existing = _nearest_existing(folder)
        if (device := existing.stat().st_dev) in devices:
            continue
        devices.add(device)
        free = shutil.disk_usage(existing).free
        copies = size if name in ("warehouse", "published copy") else 0
        message = f"{humanize.naturalsize(free)} free for the {name} ({existing})"
        fix = "free space, or move the landing zone and the image store (NEWSMILL_LANDING, NEWSMILL_IMAGE_STORE)"
        if free < NO_SPACE + copies:
            yield Finding("disk", "failed", f"{message}: too little for the next run", fix)
        elif free < LOW_SPACE + 2 * copies:
            yield Finding("disk", "warning", f"{message}: it will not last", fix)
        else:
            yield Finding("disk", "ok", message)


def _check_warehouse(settings: Settings) -> Iterator[Finding]:
    store, name = replace(settings.store, lock_timeout=LOCK_TIMEOUT), mask_passwords(settings.warehouse)
    try:
        if not store.exists():
            yield Finding("warehouse", "ok", f"{name}: not there yet; the first ingest makes it")
            return
        with store.reading() as connection:
            schema, articles = connection.execute(query("doctor_warehouse")).fetchall()[0]
            clock = connection.execute(query("doctor_clock")).fetchall()
    except (OldSchemaError, WarehouseLockedError) as error:
        yield _from_error("warehouse", error, "", "warning")
    except NewsmillError as error:
        yield _from_error("warehouse", error, "move it away; `newsmill reprocess` builds it again from what landed")
    else:
        yield Finding("warehouse", "ok", f"{name}: opens, schema {schema}, {counted(articles, 'article')}")
        if skews := [(fetched - parsedate_to_datetime(date)).total_seconds() for fetched, date in clock]:
            yield _check_clock("the feeds' servers", min(skews, key=abs))


def _check_clock(other: str, skew: float) -> Finding:
    message = f"this machine's is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of {other}"
    fix = "set the clock; a time service (chrony, systemd-timesyncd) keeps it right"
    if abs(skew) > SKEW_FAILURE:
        return Finding("clock", "failed", message, fix)
    if abs(skew) > SKEW_WARNING:
        return Finding("clock", "warning", message, fix)
    return Finding("clock", "ok", f"this machine's agrees with that of {other}")


def _check_published_copy(settings: Settings) -> Iterator[Finding]:
    path = settings.published_path
    if not path.exists():
        yield Finding(
            "published copy", "ok", f"{path}: not there yet; `newsmill ingest` or `newsmill publish` makes it"
        )
        return
    try:
        ((articles,),) = run_query(path, "SELECT count(*) FROM marts.latest_articles").rows
    except NewsmillError as error:
        yield _from_error("published copy", error, "`newsmill publish` makes it anew")
    else:
        yield Finding("published copy", "ok", f"{path}: opens, {counted(articles, 'article')}")


def _check_landing_zone(settings: Settings) -> Iterator[Finding]:
    try:
        waiting = settings.landing_zone.pending()
    except NewsmillError as error:
        yield _from_error("landing zone", error, "keep that record elsewhere; the rest is loaded then")
        return
    if not waiting:
        yield Finding("landing zone", "ok", f"{settings.landing_zone.root}: nothing waits to be loaded")
    else:
        since = f"{waiting[0].fetched_at:%Y-%m-%d %H:%M} UTC"
        message = f"{counted(len(waiting), 'document')} to be loaded, the oldest since {since}"
        yield Finding("landing zone", "warning", message, "the next `newsmill ingest` loads them")


def _check_prefect_database(settings: Settings) -> Iterator[Finding]:
    size = database_bytes(settings)
    if size is None:
        return
    message = f"{humanize.naturalsize(size)} in {database_path(settings)}; {settings.keep_prefect} days are kept"
    if size > MUCH_OF_PREFECT:
        fix = "run `newsmill maintain`, as the deployment does each night, or set NEWSMILL_KEEP_PREFECT to fewer days"
        yield Finding("Prefect's database", "warning", message, fix)
    else:
        yield Finding("Prefect's database", "ok", message)


def _check_prefect(settings: Settings) -> Iterator[Finding]:
    keep_prefect_quiet()
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.prefect_server.local import check_password, own_server, password_settings
    from flows.prefect_server.refusals import refusal

    local = own_server(settings)
    address = local.api_url if local else PREFECT_API_URL.value()
    if not address:
        message = "no server is set, and none of newsmill's own runs; the next command that needs one starts it"
        yield Finding("Prefect server", "ok", message)
        return
    try:
        if local:
            check_password(local)
        with (
            temporary_settings({**(password_settings() if local else {}), PREFECT_API_URL: address}),
            get_client(sync_client=True) as client,
        ):
            yield _check_server(client, address)
            if date := client.hello().headers.get("date"):
                skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
                yield _check_clock("Prefect's server", skew)
            yield from _check_workers(client)
            yield from _check_variables(client)
    except ServerError as error:
        yield _from_error("Prefect server", error, "")
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        if refused := refusal(error):
            yield Finding("Prefect server", "failed", *refused.split("; ", 1))
            return
        message = f"{address} doesn't answer as Prefect's server does ({str(error) or type(error).__name__})"
        fix = "start it (`newsmill server start` starts a local one), or fix or unset PREFECT_API_URL"
        yield Finding("Prefect server", "failed", message, fix)


def _check_server(client: SyncPrefectClient, address: str) -> Finding:
    import prefect

    server, ours = Version(client.api_version()), Version(prefect.__version__)
    message = f"{address} answers, version {server}"
    if server < ours and server.release[:2] != ours.release[:2]:
        return Finding(
            "Prefect server",
            "failed",
            f"{message}; newsmill speaks {ours}",
            f"upgrade the server: pip install prefect=={ours}",
        )
    if server != ours:
        return Finding(
            "Prefect server", "warning", f"{message}; newsmill speaks {ours}", "run the same version on both"
        )
    return Finding("Prefect server", "ok", message)


def _check_workers(client: SyncPrefectClient) -> Iterator[Finding]:
    """Whether newsmill's deployments have workers that run them."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.exceptions import ObjectNotFound

    newsmills = DeploymentFilter(tags=DeploymentFilterTags(all_=["newsmill"]))
    pools: dict[str, list[DeploymentResponse]] = {}
    for deployment in client.read_deployments(deployment_filter=newsmills):
        if deployment.work_pool_name:
            pools.setdefault(deployment.work_pool_name, []).append(deployment)
    if not pools:
        yield Finding("deployments", "ok", "none of newsmill's; `newsmill deploy` in the clone makes them")
    for pool, deployments in pools.items():
        names = ", ".join(sorted(deployment.name for deployment in deployments))
        start = f"newsmill prefect worker start --pool {pool}"
        try:
            paused = client.read_work_pool(pool).is_paused
        except ObjectNotFound:
            fix = f"newsmill prefect work-pool create {pool} --type process; newsmill deploy"
            yield Finding("work pool", "failed", f"{pool}, which is to run {names}, is gone", fix)
            continue
        if paused:
            message = f"{pool} is paused: nothing of {names} runs"
            yield Finding("work pool", "warning", message, f"newsmill prefect work-pool resume {pool}")
        workers = [worker for worker in client.read_workers_for_work_pool(pool) if _is_alive(worker)]
        scheduled = any(not d.paused and any(s.active for s in d.schedules) for d in deployments)
        if workers:
            message = f"{len(workers)} at work in the pool {pool} ({names})"
            yield Finding("worker", "ok", message)
        else:
            message = f"none in the pool {pool}: {names} will not run"
            yield Finding("worker", "failed" if scheduled else "warning", message, start)


def _is_alive(worker: Any) -> bool:
    if not worker.last_heartbeat_time:
        return False
    silence = (datetime.now(UTC) - worker.last_heartbeat_time).total_seconds()
    return bool(silence < HEARTBEATS * (worker.heartbeat_interval_seconds or 30))


def _check_variables(client: SyncPrefectClient) -> Iterator[Finding]:
    from tasks.blocks import VARIABLE

    names = [variable.name for variable in client.read_variables() if variable.name.startswith(VARIABLE)]
    if unknown := [name for name in names if name.removeprefix(VARIABLE) not in SETTINGS]:
        message = f"{', '.join(sorted(unknown))}: no such setting, so without effect"
        yield Finding("Prefect variables", "warning", message, "fix the name; `newsmill config` lists all settings")
