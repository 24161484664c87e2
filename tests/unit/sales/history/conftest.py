"""A deployment's settings, and an empty export."""

from pathlib import Path

import pytest

from tests.unit.sales.history.export import Export


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """The shop is in New York and reports in US dollars."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    (tmp_path / "export").mkdir()
    return Export(tmp_path / "export", tmp_path / "staging")
