"""A partner's server, and the settings of whoever fetches from it."""

import pytest

from tests.integration.partner_ftp.fetch import connect
from tests.partner_ftp import partner_site
from tests.settings import add_environment


@pytest.fixture
def known(monkeypatch, tmp_path):
    """This process has what is needed beside the connection."""
    settings = {
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "SHOP_TIMEZONE": "America/New_York",
        "STAGING_URI": f"file://{tmp_path}/staging",
    }
    add_environment(monkeypatch, settings)
    return monkeypatch


@pytest.fixture
def shown(known, tmp_path):
    """A server that speaks in clear, and that this process's connection leads to."""
    with partner_site(tmp_path / "partner") as site:
        connect(known, site)
        yield site
