"""A drop folder and a folder of layouts of its own for every test."""

import pytest

from ecommerce.sources import partner_layouts
from tests.integration.partner_files.drop import HASH_KEY, Drop


@pytest.fixture
def drop(tmp_path, monkeypatch):
    drop = Drop(tmp_path)
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", HASH_KEY)
    return drop


@pytest.fixture
def layouts(tmp_path, monkeypatch):
    """The folder of the partners' layouts; there are none yet."""
    folder = tmp_path / "partners"
    folder.mkdir()
    monkeypatch.setattr(partner_layouts, "FOLDER", folder)
    return folder
