"""A drop folder of its own for every test."""

import pytest

from tests.integration.partner_files.drop import HASH_KEY, Drop


@pytest.fixture
def drop(tmp_path, monkeypatch):
    drop = Drop(tmp_path)
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", HASH_KEY)
    return drop
