"""How commands complain."""

from __future__ import annotations

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint
from tests.sites.sample import SampleSite


@pytest.mark.parametrize(
    "command", [("ingest", "harbor-en"), ("feeds", "check", "harbor-en"), ("feeds", "enable", "harbor-en")]
)
def test_unknown_feed_id(bare: Newsmill, site: SampleSite, command: tuple[str, ...]) -> None:
    bare.registry(site.feeds_toml())
    assert complaint(bare, *command) == 'error: there is no feed "harbor-en"; did you mean "harbour-en"?\n'


def test_unknown_group(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    assert 'there is no group "harbor"; did you mean "harbour"?' in complaint(bare, "ingest", "--group", "harbor")


@pytest.mark.parametrize("command", [("ingest",), ("feeds", "list"), ("feeds", "check"), ("feeds", "export")])
def test_no_registry(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert complaint(bare, *command).startswith("error: feeds.toml: there is no such file; make one with")


def test_registry_that_is_no_toml(bare: Newsmill) -> None:
    bare.registry('[[feed]]\nid = "a"\nname = A\n')
    assert complaint(bare, "ingest").startswith("error: feeds.toml:3: not TOML:")


@pytest.mark.parametrize("command", [("status",), ("publish",), ("sql", "SELECT 1", "--live")])
def test_no_warehouse_yet(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert "there is no warehouse yet; `newsmill ingest` makes it" in complaint(bare, *command)
    assert not bare.warehouse.exists()


def test_nothing_published_yet(bare: Newsmill) -> None:
    assert "nothing is published yet" in complaint(bare, "sql", "SELECT 1")


def test_setting_that_makes_no_sense(bare: Newsmill) -> None:
    message = complaint(bare.setting(retries="many"), "status")
    assert message.startswith("error: settings: retries:")
    assert "'many'" in message


def test_settings_file_that_is_no_toml(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retries = \n")
    assert complaint(bare, "status").startswith("error: newsmill.toml:")


def test_settings_file_with_an_unknown_setting(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retrys = 3\n")
    assert "retrys" in complaint(bare, "status")
