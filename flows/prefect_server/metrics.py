"""Metrics of `newsmill serve`: a page in Prometheus' format, and export to an OpenTelemetry collector.

Both are made when they are asked for. A warehouse that a run is just writing to gives what was read last.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tasks.errors import without_telemetry
from tasks.orchestration.prefect_database import database_bytes
from tasks.settings import Settings
from warehouse.errors import WarehouseError, WarehouseLockedError
from warehouse.read.metrics import FILE_BYTES, FILE_METRICS, READABLE, WAITING, Metric, metric_heads, read_metrics

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

LOCK_TIMEOUT = 2.0
"""Seconds; Prometheus waits for ten."""
FRESH = 5.0
"""Seconds for which what was read is given again, so that several who ask do not read the warehouse several times."""


@dataclass
class Readings:
    """The metrics as they were last read."""

    settings: Settings
    _metrics: tuple[Metric, ...] = ()
    _of_warehouse: tuple[Metric, ...] = ()
    _read_at: float = -FRESH
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> tuple[Metric, ...]:
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH:
                readable = self._read_warehouse()
                self._metrics = (*self._of_warehouse, *_file_metrics(self.settings, readable))
                self._read_at = time.monotonic()
            return self._metrics

    def _read_warehouse(self) -> bool:
        try:
            self._of_warehouse = read_metrics(replace(self.settings.store, lock_timeout=LOCK_TIMEOUT))
        except WarehouseLockedError:
            pass  # a run writes; whoever asks next gets newer numbers
        except WarehouseError:
            self._of_warehouse = ()
            return False  # newsmill_warehouse_readable says so, and `newsmill doctor` says why
        return True


def _file_metrics(settings: Settings, readable: bool) -> Iterator[Metric]:
    paths = {"published": settings.published_path}
    if isinstance(settings.location, Path):
        paths["warehouse"] = settings.location
    sizes = {name: float(path.stat().st_size) for name, path in paths.items() if path.exists()}
    if (prefect := database_bytes(settings)) is not None:
        sizes["prefect"] = float(prefect)
    yield replace(READABLE, values={"": float(readable)})
    yield replace(FILE_BYTES, values=sizes)
    yield replace(WAITING, values={"": float(len(settings.landing_zone.pending()))})


class _Page(Collector):
    """The metrics as prometheus_client wants them."""

    def __init__(self, readings: Readings) -> None:
        self.readings = readings

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for metric in self.readings.now():
            family = GaugeMetricFamily(metric.name, metric.help, labels=[metric.label] if metric.label else [])
            for label, value in metric.values.items():
                family.add_metric([label] if metric.label else [], value)
            yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return []  # or the registry would collect once when it is made


@contextmanager
def metrics_page(readings: Readings, say: Callable[[str], None]) -> Iterator[None]:
    """Serve /metrics at the settings' address meanwhile; says where. A port that is taken costs the page only."""
    settings = readings.settings
    if not settings.metrics_port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(_Page(readings))
    place = f"{settings.metrics_host}:{settings.metrics_port}"
    try:
        server, thread = start_http_server(settings.metrics_port, settings.metrics_host, registry)
    except OSError as error:
        reason = error.strerror or error
        say(f"No metrics: {place} cannot be served ({reason}); NEWSMILL_METRICS_PORT sets another port, 0 none")
        yield
        return
    say(f"Metrics for Prometheus: http://{place}/metrics")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def metrics_export(readings: Readings) -> Iterator[None]:
    """Send the metrics to an OpenTelemetry collector meanwhile, once a minute (OTEL_METRIC_EXPORT_INTERVAL,
    milliseconds) and at the end. Raises ServerError if the package that does it is not installed."""
    endpoint = readings.settings.otlp_endpoint
    if not endpoint:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
    except ImportError as error:
        raise without_telemetry("NEWSMILL_OTLP_ENDPOINT", error) from error
    exporter = OTLPMetricExporter(endpoint=f"{endpoint.rstrip('/')}/v1/metrics")
    resource = Resource.create({"service.name": "newsmill", "service.version": version("newsmill")})
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=resource)
    meter = provider.get_meter("newsmill")
    for head in (*metric_heads().values(), *FILE_METRICS):  # there may be no warehouse yet
        meter.create_observable_gauge(head.name, [_observer(readings, head.name)], description=head.help)
    try:
        yield
    finally:
        provider.shutdown()


def _observer(readings: Readings, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
    from opentelemetry.metrics import Observation

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        for metric in readings.now():
            if metric.name == name:
                for label, value in metric.values.items():
                    yield Observation(value, {metric.label: label} if metric.label else {})

    return observe
