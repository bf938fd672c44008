"""A backfill source is its module and one row in SOURCES; the rest follows from the row."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tasks.backfill.finds import BackfillSource, Find, Plan
from tasks.backfill.forms import Backfill, where_field
from tasks.backfill.sources import SOURCES, Opening, SourceKind
from tasks.errors import BackfillError
from tasks.fetch.http import open_client
from tasks.settings import Settings
from tests.places import ROOT
from warehouse.records import Feed

QUAY = Feed("quay", "The Quay", "https://quay.example/feed", site_url="https://quay.example/")


def opening(kind: SourceKind, settings: Settings, **fields: Any) -> Opening:
    form = kind.form.model_validate(fields)

    async def client() -> Any:
        async with open_client(settings) as client:
            return client

    return Opening(form.request(), [QUAY], settings, asyncio.run(client()), lambda feed_id: {})


@pytest.mark.parametrize("kind", SOURCES.values(), ids=SOURCES)
def test_every_source_opens_and_yields_finds(kind: SourceKind, tmp_path: Path) -> None:
    settings = Settings(warehouse=str(tmp_path / "newsmill.duckdb"))
    source: BackfillSource = kind.open(opening(kind, settings, where="quay"))
    assert callable(source.plan)
    assert callable(source.finds)


@pytest.mark.parametrize("kind", SOURCES.values(), ids=SOURCES)
def test_every_source_is_deployed_and_documented(kind: SourceKind) -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    (deployment,) = [each for each in deployments if each["entrypoint"] == f"flows/backfill.py:{kind.name}"]
    assert deployment["name"] == kind.deployment == f"backfill-{kind.name}"
    assert kind.reads in deployment["description"]
    assert f"| `{kind.name}` | {kind.reads} | `{kind.source}` |" in (ROOT / "docs" / "backfill.md").read_text("utf-8")


def test_where_is_a_feed_of_the_registry_or_an_address() -> None:
    def feed(**fields: Any) -> Feed:
        return opening(SOURCES["paged"], Settings(), **fields).feed

    assert feed(where="quay") == feed(where=QUAY.url) == QUAY
    assert feed(where="https://quay.example/older", feed="quay").id == "quay"
    assert feed(where="https://quay.example/older", feed="quay").url == "https://quay.example/older"
    assert feed(where="https://www.pier.example/feed").id == "pier-example"
    with pytest.raises(BackfillError, match="neither a feed in the registry nor an address"):
        feed(where="pier")


class Ledger(Backfill):
    """A source that exists only here."""

    where: str = where_field("A ledger.")


class LedgerSource:
    async def plan(self) -> Plan:
        return Plan(1, says=("1 page of the ledger",))

    async def finds(self, after: str | None) -> AsyncIterator[Find]:
        rss = (
            "<rss version='2.0'><channel><title>账本</title>"
            "<item><title>第一页</title><description>账目。</description></item></channel></rss>"
        )
        if after is None:
            yield Find("1", QUAY, "page 1", QUAY.url, datetime(2024, 5, 1, tzinfo=UTC), rss.encode())


LEDGER = SourceKind("ledger", "the pages of a ledger", "ledger", Ledger, lambda opening: LedgerSource())


def test_a_new_source_needs_its_module_and_its_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command line's choice and help, and the flow and form of Prefect, from nothing but the row."""
    from click.testing import CliRunner
    from prefect.utilities.callables import parameter_schema

    import flows.backfill
    import flows.cli.pipeline

    monkeypatch.setitem(SOURCES, LEDGER.name, LEDGER)
    flow = flows.backfill.ledger
    assert flow.name == "backfill"
    assert flow.description == "The pages of a ledger. Killed and started again, it goes on where it was."
    (form,) = parameter_schema(flow).model_dump()["definitions"].values()
    assert form["title"] == "Ledger"
    assert form["properties"]["where"]["description"] == "A ledger."
    shown = CliRunner().invoke(flows.cli.pipeline.backfill, ["--help"]).output
    assert re.search(r"^ +ledger +the pages of a ledger$", shown, re.MULTILINE)
    assert "|ledger}" in shown
    with pytest.raises(ValidationError):
        LEDGER.form(where="")
    assert CliRunner().invoke(flows.cli.pipeline.backfill, ["nothing", "here"]).exit_code == 2
