"""The settings as objects; where they come from is tested in tests/flows/cli/test_config.py."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.outbox_table import OutboxTable, read_outbox
from tasks.settings import (
    SETTINGS,
    child_environment,
    current_settings,
    explain_settings,
    load_settings,
    unknown_variables,
    use_settings,
)
from warehouse.errors import NewsmillError
from warehouse.store.lake import Lake


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in child_environment():
        if name.startswith("NEWSMILL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_files_lie_beside_the_warehouse(tmp_path: Path) -> None:
    settings = load_settings(warehouse="elsewhere/newsmill.duckdb")
    folder = tmp_path / "elsewhere"
    assert settings.location == folder / "newsmill.duckdb"
    assert settings.address == str(folder / "newsmill.duckdb")
    assert settings.published_path == folder / "news.duckdb"
    assert settings.landing_zone.root == folder / "landing"
    assert settings.images_path == folder / "images"


@pytest.mark.parametrize(
    ("warehouse", "folder"),
    [("ducklake:sqlite:catalogs/lake.sqlite", "catalogs"), ("ducklake:postgres:host=db", "warehouse/data")],
)
def test_a_lakes_other_files_lie_beside_a_catalog_in_a_file(tmp_path: Path, warehouse: str, folder: str) -> None:
    settings = load_settings(warehouse=warehouse, data_path="s3://bucket/lake")
    assert isinstance(settings.location, Lake)
    assert settings.folder == tmp_path / folder
    assert settings.address.startswith(warehouse.partition("lake.")[0][:16])


def test_retention_is_in_days() -> None:
    retention = load_settings(keep_runs=30).retention
    assert timedelta(days=30) in (getattr(retention, name) for name in retention.__slots__)


def test_messages_of_the_outboxes_that_there_are_are_kept() -> None:
    table = OutboxTable(name="desk", url="https://desk.example/hook", secret="{env:DESK_SECRET}")
    assert load_settings(outbox=(table,)).retention.outboxes == ["desk"]


def test_secrets_are_masked_where_settings_are_explained() -> None:
    explained = {setting.name: setting for setting in explain_settings(s3_secret="hushhush", retries=3)}
    assert (explained["s3_secret"].value, explained["s3_secret"].origin) == ("****", "--s3_secret")
    assert (explained["retries"].value, explained["retries"].origin) == (3, "--retries")
    assert explained["contact"].origin == "default"
    assert list(explained) == list(SETTINGS)


def test_variables_count_in_either_case_and_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "newsmill.toml").write_text('retries = 4\nper_host = 3\ncontact = "港口"\n', encoding="utf-8")
    monkeypatch.setenv("NEWSMILL_RETRIES", "5")
    monkeypatch.setenv("newsmill_contact", "mailto:me@hafen.example")
    settings = load_settings()
    assert (settings.retries, settings.per_host, settings.contact) == (5, 3, "mailto:me@hafen.example")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "newsmill.toml").write_text("retries = \n")
    with pytest.raises(NewsmillError, match=r"^newsmill\.toml: Invalid value"):
        load_settings()
    (tmp_path / "newsmill.toml").write_bytes(b'contact = "\xff"')
    with pytest.raises(NewsmillError, match=r"^newsmill\.toml: .*decode"):
        load_settings()


def test_outboxes_in_a_variable_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"name": "desk", "url": "https://desk.example/hook", "secret": "{env:DESK_SECRET}"}
    monkeypatch.setenv("NEWSMILL_OUTBOX", json.dumps([table]))
    assert load_settings().outbox == (read_outbox(table),)
    monkeypatch.setenv("NEWSMILL_OUTBOX", "[{hushhush")
    with pytest.raises(NewsmillError, match="NEWSMILL_OUTBOX: outboxes are written as a JSON list") as raised:
        load_settings()
    assert "hushhush" not in str(raised.value)


def test_every_invalid_setting_is_named_with_its_source() -> None:
    with pytest.raises(NewsmillError) as raised:
        load_settings(retries="many", timeout=-1)
    message = str(raised.value)
    assert "retries:" in message
    assert "(it is 'many', from --retries)" in message
    assert "(it is -1, from --timeout)" in message


def test_a_secret_is_not_printed_when_it_is_invalid() -> None:
    with pytest.raises(NewsmillError) as raised:
        load_settings(s3_secret=12345678)
    assert "12345678" not in str(raised.value)


def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compose file sets a variable that its host lacks to the empty text."""
    monkeypatch.setenv("NEWSMILL_CATALOG_PASSWORD", "")
    lake = load_settings(warehouse="ducklake:postgres:host=db", data_path="s3://bucket/lake", s3_key="").location
    assert isinstance(lake, Lake)
    assert (lake.password, lake.bucket and lake.bucket.key) == (None, None)


def test_variables_that_name_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_RETRIES", "3")
    monkeypatch.setenv("NEWSMILL_RETRYS", "3")
    assert unknown_variables() == ["NEWSMILL_RETRYS"]


def test_a_childs_defaults_give_way_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUAY", "from the environment")
    monkeypatch.delenv("GATE", raising=False)
    child = child_environment({"QUAY": "default", "GATE": "default"})
    assert (child["QUAY"], child["GATE"]) == ("from the environment", "default")
    assert child_environment({"GATE": "default"}, QUAY="set", GATE="set")["QUAY"] == "set"
    assert child_environment({"GATE": "default"}, QUAY="set", GATE="set")["GATE"] == "set"


def test_a_command_runs_its_flow_with_its_own_settings() -> None:
    settings = load_settings(retries=7)
    with use_settings(settings):
        assert current_settings() is settings


def test_a_run_whose_installation_was_moved_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else it would write into the empty folder in which Prefect starts it, and all of that would be lost."""
    monkeypatch.setenv("NEWSMILL_FOLDER", str(tmp_path / "moved"))
    with pytest.raises(
        NewsmillError, match=r"moved: this installation's folder can't be entered .*run `newsmill serve`"
    ):
        current_settings()
    assert unknown_variables() == []
