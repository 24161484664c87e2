"""Where the owner's name in the UI leads."""

from __future__ import annotations

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.owner import OWNER, owner_links
from ecommerce.core.settings import load_settings


def test_it_is_the_page_that_the_setting_names():
    assert owner_links({"OWNER_LINK": "https://wiki.example.com/sales"}) == {
        OWNER: "https://wiki.example.com/sales"
    }


def test_it_is_otherwise_the_owners_dags_where_airflow_knows_its_address(monkeypatch):
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    assert owner_links({}) == {}  # there the UI leads by itself
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    assert owner_links({"OWNER_LINK": ""}) == {OWNER: f"https://airflow.example/team/dags?owners={OWNER}"}


@pytest.mark.parametrize(
    "link", ["mailto:ann@example.com", "wiki.example.com", "javascript:alert(1)", "https://"]
)
def test_what_is_no_web_address_is_refused(link):
    with pytest.raises(ConfigurationError, match="OWNER_LINK is not a web address") as caught:
        load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef", "OWNER_LINK": link})
    assert "ann@" not in str(caught.value)
