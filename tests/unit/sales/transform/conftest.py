"""A deployment's settings and a place for raw folders."""

import pytest

from tests.unit.sales.transform.raw_folders import KEY, RawFolders


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", KEY)
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")


@pytest.fixture
def raw(tmp_path):
    return RawFolders(f"file://{tmp_path}/run")
