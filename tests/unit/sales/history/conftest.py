"""A deployment's settings, and an empty export."""

import pytest

from tests.unit.sales.history.export import Export


def new_export(folder, patch):
    """The shop is in New York and reports in US dollars."""
    patch.setenv("SHOP_TIMEZONE", "America/New_York")
    patch.setenv("REPORTING_CURRENCY", "USD")
    patch.setenv("STAGING_URI", f"file://{folder}/staging")
    (folder / "export").mkdir()
    return Export(folder / "export", folder / "staging")


@pytest.fixture
def export(tmp_path, monkeypatch):
    return new_export(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def shared_export(tmp_path_factory):
    """An export that the tests of a module read."""
    with pytest.MonkeyPatch.context() as patch:
        yield new_export(tmp_path_factory.mktemp("shared"), patch)
