"""Where a lake is: its address and connection string."""

from __future__ import annotations

import pytest

from tasks.settings import Settings
from warehouse.errors import WarehouseError
from warehouse.store.lake import Bucket, Lake, lake_at


def configured(catalog: str) -> Lake:
    lake = Settings(warehouse=f"ducklake:postgres:{catalog}").location
    assert isinstance(lake, Lake)
    return lake


def test_the_timeout_of_a_catalog_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Lake("postgres", "host=quay").connection_string == "host=quay connect_timeout='10'"
    assert Lake("postgres", "postgresql://quay/news").connection_string == "postgresql://quay/news?connect_timeout=10"
    for catalog in ("host=quay connect_timeout=60", "postgresql://quay/news?connect_timeout=60"):
        assert Lake("postgres", catalog).connection_string == catalog
    assert Lake("sqlite", "/quay/news.sqlite").connection_string == "/quay/news.sqlite"
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    for catalog, expected in (
        ("host=quay", "host=quay connect_timeout='10'"),
        ("postgresql://quay/news", "postgresql://quay/news?connect_timeout=10"),
    ):
        assert configured(catalog).connection_string == expected
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "60")
    for catalog in ("host=quay", "postgresql://quay/news"):
        assert configured(catalog).connection_string == catalog


@pytest.mark.parametrize("address", ["ducklake:", "ducklake:sqlite:", "ducklake:mysql:host=x password=hush"])
def test_no_address_of_a_lake(address: str) -> None:
    with pytest.raises(WarehouseError, match="not the address of a lake") as raised:
        lake_at(address, data=None, bucket=Bucket(), password=None)
    assert "hush" not in str(raised.value)
