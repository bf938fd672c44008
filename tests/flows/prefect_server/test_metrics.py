"""The page for Prometheus, and the export to a collector."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from flows.prefect_server import metrics
from flows.prefect_server.metrics import Readings, metrics_export, metrics_page
from tasks.settings import Settings
from tests.places import ROOT
from tests.sites.receiver import Receiver
from tests.stores import free_port
from warehouse.read.metrics import FILE_METRICS, metric_heads

WRITE = """
import sys, duckdb
with duckdb.connect(sys.argv[1]) as held:
    held.execute("INSERT INTO clean.articles (article_id) VALUES ('b')")
    print("held", flush=True)
    sys.stdin.read()
"""
NAMES = {*metric_heads(), *(metric.name for metric in FILE_METRICS)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(
        warehouse=str(tmp_path / "newsmill.duckdb"), home=tmp_path / "home", metrics_port=free_port(), lock_timeout=0
    )
    with made.store.writing() as connection:
        connection.execute("INSERT INTO clean.articles (article_id) VALUES ('a')")
    return made


@contextmanager
def held_by_another_process(path: Path) -> Iterator[None]:
    """Another article is written meanwhile."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout and writer.stdout.readline() == "held\n"
        yield
        writer.communicate("")


def exporting(settings: Settings, collector: Receiver) -> Readings:
    return Readings(replace(settings, otlp_endpoint=collector.url()))


def read(settings: Settings) -> dict[tuple[str, str], float]:
    """(name, label's value) → value, as Prometheus reads the page."""
    page = httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics").raise_for_status()
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


def test_the_page_is_there_while_it_is_served(settings: Settings) -> None:
    said: list[str] = []
    with metrics_page(Readings(settings), said.append):
        assert said == [f"Metrics for Prometheus: http://127.0.0.1:{settings.metrics_port}/metrics"]
        found = read(settings)
        assert found["newsmill_articles", ""] == found["newsmill_warehouse_readable", ""] == 1
        assert found["newsmill_file_bytes", "warehouse"] > 0
        assert ("newsmill_file_bytes", "published") not in found
    with pytest.raises(httpx.ConnectError):
        read(settings)


def test_beside_a_run_that_writes_the_numbers_read_last_are_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "FRESH", 0)
    monkeypatch.setattr(metrics, "LOCK_TIMEOUT", 0)
    with metrics_page(Readings(settings), lambda text: None):
        assert read(settings)["newsmill_articles", ""] == 1
        with held_by_another_process(settings.store.path):
            held = read(settings)
        assert held["newsmill_articles", ""] == held["newsmill_warehouse_readable", ""] == 1
        assert read(settings)["newsmill_articles", ""] == 2
        settings.store.path.write_bytes(b"no warehouse" * 1000)
        broken = read(settings)
        assert broken["newsmill_warehouse_readable", ""] == 0
        assert ("newsmill_articles", "") not in broken


def test_a_port_that_is_taken_costs_the_page_only(settings: Settings) -> None:
    with Receiver() as other:
        said: list[str] = []
        with metrics_page(Readings(replace(settings, metrics_port=other.port)), said.append):
            assert re.fullmatch(
                rf"No metrics: 127\.0\.0\.1:{other.port} cannot be served .*NEWSMILL_METRICS_PORT.*", said[0]
            )


def test_a_collector_gets_the_metrics(settings: Settings) -> None:
    with Receiver() as collector, metrics_export(exporting(settings, collector)):
        pass  # at the end, all is sent
    (posted,) = collector.messages
    assert posted.path == "/v1/metrics"
    sent = ExportMetricsServiceRequest.FromString(posted.body).resource_metrics[0]
    assert ("service.name", "newsmill") in {(item.key, item.value.string_value) for item in sent.resource.attributes}
    values = {metric.name: metric.gauge.data_points[0].as_double for metric in sent.scope_metrics[0].metrics}
    assert values["newsmill_articles"] == 1


def test_a_collector_gets_the_metrics_of_a_warehouse_that_is_made_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the first day: `newsmill serve` starts, and the first ingest makes the warehouse."""
    monkeypatch.setattr(metrics, "FRESH", 0)
    later = settings.store.path.with_name("later.duckdb")
    settings.store.path.rename(later)
    with Receiver() as collector, metrics_export(exporting(settings, collector)):
        later.rename(settings.store.path)
    sent = ExportMetricsServiceRequest.FromString(collector.messages[-1].body).resource_metrics[0]
    assert "newsmill_articles" in {metric.name for metric in sent.scope_metrics[0].metrics}


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
    shown = {name for panel in dashboard["panels"] for target in panel["targets"] for name in names(target["expr"])}
    assert shown == NAMES
    assert names((ROOT / "docs" / "metrics.md").read_text()) == NAMES


def test_a_table_of_the_dashboard_has_a_row_for_each_feed() -> None:
    """As a time series, Grafana shows one feed at a time, with a row for each moment."""
    dashboard = json.loads((ROOT / "docs" / "grafana-dashboard.json").read_text())
    tables = [target for panel in dashboard["panels"] if panel["type"] == "table" for target in panel["targets"]]
    assert [(target["format"], target["instant"]) for target in tables] == [("table", True)]


def names(text: str) -> set[str]:
    return set(re.findall(r"\bnewsmill_\w+", text))
