"""Settings in Prefect's blocks; reading them from a server is tested in tests/flows/cli/test_config.py."""

from __future__ import annotations

from tasks.blocks import NewsmillWarehouse
from tasks.settings import SETTINGS


def test_every_field_of_the_block_is_a_setting() -> None:
    fields = NewsmillWarehouse.model_fields
    assert "warehouse" in fields
    for name, field in fields.items():
        assert name in SETTINGS
        assert field.description, name
